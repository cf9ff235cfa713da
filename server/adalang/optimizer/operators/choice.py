"""What the operators on choices share: one choice at a time, its untried options, the cheapest first."""

from __future__ import annotations

from collections.abc import Sequence

from adalang.evaluation.results import RowResult
from adalang.optimizer.archive import Entry
from adalang.optimizer.candidate import Choice
from adalang.optimizer.ledger import Hypothesis
from adalang.optimizer.operators.base import Draft
from adalang.optimizer.state import Search
from adalang.optimizer.task import Param


class ChangeChoice:
    """Tries the options of the choices of one family, each alone and each once. No teacher is asked."""

    name: str
    family: str

    def available(self, search: Search) -> bool:
        return any(_untried(search, param) for param in self._params(search))

    async def propose(self, search: Search, parent: Entry, results: Sequence[RowResult]) -> list[Draft]:
        open_ = [param for param in self._params(search) if _untried(search, param)]
        if not open_:
            return []
        param = min(open_, key=lambda one: (search.visits[one.id], self.price(one, _untried(search, one)[0]), one.id))
        search.visits[param.id] += 1
        now = parent.candidate.option(param.id)
        drafts = []
        for option in _untried(search, param)[: search.settings.hypotheses]:
            search.note_tried(param.id, Choice(option))
            if option != now:
                change = f"Set {param.id} from {now} to {option}: {param.doc}."
                hypothesis = Hypothesis(param.id, "No wording makes up for how the prompt is set up.", change)
                drafts.append(Draft(parent.candidate.with_value(param.id, Choice(option)), hypothesis))
        return drafts

    def price(self, param: Param, option: str) -> float:
        """What an option costs against what the file has now; the least comes first."""
        return param.prices[param.options.index(option)]

    def _params(self, search: Search) -> list[Param]:
        return [param for param in search.task.info.params if param.kind == "choice" and param.family == self.family]


def _untried(search: Search, param: Param) -> list[str]:
    """The options that this search has not run yet, the cheapest first, else in the order in which they are offered."""
    tried = search.was_tried(param.id)
    prices = dict(zip(param.options, param.prices, strict=True))
    return sorted((one for one in param.options if Choice(one) not in tried), key=lambda one: prices[one])
