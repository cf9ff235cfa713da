"""Imports in the order of their paths, each once, and only those that are used. They stand where the first one stood."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from adalang.ide.changes import Change, in_file
from adalang.ide.placement import beginning, documented, is_alone, whole_lines
from adalang.ide.refactorings.selection import Refactoring, Selection
from adalang.ide.refactorings.uses import uses
from adalang.language.declarations import ImportDeclaration, Text
from adalang.language.lower import Item
from adalang.language.text import Edit, Span


def offers(selected: Selection) -> Iterator[Refactoring]:
    change = organised(selected)
    if change is not None:
        yield Refactoring("Organize imports", "source.organizeImports", lambda: change)


def organised(selected: Selection) -> Change | None:
    """The change that puts the imports in order; ``None`` where they are, or where a line holds more than one."""
    source, module = selected.source, selected.module
    items = [item for item in module.items if isinstance(item.declaration, ImportDeclaration)]
    if not items or any(item.declaration.problems or not is_alone(source, item.span) for item in items):
        return None
    # What stands above the first import may be about the file.
    heads = [whole_lines(source, items[0].span).start, *(documented(source, one.start) for one in items[1:])]
    blocks = [
        Span(max(head, beginning(source)), whole_lines(source, one.span).end)
        for head, one in zip(heads, items, strict=True)
    ]
    kept = _kept(selected, items)
    texts = {index: source.slice(blocks[index]).rstrip("\r\n") for index in kept}
    order = sorted(kept, key=lambda index: _path(items[index]))
    together = all(not source.data[one.end : other.start].strip() for one, other in pairwise(blocks))
    if order == list(range(len(items))) and together:
        return None
    edits = [Edit(span, "") for span in blocks[1:]]
    text = "".join(texts[index] + source.newline for index in order)
    return in_file(module.path, Edit(blocks[0], text), *edits)


def _kept(selected: Selection, items: list[Item]) -> list[int]:
    """The imports that are used, each file once; all of them where the file cannot be read whole."""
    module = selected.module
    brought = selected.program.imports.get(module.path, {})
    used = {
        use.entity.module.path
        for use in uses(selected.program, module, *(path.stem for path in brought.values() if path is not None))
    }
    kept: list[int] = []
    seen: set[Path | None] = set()
    for index, item in enumerate(items):
        target = brought.get(_path(item))
        if target in seen and target is not None:
            continue
        seen.add(target)
        if target is None or target in used or module.broken or selected.program.modules[target].broken:
            kept.append(index)
    return kept


def _path(item: Item) -> str:
    declaration = item.declaration
    return (
        declaration.path.value
        if isinstance(declaration, ImportDeclaration) and isinstance(declaration.path, Text)
        else ""
    )
