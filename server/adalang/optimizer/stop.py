"""When a search has done enough."""

from __future__ import annotations

from dataclasses import dataclass

from adalang.optimizer.duel import first_look
from adalang.optimizer.operators.bandit import Bandit
from adalang.optimizer.state import Search
from adalang.optimizer.trials import SCREEN_FAILS, SCREEN_PASSES

_TECHNICAL_FAILURES = 5
_LITTLE = 1e-9


@dataclass(slots=True)
class Stop:
    """`broken`: rounds in a row in which the teacher failed."""

    broken: int = 0

    async def reason(self, search: Search, bandit: Bandit) -> str | None:
        """Why the search ends now, in words; None while it goes on."""
        settings = search.settings
        usable = [operator for operator in bandit.operators if operator.available(search)]
        if not usable or not search.train:
            return "there is nothing to learn from or nothing to change"
        if not search.failing(search.champion) and await _goal_reached(search):
            return "the goal is reached on the selection rows"
        if search.round >= settings.rounds:
            return f"{settings.rounds} rounds are done"
        if search.settled is not None and search.idle >= settings.settled_patience:
            return f"an earlier run had searched from here, and {search.idle} more rounds brought no gain"
        if search.settled is not None and search.round and search.runs.begun >= search.settled:
            return (
                "an earlier run had searched from here, and a tenth of its runs were made again; --fresh searches anew"
            )
        if search.idle >= settings.patience and all(bandit.turns[operator.name] for operator in usable):
            return f"{search.idle} rounds brought no gain"
        if self.broken >= _TECHNICAL_FAILURES:
            search.gave_up = f"the teacher failed {self.broken} times in a row"
            return search.gave_up
        screens = settings.hypotheses * (SCREEN_FAILS + SCREEN_PASSES)
        if not search.purse.affords((settings.batch + screens) * search.runs.samples):
            return "what is left of the budget is kept for the final test"
        return None


async def _goal_reached(search: Search) -> bool:
    """Whether the champion's mean over all selection rows is the goal; ends at the first row that rules it out."""
    goal = 1.0 if search.settings.goal is None else search.settings.goal
    champion, rows = search.champion, search.val
    lost = 0.0
    for start in range(0, len(rows), first_look(len(rows))):
        part = rows[start : start + first_look(len(rows))]
        if not search.purse.affords(len(part) * search.runs.samples):
            return False
        await search.look(champion, part)
        lost += sum(1.0 - score for score in (await search.runs.scores(champion.candidate, part)).values())
        if lost > (1.0 - goal) * len(rows) + _LITTLE:
            return False
    if not search.round:
        search.log.add("baseline", rows=len(champion.scores), mean=champion.mean)
    return True
