"""The functions of a Python file, from its syntax alone: what they take and give, and what their docstrings say. Nothing is run."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from adalang.language.program import Entity
from adalang.language.tool_sources import python_source
from adalang.language.types import BOOL, FLOAT, INT, STR, UNKNOWN, Labels, ListOf, OptionalOf, Type

_PLAIN: Mapping[str, Type] = {"str": STR, "int": INT, "float": FLOAT, "bool": BOOL}
_SEQUENCES = frozenset({"list", "List", "Sequence", "Iterable", "Collection", "tuple", "Tuple"})
_NOTE = re.compile(r"^\s*(?::param\s+(?:\w+\s+)?(?P<sphinx>\w+):|(?P<google>\w+)\s*(?:\([^)]*\))?:)\s*(?P<text>\S.*)$")


@dataclass(frozen=True, slots=True)
class PythonFunction:
    """A function as it is written.

    ``parameters`` are the names (`**rest` takes any others), ``required`` those that have no default,
    ``nameless`` those that stand before a `/` and are given by position alone, ``types`` what hints say in the language's own types, `unknown` for what has none there. ``notes`` are the docstring's words about parameters.
    """

    parameters: tuple[str, ...]
    required: tuple[str, ...] = ()
    nameless: tuple[str, ...] = ()
    types: Mapping[str, Type] = field(default_factory=dict)
    returns: Type = UNKNOWN
    doc: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def takes_any(self) -> bool:
        return any(one.startswith("**") for one in self.parameters)


@dataclass(frozen=True, slots=True)
class PythonFile:
    """``functions`` are those that a file defines or imports; ``error`` says where and why its text is no Python ("": it is)."""

    functions: Mapping[str, PythonFunction]
    error: str = ""


_MADE_ELSEWHERE = PythonFunction(("**rest",))
"""Of a function that was made elsewhere nothing is known."""


def python_file(path: Path) -> PythonFile | None:
    """What a Python file's text says; ``None`` when it cannot be read."""
    try:
        if not path.is_file():  # a pipe would be waited for
            return None
        tree = ast.parse(path.read_bytes())
    except SyntaxError as error:
        place = f"{path.name}:{error.lineno}" if error.lineno else path.name
        return PythonFile({}, f"{place} is no Python: {error.msg}.")
    except ValueError as error:  # in some versions for a null byte
        return PythonFile({}, f"{path.name} is no Python: {error}.")
    except (RecursionError, MemoryError):
        return PythonFile({}, f"{path.name} is nested too deeply for Python.")
    except OSError:
        return None
    found: dict[str, PythonFunction] = {}
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found[name] = _function(node)
            case ast.ImportFrom(names=names):
                found |= {one.asname or one.name: _MADE_ELSEWHERE for one in names}
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() | ast.Name() | ast.Attribute()):
                found[name] = _MADE_ELSEWHERE
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda(args=args)):
                found[name] = PythonFunction(tuple(_names(args)), tuple(_required(args)), _nameless(args))
    return PythonFile(found)


def python_function_of(entity: Entity) -> PythonFunction | None:
    """The function behind a tool, if it is a Python tool and its file can be read."""
    source = python_source(entity.value) if entity.kind == "tool" else None
    if source is None:
        return None
    path = entity.module.path.parent / source[0]
    try:
        stat = path.stat()
    except (OSError, ValueError):
        return None
    file = _known(path, stat.st_mtime_ns, stat.st_size)
    return file.functions.get(source[1]) if file is not None else None


@lru_cache(maxsize=64)
def _known(path: Path, changed: int, size: int) -> PythonFile | None:
    return python_file(path)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> PythonFunction:
    arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    doc, notes = _documentation(ast.get_docstring(node) or "", {one.arg for one in arguments})
    if node.decorator_list:  # it may be called in another way than it is written
        return PythonFunction(_MADE_ELSEWHERE.parameters, doc=doc, notes=notes)
    types = {one.arg: _type(one.annotation) for one in arguments}
    return PythonFunction(
        tuple(_names(node.args)),
        tuple(_required(node.args)),
        _nameless(node.args),
        types,
        _type(node.returns),
        doc,
        notes,
    )


def _names(given: ast.arguments) -> Iterator[str]:
    for one in (*given.posonlyargs, *given.args, *given.kwonlyargs):
        yield one.arg
    if given.kwarg is not None:
        yield f"**{given.kwarg.arg}"


def _nameless(given: ast.arguments) -> tuple[str, ...]:
    return tuple(one.arg for one in given.posonlyargs)


def _required(given: ast.arguments) -> Iterator[str]:
    positional = (*given.posonlyargs, *given.args)
    for one in positional[: len(positional) - len(given.defaults)]:
        yield one.arg
    for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        if default is None:
            yield one.arg


def _type(hint: ast.expr | None) -> Type:
    match hint:
        case ast.Name(id=name) if name in _PLAIN:
            return _PLAIN[name]
        case ast.Constant(value=str() as written):  # a hint in quotes
            try:
                return _type(ast.parse(written, mode="eval").body)
            except (SyntaxError, ValueError):
                return UNKNOWN
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inner):
            return _generic(name, inner)
        case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
            return OptionalOf(_type(left))
        case ast.BinOp(left=ast.Constant(value=None), op=ast.BitOr(), right=right):
            return OptionalOf(_type(right))
        case _:
            return UNKNOWN


def _generic(name: str, inner: ast.expr) -> Type:
    if name in _SEQUENCES:
        match inner:
            case ast.Tuple(elts=[item, ast.Constant(value=value)]) if value is ...:
                return ListOf(_type(item))
            case ast.Tuple():
                return UNKNOWN
            case item:
                return ListOf(_type(item))
    if name == "Optional":
        return OptionalOf(_type(inner))
    if name == "Annotated" and isinstance(inner, ast.Tuple) and inner.elts:
        return _type(inner.elts[0])
    if name == "Literal":
        items = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        labels = [one.value for one in items if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        return Labels(tuple(labels)) if labels and len(labels) == len(items) else UNKNOWN
    return UNKNOWN


def _documentation(docstring: str, parameters: set[str]) -> tuple[str, dict[str, str]]:
    """What a docstring says of the function (its first paragraph, on one line), and of each parameter."""
    notes: dict[str, str] = {}
    for line in docstring.splitlines():
        found = _NOTE.match(line)
        name = (found["sphinx"] or found["google"]) if found else ""
        if found and name in parameters:
            notes[name] = found["text"].strip()
    return " ".join(inspect.cleandoc(docstring).partition("\n\n")[0].split()), notes
