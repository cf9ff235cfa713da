"""What the optimizer needs of the world. The engine provides it for a file's eval; tests provide small worlds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from adalang.evaluation.results import RowResult
from adalang.optimizer.candidate import Candidate, Value
from adalang.runtime.models.types import Message, Usage
from adalang.store.records import HoldoutLook

Split = Literal["train", "val", "test"]


@dataclass(frozen=True, slots=True)
class Param:
    """Something that the optimizer may change. `id` is `component.name`, or the name alone for a shared one.

    `value` is what the file holds now; `doc` is its comment, a wish to the optimizer; `most` bounds a demos param's
    number of examples (None: 8) and a text's length in characters (None: a bound that follows from its present length).
    A choice has one of finitely many `options`, of `family` ("structure", "models"); `prices` say of each about how many
    times the present tokens of a run it takes.
    """

    id: str
    kind: Literal["text", "demos", "choice"]
    component: str
    value: Value
    doc: str = ""
    most: int | None = None
    family: str = ""
    options: Sequence[str] = ()
    prices: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Component:
    """A node of the graph, as a teacher has to see it.

    `signature` is its first line as written; `templates` are its message texts by role, unrendered; `words` are names
    that an edit may not lose once a text holds them (labels, output fields); `shared` are the ids of the file's own params
    (those of no single prompt) that its messages show. `contract` tells the form of a readable answer in plain words
    (empty: any text is one); `reasons` says that the reasoning is asked for before the answer.
    """

    name: str
    kind: str
    signature: str
    templates: Sequence[tuple[str, str]] = ()
    words: Sequence[str] = ()
    shared: Sequence[str] = ()
    contract: str = ""
    reasons: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """One row of the data, mapped to the target's inputs. `gold`: the passages that it needs, as metrics of retrieval take them."""

    id: str
    inputs: Mapping[str, Any]
    expected: Any = None
    gold: Any = None


@dataclass(frozen=True, slots=True)
class Remaining:
    """What may still be spent; None: no such limit."""

    calls: int | None = None
    usd: float | None = None
    seconds: float | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class TaskInfo:
    """What does not change during a run.

    `deterministic`: equal requests get equal answers, so repeats add nothing. `varied`: they are meant to differ, as they do at
    a temperature above 0. `raw_demos`: an example's `expected` is a
    right `output` of the target itself. `calls_per_run`: model calls that one run makes, about. `holdout` names the test
    rows (`splits.holdout_hash`). `teacher_price`: what a teacher's call costs in calls of the target's models (1 where
    prices are not known). `judged`: what the metric looks at, by the names that the target binds ("": its output).
    """

    target: str
    params: Sequence[Param]
    components: Mapping[str, Component]
    deterministic: bool
    raw_demos: bool
    calls_per_run: float = 1.0
    holdout: str = ""
    eval: str = ""
    run_id: str = ""
    varied: bool = True
    aim: str = ""
    teacher_price: float = 1.0
    judged: Sequence[str] = ("",)

    def words(self, param: Param) -> Sequence[str]:
        """The names that an edit of a param may not lose once it holds them."""
        component = self.components.get(param.component)
        return component.words if component is not None else ()


class Task(Protocol):
    """One eval to raise. All methods may be called concurrently; equal calls give equal results while nothing changes."""

    @property
    def info(self) -> TaskInfo: ...

    def rows(self, split: Split) -> Sequence[Example]:
        """The rows of a split, always in the same order. No row is in two of them."""
        ...

    async def run(self, candidate: Candidate, row: Example, sample: int) -> RowResult:
        """One scored run, traced. `sample` tells repeats apart.

        What the model did wrong is a result (`status`); so is a transport failure, with no score. Raises BudgetExceeded
        when the run may not be paid for, and BugFailure for what no other row will cure.
        """
        ...

    async def run_with_teacher(self, candidate: Candidate, row: Example, sample: int) -> RowResult:
        """As `run`, with the teacher's model in place of the target's own; the metric's model stays what it is."""
        ...

    async def ask(self, messages: Sequence[Message], schema: Mapping[str, Any], sample: int) -> Any:
        """The teacher's answer as parsed JSON.

        Raises Failure (transport, refused, unreadable, bug) or BudgetExceeded; an answer that was cut off is unreadable,
        whatever stands in it.
        """
        ...

    def remaining(self) -> Remaining:
        """What is left of the budget now."""
        ...

    def spent(self) -> Usage:
        """What runs and teacher have cost in this optimization so far."""
        ...

    def looks(self) -> Sequence[HoldoutLook]:
        """The tests made before on this hold-out, this run's own included (after a resume)."""
        ...

    def record_look(self, look: HoldoutLook) -> None:
        """Keeps a look for good; called before the result is shown or used."""
        ...


class CountingTask:
    """A task that counts its teacher's calls, whether the answer is bought or known: so the count hangs on no timing."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self.asked = 0
        self.info = task.info
        self.rows = task.rows
        self.run = task.run
        self.remaining = task.remaining
        self.spent = task.spent
        self.looks = task.looks
        self.record_look = task.record_look

    async def ask(self, messages: Sequence[Message], schema: Mapping[str, Any], sample: int) -> Any:
        self.asked += 1
        return await self._task.ask(messages, schema, sample)

    async def run_with_teacher(self, candidate: Candidate, row: Example, sample: int) -> RowResult:
        self.asked += math.ceil(self.info.calls_per_run)
        return await self._task.run_with_teacher(candidate, row, sample)
