"""The search: rounds that try to beat a champion on as few runs as their evidence needs.

A round looks at train rows that the champion fails, asks an operator for changes, and puts them to trial. All this is loose on
purpose: whether what comes out is better than the file's text is for the ship test alone to say.
"""

from __future__ import annotations

from adalang.optimizer.archive import Entry
from adalang.optimizer.batch import draw_batch, pick_parent
from adalang.optimizer.ending import End
from adalang.optimizer.operators import all_operators
from adalang.optimizer.operators.bandit import Bandit
from adalang.optimizer.operators.base import Operator
from adalang.optimizer.runs import failing
from adalang.optimizer.state import Search
from adalang.optimizer.stop import Stop
from adalang.optimizer.trials import trials
from adalang.runtime.failures import BudgetExceeded, BugFailure, Failure

_LITTLE = 1e-9


async def run_search(search: Search) -> None:
    """Rounds until a stop rule holds. A budget that ends the search is no error; what was found is in the archive."""
    bandit, stop = Bandit(all_operators()), Stop()
    stop.lately.begin(search)
    try:
        while (end := await stop.end(search, bandit)) is None:
            search.round += 1
            champion, parent = search.champion, pick_parent(search)
            search.batch = await draw_batch(search, parent)
            operator = bandit.pick(search)
            begun, asked = search.runs.begun, search.purse.task.asked
            gain = await _guarded_round(search, operator, parent, stop)
            cost = search.purse.price(search.runs.begun - begun, search.purse.task.asked - asked)
            bandit.reward(operator.name, gain, cost)
            search.log.add("rewarded", operator=operator.name, gain=gain, cost=cost)
            # What shows on train rows alone may lead on, and is rewarded; but it must not keep a search from its end.
            search.idle = 0 if search.champion.gain_over(champion) > _LITTLE else search.idle + 1
            stop.lately.round_over(search, champion)
    except BudgetExceeded as exceeded:
        end = End("budget", exceeded.limit)
    search.end = end
    search.log.add(
        "search_ended",
        code=end.code,
        reason=end.sentence,
        rounds=search.round,
        best=search.score(search.champion),
        runs=search.runs.begun,
    )


async def _guarded_round(search: Search, operator: Operator, parent: Entry, stop: Stop) -> float:
    """A round's gain in rows; 0 where the teacher failed."""
    try:
        gain = await _round(search, operator, parent)
    except BugFailure:
        raise
    except Failure as failure:
        stop.broken += 1
        search.log.add("teacher_failed", error=str(failure))
        return 0.0
    stop.broken = 0
    return gain


async def _round(search: Search, operator: Operator, parent: Entry) -> float:
    results = search.batch
    search.log.add(
        "round",
        nth=search.round,
        operator=operator.name,
        parent=parent.candidate.key,
        batch=[result.row_id for result in results],
        failing=[result.row_id for result in failing(results)],
    )
    drafts = await operator.propose(search, parent, results)
    for draft in drafts:
        hypothesis = draft.hypothesis
        search.log.add("draft", candidate=draft.candidate.key, param=hypothesis.param, change=hypothesis.change)
    known = search.sampler.known(parent.candidate.key)  # an operator may have looked at more rows
    return await trials(search, parent, drafts, known, operator.name)
