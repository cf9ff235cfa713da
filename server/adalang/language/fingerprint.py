"""Fingerprints: one hash of all that decides what a component answers, and of nothing else.

In it: the component's own declaration and those of its callees, the models with the options that change answers, the
types and shared params that they use, the descriptions of tools, the content of corpus, tool and replay files, and of the
images and files that messages put in, as far as the program names them. Not in it: other comments, layout, the form in which
a text is written, other declarations, and settings that only say when, how often or for how much something runs.

The hash is a Merkle hash: each declaration is hashed with its references replaced by the hashes of what they name.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from adalang.language.attachments import attached
from adalang.language.checks.scope import result_type
from adalang.language.datasets import plan
from adalang.language.declarations import (
    AgentDeclaration,
    Argument,
    Arm,
    Binary,
    Binding,
    CallExpression,
    Component,
    Comprehension,
    Constant,
    DatasetDeclaration,
    Declaration,
    EvalDeclaration,
    Expression,
    ListExpression,
    Match,
    Member,
    ModelDeclaration,
    Not,
    ObjectExpression,
    ParamDeclaration,
    PipelineDeclaration,
    PromptDeclaration,
    Reference,
    Repeat,
    RetrieverDeclaration,
    Return,
    Setting,
    Statement,
    Text,
    ToolDeclaration,
    TypeDeclaration,
    Wildcard,
    bindings,
    dotted,
)
from adalang.language.files import SIGNS, matching
from adalang.language.program import Entity, Module, Program
from adalang.language.python_imports import with_imports
from adalang.language.reach import callees, shared_params
from adalang.language.tool_sources import http_source
from adalang.language.types import json_schema

FileHash = Callable[[Path], str | None]
"""The hash of a file's content (of all files, for a path with ``*``); ``None`` when there is none."""

# What says when, how often or for how much something runs, or holds a secret: no answer depends on it.
_WITHOUT_EFFECT = frozenset({"retries", "timeout", "memory", "rpm", "tpm", "api_key", "on_save", "goal"})


def fingerprint(program: Program, component_id: str, file_hash: FileHash) -> str:
    """The fingerprint of a component (or an eval, a model, a data set), as 32 hexadecimal digits.

    Raises:
        KeyError: the program declares nothing of that name.
    """
    entity = program.resolve(component_id)
    if entity is None:
        raise KeyError(component_id)
    return _Hasher(program, file_hash).entity(entity)


def tool_key(program: Program, tool: Entity, file_hash: FileHash) -> str:
    """What decides what a tool gives for given inputs: its signature and where it is, with the file's content; not what is said
    of it to models, and not when it may be called."""
    assert isinstance(tool.declaration, ToolDeclaration)
    content = _Content(program, tool.module, _Hasher(program, file_hash), file_hash)
    return _digest(content.tool(tool, tool.declaration))


def ruler(program: Program, eval_id: str, file_hash: FileHash) -> str:
    """The fingerprint of how an eval scores: its metric and what it expects, whatever its target and its rows are.

    Raises:
        KeyError: the program declares no eval of that name.
    """
    entity = program.resolve(eval_id)
    if entity is None or not isinstance(entity.declaration, EvalDeclaration):
        raise KeyError(eval_id)
    content = _Content(program, entity.module, _Hasher(program, file_hash), file_hash)
    return _digest(content.ruler(entity.declaration))


def ground(program: Program, eval_id: str, file_hash: FileHash, params: Collection[str] = ()) -> str:
    """As the fingerprint of an eval, but for its data and the values of `params` (ids of params and demos): what has to be
    the same for a score of other values, or on other rows, to say anything.

    Raises:
        KeyError: the program declares nothing of that name.
    """
    entity = program.resolve(eval_id)
    if entity is None:
        raise KeyError(eval_id)
    return _Hasher(program, file_hash, frozenset(params), frozenset({"data"})).entity(entity)


def disk_hash(path: Path) -> str | None:
    """SHA-256 of a file's bytes; of a Python file also of those that it imports from beside it; for a path with ``*``, ``?`` or
    ``[`` of all files that it means, with their names."""
    if path.is_file() or not any(sign in str(path) for sign in SIGNS):
        used = with_imports(path) if path.suffix == ".py" else [path]
        return _bytes_hash(path) if len(used) == 1 else _all_hashed(used, path.parent)
    try:
        found = [one for one in matching(path) if one.is_file()]
    except (OSError, ValueError):  # a pattern that no file can match
        return None
    return _all_hashed(found, path.parent) if found else None


def _all_hashed(files: Iterable[Path], folder: Path) -> str:
    return _digest([[os.path.relpath(one, folder), _bytes_hash(one)] for one in files])


def _bytes_hash(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, ValueError):
        return None


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class _Hasher:
    def __init__(
        self,
        program: Program,
        file_hash: FileHash,
        open_params: frozenset[str] = frozenset(),
        open_settings: frozenset[str] = frozenset(),
    ) -> None:
        self._program, self._file_hash = program, file_hash
        self.open_params, self.open_settings = open_params, open_settings
        self._known: dict[str, str] = {}

    def entity(self, entity: Entity) -> str:
        if entity.id not in self._known:
            self._known[entity.id] = "circle"  # stands for itself while it is being hashed
            content = _Content(self._program, entity.module, self, self._file_hash)
            self._known[entity.id] = _digest(content.declaration(entity))
        return self._known[entity.id]


class _Content:
    """What a declaration says, as plain JSON without places."""

    def __init__(self, program: Program, module: Module, hasher: _Hasher, file_hash: FileHash) -> None:
        self._program, self._module, self._hasher, self._file_hash = program, module, hasher, file_hash
        self._local: frozenset[str] = frozenset()

    def declaration(self, entity: Entity) -> Any:
        declaration = entity.declaration
        return [declaration.kind, declaration.name.text, self._body(entity, declaration)]

    def _body(self, entity: Entity, declaration: Declaration) -> Any:
        match declaration:
            case PromptDeclaration() | AgentDeclaration():
                return {
                    **self._signature(entity, declaration),
                    "settings": self._settings(declaration.settings),
                    "messages": [[one.role, one.template.text.value] for one in declaration.messages],
                    "params": {
                        one.name.text: one.text
                        for one in declaration.params
                        if not self._is_open(entity, one.name.text)
                    },
                    "demos": {
                        one.name.text: self._value(one.value) if one.value else []
                        for one in declaration.demos
                        if not self._is_open(entity, one.name.text)
                    },
                    "shared": {one.id: self._hasher.entity(one) for one in shared_params(self._program, entity)},
                    **self._told_tools(entity),
                    **self._attached(entity, declaration),
                }
            case RetrieverDeclaration():
                return {**self._signature(entity, declaration), "settings": self._settings(declaration.settings)}
            case ToolDeclaration():
                return {
                    **self._signature(entity, declaration),
                    "description": declaration.doc,
                    "value": self._value(declaration.value),
                    "settings": self._settings(declaration.settings),
                }
            case PipelineDeclaration():
                names = {one.name.text for one in declaration.parameters}
                self._local = frozenset(names | {one.name.text for one in bindings(declaration.body)})
                return {
                    **self._signature(entity, declaration),
                    "body": [self._statement(one) for one in declaration.body],
                }
            case ModelDeclaration():
                return {"value": self._value(declaration.value), "settings": self._settings(declaration.settings)}
            case TypeDeclaration():
                return json_schema(self._program.type_of(declaration.type, self._module))
            case ParamDeclaration():
                return declaration.param.text if entity.id not in self._hasher.open_params else None
            case DatasetDeclaration():
                planned = plan(entity)
                files = {name: self._file_hash(path) for name, path in planned.files.items()}
                file = self._file_hash(planned.file) if planned.file else None
                return [file, planned.rows, files, dict(planned.fractions), planned.seed]
            case EvalDeclaration():
                self._local = frozenset({"row", "output", "steps"})
                counted = tuple(one for one in declaration.settings if one.name.text not in self._hasher.open_settings)
                return {"target": self._value(declaration.target), "settings": self._settings(counted)}
            case _:
                return None

    def tool(self, entity: Entity, declaration: ToolDeclaration) -> Any:
        return [declaration.name.text, self._signature(entity, declaration), self._value(declaration.value)]

    def ruler(self, declaration: EvalDeclaration) -> Any:
        self._local = frozenset({"row", "output", "steps"})
        return self._settings(tuple(one for one in declaration.settings if one.name.text in ("metric", "expect")))

    def _told_tools(self, entity: Entity) -> dict[str, Any]:
        """What an agent's model is told of prompts and others that are its tools; a tool's own hash has its description."""
        others = [one for one in callees(self._program, entity) if one.kind != "tool"]
        return {"told": {one.id: one.declaration.doc for one in others}} if others else {}

    def _attached(self, entity: Entity, declaration: PromptDeclaration | AgentDeclaration) -> dict[str, Any]:
        """The content of the images and files that messages put in."""
        shown = [one.text for one in declaration.params if not self._is_open(entity, one.name.text)]
        for one in shared_params(self._program, entity):
            if isinstance(one.declaration, ParamDeclaration) and one.id not in self._hasher.open_params:
                shown.append(one.declaration.param.text)
        paths = attached(declaration, shown)
        return {"attached": {path: self._file_hash(self._module.path.parent / path) for path in paths}} if paths else {}

    def _is_open(self, entity: Entity, name: str) -> bool:
        return f"{entity.id}.{name}" in self._hasher.open_params

    def _signature(self, entity: Entity, declaration: Component) -> dict[str, Any]:
        inputs = [
            [one.name.text, self._type(one.type), self._value(one.default) if one.default else None]
            for one in declaration.parameters
        ]
        return {"inputs": inputs, "returns": json_schema(result_type(self._program, entity))}

    def _type(self, written: Any) -> Any:
        return json_schema(self._program.type_of(written, self._module))

    def _settings(self, settings: tuple[Setting, ...]) -> dict[str, Any]:
        return {
            one.name.text: self._files(self._value(one.value), one.value)
            if one.name.text == "corpus"
            else self._value(one.value)
            for one in settings
            if one.name.text not in _WITHOUT_EFFECT
        }

    def _files(self, value: Any, written: Expression) -> Any:
        texts = written.items if isinstance(written, ListExpression) else (written,)
        paths = [self._module.path.parent / one.value for one in texts if isinstance(one, Text)]
        return [value, [self._file_hash(path) for path in paths]]

    # ---- statements and expressions

    def _statement(self, statement: Statement) -> Any:
        match statement:
            case Binding(name=name, value=value):
                return ["bind", name.text, self._value(value)]
            case Return(value=value):
                return ["return", self._value(value)]
            case Repeat(times=times, until=until, body=body):
                inner = [self._statement(one) for one in body]
                return ["repeat", self._value(times), self._value(until), inner]

    def _value(self, expression: Expression) -> Any:
        match expression:
            case Reference() | Member():
                return self._reference(expression)
            case Text(value=value):
                replayed = value.removeprefix("replay/")
                return (
                    ["text", value, self._file_hash(self._module.path.parent / replayed)]
                    if (replayed != value)
                    else ["text", value]
                )
            case Constant(value=value):
                return value
            case ListExpression(items=items):
                return ["list", *map(self._value, items)]
            case ObjectExpression(pairs=pairs):
                return ["object", {pair.name.text: self._value(pair.value) for pair in pairs}]
            case CallExpression(function=function, arguments=arguments):
                return ["call", self._reference(function), *map(self._argument, arguments), *self._code(expression)]
            case Comprehension(value=value, name=name, source=source, condition=condition):
                outside, found = self._local, self._value(source)
                self._local = outside | {name.text}
                inner = [self._value(value), self._value(condition) if condition else None]
                self._local = outside
                return ["for", name.text, found, *inner]
            case Match(subject=subject, arms=arms):
                return ["match", self._value(subject), *map(self._arm, arms)]
            case Not(value=value):
                return ["not", self._value(value)]
            case Binary(operator=operator, left=left, right=right):
                return [operator, self._value(left), self._value(right)]
            case _:
                return ["hole"]

    def _reference(self, expression: Expression) -> Any:
        name = dotted(expression)
        if name is not None and name.split(".")[0] not in self._local:
            entity = self._program.resolve(name, self._module)
            if entity is not None:
                return ["name", entity.declaration.name.text, self._hasher.entity(entity)]
        if isinstance(expression, Member):
            return ["field", self._value(expression.object), expression.name.text]
        return ["name", name]

    def _argument(self, argument: Argument) -> Any:
        return [argument.name.text if argument.name else None, self._value(argument.value)]

    def _arm(self, arm: Arm) -> Any:
        patterns = [["_"] if isinstance(one, Wildcard) else self._value(one) for one in arm.patterns]
        return [patterns, self._value(arm.value)]

    def _code(self, call: CallExpression) -> Iterator[Any]:
        """The content of the file that ``python("file.py:function")`` or ``http("file.json:operation")`` names."""
        first = call.arguments[0].value if call.arguments else None
        function = dotted(call.function)
        if function == "python" and isinstance(first, Text):
            yield self._file_hash(self._module.path.parent / first.value.rpartition(":")[0])
        elif function == "http" and isinstance(first, Text) and "://" not in first.value:
            yield self._file_hash(self._module.path.parent / http_source(first.value)[0])
