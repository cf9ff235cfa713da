"""What a proposal may not make worse, however much it raises the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adalang.evaluation.results import RowResult
from adalang.optimizer.objective import NO_TIME, Objective, Prefer, mean_price
from adalang.optimizer.runs import PASS
from adalang.optimizer.savings import Ratio, cost_ratio, latency_ratio
from adalang.optimizer.state import Search
from adalang.optimizer.task import Example

_MOST_ANCHORS = 20
_MORE_UNREADABLE = 0.02
_MOST_RISE = 1.2
_ROOM = 500  # tokens a call: a short prompt cannot get better without growing by more than a fifth
_BROKEN_ANCHORS, _BROKEN_BY_LUCK = 0.1, 2
_CONFIDENCE = 0.9


def refusals(
    before: Sequence[Sequence[RowResult]],
    after: Sequence[Sequence[RowResult]],
    prefer: Prefer,
    anchors: Mapping[str, tuple[float, float]],
) -> list[str]:
    """Why the second of two candidates may not be offered as it is; none where it keeps all guards.

    Both are given as results by row, in one order. `anchors` are the scores (before, after) of rows that always worked. What
    `prefer` names has its price in points, so it may rise as far as the score pays for it.
    """
    found = [_unreadable(before, after), _anchors(anchors)]
    if prefer:
        found.append(_not_worth_it(before, after, prefer))
    if prefer.cost is None:
        found.append(_dearer(before, after))
    if prefer.latency is None:
        found.append(_slower(before, after))
    return [reason for reason in found if reason]


def anchors_of(search: Search) -> list[Example]:
    """Train rows that always worked, as many as the test may be held against and the budget pays for."""
    known = search.sampler.anchors()
    rows = [row for row in search.train if row.id in known][:_MOST_ANCHORS]
    return rows if search.purse.affords(2 * len(rows) * search.runs.samples) else []


def unreadable_share(results: Sequence[Sequence[RowResult]]) -> float:
    """The share of answers that could not be read as what the prompt has to give."""
    flat = [result for each in results for result in each if result.score is not None]
    return sum(result.status == "unreadable" for result in flat) / len(flat) if flat else 0.0


def _unreadable(before: Sequence[Sequence[RowResult]], after: Sequence[Sequence[RowResult]]) -> str:
    more = unreadable_share(after) - unreadable_share(before)
    return f"{round(100 * more)} % more answers cannot be read" if more > _MORE_UNREADABLE else ""


def _anchors(anchors: Mapping[str, tuple[float, float]]) -> str:
    broken = sum(before >= PASS > after for before, after in anchors.values())
    # A row or two that three candidates have passed may have been passed by luck.
    if broken <= max(_BROKEN_BY_LUCK, _BROKEN_ANCHORS * len(anchors)):
        return ""
    return f"{broken} of {len(anchors)} examples that always worked fail now"


def _dearer(before: Sequence[Sequence[RowResult]], after: Sequence[Sequence[RowResult]]) -> str:
    ratio = cost_ratio(before, after, _CONFIDENCE)
    if ratio is None:
        return ""
    old, new = mean_price(before), mean_price(after)
    # The first tokens by which a prompt grows are free, at the mean price of a token.
    free = min(_ROOM * max(1.0, old.calls), max(0.0, new.input_tokens - old.input_tokens))
    counted = ratio.value * (1 - free / new.tokens) if new.tokens else ratio.value
    if counted <= _MOST_RISE or ratio.low <= 1:
        return ""
    return f"a call costs {_times(ratio)} as much ({ratio.unit}); `prefer = {{ cost = 0 }}` would allow it"


def _slower(before: Sequence[Sequence[RowResult]], after: Sequence[Sequence[RowResult]]) -> str:
    ratio = latency_ratio(before, after, _CONFIDENCE)
    if ratio is None or mean_price(after).seconds < NO_TIME or ratio.value <= _MOST_RISE or ratio.low <= 1:
        return ""
    return f"a call takes {_times(ratio)} as long; `prefer = {{ latency = 0 }}` would allow it"


def _not_worth_it(before: Sequence[Sequence[RowResult]], after: Sequence[Sequence[RowResult]], prefer: Prefer) -> str:
    """By the prices in points that `prefer` gives, on the rows of the test itself."""
    objective = Objective(prefer, mean_price(before))
    pairs = [(objective.value(old), objective.value(new)) for old, new in zip(before, after, strict=True)]
    gains = [new - old for old, new in pairs if old is not None and new is not None]
    if not gains or sum(gains) > 0:
        return ""
    return "by what `prefer` says of cost and latency it is no gain"


def _times(ratio: Ratio) -> str:
    return f"{ratio.value:.1f} times [{ratio.low:.1f}, {ratio.high:.1f}]"
