"""The run-long memory of what was tried and did not help. It is shown to the teacher, so that no one pays twice for a
thought that failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Why a text fails and what to do about it. `rows` are the ids of the examples that it speaks of."""

    param: str
    cause: str
    change: str
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """A hypothesis that did not help. `gate` is where it ended; `delta` is the sum of score differences seen there."""

    hypothesis: Hypothesis
    gate: str
    delta: float


@dataclass(slots=True)
class Ledger:
    """All failed hypotheses of a run, oldest first."""

    failed: list[Failed] = field(default_factory=list)

    def add(self, hypothesis: Hypothesis, gate: str, delta: float = 0.0) -> None:
        self.failed.append(Failed(hypothesis, gate, delta))

    def lessons(self, param: str, most: int = 12) -> Sequence[str]:
        """One line for each of the newest failures about a param, newest last, each change once."""
        told: dict[str, str] = {}
        for failed in self.failed:
            if failed.hypothesis.param == param:
                told.pop(failed.hypothesis.change, None)
                told[failed.hypothesis.change] = f"{failed.hypothesis.change} ({_verdict(failed)})"
        return list(told.values())[-most:]


def _verdict(failed: Failed) -> str:
    return f"dropped: {failed.gate}" if failed.delta == 0 else f"{failed.gate}: {failed.delta:+.1f} examples"
