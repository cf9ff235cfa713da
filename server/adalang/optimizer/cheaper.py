"""As good for less: what a candidate can do without, where no gain was found or where `prefer` asks for it.

What comes out is no claim: the ship test has to show that the score is no lower by more than a margin, and that a run costs less.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from adalang.evaluation.statistics import ship_alpha
from adalang.optimizer.archive import Entry
from adalang.optimizer.candidate import Candidate, Choice
from adalang.optimizer.minimise import Removal, without_idle
from adalang.optimizer.objective import mean_price
from adalang.optimizer.operators.shorten import HYPOTHESIS, shorter
from adalang.optimizer.savings import least_rows
from adalang.optimizer.ship import looks_before
from adalang.optimizer.state import Search
from adalang.optimizer.why import Step
from adalang.runtime.failures import BudgetExceeded

Source = Callable[[Search, Candidate], Awaitable[list[Removal]]]
"""Ways to make a candidate cheaper, each of which may find its place taken by one before it."""


async def cheaper_choices(search: Search, candidate: Candidate) -> list[Removal]:
    """The options of choices (another declared model, fewer passages) that should take less than what is chosen."""
    found = []
    for param in search.task.info.params:
        if param.kind == "choice":
            prices = dict(zip(param.options, param.prices, strict=True))
            now = prices[candidate.option(param.id)]
            found += [
                (price / now, _Chosen(param.id, option, candidate.option(param.id)))
                for option, price in prices.items()
                if price < now
            ]
    return [one for _, one in sorted(found, key=lambda one: one[0])]


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Takes an option, unless a cheaper one has taken the place of the present one."""

    param: str
    option: str
    before: str

    def __call__(self, candidate: Candidate) -> Candidate:
        same = candidate.option(self.param) == self.before
        return candidate.with_value(self.param, Choice(self.option)) if same else candidate


SOURCES: Sequence[Source] = (cheaper_choices, shorter)

_WORTH_A_TEST = 0.9
_MOST_LOOKS = 6  # times all selection rows


async def cheapen(search: Search, best: Entry) -> Entry:
    """`best` without what its score does not hang on, if that saves enough to spend a look at the hold-out on; else `best`."""
    incumbent = search.archive.incumbent
    nothing_gained = best.candidate == incumbent.candidate
    if not search.settings.cheaper or not (nothing_gained or search.settings.prefer.cost):
        return best
    if nothing_gained and _too_few_rows(search):
        return best
    try:
        found = await _without_idle(search, best)
    except BudgetExceeded:
        return best
    if found.candidate == best.candidate:
        return best
    ratio = await _price(search, found) / (await _price(search, incumbent) or 1.0)
    search.log.add("cheaper", ratio=ratio, candidate=found.candidate.key)
    if nothing_gained and ratio > _WORTH_A_TEST:
        return best
    return replace(found, steps=(*best.steps, Step(HYPOTHESIS, best.candidate, found.candidate)))


async def _without_idle(search: Search, best: Entry) -> Entry:
    full = len(search.val) * search.runs.samples
    if not search.purse.affords(2 * full):
        return best
    removals = [removal for source in SOURCES for removal in await source(search, best.candidate)]
    if not removals:
        return best
    await search.look(best, search.val)
    affordable = min(search.purse.spare(), _MOST_LOOKS * full)
    return await without_idle(search.runs, search.log, best, removals, search.val, affordable)


async def _price(search: Search, entry: Entry) -> float:
    return mean_price(await search.runs.rows(entry.candidate, search.val)).cost


def _too_few_rows(search: Search) -> bool:
    """Whether the hold-out could not show that a score stays the same, even if no row changed."""
    alpha = ship_alpha(looks_before(search.task) + 1)
    return len(search.task.rows("test")) < least_rows(search.settings.margin, alpha)
