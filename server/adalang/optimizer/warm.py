"""A warm start: what earlier runs have found is put on top of today's texts and tried before anything else.

It costs a duel of a few rows, where the search for the same would cost hundreds. Where the earlier search had come to its end and
its find holds today, a few rounds more are enough. What failed before is told to the teacher. Nothing is taken over untried,
and all of it has to pass the same final test as any other change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adalang.optimizer.archive import Entry
from adalang.optimizer.candidate import Candidate, Choice, Value
from adalang.optimizer.contest import contest
from adalang.optimizer.earlier import Earlier, Found
from adalang.optimizer.gates import outside_training, refuse_text
from adalang.optimizer.rebase import likeness, rebased
from adalang.optimizer.state import Search
from adalang.optimizer.task import Example, Param
from adalang.optimizer.why import Step

_MOST_TRIED = 2
_SHARE = 0.1
"""What a search may begin of the runs of one that has searched from about the same texts to its end."""
_SLIGHTLY = 0.8
"""The share of words that a text must have kept for a search from its old version to count as one from its new one."""


async def warm_start(search: Search, earlier: Sequence[Earlier]) -> None:
    """Tells the search what earlier runs know, the newest first, and tries their finds against the incumbent."""
    if not earlier:
        return
    params = {param.id: param for param in search.task.info.params}
    for one in reversed(earlier):
        search.ledger.failed.extend(failed for failed in one.failed if failed.hypothesis.param in params)
    incumbent = search.archive.incumbent.candidate
    trials = _trials(search, params, incumbent, earlier)
    search.log.add(
        "warm_start",
        runs=[one.run_id for one in earlier],
        candidates=[candidate.key for candidate, _ in trials],
        failed=len(search.ledger.failed),
    )
    for candidate, found in trials:
        await _try(search, candidate, found)
    if _settled(search, params, earlier[0]):
        search.settled = search.runs.begun + int(_SHARE * max(one.runs for one in earlier))
    train = {row.id: row for row in search.train}
    finds = [found for one in earlier if one.same for found in one.found]
    known = next((found for found in finds if found.key == search.champion.candidate.key), None)
    rows = [train[row] for row in known.rows if row in train] if known is not None else []
    if rows and search.purse.affords(len(rows) * search.runs.samples):
        # Their answers are paid for: the search need not look for failing rows again.
        await search.try_on(search.champion.candidate, rows)
    search.log.add("warm_started", champion=search.champion.candidate.key, settled=search.settled is not None)


def _trials(
    search: Search, params: Mapping[str, Param], incumbent: Candidate, earlier: Sequence[Earlier]
) -> list[tuple[Candidate, Found]]:
    """The best find of each run on top of today's values, as far as it differs from them and from each other."""
    trials: dict[str, tuple[Candidate, Found]] = {}
    for one in earlier:
        if one.found:
            found = one.found[-1]
            candidate = _on_top(search, params, incumbent, one, found)
            if candidate != incumbent:
                trials.setdefault(candidate.key, (candidate, found))
    return list(trials.values())[:_MOST_TRIED]


def _on_top(search: Search, params: Mapping[str, Param], incumbent: Candidate, one: Earlier, found: Found) -> Candidate:
    candidate = incumbent
    for name, after in found.values.items():
        param = params.get(name)
        before = one.incumbent.get(name)
        value = _value(param, before, after) if param is not None and before is not None else None
        if param is not None and value is not None and _allowed(search, param, value):
            candidate = candidate.with_value(name, value)
    return candidate


def _value(param: Param, before: Value, after: Value) -> Value | None:
    """The find's value for a param as it is today; None where nothing is to be changed."""
    now = param.value
    if isinstance(now, Choice):
        kept = str(before) == now.option and str(after) in param.options  # in a log an option is its name
        return Choice(str(after)) if kept and str(after) != now.option else None
    if isinstance(now, str) and isinstance(before, str) and isinstance(after, str):
        value: Value = now if now == after else rebased(before, after, now)
    else:
        value = after if now == before else now  # whoever has changed the examples since has chosen them
    return value if value != now else None


def _allowed(search: Search, param: Param, value: Value) -> bool:
    """Whether the value passes the gates of today's rows and texts."""
    if isinstance(value, Choice):
        return True
    if isinstance(value, str):
        before, words = str(param.value), search.task.info.words(param)
        return refuse_text(before, value, tried=(), data=search.data, words=words, most=param.most) is None
    shown = [
        Example(str(nth), {k: v for k, v in one.items() if k not in ("output", "reasoning")})
        for nth, one in enumerate(value)
    ]
    return not outside_training(shown, [*search.val, *search.task.rows("test")])


async def _try(search: Search, candidate: Candidate, found: Found) -> None:
    steps = (Step(found.hypothesis, search.archive.incumbent.candidate, candidate),)
    result = await contest(search, Entry(candidate, {}, steps, "warm_start"), [search.champion])
    if result is not None and result.won:
        search.chosen_before = candidate if found.chosen else None


def _settled(search: Search, params: Mapping[str, Param], newest: Earlier) -> bool:
    """Whether the newest run has searched to its end from texts that say about the same as the champion's, on the same task."""
    if not (newest.exhausted and newest.same):
        return False
    ended_with = {**newest.incumbent, **(newest.found[-1].values if newest.found else {})}
    return all(_alike(search.champion.candidate.values[name], ended_with.get(name)) for name in params)


def _alike(now: Value, then: Value | None) -> bool:
    if isinstance(now, Choice):
        return now.option == str(then)
    if isinstance(now, str) and isinstance(then, str):
        return now == then or likeness(now, then) >= _SLIGHTLY
    return now == then
