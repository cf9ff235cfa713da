"""Which of the candidates that the search has found is put to the test."""

from __future__ import annotations

from collections.abc import Sequence

from adalang.optimizer.archive import Archive, Entry
from adalang.optimizer.minimise import minimise
from adalang.optimizer.state import Search
from adalang.optimizer.task import Example
from adalang.runtime.failures import BudgetExceeded

_FINALISTS = 2
_LITTLE = 1e-9


async def choose(search: Search, val: Sequence[Example]) -> Entry:
    """Of the last champions the safest on all selection rows, without the parts that it does not need; or the incumbent."""
    archive, incumbent = search.archive, search.archive.incumbent
    if len(archive.entries) == 1:
        return incumbent
    if archive.champion.candidate == search.chosen_before:
        return archive.champion  # an earlier run has chosen and simplified it, on all of its selection rows
    known: list[Entry] = []
    for entry in [incumbent, *archive.entries[1:][-_FINALISTS:][::-1]]:
        if not search.purse.affords(2 * len(val) * search.runs.samples):
            break
        await search.look(entry, val)
        known.append(entry)
    if len(known) < 2:
        return archive.champion
    best = Archive(known).safest
    if best.candidate == incumbent.candidate or best.mean <= incumbent.mean + _LITTLE:
        return incumbent
    if not search.settings.simplify:
        return best
    # What an earlier run has left in its find has shown there that it is needed.
    since = search.chosen_before or incumbent.candidate
    try:
        return await minimise(search.runs, search.log, best, since, val, search.purse.spare())
    except BudgetExceeded:
        search.log.add("not_simplified")
        return best
