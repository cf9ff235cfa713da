"""Runs two versions of a file, or one with two models, on the same rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adalang.config import Settings
from adalang.engine.checked import CheckFailed
from adalang.engine.evaluating import chosen_rows, turnover
from adalang.engine.revisions import checked_out
from adalang.engine.session import Session
from adalang.evaluation.compared import ALPHA, Compared, compared
from adalang.evaluation.copies import size
from adalang.evaluation.evaluate import Scorer
from adalang.evaluation.plan import EvalPlan, eval_plan
from adalang.evaluation.power import power_lines
from adalang.evaluation.results import Evaluation, RowResult
from adalang.evaluation.slices import groups
from adalang.language.data import Row
from adalang.language.declarations import Text, setting
from adalang.language.fingerprint import disk_hash, ruler
from adalang.language.program import Program
from adalang.runtime.failures import BugFailure
from adalang.store import Store

OnRow = Callable[[str, RowResult, int, int], None]
"""The side's name, and what :meth:`Session.score` tells of a row."""


@dataclass(frozen=True, slots=True)
class Side:
    """A file, as it is or as it was at a git `revision`; `eval` "" means all of its evals; `models` as for a Session."""

    name: str
    file: Path
    eval: str = ""
    revision: str = ""
    models: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Opened:
    side: Side
    session: Session
    program: Program
    borrowed: Sequence[Path]

    @property
    def evals(self) -> list[str]:
        """Those that are asked for."""
        own = [one.id for one in self.program.entities("eval") if one.module is self.program.root]
        return [self.side.eval] if self.side.eval else own


@dataclass(frozen=True)
class Pair:
    """One eval of both sides, with the rows of the second; not ``alike`` where their ``metric`` or ``expect`` differ."""

    before: EvalPlan
    after: EvalPlan
    split: str
    rows: Sequence[Row]
    notes: Sequence[str]
    alike: bool


class Comparing:
    """Two sides opened, to look at their :attr:`pairs` before a call is made, and to :meth:`run` them."""

    def __init__(self, before: _Opened, after: _Opened, split: str | None, limit: int | None) -> None:
        self._before, self._after = before, after
        self.pairs = [self._pair(*names, split, limit) for names in self._names()]

    @property
    def programs(self) -> tuple[Program, Program]:
        return self._before.program, self._after.program

    async def run(
        self,
        pair: Pair,
        *,
        repeats: int | None = None,
        by: str = "",
        on_row: OnRow = lambda name, row, done, total: None,
    ) -> Compared:
        """Score both sides, one after the other, with equally many samples.

        Raises:
            BugFailure: a side cannot be scored; the message says which.
        """
        samples = _samples(pair, repeats)
        before = await self._score(self._before, pair.before, pair, samples, on_row)
        after = await self._score(self._after, pair.after, pair, samples, on_row)
        names = (self._before.side.name, self._after.side.name)
        return compared(names, before, after, by=by, notes=pair.notes)

    def preview(self, pair: Pair, *, by: str = "", repeats: int | None = None) -> dict[str, Any]:
        """How much a run of the pair would be, and what it can show, as plain JSON; makes no call.

        Raises:
            BugFailure: no row has the column `by`.
        """
        if by:
            groups({row.id: row.values for row in pair.rows}, by)
        samples = _samples(pair, repeats)
        noise = turnover(pair.after, self._after.session.models(self._after.program), samples)
        sizes = size(Scorer.of(pair.after), pair.rows)
        lines = power_lines(sizes["rows"] - sizes["copies"], turnover=noise, repeats=samples, alpha=ALPHA / 2)
        runs = 2 * samples * len(pair.rows)
        return {"eval": pair.after.name, "split": pair.split, **sizes, "runs": runs, "lines": lines}

    async def _score(self, opened: _Opened, plan: EvalPlan, pair: Pair, samples: int, on_row: OnRow) -> Evaluation:
        def told(result: RowResult, done: int, total: int) -> None:
            on_row(opened.side.name, result, done, total)

        try:
            return await opened.session.score(opened.program, plan, pair.split, pair.rows, repeats=samples, on_row=told)
        except BugFailure as failure:
            raise BugFailure(f"{opened.side.name}: {failure}") from failure

    def _names(self) -> list[tuple[str, str]]:
        """The evals to compare: the two that are named, else those that both sides have."""
        first, second = self._before, self._after
        if first.side.eval or second.side.eval:
            return [(first.side.eval or second.side.eval, second.side.eval or first.side.eval)]
        common = [name for name in second.evals if name in first.evals]
        if not common:
            told = [f"{one.side.name} has {', '.join(one.evals) or 'none'}" for one in (first, second)]
            raise BugFailure(f"the sides have no eval in common: {'; '.join(told)}. Name one on each side: FILE:EVAL")
        return [(name, name) for name in common]

    def _pair(self, first: str, second: str, split: str | None, limit: int | None) -> Pair:
        before, after = _plan(self._before, first), _plan(self._after, second)
        chosen, rows = chosen_rows(after, self._after.session.root, split, limit)
        alike = ruler(self._before.program, first, disk_hash) == ruler(self._after.program, second, disk_hash)
        notes = [] if alike else ["the two sides score differently (`metric` or `expect`): the difference is of both"]
        for opened in (self._before, self._after):
            for path in opened.borrowed:
                notes.append(f"{opened.side.name} has no {path.name}: it reads the one of today")
        return Pair(before, after, chosen, rows, tuple(notes), alike)


@asynccontextmanager
async def comparing(
    before: Side, after: Side, *, settings: Settings, store: Store, split: str | None = None, limit: int | None = None
) -> AsyncIterator[Comparing]:
    """Open both sides over one store, so that an answer which both need is paid for once. No call is made.

    Both use the settings of today. A revision's folder is gone at the end.

    Raises:
        BugFailure: a file or a revision does not exist, a file has errors, or there is no eval or no row to compare on.
    """
    async with AsyncExitStack() as stack:
        first = await _open(stack, before, settings, store)
        second = await _open(stack, after, settings, store)
        yield Comparing(first, second, split, limit)


async def _open(stack: AsyncExitStack, side: Side, settings: Settings, store: Store) -> _Opened:
    checkout = stack.enter_context(checked_out(side.file, side.revision)) if side.revision else None
    root, file = (checkout.root, checkout.file) if checkout else (settings.root, side.file)
    session = await stack.enter_async_context(Session(root, settings, store=store, models=side.models))
    try:
        program = session.load(file)
    except (BugFailure, CheckFailed) as error:
        raise BugFailure(f"{side.name}: {error}") from error
    if checkout and (shared := _shared_store(program)):
        raise BugFailure(f"{side.name}: {shared}")
    return _Opened(side, session, program, checkout.borrowed if checkout else ())


def _shared_store(program: Program) -> str:
    """Why a revision's corpus cannot be searched: it would write over what today's has put into a store outside."""
    for entity in program.entities("retriever"):
        settings = getattr(entity.declaration, "settings", ())
        store = setting(settings, "store")
        if store is None or not isinstance(store.value, Text) or setting(settings, "corpus") is None:
            continue
        place = store.value.value.partition(":")[2]
        if "://" in place or Path(place).is_absolute():
            return (
                f"`{entity.id}` keeps its passages in {store.value.value}, where those of a revision would replace "
                "today's; compare two files that name stores of their own"
            )
    return ""


def _samples(pair: Pair, repeats: int | None) -> int:
    return repeats or max(pair.before.repeats, pair.after.repeats)


def _plan(opened: _Opened, name: str) -> EvalPlan:
    try:
        return eval_plan(opened.program, name)
    except BugFailure as failure:
        raise BugFailure(f"{opened.side.name}: {failure}") from failure
