"""A run's rounds and changes as the rows of a report's tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from adalang.report.charts import percent
from adalang.report.explain import fate_of, round_title, trial_line
from adalang.report.rounds import Attempt, Round, Together, Trial
from adalang.report.story import Story

Ending = Literal["gate", "screen", "duel"]


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change, or several together, with its trials in words."""

    name: str
    param: str
    cause: str
    change: str
    screens: Sequence[str]
    duels: Sequence[str]
    fate: str
    kept: bool


@dataclass(frozen=True, slots=True)
class RoundRow:
    """A round, ready to be shown."""

    of: Round
    title: str
    parent: str
    blamed: Sequence[tuple[str, float]]
    rows: Sequence[ChangeRow]
    result: str


def round_row(story: Story, one: Round) -> RoundRow:
    blamed = sorted(((param, one.share(param)) for param in one.blame), key=lambda item: -item[1])
    rows = [_alone(story, one, attempt) for attempt in one.attempts] + [
        _joined(story, one, each) for each in one.together
    ]
    best = one.won[-1] if one.won else None
    result = f"new best: {percent(best.mean)} on {best.rows} rows" if best else one.broken or "nothing was kept"
    return RoundRow(one, round_title(story, one), story.name_of(one.parent), blamed, rows, result)


def _alone(story: Story, one: Round, attempt: Attempt) -> ChangeRow:
    kept = any(best.candidate == attempt.candidate for best in one.won)
    screens, duels = _trials(story, attempt.trials)
    return ChangeRow(
        str(attempt.number),
        attempt.param,
        attempt.cause,
        attempt.change,
        screens,
        duels,
        fate_of(story, one, attempt),
        kept,
    )


def _joined(story: Story, one: Round, each: Together) -> ChangeRow:
    name = " + ".join(map(str, each.parts)) or "found before"
    kept = any(best.candidate == each.candidate for best in one.won)
    screens, duels = _trials(story, each.trials)
    return ChangeRow(
        name, "", "", "together", screens, duels, "kept" if kept else "dropped" if each.trials else "not tried", kept
    )


def _trials(story: Story, trials: Sequence[Trial]) -> tuple[list[str], list[str]]:
    lines = [(trial.kind, trial_line(story, trial)) for trial in trials]
    return [line for kind, line in lines if kind == "screen"], [line for kind, line in lines if kind == "duel"]


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A change that did not help by itself, and where it ended."""

    round: int
    attempt: Attempt
    ending: Ending
    told: str


def failed_rows(story: Story) -> Iterator[FailedRow]:
    for one in story.rounds:
        for attempt in one.attempts:
            lost = next((trial for trial in attempt.trials if not trial.passed), None)
            if attempt.refused:
                yield FailedRow(one.number, attempt, "gate", attempt.refused)
            elif lost is not None:
                yield FailedRow(one.number, attempt, lost.kind, trial_line(story, lost))
