"""What the words of a program name: two words name the same thing exactly when their targets are equal.

References, highlights and renaming rest on this; what is *said* about a target is :mod:`adalang.ide.meaning`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal as Choice

from adalang.ide.occurrences import Site, at, occurrences
from adalang.ide.parts import origins, parts_of, row_keys
from adalang.ide.slots import (
    ArgumentName,
    DeclarationName,
    FieldName,
    Literal,
    Local,
    ModuleMember,
    Occurrence,
    PartName,
    SettingName,
    Slot,
    SplitName,
    TemplateText,
    TrainableName,
    TypeName,
    Value,
)
from adalang.ide.template_words import IN_TEMPLATE, template_occurrences
from adalang.language.checks import NO_FACTS, Facts
from adalang.language.declarations import (
    DatasetDeclaration,
    ListExpression,
    Name,
    ObjectExpression,
    Setting,
    setting,
)
from adalang.language.lower import Item
from adalang.language.program import Entity, Module, Program
from adalang.language.settings import SPLIT_NAMES
from adalang.language.text import Span
from adalang.language.types import ObjectOf, Origin

Access = Choice["declaration", "write", "read"]


@dataclass(frozen=True, slots=True)
class Place:
    """A range of bytes in a file."""

    path: Path
    span: Span


@dataclass(frozen=True, slots=True)
class Target:
    """Something with a name.

    ``kind`` is a declaration's word, or "input", "demos", "binding", "variable", "field", "column", "split", "file".
    ``place`` is where its name is declared; of a column of a data file it is the data set's name, of a file its start.
    ``entity`` is the declaration that it is or is a part of.
    """

    kind: str
    name: str
    place: Place
    entity: Entity | None = field(default=None, compare=False, repr=False)

    @property
    def declared(self) -> Entity | None:
        """The declaration that it is; ``None`` for a part of one, or a file."""
        return self.entity if self.entity is not None and self.kind == self.entity.kind else None


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a file, without quotes, that names ``target``; ``slot`` says where it stands."""

    span: Span
    target: Target
    access: Access
    slot: Slot = field(compare=False, repr=False)


class Names:
    """The words of the modules of one program, and what they name."""

    def __init__(self, program: Program, facts: Facts = NO_FACTS) -> None:
        self.program = program
        self._facts = facts
        self._is_walking = False
        self._known: dict[Path, Mapping[int, tuple[str, Item]]] = {}
        """Where the names of a module come from; made when many are asked for."""

    # ---- words

    def at(self, offset: int) -> Word | None:
        """The word at byte ``offset`` of the root file that names something."""
        item = self.program.root.item_at(offset)
        if item is None:
            return None
        site = Site(self.program, self.program.root, item, self._facts)
        found = innermost(site, offset)
        return self._word(site, found) if found is not None else None

    def items_for(self, module: Module, target: Target) -> Iterator[Item]:
        """The declarations of a module that can mention ``target``, by their text."""
        return _mentioning(module, _spellings(target))

    def words_for(self, module: Module, target: Target) -> Iterator[Word]:
        """The words of a module that name ``target``, declaration by declaration."""
        for item in self.items_for(module, target):
            yield from (word for word in self.words_of(module, item, {target.name}) if word.target == target)

    def words_of(self, module: Module, item: Item, spelt: Collection[str] | None = None) -> Iterator[Word]:
        """The words of a declaration, or only those that are ``spelt`` so."""
        self._is_walking = True
        site = Site(self.program, module, item, self._facts)
        for found in _all_occurrences(site, spelt):
            if spelt is None or found.text in spelt or isinstance(found.slot, Literal):
                word = self._word(site, found)
                if word is not None:
                    yield word

    def _word(self, site: Site, found: Occurrence) -> Word | None:
        target = self.target(site, found)
        if target is None:
            return None
        span = _without_quotes(site.module, found.span.shifted(site.item.start))
        return Word(span, target, _access(found, target, Place(site.module.path, span)), found.slot)

    # ---- targets

    def target(self, site: Site, found: Occurrence) -> Target | None:
        """What an occurrence names; ``None`` for what is built in or unknown."""
        name = found.text
        match found.slot:
            case DeclarationName():
                return self.of_entity(site.entity) if name else None
            case PartName(local=local):
                return self._of_local(site, name, local)
            case SettingName(kind="split") | SettingName(kind="dataset") if name in SPLIT_NAMES:
                return _of_split(name, site.entity)
            case TypeName():
                return self._of_name(site, name)
            case Value(names=names, wanted=wanted):
                return self._of_value(site, name, names.get(name), wanted)
            case ModuleMember(module=module):
                item = module.names.get(name)
                return self.of_entity(self.program.entity(module, item)) if item is not None else None
            case FieldName(owner=owner, of=of):
                if of is not None:
                    return self.of_column(of, name) if of.kind == "dataset" else self.of_part(of, name)
                found_field = owner.field(name) if isinstance(owner, ObjectOf) else None
                return self.of_origin(found_field.origin) if found_field is not None else None
            case SplitName(dataset=dataset):
                return _of_split(name, dataset) if name in SPLIT_NAMES else None
            case TrainableName(component=component):
                return self.of_part(component, name, "param", "demos")
            case ArgumentName(component=component):
                return self.of_part(component, name, "input")
            case Literal(what="import"):
                path = self.program.imports.get(site.module.path, {}).get(name)
                return _of_module(self.program.modules[path]) if path is not None else None
            case _:
                return None

    def of_entity(self, entity: Entity) -> Target:
        return Target(entity.kind, entity.declaration.name.text, Place(entity.module.path, entity.name_span), entity)

    def of_part(self, owner: Entity, name: str, *kinds: str) -> Target | None:
        """An input, param, demos or binding of a component, if it has one of a wanted kind (default: any)."""
        kind, span = parts_of(owner.declaration).get(name, ("", Span(0, 0)))
        if not kind or (kinds and kind not in kinds):
            return None
        return Target(kind, name, Place(owner.module.path, span.shifted(owner.item.start)), owner)

    def of_column(self, dataset: Entity, name: str) -> Target:
        declaration = dataset.declaration
        value = declaration.value if isinstance(declaration, DatasetDeclaration) else None
        for key in row_keys(value) if isinstance(value, ListExpression) else ():
            if key.text == name:
                span = _without_quotes(dataset.module, key.span.shifted(dataset.item.start))
                return Target("column", name, Place(dataset.module.path, span), dataset)
        return Target("column", name, Place(dataset.module.path, dataset.name_span), dataset)

    def of_origin(self, origin: Origin | None) -> Target | None:
        """What a type or one of its fields comes from."""
        module = self.program.modules.get(origin.path) if origin is not None else None
        if origin is None or module is None:
            return None
        found = self._origin(module, origin.name)
        if found is None:
            return None
        kind, item = found
        span = _without_quotes(module, origin.name.span.shifted(item.start))
        return Target(kind, origin.name.text, Place(origin.path, span), self.program.entity(module, item))

    def _origin(self, module: Module, name: Name) -> tuple[str, Item] | None:
        """The kind and the declaration of a name that a type, a field, an input or a column comes from."""
        if not self._is_walking:
            pieces = ((start, origins(piece).get(id(name))) for start, piece in module.pieces)
            return next(((found[0], _moved(found[1], start)) for start, found in pieces if found is not None), None)
        if module.path not in self._known:
            self._known[module.path] = {
                key: (kind, _moved(item, start))
                for start, piece in reversed(module.pieces)
                for key, (kind, item) in origins(piece).items()
            }
        return self._known[module.path].get(id(name))

    def _of_value(self, site: Site, name: str, local: Local | None, wanted: str) -> Target | None:
        if wanted == "method":
            return None
        if local is not None and wanted not in ENTITIES_FIRST:
            return self._of_local(site, name, local)
        target = self._of_name(site, name)
        if wanted == IN_TEMPLATE and target is not None and target.kind not in ("param", "file"):
            return None
        return target if target is not None or local is None else self._of_local(site, name, local)

    def _of_name(self, site: Site, name: str) -> Target | None:
        entity = self.program.resolve(name, site.module)
        if entity is not None:
            return self.of_entity(entity)
        imported = self.program.imported(site.module).get(name)
        return _of_module(imported) if imported is not None else None

    def _of_local(self, site: Site, name: str, local: Local) -> Target | None:
        if local.span is None or not name:
            return None
        place = Place(site.module.path, _without_quotes(site.module, local.span.shifted(site.item.start)))
        return Target(local.what, name, place, site.entity)


ENTITIES_FIRST = frozenset(
    {"model", "models", "components", "component", "dataset", "eval", "params", "call", "metric", "type"}
)
"""What a setting or a call wants of the program, whatever the local names are."""


def innermost(site: Site, offset: int) -> Occurrence | None:
    """The occurrence that a cursor at byte ``offset`` of the file touches; in a template the name there, if there is one."""
    found = at(site, offset)
    if found is None or not isinstance(found.slot, TemplateText):
        return found
    local = offset - site.item.start
    return next((one for one in template_occurrences(site, found.slot) if one.span.contains(local)), None)


def _all_occurrences(site: Site, spelt: Collection[str] | None) -> Iterator[Occurrence]:
    """The occurrences of a declaration; of templates those inside, where one of the words stands in its text."""
    for found in occurrences(site):
        if not isinstance(found.slot, TemplateText):
            yield found
        elif spelt is None or any(word in found.text for word in spelt):
            yield from template_occurrences(site, found.slot)


def _moved(item: Item, by: int) -> Item:
    return Item(item.start + by, item.declaration)


def _of_split(name: str, dataset: Entity) -> Target:
    """A split, where the data set says which rows are in it, or else where the data set is declared."""
    settings: tuple[Setting, ...] = getattr(dataset.declaration, "settings", ())
    fractions = setting(settings, "split")
    written = [one.name for one in settings]
    if fractions is not None and isinstance(fractions.value, ObjectExpression):
        written += [pair.name for pair in fractions.value.pairs]
    keys = [one for one in written if one.text == name]
    span = _without_quotes(dataset.module, keys[0].span.shifted(dataset.item.start)) if keys else dataset.name_span
    return Target("split", name, Place(dataset.module.path, span), dataset)


def _of_module(module: Module) -> Target:
    return Target("file", module.path.stem, Place(module.path, Span(0, 0)))


# ---- words in files


def _spellings(target: Target) -> list[str]:
    """What a declaration mentions that mentions the target: its name, and of a part also its owner's, which is the rarer."""
    owner = target.entity.declaration.name.text if target.entity is not None else ""
    return [owner, target.name] if owner and target.kind != "field" else [target.name]


def _mentioning(module: Module, spellings: Iterable[str]) -> Iterator[Item]:
    """The declarations in whose bytes each of the words stands."""
    first, *others = [_pattern(one) for one in dict.fromkeys(spellings)]
    data, done = module.source.data, 0
    while match := first.search(data, done):
        item, done = module.item_at(match.start()), match.end()
        if item is not None:
            done = max(done, item.span.end)
            if all(one.search(data, item.start, item.span.end) for one in others):
                yield item


def _pattern(word: str) -> re.Pattern[bytes]:
    return re.compile(rb"(?<![A-Za-z0-9_])" + re.escape(word.encode()) + rb"(?![A-Za-z0-9_])")


def _without_quotes(module: Module, span: Span) -> Span:
    """The inside of a quoted key or path; any other span as it is."""
    raw = module.source.data[span.start : span.end]
    if len(raw) >= 2 and raw[:1] == raw[-1:] == b'"':
        quotes = min(len(raw) - len(raw.lstrip(b'"')), len(raw) // 2)
        return Span(span.start + quotes, span.end - quotes)
    return span


def _access(found: Occurrence, target: Target, place: Place) -> Access:
    if isinstance(found.slot, DeclarationName) or (place == target.place):
        return "declaration"
    match found.slot:
        case PartName() | ArgumentName() | FieldName(given=frozenset()):
            return "write"
        case _:
            return "read"
