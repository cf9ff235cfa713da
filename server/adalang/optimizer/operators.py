"""Ways to come from a parent to candidates worth a trial, behind one interface, and the choice among them."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from adalang.evaluation.results import RowResult
from adalang.optimizer.archive import Archive, Entry
from adalang.optimizer.backward import Note, backward
from adalang.optimizer.candidate import Candidate, Demo, Value
from adalang.optimizer.edits import Edit, EditRefused, apply_edits
from adalang.optimizer.events import EventLog
from adalang.optimizer.gates import refuse_demos, refuse_text
from adalang.optimizer.ledger import Hypothesis, Ledger
from adalang.optimizer.propose import Case, Proposed, hypotheses, make_case, write_edit
from adalang.optimizer.runs import PASS, concurrently
from adalang.optimizer.settings import Settings
from adalang.optimizer.task import Example, Param, Task

DEFAULT_MOST_DEMOS = 8
_KEPT_FOR_SCREENS = 16
_MOST_TARGETS, _SHARED_BLAME = 2, 0.5


@dataclass(frozen=True, slots=True)
class Draft:
    """A candidate that passed the static gates. `uses` are the train rows that stand in it, and so cannot test it."""

    candidate: Candidate
    hypothesis: Hypothesis
    edits: tuple[Edit, ...] = ()
    uses: frozenset[str] = frozenset()


@dataclass(slots=True)
class Search:
    """What a search knows so far; operators read it and note what they tried. `idle`: rounds since the last gain."""

    task: Task
    settings: Settings
    archive: Archive
    ledger: Ledger
    log: EventLog
    rng: random.Random
    data: frozenset[str]
    kept_out: frozenset[str]
    round: int = 0
    idle: int = 0
    tried: dict[str, list[Value]] = field(default_factory=dict)
    visits: Counter[str] = field(default_factory=Counter)
    seen: dict[str, RowResult] = field(default_factory=dict)
    train: Sequence[Example] = ()

    def was_tried(self, param: str) -> Sequence[Value]:
        return self.tried.get(param, ())

    def note_tried(self, param: str, value: Value) -> None:
        self.tried.setdefault(param, []).append(value)


class Operator(Protocol):
    """`name` stands in events and evidence."""

    name: str

    def available(self, search: Search) -> bool: ...

    async def propose(self, search: Search, parent: Entry, results: Sequence[RowResult]) -> list[Draft]:
        """Candidates that changed one param of the parent, given the parent's results on a batch of train rows."""
        ...


class EditText:
    """Feedback to hypotheses to edits of the text that has most blame, and of a second one that has about as much: a row that
    two steps of a chain get wrong is mended only by both."""

    name = "edit_text"

    def available(self, search: Search) -> bool:
        return any(param.kind == "text" for param in search.task.info.params)

    async def propose(self, search: Search, parent: Entry, results: Sequence[RowResult]) -> list[Draft]:
        failing = self._failing(results)
        if not failing:
            return []
        notes = await backward(search.task, parent.candidate, failing)
        if not notes:
            return []
        blame = {name: sum(note.blame for note in found) for name, found in notes.items()}
        urgent = {name: blame[name] * (1 + 1 / (1 + search.visits[name])) for name in sorted(blame)}
        targets = [name for name in urgent if urgent[name] >= _SHARED_BLAME * max(urgent.values())]
        targets = sorted(targets, key=lambda name: -urgent[name])[:_MOST_TARGETS]
        search.log.add("feedback", blame=blame, target=targets[0], targets=targets)
        drafts = await concurrently(
            self._drafts(search, parent, name, notes[name], failing, results) for name in targets
        )
        return [draft for own in drafts for draft in own]

    async def _drafts(
        self,
        search: Search,
        parent: Entry,
        target: str,
        notes: Sequence[Note],
        failing: Sequence[RowResult],
        results: Sequence[RowResult],
    ) -> list[Draft]:
        """Candidates that change one text, from the notes about it."""
        search.visits[target] += 1
        param = next(param for param in search.task.info.params if param.id == target)
        case = make_case(
            search.task,
            parent.candidate,
            param,
            notes,
            {result.row_id: result for result in failing},
            [result for result in results if result.score is not None and result.score >= PASS],
            list(search.seen.values()),
            search.ledger.lessons(target),
        )
        found = await hypotheses(search.task, case, search.settings.hypotheses, search.round)
        told = [[one.hypothesis.cause, one.hypothesis.change] for one in found]
        search.log.add("hypotheses", param=target, hypotheses=told)
        scripts = await concurrently(self._script(search, case, one) for one in found)
        drafts = (
            _gated_text(search, parent, param, one.hypothesis, script)
            for one, script in zip(found, scripts, strict=True)
        )
        unique = {draft.candidate.key: draft for draft in drafts if draft is not None}
        return list(unique.values())

    @staticmethod
    def _failing(results: Sequence[RowResult]) -> list[RowResult]:
        """At most eight failing rows; what could not be read comes first, for the form of an answer is mended first."""
        failing = [result for result in results if result.score is not None and result.score < PASS]
        return sorted(failing, key=lambda result: result.status != "unreadable")[:8]

    @staticmethod
    async def _script(search: Search, case: Case, proposed: Proposed) -> list[Edit] | str:
        """The edits that came with the hypothesis; where they do not fit, they are asked for once more."""
        if proposed.edits is not None:
            return proposed.edits
        try:
            return await write_edit(search.task, case, proposed.hypothesis, search.round)
        except EditRefused as refused:
            return str(refused)


def _gated_text(
    search: Search, parent: Entry, param: Param, hypothesis: Hypothesis, script: list[Edit] | str
) -> Draft | None:
    """The draft, or None with the reason kept in log and ledger."""
    if isinstance(script, str):
        reason: str | None = script
    else:
        before = parent.candidate.text(param.id)
        after = apply_edits(before, script)
        tried = [value for value in search.was_tried(param.id) if isinstance(value, str)]
        component = search.task.info.components.get(param.component)
        words = component.words if component else ()
        reason = refuse_text(before, after, tried=tried, data=search.data, words=words, most=param.most)
        if reason is None:
            return Draft(parent.candidate.with_value(param.id, after), hypothesis, tuple(script))
    search.ledger.add(hypothesis, reason or "")
    search.log.add("gated", param=param.id, change=hypothesis.change, reason=reason)
    return None


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


@dataclass(slots=True)
class Bandit:
    """Draws an operator in proportion to its gain per cost so far (Gumbel-max on the log)."""

    operators: Sequence[Operator]
    _gain: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _cost: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    turns: Counter[str] = field(default_factory=Counter)

    def pick(self, search: Search, stalled: bool) -> Operator | None:
        """Texts first; when they stall, what had no turn yet, then by chance. None if nothing is available."""
        usable = [operator for operator in self.operators if operator.available(search)]
        if not usable:
            return None
        fresh = [operator for operator in usable if not self.turns[operator.name]]
        if len(fresh) == len(usable):
            return usable[0]
        if stalled and fresh:
            return fresh[0]
        known = [operator for operator in usable if self.turns[operator.name]]
        return max(
            known, key=lambda operator: self._value(operator.name) - math.log(-math.log(search.rng.random() or 1e-12))
        )

    def reward(self, operator: str, gain: float, cost: float) -> None:
        """`gain`: rise of the best mean in rows; `cost`: runs made."""
        self.turns[operator] += 1
        # What an operator did lately counts most: the first steps are easy for any.
        self._gain[operator] = self._gain[operator] / 2 + max(0.0, gain)
        self._cost[operator] = self._cost[operator] / 2 + cost

    def _value(self, operator: str) -> float:
        return math.log((self._gain[operator] + 1.0) / (self._cost[operator] + 50.0))
