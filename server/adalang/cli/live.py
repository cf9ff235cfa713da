"""An optimization on a terminal: score against calls and money, what is tried and why, the budget, and the time left."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from adalang.engine.narrate import trying, why
from adalang.engine.pace import Pace
from adalang.engine.protocol import about, spent_of
from adalang.figures import percent
from adalang.report.rounds import work
from adalang.report.story import Story

_STEPS = "▁▂▃▄▅▆▇█"
_WIDTH = 32


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the screen shows until the next event; the thread that draws it sees nothing else of the story."""

    title: str
    score: str
    trying: str
    why: str
    final_test: bool


class LiveView:
    """A few lines at the bottom of the terminal, drawn anew four times a second; :meth:`line` writes above them.

    Inside ``with``; leaving it, in whatever way, takes the lines away and gives the cursor back.
    """

    def __init__(self, name: str, console: Console) -> None:
        self._name, self._console = name, console
        self._pace: Pace | None = None
        self._shown = _Shown(name, "", "starting", "", final_test=False)
        self._began = time.monotonic()
        self._live = Live(
            get_renderable=self._drawn, console=console, refresh_per_second=4, transient=True, auto_refresh=True
        )

    @staticmethod
    def possible(console: Console) -> bool:
        """Whether the console is a terminal that can redraw lines and show block characters."""
        return console.is_terminal and not console.is_dumb_terminal and not console.options.ascii_only

    def __enter__(self) -> LiveView:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def begin(self, pace: Pace) -> None:
        self._pace = pace

    def show(self, story: Story) -> None:
        """The story as it is now."""
        self._shown = _Shown(
            title=f"{self._name}, round {story.count}" if story.count else self._name,
            score=_score(story),
            trying=trying(story),
            why=why(story),
            final_test=bool(story.chosen),
        )

    def line(self, text: str) -> None:
        """A line that stays, above the others."""
        self._console.print(Text(text), soft_wrap=True)

    def _drawn(self) -> RenderableType:
        shown, pace = self._shown, self._pace
        # Room at the right for the `^C` that a terminal writes there: in the next line it would shift what is to be wiped.
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), width=max(20, self._console.width - 4))
        table.add_column(style="dim", no_wrap=True, min_width=5)
        table.add_column(overflow="ellipsis", no_wrap=True, ratio=1)
        if shown.score:
            table.add_row("score", Text(shown.score))
        if pace is not None:
            table.add_row("spent", _budget(pace))
        table.add_row("time", Text(self._time(shown, pace)))
        table.add_row("now", Text(shown.trying))
        if shown.why:
            table.add_row("why", Text(shown.why))
        return Group(Text(shown.title, style="bold"), table)

    def _time(self, shown: _Shown, pace: Pace | None) -> str:
        seconds = int(time.monotonic() - self._began)
        told = f"{seconds // 60}:{seconds % 60:02}"
        left = pace.left if pace is not None else None
        if left is None:
            return told
        return f"{told}, {'' if shown.final_test else 'at most '}{about(left)} left"


def _budget(pace: Pace) -> RenderableType:
    """A bar of what is expected, and what the budget allows."""
    spent, budget = pace.budget.spent, pace.budget
    told = spent_of(spent.calls, spent.usd, budget.calls, budget.usd)
    cached = f", {spent.cached_calls} from the cache" if spent.cached_calls else ""
    row = Table.grid(padding=(0, 1))
    row.add_row(ProgressBar(total=pace.expected, completed=min(pace.done, pace.expected), width=_WIDTH), told + cached)
    return row


def _score(story: Story) -> str:
    """`33% ▁▁▃▅█ 58% in the search, 150 calls`: over the calls so far, from the file's text to the best one."""
    if story.ship_test:
        told = story.ship_test
        return f"{percent(told['before'])} -> {percent(told['after'])} on {told['n']} untouched rows"
    start = story.start_mean
    if start is None:
        return ""
    if not story.bests:
        return f"{percent(start)} with the file's text"
    best = story.bests[-1]
    points = [(0, start), *((work(one.spent), one.mean) for one in story.bests)]
    curve = spark(points, work(story.spent))
    return f"{percent(start)} {curve} {percent(best.mean)} in the search (on {best.rows} rows, by chance too good)"


def spark(points: list[tuple[int, float]], end: int, width: int = _WIDTH) -> str:
    """A step curve as one line of blocks: the height at each of `width` places from 0 to `end` is the newest point's there."""
    low, high = min(y for _, y in points), max(y for _, y in points)
    heights = []
    for place in range(width):
        x = end * (place + 1) / width
        y = next(height for at, height in reversed(points) if at <= x)
        heights.append(round((len(_STEPS) - 1) * (y - low) / (high - low)) if high > low else 0)
    return "".join(_STEPS[height] for height in heights)
