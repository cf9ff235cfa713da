"""What a round learns from: a candidate to build on, and train rows that it fails."""

from __future__ import annotations

from adalang.evaluation.results import RowResult
from adalang.optimizer.archive import Entry
from adalang.optimizer.state import Search

STALLED = 4
"""Rounds without a gain after which the search looks for other starting points."""

_DRAWN_AT_ONCE = 4
_FAILS_LEAST, _FAILS_MOST, _FAILS_SHARE = 3, 8, 16


def pick_parent(search: Search) -> Entry:
    """The champion; when the search stalls by turns the start again, with all that was learned, and any entry."""
    if search.idle < STALLED:
        return search.champion
    if search.idle % 3 == 2:
        return search.archive.incumbent
    return search.archive.pick_parent(search.rng) if search.idle % 3 == 0 else search.champion


async def draw_batch(search: Search, parent: Entry) -> list[RowResult]:
    """What is known of the parent's train rows, with some new ones, until enough of them fail to learn from."""
    key = parent.candidate.key
    # Who brings more rows can pay for more of them.
    wanted = max(_FAILS_LEAST, min(_FAILS_MOST, len(search.val) // _FAILS_SHARE))
    drawn, least = 0, _least_new(search)
    while drawn < search.settings.batch:
        failing = search.failing(parent)
        if failing >= wanted and drawn >= least:
            break
        if failing >= wanted - 1 and drawn >= max(2 * wanted, least):
            break
        rows = search.sampler.draw(key, _DRAWN_AT_ONCE)
        if not rows:
            break
        await search.try_on(parent.candidate, rows)
        drawn += len(rows)
    return search.sampler.known(key)


def _least_new(search: Search) -> int:
    """How many new rows to draw even where enough are known to fail: more and more once the search stalls, since what it knows has
    then taught what it can."""
    if search.idle < STALLED:
        return _DRAWN_AT_ONCE if search.idle else 0
    return min(search.settings.batch, _DRAWN_AT_ONCE * (search.idle - STALLED + 2))
