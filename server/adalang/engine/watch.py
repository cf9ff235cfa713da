"""An optimization as progress for the editor: what is being tried at each event, and how far it has come once a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from adalang.engine.narrate import trying, why
from adalang.engine.pace import Pace
from adalang.engine.protocol import Progress, SearchProgress
from adalang.optimizer.estimate import Estimate
from adalang.optimizer.events import RunEvent
from adalang.report.story import Story
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.types import Usage

_EVERY_SECONDS = 1.0


class SearchWatch:
    """`begin` and `event` are what :meth:`.Session.optimization` calls; nothing is told that was told already."""

    def __init__(self, tell: Callable[[Progress], None], estimate: Estimate) -> None:
        self._tell, self._estimate = tell, estimate
        self._story = Story()
        self._pace: Pace | None = None
        self._told: Progress | None = None

    def begin(self, run_id: str, budget: Budget) -> None:
        self._pace = Pace(self._estimate, budget)

    def event(self, event: RunEvent, usage: Usage) -> None:
        self._story.tell(event)
        if self._pace is not None:
            self._pace.tell(event)
        self._report()

    @asynccontextmanager
    async def ticking(self) -> AsyncIterator[None]:
        """Inside, calls and time left are told once a second too: a final test has no events on its way."""
        ticker = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            ticker.cancel()
            await asyncio.gather(ticker, return_exceptions=True)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            self._report()

    def _report(self) -> None:
        if self._pace is None:
            return
        story, pace = self._story, self._pace
        spent, because = pace.budget.spent, why(story)
        found = Progress(
            done=min(pace.done, pace.expected),
            total=pace.expected,
            score=story.bests[-1].mean if story.bests else story.start_mean,
            calls=spent.calls,
            usd=spent.usd,
            message=trying(story) + (f" ({because})" if because else ""),
            search=SearchProgress(
                start=story.start_mean if story.bests else None,
                budget_calls=pace.budget.calls,
                budget_usd=pace.budget.usd,
                left=pace.left,
                final_test=bool(story.chosen),
            ),
        )
        if found != self._told:
            self._told = found
            self._tell(found)
