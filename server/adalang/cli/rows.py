"""What `eval` and `compare` show while rows run, and how they print a row's values in a line."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from adalang.cli.common import percent, print_json
from adalang.report.visible import visible

if TYPE_CHECKING:
    from adalang.evaluation.results import RowResult

_LONGEST = 100


class RowProgress:
    """A live count with the mean score so far, on a terminal; nothing elsewhere. Leaving ``with`` takes it away."""

    def __init__(self, *, quiet: bool) -> None:
        self._bar: Any = None
        if sys.stderr.isatty() and not quiet:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
            )
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._tasks: dict[str, Any] = {}
        self._scores: dict[str, list[float]] = {}

    def __call__(self, name: str, result: RowResult, done: int, total: int) -> None:
        """One more row of what is called `name`, which has a line of its own."""
        scores = self._scores.setdefault(name, [])
        if result.score is not None:
            scores.append(result.score)
        if self._bar is None:
            return
        if name not in self._tasks:
            self._tasks[name] = self._bar.add_task(name)
        mean = sum(scores) / len(scores) if scores else None
        self._bar.update(self._tasks[name], completed=done, total=total, description=f"{name} {percent(mean)}")

    def __enter__(self) -> RowProgress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def print_estimates(told: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """What would run, and what it could show."""
    if as_json:
        print_json(told)
        return
    for one in told:
        copies = f" (copies counted once: {one['copies']})" if one["copies"] else ""
        print(f"{one['eval']} ({one['split']}): {one['runs']} runs on {one['rows']} rows{copies}.")
        for line in one["lines"]:
            print(f"  {line}")


def inputs_line(inputs: Mapping[str, Any]) -> str:
    """A single text as it is; several inputs by their names."""
    values = list(inputs.values())
    return short(values[0] if len(values) == 1 and isinstance(values[0], str) else dict(inputs))


def short(value: Any) -> str:
    """A value in one line of no more than 100 characters."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = visible(" ".join(text.split()))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
