"""A file with what it imports, and what each name in it means.

Reading files goes through a :class:`Reader`, so that an editor can put its open documents before the disk. Nothing here
fails: what cannot be found or read is recorded, and the checks report it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from adalang.language.declarations import (
    COMPONENT_KINDS,
    Declaration,
    Expression,
    Hole,
    ImportDeclaration,
    ListType,
    NamedType,
    ObjectType,
    OptionalType,
    Text,
    TypeDeclaration,
    TypeExpression,
    UnionType,
    dotted,
)
from adalang.language.lower import Item, Lowered, lower
from adalang.language.syntax import Tree, parse
from adalang.language.text import SourceText, Span
from adalang.language.types import BUILT_IN, UNKNOWN, Field, Labels, ListOf, ObjectOf, OptionalOf, Type

Reader = Callable[[Path], SourceText | None]
"""Gives a file's text, or ``None`` when there is none."""


def read_from_disk(path: Path) -> SourceText | None:
    try:
        return SourceText(path.read_bytes())
    except OSError:
        return None


@dataclass(frozen=True)
class Module:
    """One version of one file. ``path`` is absolute; for text without a file it is where the file would be."""

    path: Path
    source: SourceText
    lowered: Lowered = field(repr=False)
    tree: Tree | None = field(repr=False, default=None, compare=False)

    @classmethod
    def parse(cls, path: Path, source: SourceText, previous: Module | None = None) -> Module:
        tree = parse(source)
        return cls(path, source, lower(tree, source, previous.lowered if previous else None), tree)

    @property
    def items(self) -> tuple[Item, ...]:
        return self.lowered.items

    @cached_property
    def names(self) -> Mapping[str, Item]:
        """What each top-level name means here: its first declaration. Imports and optimize blocks have no name."""
        found: dict[str, Item] = {}
        for item in self.items:
            if item.declaration.kind not in ("import", "optimize") and item.declaration.name.text:
                found.setdefault(item.declaration.name.text, item)
        return found

    def item_at(self, offset: int) -> Item | None:
        """The declaration that the byte ``offset`` stands in."""
        return next((item for item in reversed(self.items) if item.start <= offset <= item.span.end), None)


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

    def imported(self, module: Module) -> Mapping[str, Module]:
        """The modules that ``module`` can name, by the name that it uses for them (the file's stem)."""
        found: dict[str, Module] = {}
        for path in self.imports.get(module.path, {}).values():
            if path is not None and path in self.modules:
                found.setdefault(path.stem, self.modules[path])
        return found

    def entity(self, module: Module, item: Item) -> Entity:
        prefix = self.prefixes.get(module.path, "")
        name = item.declaration.name.text
        return Entity(f"{prefix}.{name}" if prefix else name, module, item)

    def resolve(self, name: str, module: Module | None = None) -> Entity | None:
        """What ``name`` (plain or dotted) means in ``module`` (default: the root)."""
        module = module or self.root
        if name in module.names:
            return self.entity(module, module.names[name])
        prefix, _, rest = name.partition(".")
        other = self.imported(module).get(prefix)
        return self.resolve(rest, other) if other is not None and rest else None

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
        return _TypeResolver(self).resolve(written, module, ())


@dataclass(frozen=True, slots=True)
class _TypeResolver:
    program: Program

    def resolve(self, written: TypeExpression | None, module: Module, within: tuple[str, ...]) -> Type:
        match written:
            case NamedType(name=name):
                entity = self.program.resolve(name, module)
                if entity is None:
                    return BUILT_IN.get(name, UNKNOWN)
                if not isinstance(entity.declaration, TypeDeclaration) or entity.id in within:
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
        if isinstance(found, Labels) and not found.name:
            return Labels(found.labels, declaration.name.text)
        if isinstance(found, ObjectOf) and not found.name:
            return ObjectOf(found.fields, declaration.name.text)
        return found


def load(path: Path, read: Reader = read_from_disk, root: Module | None = None) -> Program | None:
    """Load a file and its imports; ``None`` when the file itself cannot be read. Import cycles are cut, not followed."""
    path = path.absolute()
    if root is None:
        source = read(path)
        if source is None:
            return None
        root = Module.parse(path, source)
    return link(root, lambda wanted: _parse_file(wanted, read))


def _parse_file(path: Path, read: Reader) -> Module | None:
    source = read(path)
    return Module.parse(path, source) if source is not None else None


def link(root: Module, find: Callable[[Path], Module | None]) -> Program:
    """Put a root module and the modules that it imports together."""
    modules: dict[Path, Module] = {root.path: root}
    prefixes: dict[Path, str] = {root.path: ""}
    imports: dict[Path, dict[str, Path | None]] = {}
    waiting = [root]
    while waiting:
        module = waiting.pop(0)
        brought: dict[str, Path | None] = {}
        for item in module.items:
            declaration = item.declaration
            if not isinstance(declaration, ImportDeclaration) or isinstance(declaration.path, Hole):
                continue
            target = import_target(module.path, declaration.path)
            if target not in modules:
                found = find(target)
                if found is None:
                    brought[declaration.path.value] = None
                    continue
                modules[target] = found
                prefix = prefixes[module.path]
                prefixes[target] = f"{prefix}.{target.stem}" if prefix else target.stem
                waiting.append(found)
            brought[declaration.path.value] = target
        imports[module.path] = brought
    return Program(root, modules, prefixes, imports)


def import_target(importer: Path, written: Text) -> Path:
    """The file that an import line means: relative to the file that it stands in."""
    return Path(_normal(importer.parent / written.value))


def _normal(path: Path) -> str:
    import os.path

    return os.path.normpath(path)
