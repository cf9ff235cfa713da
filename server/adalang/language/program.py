"""A file with what it imports, and what each name in it means.

Reading files goes through a :class:`Reader`, so that an editor can put its open documents before the disk. Nothing here
fails: what cannot be found or read is recorded, and the checks report it.
"""

from __future__ import annotations

import os.path
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path

from adalang.language.circles import circles
from adalang.language.declarations import (
    COMPONENT_KINDS,
    Declaration,
    Expression,
    ImportDeclaration,
    ListType,
    Name,
    NamedType,
    ObjectType,
    OptionalType,
    Parameter,
    Problem,
    Text,
    TypeDeclaration,
    TypeExpression,
    UnionType,
    dotted,
    named_types,
)
from adalang.language.lower import Item
from adalang.language.pieces import Piece, Pieces, cut, recut
from adalang.language.text import Edit, SourceText, Span
from adalang.language.types import BUILT_IN, UNKNOWN, Field, Labels, ListOf, ObjectOf, OptionalOf, Origin, Type

Reader = Callable[[Path], SourceText | None]
"""Gives a file's text, or ``None`` when there is none."""


def read_from_disk(path: Path) -> SourceText | None:
    try:
        return SourceText(path.read_bytes()) if path.is_file() else None  # a pipe would be waited for
    except (OSError, ValueError):  # a name that no file can have
        return None


def reader_with(texts: Mapping[str, str]) -> Reader:
    """Reads the disk, but for files whose text is given, by their absolute path."""

    def read(path: Path) -> SourceText | None:
        text = texts.get(str(path))
        return SourceText.of(text) if text is not None else read_from_disk(path)

    return read


@dataclass(frozen=True, eq=False)
class Module:
    """One version of one file. ``path`` is absolute; for text without a file it is where the file would be.

    ``items`` are the declarations of all ``pieces``, in order, with their places in the file.
    """

    path: Path
    source: SourceText
    pieces: Pieces = field(repr=False)
    items: tuple[Item, ...] = field(repr=False)

    @classmethod
    def parse(cls, path: Path, source: SourceText, previous: Module | None = None) -> Module:
        """Read a file. What ``previous`` knows of pieces that are the same is taken over."""
        pieces = cut(source, previous.pieces if previous else ())
        return cls(path, source, pieces, tuple(_items(pieces)))

    def edited(self, edit: Edit) -> Module:
        """The next version, equal to one that is read anew; only the pieces around the edit are looked at."""
        before, source = self.pieces, self.source.apply([edit])
        by = len(source.data) - len(self.source.data)
        first, changed, last = recut(before, edit, source.data)
        low, high = (
            bisect_left(self.items, before[at][0], key=_start) if at < len(before) else len(self.items)
            for at in (first, last)
        )
        below, items_below = before[last:], self.items[high:]
        if by:
            below = tuple([(start + by, piece) for start, piece in below])
            items_below = tuple([Item(item.start + by, item.declaration) for item in items_below])
        return Module(
            self.path,
            source,
            (*before[:first], *changed, *below),
            (*self.items[:low], *_items(changed), *items_below),
        )

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong between the declarations; spans count from the file's start."""
        return tuple(
            replace(one, span=one.span.shifted(start)) for start, piece in self.broken for one in piece.problems
        )

    @cached_property
    def imports(self) -> tuple[tuple[Item, Text, Path], ...]:
        """The import lines that name a file: what is written there, and which file that is."""
        return tuple(
            (item, item.declaration.path, import_target(self.path, item.declaration.path))
            for item in self.items
            if isinstance(item.declaration, ImportDeclaration) and isinstance(item.declaration.path, Text)
        )

    @property
    def names(self) -> Mapping[str, Item]:
        """What each top-level name means here: its first declaration. Imports and optimize blocks have no name."""
        return self._named[0]

    @property
    def duplicates(self) -> Sequence[Item]:
        """The declarations whose names are taken already."""
        return self._named[1]

    @cached_property
    def _named(self) -> tuple[dict[str, Item], list[Item]]:
        found: dict[str, Item] = {}
        duplicates: list[Item] = []
        for item in self.items:
            declaration = item.declaration
            name = declaration.name.text
            if name and declaration.kind not in _NAMELESS and found.setdefault(name, item) is not item:
                duplicates.append(item)
        return found, duplicates

    @cached_property
    def broken(self) -> tuple[tuple[int, Piece], ...]:
        """The pieces in which something could not be read."""
        return tuple([one for one in self.pieces if one[1].is_broken])

    @cached_property
    def first_mistake(self) -> Span | None:
        """Where the first thing stands that could not be read: one between the declarations before those inside them."""
        inside = (
            one.span.shifted(start + item.start)
            for start, piece in self.broken
            for item in piece.items
            for one in item.declaration.problems
        )
        return next((one.span for one in self.problems), None) or next(inside, None)

    def piece_at(self, offset: int) -> tuple[int, Piece] | None:
        """The piece that holds the byte ``offset``, and where it starts; ``None`` outside the file."""
        at = bisect_right(self.pieces, offset, key=_first) - 1
        return self.pieces[at] if at >= 0 and offset < len(self.source.data) else None

    def item_at(self, offset: int) -> Item | None:
        """The declaration that the byte ``offset`` stands in."""
        at = bisect_right(self.items, offset, key=_start) - 1
        return self.items[at] if at >= 0 and offset <= self.items[at].span.end else None


_NAMELESS = frozenset({"import", "optimize"})


def _start(item: Item) -> int:
    return item.start


def _first(one: tuple[int, Piece]) -> int:
    return one[0]


def _items(pieces: Pieces) -> Iterator[Item]:
    for start, piece in pieces:
        for item in piece.items:
            yield Item(item.start + start, item.declaration)


@dataclass(frozen=True, slots=True)
class Entity:
    """A declaration with the module that it stands in. ``id`` is its name as seen from the program's root file."""

    id: str
    module: Module
    item: Item

    @property
    def declaration(self) -> Declaration:
        return self.item.declaration

    @property
    def kind(self) -> str:
        return self.item.declaration.kind

    @property
    def key(self) -> tuple[Path, str]:
        """Its file and its name there."""
        return self.module.path, self.item.declaration.name.text

    @property
    def name(self) -> Name:
        """Its name, placed from the declaration's start."""
        return self.item.declaration.name

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """A component's inputs; none for other kinds."""
        return getattr(self.item.declaration, "parameters", ())

    @property
    def value(self) -> Expression | None:
        """What stands behind the `=`, for the kinds that have that."""
        return getattr(self.item.declaration, "value", None)

    @property
    def returns(self) -> TypeExpression | None:
        """A component's result as it is written."""
        return getattr(self.item.declaration, "returns", None)

    @property
    def name_span(self) -> Span:
        return self.declaration.name.span.shifted(self.item.start)


@dataclass(frozen=True)
class Program:
    """The root file and everything that it imports, directly or not.

    ``prefixes`` says by which dotted prefix a module's names are known to the root ("" for the root itself);
    ``imports`` maps a module's path to what each of its import lines brought (``None``: no such file).
    """

    root: Module
    modules: Mapping[Path, Module]
    prefixes: Mapping[Path, str]
    imports: Mapping[Path, Mapping[str, Path | None]]

    @property
    def path(self) -> Path:
        return self.root.path

    @cached_property
    def misses_imports(self) -> bool:
        """Whether a file that is imported somewhere was not there."""
        return any(None in brought.values() for brought in self.imports.values())

    def imported(self, module: Module) -> Mapping[str, Module]:
        """The modules that ``module`` can name, by the name that it uses for them (the file's stem)."""
        return {stem: self.modules[path] for stem, path in self.brought.get(module.path, {}).items()}

    @cached_property
    def brought(self) -> Mapping[Path, Mapping[str, Path]]:
        """Of each module the files that it can name, by the names that it uses for them; the first of a name counts."""
        found: dict[Path, dict[str, Path]] = {}
        for path, targets in self.imports.items():
            for target in targets.values():
                if target is not None and target in self.modules:
                    found.setdefault(path, {}).setdefault(target.stem, target)
        return found

    def declared(self, name: str, module: Module) -> Item | None:
        """What a plain name means among the module's own declarations."""
        return module.names.get(name)

    def visible(self, module: Module) -> Mapping[str, Item]:
        """All that a module declares itself, to list it or to find what is spelt alike."""
        return module.names

    def entity(self, module: Module, item: Item) -> Entity:
        prefix = self.prefixes.get(module.path, "")
        name = item.declaration.name.text
        return Entity(f"{prefix}.{name}" if prefix else name, module, item)

    def resolve(self, name: str, module: Module | None = None) -> Entity | None:
        """What ``name`` (plain or dotted) means in ``module`` (default: the root)."""
        module = module or self.root
        item = self.declared(name, module)
        if item is not None:
            return self.entity(module, item)
        prefix, _, rest = name.partition(".")
        other = self.brought.get(module.path, {}).get(prefix)
        return self.resolve(rest, self.modules[other]) if other is not None and rest else None

    def resolve_expression(self, expression: Expression, module: Module) -> Entity | None:
        name = dotted(expression)
        return self.resolve(name, module) if name else None

    def entities(self, *kinds: str) -> Iterator[Entity]:
        """All declarations of all modules, the root's first, of the given kinds (default: every named one)."""
        for module in self.modules.values():
            for item in module.items:
                kind = item.declaration.kind
                if (kind in kinds) if kinds else (kind not in ("import", "optimize")):
                    yield self.entity(module, item)

    def components(self) -> Iterator[Entity]:
        return self.entities(*COMPONENT_KINDS)

    def type_of(self, written: TypeExpression | None, module: Module) -> Type:
        """The type that is meant; :data:`UNKNOWN` where it is missing, misspelt or refers to itself."""
        if written is None:
            return UNKNOWN
        key = (id(written), module.path)
        known = self._types.get(key)
        if known is None:
            known = self._types[key] = (written, resolve_type(self, written, module))
        return known[1]

    @cached_property
    def _types(self) -> dict[tuple[int, Path], tuple[TypeExpression, Type]]:
        """What :meth:`type_of` has found, by the identity of what is written, which it holds so that none takes its place."""
        return {}

    @cached_property
    def circular_types(self) -> frozenset[tuple[Path, str]]:
        """The types that contain themselves, as (file, name)."""
        edges: dict[tuple[Path, str], list[tuple[Path, str]]] = {}
        for module in self.modules.values():
            for name, item in module.names.items():
                if isinstance(item.declaration, TypeDeclaration):
                    used = (self.resolve(one.name, module) for one in named_types(item.declaration.type))
                    edges[module.path, name] = [one.key for one in used if one is not None and one.kind == "type"]
        return frozenset(circles(edges))

    def is_circular(self, entity: Entity) -> bool:
        """Whether a type contains itself."""
        return entity.key in self.circular_types


_DEEPEST = 200
"""Levels of a type, those of the types that it names included: what lies deeper is not looked at."""
_LARGEST = 2000
"""Names that are followed for one type: types that use each other twice would take ever longer."""


def resolve_type(program: Program, written: TypeExpression | None, module: Module) -> Type:
    """:meth:`Program.type_of`, without its memory."""
    return _TypeResolver(program).resolve(written, module, ())


@dataclass(slots=True)
class _TypeResolver:
    program: Program
    level: int = 0
    followed: int = 0

    def resolve(self, written: TypeExpression | None, module: Module, within: tuple[str, ...]) -> Type:
        if self.level == _DEEPEST:
            return UNKNOWN
        self.level += 1
        found = self._resolve(written, module, within)
        self.level -= 1
        return found

    def _resolve(self, written: TypeExpression | None, module: Module, within: tuple[str, ...]) -> Type:
        match written:
            case NamedType(name=name):
                entity = self.program.resolve(name, module)
                if entity is None:
                    return BUILT_IN.get(name, UNKNOWN)
                self.followed += 1
                if entity.kind != "type" or entity.id in within or self.followed > _LARGEST:
                    return UNKNOWN
                return self._named(entity, (*within, entity.id))
            case ListType(item=item):
                return ListOf(self.resolve(item, module, within))
            case OptionalType(item=item):
                inner = self.resolve(item, module, within)
                return inner if isinstance(inner, OptionalOf) else OptionalOf(inner)
            case UnionType(labels=labels):
                return Labels(tuple(dict.fromkeys(label.value for label in labels)))
            case ObjectType(fields=fields):
                return ObjectOf(
                    tuple(
                        Field(
                            one.name.text,
                            self.resolve(one.type, module, within),
                            one.description.value if one.description else "",
                            Origin(module.path, one.name),
                        )
                        for one in fields
                        if one.name.text
                    )
                )
            case _:
                return UNKNOWN

    def _named(self, entity: Entity, within: tuple[str, ...]) -> Type:
        declaration = entity.declaration
        assert isinstance(declaration, TypeDeclaration)
        found = self.resolve(declaration.type, entity.module, within)
        origin = Origin(entity.module.path, declaration.name)
        if isinstance(found, Labels) and not found.name:
            return Labels(found.labels, declaration.name.text, origin)
        if isinstance(found, ObjectOf) and not found.name:
            return ObjectOf(found.fields, declaration.name.text, origin)
        return found


def load(path: Path, read: Reader = read_from_disk) -> Program | None:
    """Load a file and its imports; ``None`` when the file itself cannot be read. Import cycles are cut, not followed."""
    root = _parse_file(path.absolute(), read)
    return link(root, lambda wanted: _parse_file(wanted, read)) if root is not None else None


def _parse_file(path: Path, read: Reader) -> Module | None:
    source = read(path)
    return Module.parse(path, source) if source is not None else None


def link(root: Module, find: Callable[[Path], Module | None]) -> Program:
    """Put a root module and the modules that it imports together."""
    modules: dict[Path, Module] = {root.path: root}
    prefixes: dict[Path, str] = {root.path: ""}
    imports: dict[Path, dict[str, Path | None]] = {}
    waiting = deque([root])
    while waiting:
        module = waiting.popleft()
        brought: dict[str, Path | None] = {}
        for _, written, target in module.imports:
            if target not in modules:
                found = find(target)
                if found is None:
                    brought[written.value] = None
                    continue
                modules[target] = found
                prefix = prefixes[module.path]
                prefixes[target] = f"{prefix}.{target.stem}" if prefix else target.stem
                waiting.append(found)
            brought[written.value] = target
        imports[module.path] = brought
    return Program(root, modules, prefixes, imports)


def import_target(importer: Path, written: Text) -> Path:
    """The file that an import line means: relative to the file that it stands in."""
    return _target(importer.parent, written.value)


@lru_cache(maxsize=1024)
def _target(folder: Path, written: str) -> Path:
    return Path(os.path.normpath(folder / written))
