"""Folds, selections, links, hints and values as the protocol has them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from adalang.ide.document_links import Link
from adalang.ide.folding import Fold
from adalang.ide.inlay_hints import Hint
from adalang.ide.inline_values import InlineValue
from adalang.language.text import Encoding, SourceText, Span
from adalang.lsp import types
from adalang.lsp.client import Client
from adalang.lsp.state import uri_of
from adalang.lsp.to_lsp import position, range_


def folding_ranges(source: SourceText, folds: list[Fold], client: Client) -> list[types.FoldingRange]:
    """No more than the client wants, the widest then."""
    limit = client.most_folds
    if limit is not None and len(folds) > limit:
        widest = sorted(folds, key=lambda one: one.span.start - one.span.end)[:limit]
        folds = sorted(widest, key=lambda one: one.span)
    if client.folds_lines:
        found = (_fold_of_lines(source, one) for one in folds)
        return [one for one in found if one.end_line > one.start_line]
    return [_fold(source, one, client.encoding) for one in folds]


def _fold_of_lines(source: SourceText, fold: Fold) -> types.FoldingRange:
    first, last = source.line_of(fold.span.start), source.line_of(fold.span.end)
    return types.FoldingRange(first, last - fold.closer, kind=fold.kind)


def _fold(source: SourceText, fold: Fold, encoding: Encoding) -> types.FoldingRange:
    start, end = (source.position(one, encoding) for one in (fold.span.start, fold.span.end))
    return types.FoldingRange(start.line, end.line, start.column, end.column, fold.kind)


def selection_range(source: SourceText, spans: list[Span], encoding: Encoding) -> types.SelectionRange:
    """The innermost range, with those around it as its parents."""
    found: types.SelectionRange | None = None
    for span in reversed(spans):
        found = types.SelectionRange(range_(source, span, encoding), found)
    assert found is not None, "a cursor can always select something"
    return found


def document_link(source: SourceText, link: Link, encoding: Encoding) -> types.DocumentLink:
    target = uri_of(link.target) if isinstance(link.target, Path) else link.target
    return types.DocumentLink(range_(source, link.span, encoding), target, link.tooltip or None)


_HINT_KINDS = {"type": types.InlayHintKind.Type, "argument": types.InlayHintKind.Parameter}


def inlay_hints(source: SourceText, hints: Iterable[Hint], encoding: Encoding) -> list[types.InlayHint]:
    return [
        types.InlayHint(
            position=position(source, one.offset, encoding),
            label=one.label,
            kind=_HINT_KINDS.get(one.kind),
            tooltip=one.tooltip or None,
            padding_left=True if one.kind in ("tokens", "score") else None,
            padding_right=True if one.kind == "argument" else None,
        )
        for one in hints
    ]


def inline_value(source: SourceText, value: InlineValue, encoding: Encoding) -> types.InlineValueText:
    return types.InlineValueText(range_(source, value.span, encoding), value.text)
