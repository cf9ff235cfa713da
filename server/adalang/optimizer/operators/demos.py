"""Few-shot examples out of train rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adalang.evaluation.results import RowResult
from adalang.optimizer.archive import Entry
from adalang.optimizer.candidate import Demo
from adalang.optimizer.gates import refuse_demos
from adalang.optimizer.ledger import Hypothesis
from adalang.optimizer.operators.base import Draft
from adalang.optimizer.runs import PASS
from adalang.optimizer.state import Search
from adalang.optimizer.task import Example, Param

DEFAULT_MOST_DEMOS = 8
_KEPT_FOR_SCREENS = 16


class ChooseDemos:
    """Few-shot examples out of train rows: their right answers as given, or passing runs of the prompt itself."""

    name = "demos"

    def available(self, search: Search) -> bool:
        return any(param.kind == "demos" for param in search.task.info.params)

    async def propose(self, search: Search, parent: Entry, results: Sequence[RowResult]) -> list[Draft]:
        params = sorted(
            (p for p in search.task.info.params if p.kind == "demos"), key=lambda p: (search.visits[p.id], p.id)
        )
        for param in params:
            # The newest rows stay out: they are what the drafts are screened on.
            pool = self._pool(search, param, frozenset(result.row_id for result in results[:_KEPT_FOR_SCREENS]))
            if pool:
                search.visits[param.id] += 1
                return self._drafts(search, parent, param, pool)
        return []

    @staticmethod
    def _pool(search: Search, param: Param, batch: frozenset[str]) -> dict[str, Demo]:
        """Demos by train row. Rows like one of selection or hold-out are left out; so are answers that did not pass."""
        info = search.task.info
        rows = [row for row in search.train if row.id not in search.kept_out and row.id not in batch]
        if info.raw_demos and param.component == info.target:
            return {row.id: {**row.inputs, "output": row.expected} for row in rows if row.expected is not None}
        passed = {
            row.id: search.seen[row.id]
            for row in rows
            if row.id in search.seen and (search.seen[row.id].score or 0) >= PASS
        }
        return {row: demo for row, result in passed.items() if (demo := _demo_of(result, param.component)) is not None}

    @staticmethod
    def _drafts(search: Search, parent: Entry, param: Param, pool: Mapping[str, Demo]) -> list[Draft]:
        most = param.most or DEFAULT_MOST_DEMOS
        current = parent.candidate.demos(param.id)
        larger = min(most, max(1, 2 * len(current)))
        sizes = [larger, *[most] * search.settings.hypotheses][: search.settings.hypotheses]
        found = []
        for size in sizes:
            kept = current if len(current) < size else ()
            chosen = _spread(search, {row: demo for row, demo in pool.items() if demo not in kept}, size - len(kept))
            demos = tuple(kept) + tuple(pool[row] for row in chosen)
            hypothesis = Hypothesis(
                param.id,
                "The prompt shows too few or the wrong examples.",
                f"Show {len(demos)} examples: {', '.join(chosen)}.",
            )
            tried = [value for value in search.was_tried(param.id) if not isinstance(value, str)]
            reason = refuse_demos(current, demos, tried=tried, most=most)
            if reason is not None:
                search.log.add("gated", param=param.id, change=hypothesis.change, reason=reason)
                continue
            search.note_tried(param.id, demos)
            uses = frozenset(row.id for row in search.train if any(_shows(demo, row) for demo in demos))
            found.append(Draft(parent.candidate.with_value(param.id, demos), hypothesis, (), uses))
        return found


def _spread(search: Search, pool: Mapping[str, Demo], size: int) -> list[str]:
    """Rows drawn by chance, those that failed when last seen first, with the kinds of answers in turn."""
    kinds: dict[str, list[str]] = {}
    for row in search.rng.sample(sorted(pool), len(pool)):
        kinds.setdefault(str(pool[row]["output"]), []).append(row)
    for rows in kinds.values():
        rows.sort(key=lambda row: row not in search.seen or (search.seen[row].score or 0.0) >= PASS)
    order = search.rng.sample(sorted(kinds), len(kinds))
    chosen: list[str] = []
    while len(chosen) < size and any(kinds.values()):
        chosen += [kinds[kind].pop(0) for kind in order if kinds[kind]][: size - len(chosen)]
    return search.rng.sample(chosen, len(chosen))


def _shows(demo: Demo, row: Example) -> bool:
    return all(demo.get(name) == value for name, value in row.inputs.items())


def _demo_of(result: RowResult, component: str) -> Demo | None:
    """The first call of a component in a run as a demo."""
    calls = result.trace.calls if result.trace else []
    call = next((call for call in calls if call.component == component and not call.error), None)
    if call is None:
        return None
    demo: dict[str, Any] = {**call.inputs, "output": call.output}
    return {**demo, "reasoning": call.reasoning} if call.reasoning else demo
