"""The programs that candidates are run on: the file's own, and for each combination of choices the file as they would make it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from adalang.engine.changeable import rewritten
from adalang.evaluation.evaluate import Scorer
from adalang.evaluation.plan import eval_plan
from adalang.language.edits import EditRefused
from adalang.language.program import Program
from adalang.optimizer.candidate import Candidate, Choice, Value
from adalang.optimizer.task import Param
from adalang.runtime.interpreter import Runtime


@dataclass(frozen=True, slots=True)
class Variant:
    """A program ready to run; ``refused`` says why there is none."""

    scorer: Scorer
    runtime: Runtime
    refused: str = ""


@dataclass(frozen=True)
class Variants:
    """``written`` are the params whose values are written into the file before it runs; the others' are put over it."""

    program: Program
    own: Variant
    runtime_of: Callable[[Program], Runtime]
    written: Mapping[str, Param]
    _known: dict[tuple[tuple[str, str], ...], Variant] = field(default_factory=dict, init=False, repr=False)

    def of(self, candidate: Candidate) -> Variant:
        """The variant that a candidate asks for, made once."""
        values = {
            name: _plain(candidate.values[name]) for name, param in self.written.items() if name in candidate.values
        }
        changed = {name: value for name, value in values.items() if value != _plain(self.written[name].value)}
        key = tuple(sorted(changed.items()))
        if not key:
            return self.own
        if key not in self._known:
            self._known[key] = self._made(changed)
        return self._known[key]

    def overrides(self, candidate: Candidate) -> dict[str, Any]:
        """The values that stand in no variant."""
        return {name: value for name, value in candidate.values.items() if name not in self.written}

    def _made(self, values: Mapping[str, str]) -> Variant:
        try:
            program = rewritten(self.program, values)
        except EditRefused as error:
            return Variant(self.own.scorer, self.own.runtime, str(error))
        plan = eval_plan(program, self.own.scorer.plan.name)
        return Variant(replace(self.own.scorer, plan=plan), self.runtime_of(program))


def _plain(value: Value) -> str:
    assert isinstance(value, str | Choice)
    return str(value)
