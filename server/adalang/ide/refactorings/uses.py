"""Where a file names declarations, its own and those of imported files, as they are written there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adalang.ide.slots import ModuleMember, TrainableName, TypeName, Value
from adalang.ide.targets import Names
from adalang.language.lower import Item
from adalang.language.program import Entity, Module, Program
from adalang.language.text import Span


@dataclass(frozen=True, slots=True)
class Use:
    """``span`` (in the file) is the whole written name, ``fast`` or ``common.fast``.

    ``part`` is the param or demos behind the declaration's name in ``classify.tone``, and ``span`` then all of that; the
    name itself is a use of its own.
    """

    span: Span
    entity: Entity
    hidden: frozenset[str]
    """Names that mean something else at this place."""
    part: str = ""


def uses(program: Program, module: Module, *words: str) -> Iterator[Use]:
    """The uses of declarations in a module, in the order of its text.

    Only declarations in which one of ``words`` occurs are looked into, which saves nearly all of the work.
    """
    data, wanted, names = module.source.data, [word.encode() for word in words], Names(program)
    for item in module.items:
        if any(data.find(word, item.start, item.span.end) >= 0 for word in wanted):
            yield from _in_item(names, module, item)


def uses_in(program: Program, module: Module, item: Item) -> Iterator[Use]:
    """The uses in one declaration; its own name is none."""
    return _in_item(Names(program), module, item)


def _in_item(names: Names, module: Module, item: Item) -> Iterator[Use]:
    first, hidden = 0, frozenset[str]()  # of the name that dots and further names may follow
    for word in names.words_of(module, item):
        entity = word.target.declared
        match word.slot:
            case Value(names=local):
                first, hidden = word.span.start, frozenset(local)
                if entity is not None:
                    yield Use(word.span, entity, hidden)
            case TypeName() if entity is not None:
                yield Use(word.span, entity, frozenset())
            case ModuleMember() if entity is not None:
                yield Use(Span(first, word.span.end), entity, hidden)
            case TrainableName(component=component):
                yield Use(Span(first, word.span.end), component, hidden, word.target.name)
            case _:
                pass
