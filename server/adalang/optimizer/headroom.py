"""Before a search: is there anything to gain?

A model that gives the right answer now and then can be led to give it always, so the best of four answers to failing rows says what
is within reach. Rows that fail alike say the same of rules that the text lacks. What neither shows seldom comes out of a search.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from adalang.evaluation.results import RowResult
from adalang.optimizer.duel import first_look
from adalang.optimizer.guards import unreadable_share
from adalang.optimizer.runs import PASS
from adalang.optimizer.state import Search

LITTLE, LITTLE_UNREADABLE = 0.03, 0.05
_MOST_ROWS, _MOST_FAILING, _ANSWERS = 40, 8, 4
_AT_ONCE = 3  # failing rows asked again; if they all come out the same, answers are steady
_LIGHT = 4  # a search that cannot pay for so many times the check goes without it


@dataclass(frozen=True, slots=True)
class Headroom:
    """What `rows` selection rows say. All but the counts are shares of them.

    `within_reach`: what the mean would rise by if each failing row got the best of four answers. `alike`: rows that fail with
    the same wrong answer where the same was expected. `unreadable`: rows of which an answer could not be read.
    `steady`: answers do not vary, by what the model declares or as far as was seen.
    """

    rows: int
    failing: float
    within_reach: float
    alike: float
    unreadable: float
    steady: bool

    @property
    def gain(self) -> float:
        """The most that should be hoped for. Where answers never vary, any failing row may be mended by other words."""
        return self.failing if self.steady else min(self.failing, self.within_reach + self.alike)

    @property
    def little(self) -> bool:
        return self.gain < LITTLE and self.unreadable < LITTLE_UNREADABLE

    def told(self) -> str:
        """One sentence for a person."""
        right = f"{round(100 * (1 - self.failing))} % of {self.rows} selection rows are right"
        if not self.steady and self.failing >= LITTLE:
            return f"little to gain: {right}, and of the others the best of {_ANSWERS} answers mends {_percent(self.within_reach)}"
        return f"little to gain: {right}"


async def little_to_gain(search: Search) -> str:
    """Why a search is not worth its price, or "". No check is made where the budget is small, none is heeded with `anyway`."""
    runs, rows = search.runs, len(search.val)
    most = min(_MOST_ROWS, rows) * runs.samples + (_ANSWERS - 1) * _MOST_FAILING
    if not search.purse.affords(max(_LIGHT * most, rows * runs.samples)):
        return ""
    found = await headroom(search)
    search.log.add("headroom", little=found.little, gain=found.gain, **asdict(found))
    if found.little and found.failing and not search.settings.anyway:
        return found.told()
    return ""


async def headroom(search: Search) -> Headroom:
    """Runs the incumbent on selection rows in their order, and asks again where it fails, until there is more than little to gain
    or the rows are at an end.

    The search then takes the same course as without it: its answers are known, but not looked at.
    """
    runs, candidate = search.runs, search.archive.incumbent.candidate
    seen: list[list[RowResult]] = []
    again: dict[str, list[RowResult]] = {}
    steady = search.task.info.deterministic or not search.task.info.varied
    rows, step = search.val if steady else search.val[:_MOST_ROWS], first_look(len(search.val))
    found = _judged(seen, again, steady)
    for at in range(0, len(rows), step):
        seen += [each for each in await runs.rows(candidate, rows[at : at + step]) if _scores(each)]
        found = _judged(seen, again, steady)
        if not steady and found.little:
            new = [each for each in seen if _mean(each) < PASS and each[0].row_id not in again]
            again |= await _answers(search, new[: min(_AT_ONCE, _MOST_FAILING - len(again))])
            found = _judged(seen, again, steady)
        if found.rows and not found.little and found.failing * len(seen) > LITTLE * len(rows):
            break
    return found


def _judged(seen: Sequence[Sequence[RowResult]], again: Mapping[str, Sequence[RowResult]], steady: bool) -> Headroom:
    """What the answers say; `again` are all answers to the failing rows that were asked again, by row."""
    if not seen:
        return Headroom(0, 1.0, 0.0, 0.0, 0.0, steady=True)
    n, failing = len(seen), [each for each in seen if _mean(each) < PASS]
    lost = 1 - sum(map(_mean, seen)) / n
    reach = sum(max(_scores(each)) - _mean(each) for each in again.values()) / len(again) if again else 0.0
    same = [not _differ(each) for each in again.values()]
    steady = steady or (len(same) >= _AT_ONCE and all(same))
    return Headroom(n, lost, len(failing) / n * reach, _alike(failing) / n, unreadable_share(seen), steady)


async def _answers(search: Search, failing: Sequence[Sequence[RowResult]]) -> dict[str, list[RowResult]]:
    """Four or more samples of each failing row; two where those do not differ in any of several rows."""
    ids = {each[0].row_id for each in failing}
    rows = [row for row in search.val if row.id in ids]
    found: dict[str, list[RowResult]] = {row.id: [] for row in rows}
    for first in range(0, _ANSWERS, search.runs.samples):
        for each in await search.runs.rows(search.archive.incumbent.candidate, rows, first):
            found[each[0].row_id] += each
        if first and len(found) >= _AT_ONCE and not any(map(_differ, found.values())):
            break
    return found


def _differ(results: Sequence[RowResult]) -> bool:
    return len({repr(one.output) for one in results}) > 1


def _alike(failing: Sequence[Sequence[RowResult]]) -> int:
    """Rows that share expectation and wrong answer with another one."""
    pairs = Counter(json.dumps([each[0].expected, each[0].output], sort_keys=True, default=str) for each in failing)
    return sum(count for count in pairs.values() if count > 1)


def _scores(results: Sequence[RowResult]) -> list[float]:
    return [result.score for result in results if result.score is not None]


def _mean(results: Sequence[RowResult]) -> float:
    scores = _scores(results)
    return sum(scores) / len(scores)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} points"
