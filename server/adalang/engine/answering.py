"""What the worker answers: runs, evaluations and optimizations of a session as plain JSON, for the editor."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adalang.engine.hearing import Said
from adalang.engine.protocol import EvaluateRequest, OptimizeRequest, Progress, RunRequest
from adalang.engine.session import Session
from adalang.engine.watch import SearchWatch
from adalang.evaluation.results import RowResult
from adalang.language.data import anchored_in
from adalang.runtime.models.types import Usage

OnProgress = Callable[[Progress], None]

_SHORT = 200
"""Characters of a value that the editor shows beside its name."""
_FAILING = 50
"""Rows that failed, at the most: for all of them there is the command line."""


async def answer(
    session: Session, request: RunRequest | EvaluateRequest | OptimizeRequest, progress: OnProgress
) -> dict[str, Any]:
    """Do what is asked; raises what the session does."""
    match request:
        case RunRequest():
            return await _run(session, request, progress)
        case EvaluateRequest():
            return await _evaluate(session, request, progress)
        case OptimizeRequest():
            return await _optimize(session, request, progress)


async def _run(session: Session, asked: RunRequest, progress: OnProgress) -> dict[str, Any]:
    """``bindings`` are the names that a pipeline bound, each with its value as short JSON; ``run`` is the stored run's id."""
    with Said(progress, asked.component).listened():
        output, trace, run_id = await session.run_component(
            Path(asked.file), asked.component, anchored_in(asked.inputs, asked.row_of), texts=asked.texts
        )
    return {
        "output": output,
        "calls": trace.usage.calls,
        "usd": trace.usage.usd,
        "bindings": {name: _short_json(value) for name, value in trace.steps.items()},
        "run": run_id,
    }


async def _evaluate(session: Session, asked: EvaluateRequest, progress: OnProgress) -> dict[str, Any]:
    if asked.on_save:
        session.services = session.services.replaying()
    program = session.load(Path(asked.file), asked.texts)
    tally = _Tally(progress, asked.eval)
    found = await session.evaluation(
        program, asked.eval, split=asked.split, limit=asked.limit, repeats=asked.repeats, on_row=tally.row
    )
    return {
        **found.to_json(),
        "calls": found.usage.calls,
        "cached_calls": found.usage.cached_calls,
        "usd": found.usage.usd,
        "failing": [row.to_json() for row in found.failing[:_FAILING]],
    }


async def _optimize(session: Session, asked: OptimizeRequest, progress: OnProgress) -> dict[str, Any]:
    program = session.load(Path(asked.file), asked.texts)
    plan = session.optimize_plan(
        program, asked.eval, calls=asked.budget_calls, usd=asked.budget_usd, seed=asked.seed, anyway=asked.anyway
    )
    prepared = session.prepared(program, plan)
    watch = SearchWatch(progress, prepared.estimate)
    async with watch.ticking():
        result = await prepared.run(on_event=watch.event, on_begin=watch.begin)
    return {
        "outcome": result.outcome.kind,
        "proposal_id": result.proposal.id if result.proposal else None,
        "message": result.outcome.reason,
        "little_to_gain": result.outcome.little_to_gain,
        "calls": result.usage.calls,
        "usd": result.usage.usd,
    }


def _short_json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"


class _Tally:
    """Turns row results into progress."""

    def __init__(self, progress: OnProgress, name: str) -> None:
        self._progress, self._name = progress, name
        self._scores: list[float] = []
        self._usage = Usage()

    def row(self, result: RowResult, done: int, total: int) -> None:
        self._usage += result.usage
        if result.score is not None:
            self._scores.append(result.score)
        mean = sum(self._scores) / len(self._scores) if self._scores else None
        self._progress(Progress(done, total, mean, self._usage.calls, self._usage.usd, self._name))
