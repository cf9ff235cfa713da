"""Range formatting: the layout of the declarations that a range touches, and of nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from adalang.language.format import Block, blocks, line_edits
from adalang.language.lower import Item
from adalang.language.program import Module
from adalang.language.text import Edit, SourceText, Span


def format_ranges(module: Module, spans: Iterable[Span]) -> list[Edit]:
    """Edits of whole lines that give the declarations touching ``spans`` the layout that they have in the formatted file."""
    if module.source.first_undecodable() is not None:
        return []
    spans = list(spans)
    return [
        Edit(edit.span.shifted(start), edit.text)
        for start, block in blocks(module, spans)
        for edit in _edits(block, [one.shifted(-start) for one in spans])
    ]


def _edits(block: Block, spans: Sequence[Span]) -> Iterator[Edit]:
    for first, last in _runs(block.source, block.items, spans):
        start, end = _lines(block.source, block.items[first], block.items[last])
        new_start, new_end = _lines(block.formatted, block.formatted_items[first], block.formatted_items[last])
        for edit in line_edits(block.source.data[start:end], block.formatted.data[new_start:new_end]):
            yield Edit(edit.span.shifted(start), edit.text)


def _runs(source: SourceText, items: Sequence[Item], spans: Sequence[Span]) -> list[tuple[int, int]]:
    """The first and the last of each run of neighbouring declarations that are touched, or share a line with one that is."""
    runs: list[tuple[int, int]] = []
    for at, item in enumerate(items):
        if not any(item.span.touches(span) for span in spans):
            continue
        first = last = at
        while first > 0 and _share_a_line(source, items[first - 1], items[first]):
            first -= 1
        while last + 1 < len(items) and _share_a_line(source, items[last], items[last + 1]):
            last += 1
        if runs and first <= runs[-1][1] + 1:
            first = runs.pop()[0]
        runs.append((first, last))
    return runs


def _lines(source: SourceText, first: Item, last: Item) -> tuple[int, int]:
    """From the start of the first declaration's line to the end of the last one's, its line end included."""
    line = source.line_of(first.start)
    return source.line_start(line), source.line_start(source.line_of(last.span.end) + 1)


def _share_a_line(source: SourceText, one: Item, next_one: Item) -> bool:
    return source.line_of(one.span.end) == source.line_of(next_one.start)
