"""What the operators on choices share: one choice at a time, those of a component that plainly failed first, then the cheapest."""

from __future__ import annotations

from collections.abc import Sequence

from adalang.evaluation.results import RowResult
from adalang.optimizer.archive import Entry
from adalang.optimizer.backward.facts import fact
from adalang.optimizer.candidate import Candidate, Choice
from adalang.optimizer.ledger import Hypothesis
from adalang.optimizer.operators.base import Draft
from adalang.optimizer.runs import failing
from adalang.optimizer.state import Search
from adalang.optimizer.task import Param


class ChangeChoice:
    """Tries the options of the choices of one family, each alone and once on each parent: what does nothing for a poor text
    may be what a better one lacks. No teacher is asked."""

    name: str
    family: str

    def __init__(self) -> None:
        self._tried: set[str] = set()

    def available(self, search: Search) -> bool:
        parent = search.champion.candidate
        return any(self._untried(param, parent) for param in self._params(search))

    async def propose(self, search: Search, parent: Entry, results: Sequence[RowResult]) -> list[Draft]:
        now = parent.candidate
        left = [(param, options) for param in self._params(search) if (options := self._untried(param, now))]
        if not left:
            return []
        known = _facts(search, results)
        param, options = min(
            left,
            key=lambda one: (
                search.visits[one[0].id],
                one[0].component not in known,
                self.price(one[0], one[1][0]),
                one[0].id,
            ),
        )
        search.visits[param.id] += 1
        cause = known.get(param.component, "No wording makes up for how the prompt is set up.")
        drafts = []
        for option in options[: search.settings.hypotheses]:
            candidate = now.with_value(param.id, Choice(option))
            self._tried.add(candidate.key)
            change = f"Set {param.id} from {now.option(param.id)} to {option}: {param.doc}."
            hypothesis = Hypothesis(param.id, cause, change)
            drafts.append(Draft(candidate, hypothesis))
        return drafts

    def price(self, param: Param, option: str) -> float:
        """What an option costs against what the file has now; the least comes first."""
        return param.prices[param.options.index(option)]

    def _params(self, search: Search) -> list[Param]:
        return [param for param in search.task.info.params if param.kind == "choice" and param.family == self.family]

    def _untried(self, param: Param, parent: Candidate) -> list[str]:
        """The options that were not tried on this parent, the cheapest first, else in the order in which they are offered."""
        made = {option: parent.with_value(param.id, Choice(option)) for option in param.options}
        untried = [option for option, one in made.items() if one != parent and one.key not in self._tried]
        return sorted(untried, key=lambda option: self.price(param, option))


def _facts(search: Search, results: Sequence[RowResult]) -> dict[str, str]:
    """What is known to have gone wrong in failing rows without asking anybody: one sentence for each component."""
    gold = {row.id: row.gold for row in search.task.rows("train")}
    found: dict[str, str] = {}
    for result in failing(results):
        for call in result.trace.calls if result.trace is not None else ():
            if call.component not in found and (told := fact(call, gold.get(result.row_id))):
                found[call.component] = told
    return found
