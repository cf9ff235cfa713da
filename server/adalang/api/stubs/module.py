"""The two files of a module: the ``.py`` that loads the program, and the ``.pyi`` that type checkers read instead."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from adalang.api.program import Program as AdalangProgram
from adalang.api.stubs.names import Names, camel, docstring, is_plain, quoted
from adalang.api.stubs.types import PythonTypes
from adalang.language.checks.scope import result_type
from adalang.language.datasets import NotConstant, constant
from adalang.language.declarations import Expression
from adalang.language.program import Entity, Program
from adalang.language.turns import is_history
from adalang.language.types import OptionalOf

_NOTE = "Written by `adalang stubs {file}`; do not edit."
_HEAD = '''"""{about}"""
# fmt: off
# ruff: noqa
'''
_LOAD = 'def load(*, model: {model} = "", approve: {approve} = None) -> Program:'
_LONGEST_DEFAULT = 60


def module_name(file: Path) -> str:
    """``support-desk.adal`` is imported as ``support_desk_adal``."""
    name = re.sub(r"\W", "_", f"{file.stem}_adal")
    return name if name.isidentifier() else f"_{name}"


def module_files(program: Program, folder: Path) -> dict[Path, str]:
    """The module's files with their texts, as they belong into a folder. The program has passed its checks."""
    names = Names()
    types = PythonTypes(program, names)
    components = [_Stub(program, one, types, names) for one in program.components()]
    definitions = [*types.definitions.values()]
    name = module_name(program.path)
    return {
        folder / f"{name}.py": _source(program, folder, definitions),
        folder / f"{name}.pyi": _stub(program, definitions, components),
    }


def _source(program: Program, folder: Path, definitions: list[str]) -> str:
    file = program.path.name
    path = Path(os.path.relpath(program.path, folder)).as_posix()
    loads = (
        f"{_LOAD.format(model='str | Mapping[str, str]', approve='Any')}\n"
        f'    """{file}, as `adalang.load` gives it."""\n'
        f"    return adalang.load(Path(__file__).parent / {quoted(path)}, model=model, approve=approve)"
    )
    about = f"{file} as a module. {_NOTE.format(file=file)}"
    return _joined(about, definitions, [loads], "import adalang\nfrom adalang import Program")


def _stub(program: Program, definitions: list[str], components: list[_Stub]) -> str:
    file = program.path.name
    lines = ["class Program(adalang.Program):"]
    lines += [f"    {one.entity.id}: {one.name}" for one in components if one.is_attribute] or ["    pass"]
    for one in components:
        lines += [
            "    @overload",
            f"    def __getitem__(self, name: Literal[{quoted(one.entity.id)}]) -> {one.name}: ...",
        ]
    if components:
        lines += ["    @overload", "    def __getitem__(self, name: str) -> adalang.Component: ..."]
    loads = f"{_LOAD.format(model='str | Mapping[str, str]', approve='adalang.Approve | None')} ..."
    about = f"{file} for type checkers. {_NOTE.format(file=file)}"
    return _joined(about, definitions, [*(one.text() for one in components), "\n".join(lines), loads], "import adalang")


def _joined(about: str, definitions: list[str], rest: list[str], imports: str) -> str:
    code = "\n\n".join([*definitions, *rest])
    used = {
        "collections.abc": ["AsyncGenerator", "Generator", "Mapping", "Sequence"],
        "pathlib": ["Path"],
        "typing": ["Any", "Literal", "NotRequired", "TypeAlias", "overload"],
        "typing_extensions": ["TypedDict"],  # pydantic reads the one of `typing` from Python 3.12 on
    }
    found = {home: [name for name in names if re.search(rf"\b{name}\b", code)] for home, names in used.items()}
    lines = [f"from {home} import {', '.join(names)}" for home, names in found.items() if names]
    head = _HEAD.format(about=about.replace("\\", "\\\\").replace('"', '\\"'))
    return "\n".join([head, *lines, "", imports, "", code, ""])


class _Stub:
    """One component as a class whose instance is called."""

    def __init__(self, program: Program, entity: Entity, types: PythonTypes, names: Names) -> None:
        self.entity = entity
        self.name = names.take(f"_{camel(entity.id)}", f"_{camel(entity.id)}_")
        self._session = names.take(f"{self.name}Session", f"{self.name}Session_")
        self._inputs = list(_inputs(program, entity, types))
        parameters = {one.name.text: program.type_of(one.type, entity.module) for one in entity.parameters}
        self._histories = {name for name, declared in parameters.items() if is_history(declared)}
        self._returns = types.output(result_type(program, entity), f"{entity.id}.output")

    @property
    def is_attribute(self) -> bool:
        """Whether ``program.NAME`` is the component; else it is got by ``program["NAME"]`` alone."""
        name = self.entity.id
        return is_plain(name) and not name.startswith("_") and not hasattr(AdalangProgram, name)

    def text(self) -> str:
        inputs, said = self._signature(self._inputs), self._signature(self._in_a_session())
        lines = [
            f"class {self._session}(adalang.Conversation):",
            f"    def __call__({said}) -> {self._returns}: ...",
            f"    async def acall({said}) -> {self._returns}: ...",
            f"    def resume(self) -> {self._returns}: ...",
            f"    async def aresume(self) -> {self._returns}: ...",
            "",
            f"class {self.name}(adalang.Component):",
            *docstring(self.entity.declaration.doc, "    "),
            f"    def __call__({inputs}) -> {self._returns}: ...",
            f"    async def acall({inputs}) -> {self._returns}: ...",
            f"    def session(self, name: str) -> {self._session}: ...",
            f"    def stream({inputs}) -> Generator[adalang.Piece[{self._returns}]]: ...",
            f"    def astream({inputs}) -> AsyncGenerator[adalang.Piece[{self._returns}]]: ...",
        ]
        return "\n".join(lines)

    def _in_a_session(self) -> list[tuple[str, str, str]]:
        """What was said before need not be given: the session holds it."""
        return [(name, python, default or "..." * (name in self._histories)) for name, python, default in self._inputs]

    def _signature(self, inputs: list[tuple[str, str, str]]) -> str:
        names = {name for name, _, _ in inputs}
        taken = [at for at, (name, _, _) in enumerate(inputs, 1) if not is_plain(name)]
        by_position = taken[-1] if taken else 0
        """How many inputs are given by position alone: those up to the last with a name that Python has taken."""
        parts, optional = [_unlike("self", names)], False
        for at, (name, python, default) in enumerate(inputs):
            if at < by_position:  # what has no default has to be given, and so all before it
                needed = any(not later for _, _, later in inputs[at:by_position])
                named, default = _unlike(f"_{name}", names), "" if needed else default
            else:
                named = name
                if optional and not default and "*" not in parts:
                    parts.append("*")
            optional = optional or bool(default)
            parts.append(f"{named}: {python} = {default}" if default else f"{named}: {python}")
            if at + 1 == by_position:
                parts.append("/")
        if self.entity.kind == "retriever" and "k" not in names:
            parts += [*([] if "*" in parts else ["*"]), "k: int = ..."]
        return ", ".join(parts)


def _unlike(name: str, others: set[str]) -> str:
    while name in others:
        name = f"_{name}"
    return name


def _inputs(program: Program, entity: Entity, types: PythonTypes) -> Iterator[tuple[str, str, str]]:
    """Each input's name, type and default; "" where it has to be given."""
    for one in entity.parameters:
        declared = program.type_of(one.type, entity.module)
        python = types.input(declared, f"{entity.id}.{one.name.text}")
        default = _default(one.default) if one.default is not None else ""
        yield one.name.text, python, default or ("None" if isinstance(declared, OptionalOf) else "")


def _default(expression: Expression) -> str:
    """A short plain value as Python writes it; ``...`` for any other."""
    try:
        value: Any = constant(expression)
    except NotConstant:
        return "..."
    text = quoted(value) if isinstance(value, str) else repr(value)
    plain = isinstance(value, str | int | float | None)
    return text if plain and len(text) <= _LONGEST_DEFAULT and json.dumps(value) not in ("Infinity", "NaN") else "..."
