"""What a round's drafts have to show: first on the few rows that they speak of, then against the champion on selection rows.

All together first, since causes can hide each other; alone where that fails. Nothing is run that no decision waits for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adalang.evaluation.results import RowResult
from adalang.optimizer.archive import Entry
from adalang.optimizer.contest import contest
from adalang.optimizer.join import joined, on_top
from adalang.optimizer.operators.base import Draft
from adalang.optimizer.race import Screen, screen
from adalang.optimizer.runs import PASS, concurrently, failing
from adalang.optimizer.state import Search
from adalang.optimizer.task import Example

SCREEN_FAILS, SCREEN_PASSES = 4, 4
_SCREEN_NAMED, _SCREEN_JOINED = 3, 4
_UNSEEN = Screen(1.0, (), 1.0)
"""Of a change that speaks of no row that is known: nothing is held against it."""
_SAME = 1e-9


async def trials(
    search: Search, parent: Entry, drafts: Sequence[Draft], results: Sequence[RowResult], operator: str
) -> float:
    """Tries the drafts of one parent, given its results on train rows. The gain in rows; the archive has what won."""
    together = _joined(search, parent, drafts)
    if together is not None:
        for _, screened in await _screens(search, parent, [together], results):
            if screened.strong and (gain := await _duel(search, parent, together, screened, operator)) > 0:
                return gain
    # A change that did nothing alone may ride along again, since causes can hide each other; alone it needs new rows.
    alone = [draft for draft in drafts if _is_new(search, draft, results)]
    screens = await _screens(search, parent, alone, results)
    return await _apart(search, parent, [one for one in screens if one[1].passed], operator)


def _joined(search: Search, parent: Entry, drafts: Sequence[Draft]) -> Draft | None:
    together = joined(parent.candidate, drafts)
    if together is not None:
        search.log.add("joined", candidate=together.candidate.key, drafts=together.parts)
    return together


def _on_top(search: Search, base: Entry, parent: Entry, draft: Draft) -> Draft | None:
    both = on_top(base.candidate, parent.candidate, draft)
    if both is not None:
        search.log.add("joined", candidate=both.candidate.key, drafts=[base.candidate.key, draft.candidate.key])
    return both


def _is_new(search: Search, draft: Draft, results: Sequence[RowResult]) -> bool:
    """Whether a change was not screened alone before, or speaks of failing rows that it was not run on."""
    known = {result.row_id for result in search.sampler.known(draft.candidate.key)}
    wrong = {result.row_id for result in failing(results)}
    return draft.candidate.key not in search.weak or not wrong & set(draft.hypothesis.rows) <= known


# -- screens -----------------------------------------------------------------------------------------------------------


async def _screens(
    search: Search, parent: Entry, drafts: Sequence[Draft], results: Sequence[RowResult]
) -> list[tuple[Draft, Screen]]:
    """Each draft on the few failing rows that it speaks of; where it names none, on some that pass too. Best first; none where
    the budget does not suffice."""
    before = {result.row_id: result.score for result in results if result.score is not None}
    anchors = search.sampler.anchors()
    rows = [_screen_rows(search, draft, before, anchors) for draft in drafts]
    if not search.purse.affords(sum(map(len, rows)) * search.runs.samples):
        return []
    screens = await concurrently(
        screen(search.runs, draft.candidate, own, before, anchors) for draft, own in zip(drafts, rows, strict=True)
    )
    found = []
    for draft, own, result in zip(drafts, rows, screens, strict=True):
        result = result if own else _UNSEEN
        await search.try_on(draft.candidate, own)
        search.log.add(
            "screened",
            candidate=draft.candidate.key,
            delta=sum(result.changes),
            rows=len(own),
            broke=result.broke,
            passed=result.passed,
        )
        found.append((draft, result))
        if not result.passed and _single(draft):
            search.weak.add(draft.candidate.key)
            search.ledger.add(draft.hypothesis, "screen", result.delta)
    return sorted(found, key=lambda one: -one[1].delta)


def _screen_rows(search: Search, draft: Draft, before: Mapping[str, float], anchors: frozenset[str]) -> list[Example]:
    usable = [row for row in search.sampler.rows if row.id in before and row.id not in draft.uses]
    named = [row for row in usable if row.id in draft.hypothesis.rows and before[row.id] < PASS]
    if named:
        known = {result.row_id for result in search.sampler.known(draft.candidate.key)}
        named.sort(key=lambda row: row.id in known)
        return named[: _SCREEN_NAMED if _single(draft) else _SCREEN_JOINED]
    fails = [row for row in usable if before[row.id] < PASS]
    passes = sorted((row for row in usable if before[row.id] >= PASS), key=lambda row: row.id not in anchors)
    return fails[:SCREEN_FAILS] + passes[:SCREEN_PASSES]


# -- duels -------------------------------------------------------------------------------------------------------------


async def _apart(search: Search, parent: Entry, screens: Sequence[tuple[Draft, Screen]], operator: str) -> float:
    """Those that did well alone, together; if that fails, one on top of the other, as long as each is a gain.

    Where none did well, those that did best have a duel each, until one wins: no order of equals keeps one from its chance.
    """
    best = [one for one in screens if one[1].strong]
    if not best:
        equals = [one for one in screens if one[1].delta >= screens[0][1].delta - _SAME]
        return await _first_to_win(search, parent, equals, operator)
    together = _joined(search, parent, [draft for draft, _ in best])
    if together is not None and (gain := await _duel(search, parent, together, best[0][1], operator)) > 0:
        return gain
    total, base = 0.0, parent
    for draft, screened in best:
        on_base = draft if base is parent else _on_top(search, base, parent, draft)
        if on_base is not None and (gain := await _duel(search, base, on_base, screened, operator)) > 0:
            total, base = total + gain, search.champion
    return total


async def _first_to_win(search: Search, parent: Entry, screens: Sequence[tuple[Draft, Screen]], operator: str) -> float:
    for draft, screened in screens:
        if (gain := await _duel(search, parent, draft, screened, operator)) > 0:
            return gain
    return 0.0


async def _duel(search: Search, parent: Entry, draft: Draft, screened: Screen, operator: str) -> float:
    """The draft against its parent, and against the champion if that is another. The gain in rows, 0 if it lost.

    What the draft has mended among the train rows counts in its favour, but cannot win alone.
    """
    known = search.beaten | {entry.candidate.key for entry in search.archive.entries}
    if draft.candidate.key in known:
        return 0.0
    rivals = [parent] if parent.candidate == search.champion.candidate else [parent, search.champion]
    child = Entry(draft.candidate, {}, (*parent.steps, *draft.steps(parent.candidate)), operator)
    result = await contest(search, child, rivals, screened.changes if screened.strong else ())
    if result is None:
        return 0.0
    if not result.won:
        if _single(draft):
            search.ledger.add(draft.hypothesis, "val", result.delta)
        return 0.0
    # Where the few rows of a duel show nothing, it was won by what the draft has mended in training.
    return result.delta if result.delta > 0 else screened.delta


def _single(draft: Draft) -> bool:
    """Whether it is one change: that several together fail says nothing about any of them."""
    return not draft.parts
