"""Refactorings: what may be done with a selection, each kind in a file of its own. Offered only where it applies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from adalang.ide.refactorings import (
    extract_param,
    inline_data,
    inline_param,
    move,
    organise_imports,
    quotes,
    share_param,
    skeletons,
    to_pipeline,
    toggle_body,
)
from adalang.ide.refactorings.selection import Kind, Refactoring, Selection

__all__ = ["KINDS", "Kind", "Refactoring", "Selection", "refactorings"]

_OFFERS: tuple[tuple[frozenset[Kind], Callable[[Selection], Iterator[Refactoring]]], ...] = (
    (frozenset({"refactor.extract"}), extract_param.offers),
    (frozenset({"refactor.inline"}), inline_param.offers),
    (frozenset({"refactor.extract"}), share_param.offers),
    (frozenset({"refactor.rewrite"}), skeletons.offers),
    (frozenset({"refactor.rewrite"}), to_pipeline.offers),
    (frozenset({"refactor.rewrite"}), toggle_body.offers),
    (frozenset({"refactor.rewrite"}), quotes.offers),
    (frozenset({"refactor.rewrite"}), inline_data.offers),
    (frozenset({"refactor.move"}), move.offers),
    (frozenset({"source.organizeImports"}), organise_imports.offers),
)
KINDS: tuple[Kind, ...] = (
    "refactor.extract",
    "refactor.inline",
    "refactor.move",
    "refactor.rewrite",
    "source.organizeImports",
)


def refactorings(selected: Selection, kinds: Iterable[Kind] = KINDS) -> Iterator[Refactoring]:
    """What may be done with the selection, of the kinds that are asked for; with those that cannot be, and why."""
    wanted = frozenset(kinds)
    for offered, offers in _OFFERS:
        if offered & wanted:
            yield from offers(selected)
