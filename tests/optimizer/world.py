"""A small simulated task: rows of several kinds, a model that obeys the rules in its text, a teacher that sees failures.

The model answers a row right when it is lucky (a fixed share of the rows) or when its text holds `rule KIND`, and wrong
when the text holds `harm KIND`. With `noise`, each answer is flipped with that chance, anew for each candidate, row and
sample. The teacher proposes a rule for each kind that it sees failing, or what `advice` says.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from adalang.evaluation.results import RowResult
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.task import Component, Example, Param, Remaining, TaskInfo
from adalang.runtime.failures import BudgetExceeded, UnreadableFailure
from adalang.runtime.models.types import Message, Usage
from adalang.store.records import HoldoutLook

TEXT = "Answer the question."
KINDS = ("red", "green", "blue", "black")


def chance(*what: object) -> float:
    """A number in [0, 1) fixed by its arguments."""
    digest = hashlib.sha256(json.dumps([str(one) for one in what]).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def row(nth: int, salt: str = "") -> Example:
    kind = KINDS[int(4 * chance(salt, nth, "kind"))]
    return Example(f"{salt}{nth}", {"question": f"{kind} thing {chance(salt, nth)}"}, kind)


class World:
    def __init__(
        self,
        train: int = 60,
        val: int = 60,
        test: int = 60,
        *,
        luck: float = 0.3,
        noise: float = 0.0,
        salt: str = "",
        advice: Callable[[str], list[str]] | None = None,
        latency: Callable[[], float] | None = None,
        calls: int | None = None,
        lost: float = 0.0,
        demos: int = 0,
        run_id: str = "run",
    ) -> None:
        rows = [row(nth, salt) for nth in range(train + val + test)]
        self.splits = {"train": rows[:train], "val": rows[train : train + val], "test": rows[train + val :]}
        self.luck, self.noise, self.salt, self.lost = luck, noise, salt, lost
        self.advice, self.latency, self.calls = advice, latency, calls
        self.paid: dict[Any, bool] = {}
        self.paid_before = 0
        self.runs: list[tuple[str, str, int]] = []
        self.asked: list[str] = []
        self.looked: list[HoldoutLook] = []
        params = [Param("solve.text", "text", "solve", TEXT)]
        if demos:
            params.append(Param("solve.shots", "demos", "solve", (), most=demos))
        signature = "prompt solve(question: str) -> str"
        self.info = TaskInfo(
            "solve",
            params,
            {"solve": Component("solve", "prompt", signature)},
            noise == 0,
            True,
            1.0,
            "holdout",
            "e",
            run_id,
        )

    def rows(self, split: str) -> Sequence[Example]:
        return self.splits[split]

    def score(self, candidate: Candidate, example: Example, sample: int) -> float:
        text, kind = candidate.text("solve.text"), str(example.expected)
        right = f"rule {kind}" in text or chance(self.salt, example.id, "luck") < self.luck
        right = right and f"harm {kind}" not in text
        if "solve.shots" in candidate.values:
            right = right or any(demo["output"] == kind for demo in candidate.demos("solve.shots"))
        flip = self.noise and chance(self.salt, candidate.key, example.id, sample, "flip") < self.noise
        return float(right != bool(flip))

    async def run(self, candidate: Candidate, example: Example, sample: int) -> RowResult:
        self.runs.append((candidate.key, example.id, sample))
        paid = await self._pay((candidate.key, example.id, sample))
        if chance(self.salt, candidate.key, example.id, "lost") < self.lost:
            return RowResult(example.id, sample, "transport", None, error="connection lost")
        score = self.score(candidate, example, sample)
        output = example.expected if score else "?"
        return RowResult(
            example.id, sample, "ok", score, "" if score else f"expected {example.expected}", output, example.expected,
            example.inputs, Usage(calls=paid), Usage(calls=1, input_tokens=10),
        )  # fmt: skip

    async def run_with_teacher(self, candidate: Candidate, example: Example, sample: int) -> RowResult:
        """The teacher is always right; so it is paid, not drawn."""
        paid = await self._pay(("teacher", example.id, sample))
        return RowResult(
            example.id, sample, "ok", 1.0, "", example.expected, example.expected, example.inputs,
            Usage(calls=paid), Usage(calls=1, input_tokens=10),
        )  # fmt: skip

    async def ask(self, messages: Sequence[Message], schema: Mapping[str, Any], sample: int) -> Any:
        text = messages[-1].text
        self.asked.append(text)
        await self._pay(("teacher", text, sample))
        if "hypotheses" in schema["properties"]:
            failing = re.findall(r'"expected": "(\w+)"', text)
            changes = self.advice(text) if self.advice else [f"rule {kind}" for kind in dict.fromkeys(failing)]
            return {"hypotheses": [{"cause": "c", "change": change, "examples": []} for change in changes]}
        change = text[text.rfind("Change: ") + 8 :].splitlines()[0]
        if change == "garble":
            raise UnreadableFailure("no JSON", raw="Sure! Here is")
        return {"edits": [{"action": "append", "find": "", "text": change.replace(" | ", "\n")}]}

    async def _pay(self, key: Any) -> int:
        if self.latency is not None:
            await asyncio.sleep(self.latency())
        if key in self.paid:
            return 0
        if self.calls is not None and self.spent().calls >= self.calls:
            raise BudgetExceeded("calls", self.spent(), self.calls)
        self.paid[key] = True
        return 1

    def remaining(self) -> Remaining:
        return Remaining(calls=None if self.calls is None else self.calls - self.spent().calls)

    def spent(self) -> Usage:
        """As the last event says it, for a run that goes on: what it paid after that is in the store and not counted."""
        return Usage(calls=len(self.paid) - self.paid_before)

    def looks(self) -> Sequence[HoldoutLook]:
        return self.looked

    def record_look(self, look: HoldoutLook) -> None:
        self.looked.append(look)

    def restarted(self, spent: Usage) -> World:
        """The same world for a new process: answers that were paid for are free, and the log says what was spent."""
        self.paid_before = len(self.paid) - spent.calls
        return self

    def as_run(self, run_id: str) -> World:
        self.info = replace(self.info, run_id=run_id)
        return self
