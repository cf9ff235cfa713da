"""What a person sees of an optimization while it runs: a live view on a terminal, else a line for each thing worth knowing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from adalang.cli.event_file import EventFile
from adalang.cli.live import LiveView
from adalang.engine.narrate import narrate
from adalang.engine.pace import Pace
from adalang.optimizer.estimate import Estimate
from adalang.optimizer.events import RunEvent
from adalang.report.explain import round_lines, summary_lines
from adalang.report.rounds import work
from adalang.report.story import Story
from adalang.report.visible import visible
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.types import Usage


class Watching:
    """`begin` and `event` are what :meth:`.Session.optimization` calls. ``story`` is all that was told.

    With ``explain`` each round is told as a tree when it has ended. ``quiet``: standard output belongs to another program.
    """

    def __init__(
        self,
        estimate: Estimate,
        *,
        quiet: bool,
        explain: bool,
        events: EventFile | None,
    ) -> None:
        self.story = Story()
        self.run_id = ""
        self._estimate, self._quiet, self._explain, self._events = estimate, quiet, explain, events
        self._pace: Pace | None = None
        self._view: LiveView | None = None

    @property
    def calls(self) -> int:
        """Calls that are done, those of earlier processes included."""
        return self._pace.done if self._pace is not None else 0

    @contextmanager
    def shown(self, name: str) -> Iterator[None]:
        """Inside, what happens is shown; on a terminal in place."""
        console = Console(highlight=False)
        if self._quiet or not LiveView.possible(console):
            yield
            return
        with LiveView(name, console) as self._view:
            yield

    def begin(self, run_id: str, budget: Budget) -> None:
        self.run_id, self._pace = run_id, Pace(self._estimate, budget)
        if self._view is not None:
            self._view.begin(self._pace)

    def event(self, event: RunEvent, usage: Usage) -> None:
        if self._events is not None:
            self._events(event)
        if self._pace is not None:
            self._pace.tell(event)
        ended = self.story.tell(event)
        if self._view is not None:
            self._view.show(self.story)
        text = narrate(event)
        if text and not self._quiet:
            self._say(f"  [{work(event.spent):>5} calls] {text}{' (replayed)' if event.replayed else ''}")
        if self._explain and ended is not None:
            self._say("\n".join(["", *round_lines(self.story, ended), ""]))
        if self._explain and event.kind == "finished":
            self._say("\n".join(["", *summary_lines(self.story)]))

    def _say(self, told: str) -> None:
        text = visible(told)
        if self._view is not None:
            self._view.line(text)
        else:
            print(text, file=sys.stderr if self._quiet else sys.stdout, flush=True)
