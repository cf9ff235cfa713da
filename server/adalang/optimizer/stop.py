"""When a search has done enough."""

from __future__ import annotations

from dataclasses import dataclass, field

from adalang.optimizer.duel import first_look
from adalang.optimizer.ending import End
from adalang.optimizer.operators.bandit import Bandit
from adalang.optimizer.state import Search
from adalang.optimizer.trials import SCREEN_FAILS, SCREEN_PASSES
from adalang.optimizer.worth import Lately

_TECHNICAL_FAILURES = 5
_LITTLE = 1e-9


@dataclass(slots=True)
class Stop:
    """`broken`: rounds in a row in which the teacher failed. `lately`: what the last rounds brought, and took."""

    broken: int = 0
    lately: Lately = field(default_factory=Lately)

    async def end(self, search: Search, bandit: Bandit) -> End | None:
        """Why the search ends now; None while it goes on."""
        settings = search.settings
        usable = [operator for operator in bandit.operators if operator.available(search)]
        if not usable or not search.train:
            return End("empty")
        if not search.failing(search.champion) and await _goal_reached(search):
            return End("goal")
        if search.round >= settings.rounds:
            return End("rounds", settings.rounds)
        if search.settled is not None and search.idle >= settings.settled_patience:
            return End("settled", search.idle)
        if search.settled is not None and search.round and search.runs.begun >= search.settled:
            return End("retraced")
        if search.idle >= settings.patience and all(bandit.turns[operator.name] for operator in usable):
            return End("idle", search.idle)
        if too_dear := self.lately.too_dear(settings.point):
            return End("price", too_dear)
        if self.broken >= _TECHNICAL_FAILURES:
            return End("teacher", self.broken)
        screens = settings.hypotheses * (SCREEN_FAILS + SCREEN_PASSES)
        if not search.purse.affords((settings.batch + screens) * search.runs.samples):
            return End("reserve")
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
        search.log.add("baseline", rows=len(champion.scores), mean=search.score(champion))
    return True
