"""Few-shot examples out of train rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adalang.evaluation.results import RowResult
from adalang.optimizer.archive import Entry
from adalang.optimizer.candidate import Candidate, Demo
from adalang.optimizer.gates import refuse_demos
from adalang.optimizer.ledger import Hypothesis
from adalang.optimizer.operators.base import Draft
from adalang.optimizer.operators.teaching import first_call, taught
from adalang.optimizer.runs import PASS, failing, passing
from adalang.optimizer.state import Search
from adalang.optimizer.task import Example, Param

DEFAULT_MOST_DEMOS = 8
_KEPT_FOR_SCREENS = 8


@dataclass(frozen=True, slots=True)
class Shot:
    """A demo that could be shown. `weight` is what there is to learn from it: the score of whoever gave the answer less the
    student's own on that row."""

    row: str
    demo: Demo
    weight: float


class ChooseDemos:
    """Examples that show what the prompt gets wrong: right answers as the data has them, passing runs of the teacher on rows
    that fail, passing runs of the prompt itself. One first, then two, then four; where the prompt reasons, at first the
    reasoning alone."""

    name = "demos"

    def available(self, search: Search) -> bool:
        return bool(search.params("demos"))

    async def propose(self, search: Search, parent: Entry, results: Sequence[RowResult]) -> list[Draft]:
        for param in sorted(search.params("demos"), key=lambda one: (search.visits[one.id], one.id)):
            pool = await _pool(search, parent.candidate, param, _for_screens(results))
            if pool:
                search.visits[param.id] += 1
                return _drafts(search, parent, param, pool)
        return []


def _for_screens(results: Sequence[RowResult]) -> frozenset[str]:
    """The newer half of the rows that failed and of those that passed stays out: on them the drafts are screened."""
    halves = [own[: min(_KEPT_FOR_SCREENS, (len(own) + 1) // 2)] for own in (failing(results), passing(results))]
    return frozenset(result.row_id for half in halves for result in half)


async def _pool(search: Search, candidate: Candidate, param: Param, kept: frozenset[str]) -> list[Shot]:
    """Shots by train rows. Rows like one of selection or hold-out are left out; so are answers that did not pass."""
    info = search.task.info
    rows = [row for row in search.train if row.id not in search.kept_out and row.id not in kept]
    scores = {row.id: search.seen[row.id].score or 0.0 for row in rows if row.id in search.seen}
    if info.raw_demos and param.component == info.target and not reasons(search, param):
        return [
            Shot(row.id, {**row.inputs, "output": row.expected}, 1.0 - scores.get(row.id, 1.0))
            for row in rows
            if row.expected is not None
        ]
    wrong = [row for row in reversed(scores) if scores[row] < PASS]
    results = {row: search.seen[row] for row in scores if scores[row] >= PASS}
    results |= {result.row_id: result for result in await taught(search, candidate, wrong)}
    return [
        Shot(row, demo, (result.score or 0.0) - scores[row])
        for row, result in results.items()
        if (demo := demo_of(result, param.component)) is not None
    ]


def _drafts(search: Search, parent: Entry, param: Param, pool: Sequence[Shot]) -> list[Draft]:
    most = param.most or DEFAULT_MOST_DEMOS
    current = parent.candidate.demos(param.id)
    step = min(most, max(1, 2 * len(current)))
    bare = reasons(search, param) and not placed(search, param)
    # The next two steps; then all that may stand there, for kinds that only together tell each other apart.
    sizes = [step, min(most, 2 * step), most, most][: search.settings.hypotheses]
    drafts = [
        _draft(search, parent, param, _spread(search, pool, size, current), size, bare and nth == 0)
        for nth, size in enumerate(sizes)
    ]
    return [draft for draft in drafts if draft is not None]


def _draft(search: Search, parent: Entry, param: Param, chosen: Sequence[Shot], size: int, bare: bool) -> Draft | None:
    """The parent with these examples behind those that it has, as far as there is room; None if a gate refuses them."""
    current = parent.candidate.demos(param.id)
    kept = current if len(current) < size else ()
    new = [without_inputs(shot.demo) if bare else shot.demo for shot in chosen[: size - len(kept)]]
    demos = (*kept, *new)
    rows = [shot.row for shot in chosen[: len(new)]]
    what = "the reasoning of" if bare else "the examples"
    hypothesis = Hypothesis(
        param.id,
        "The prompt shows too few or the wrong examples.",
        f"Show {len(demos)} example{'s' if len(demos) != 1 else ''}, new: {what} {', '.join(rows)}.",
    )
    reason = refuse_shots(search, param, current, demos)
    if reason is not None:
        search.log.add("gated", param=param.id, change=hypothesis.change, reason=reason)
        return None
    uses = {row.id for row in search.train if any(_shows(demo, row) for demo in demos)}
    return Draft(parent.candidate.with_value(param.id, demos), hypothesis, (), frozenset(uses | set(rows)))


def refuse_shots(search: Search, param: Param, current: Sequence[Demo], demos: tuple[Demo, ...]) -> str | None:
    """Why these examples may not be tried, or None; then they count as tried."""
    tried = [value for value in search.was_tried(param.id) if isinstance(value, tuple)]
    reason = refuse_demos(current, demos, tried=tried, most=param.most or DEFAULT_MOST_DEMOS)
    if reason is None:
        search.note_tried(param.id, demos)
    return reason


def _spread(search: Search, pool: Sequence[Shot], size: int, current: Sequence[Demo]) -> list[Shot]:
    """Shots with the kinds of answers in turn; of a kind those with the most weight, of equal weight by chance."""
    kinds: dict[str, list[Shot]] = {}
    for shot in search.rng.sample(pool, len(pool)):
        if shot.demo not in current:
            kinds.setdefault(str(shot.demo["output"]), []).append(shot)
    for shots in kinds.values():
        shots.sort(key=lambda shot: -shot.weight)
    # Kinds that fail come first; which of them, chance decides.
    order = sorted(search.rng.sample(sorted(kinds), len(kinds)), key=lambda kind: -kinds[kind][0].weight)
    chosen: list[Shot] = []
    while len(chosen) < size and any(kinds.values()):
        chosen += [kinds[kind].pop(0) for kind in order if kinds[kind]][: size - len(chosen)]
    return search.rng.sample(chosen, len(chosen))


def _shows(demo: Demo, row: Example) -> bool:
    return all(demo.get(name) == value for name, value in row.inputs.items())


def demo_of(result: RowResult, component: str) -> Demo | None:
    """The first call of a component in a run as a demo."""
    call = first_call(result, component)
    if call is None:
        return None
    demo: dict[str, Any] = {**call.inputs, "output": call.output}
    return {**demo, "reasoning": call.reasoning} if call.reasoning else demo


def without_inputs(demo: Demo) -> Demo:
    """The reasoning and its answer alone, if there is a reasoning."""
    return {name: demo[name] for name in ("output", "reasoning")} if "reasoning" in demo else demo


def reasons(search: Search, param: Param) -> bool:
    component = search.task.info.components.get(param.component)
    return component is not None and component.reasons


def placed(search: Search, param: Param) -> bool:
    """Whether a template places the examples itself, and so may need all of their inputs."""
    component = search.task.info.components.get(param.component)
    name = re.compile(rf"\b{re.escape(param.id.rpartition('.')[2])}\b")
    return component is not None and any(name.search(text) for _, text in component.templates)
