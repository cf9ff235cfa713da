"""Whatever a proposal may change in a file, by its id: params, demos, choices, tools' descriptions.

Knows the language alone, as :mod:`adalang.engine.choices` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from adalang.engine.choices import Switch, switch_named
from adalang.engine.choices.descriptions import Description, description_named
from adalang.language.checks import NO_FACTS, check_all
from adalang.language.datasets import NotConstant, constant
from adalang.language.declarations import Param
from adalang.language.edits import EditRefused, apply_changes
from adalang.language.program import Entity, Module, Program
from adalang.language.reach import Trainable, trainable_named, trainables
from adalang.language.text import Edit, SourceText, Span


@dataclass(frozen=True)
class Changeable:
    """Something that a proposal may change, as it stands in the file."""

    id: str
    part: Trainable | Switch | Description

    @property
    def owner(self) -> Entity:
        return self.part.owner

    @property
    def mark(self) -> Span:
        """The name in the file that stands for it: the param's own, else the declaration's."""
        if isinstance(self.part, Trainable):
            return self.part.part.name.span.shifted(self.owner.item.start)
        return self.owner.name_span

    @property
    def value(self) -> Any:
        """The text, the examples, or the state that a choice is in.

        Raises:
            EditRefused: the examples hold more than plain values.
        """
        match self.part:
            case Switch(state=state):
                return state
            case Description(text=text):
                return text
            case Trainable(part=Param(text=text)):
                return text
            case Trainable(part=demos):
                written = getattr(demos, "value", None)
                try:
                    return list(constant(written)) if written is not None else []
                except NotConstant as error:
                    raise EditRefused(f"the examples of `{self.id}` hold more than plain values") from error


def changeable_named(program: Program, name: str) -> Changeable | None:
    """What has that id; ``None`` where the file has it no longer, or has made it something else."""
    part = trainable_named(program, name) or switch_named(program, name) or description_named(program, name)
    return Changeable(name, part) if part is not None else None


def rewritten(program: Program, values: Mapping[str, Any]) -> Program:
    """The program with these values, by id, in memory alone. Choices come first, then texts and examples.

    Raises:
        EditRefused: a value cannot be written exactly, or the file would not pass its checks; the message says which.
    """
    marked = {name: value for name, value in values.items() if trainable_named(program, name) is not None}
    after, chosen = program, sorted(values.keys() - marked.keys())
    for name in chosen:
        after = _chosen(after, name, values[name])
    if chosen and (wrong := sorted(_errors(after) - _errors(program))):
        raise EditRefused(f"with {_listed(values, chosen)} the file does not pass its checks: {wrong[0]}")
    for path, edits in apply_changes(after, marked).items() if marked else ():
        after = _edited(after, path, edits)
    return after


def edits_for(program: Program, values: Mapping[str, Any]) -> dict[Path, tuple[Edit, ...]]:
    """The edits, by file, that give these values and change nothing else.

    Raises:
        EditRefused: see :func:`rewritten`.
    """
    if all(trainable_named(program, name) is not None for name in values):
        return apply_changes(program, values)
    after = rewritten(program, values)
    pairs = ((path, module.source, after.modules[path].source) for path, module in program.modules.items())
    return {path: tuple(_lines_between(old, new)) for path, old, new in pairs if old.data != new.data}


def _listed(values: Mapping[str, Any], names: Iterable[str]) -> str:
    return ", ".join(f"`{name}` as `{values[name]}`" for name in names)


def _chosen(program: Program, name: str, value: Any) -> Program:
    """The program with one choice made, or one description written, proven to be that and nothing else."""
    found = changeable_named(program, name)
    if found is None or isinstance(found.part, Trainable):
        raise EditRefused(f"`{name}` is no longer a choice in {program.path.name}")
    if found.value == value:
        return program
    after = _written(program, found, value)
    now = changeable_named(after, name)
    if now is None or now.value != value:
        raise EditRefused(f"`{name}` cannot be `{value}` exactly as the file stands")
    if isinstance(found.part, Switch) and not _goes_back(program, after, found, now):
        raise EditRefused(f"`{name}` could not be taken back exactly")
    kept = trainables(after)
    if any(not _says_the_same(one, kept[other]) for other, one in trainables(program).items() if other in kept):
        raise EditRefused(f"`{name}` cannot be changed without changing a text beside it")
    return after


def _goes_back(program: Program, after: Program, found: Changeable, now: Changeable) -> bool:
    """Whether the former state gives the former bytes; where what it copies has changed meanwhile, whether to and fro does."""
    back = _written(after, now, found.value)
    if _bytes(back) == _bytes(program):
        return True
    again = changeable_named(back, found.id)
    return (
        again is not None and again.value == found.value and _bytes(_written(back, again, now.value)) == _bytes(after)
    )


def _written(program: Program, found: Changeable, value: Any) -> Program:
    assert isinstance(found.part, Switch | Description)
    return _edited(program, found.owner.module.path, found.part.write(value))


def _edited(program: Program, path: Path, edits: Iterable[Edit]) -> Program:
    before = program.modules[path]
    modules = {**program.modules, path: Module.parse(path, before.source.apply(list(edits)), before)}
    return replace(program, root=modules[program.path], modules=modules)


def _says_the_same(one: Trainable, other: Trainable) -> bool:
    return bool(Changeable(one.id, one).value == Changeable(other.id, other).value)


def _bytes(program: Program) -> dict[Path, bytes]:
    return {path: module.source.data for path, module in program.modules.items()}


def _errors(program: Program) -> set[str]:
    return {
        f"{one.code} {one.message}"
        for found in check_all(program, NO_FACTS).values()
        for one in found
        if one.severity == "error"
    }


def _lines_between(old: SourceText, new: SourceText) -> Iterable[Edit]:
    """The edits of whole lines that lead from one text to another."""
    before, after = old.data.splitlines(keepends=True), new.data.splitlines(keepends=True)
    starts = [0]
    for line in before:
        starts.append(starts[-1] + len(line))
    for kind, low, high, new_low, new_high in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            text = b"".join(after[new_low:new_high]).decode("utf-8", "surrogatepass")
            yield Edit(Span(starts[low], starts[high]), text)
