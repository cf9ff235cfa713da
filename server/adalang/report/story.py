"""A run's events, put together again: rounds with their blame, the changes that were thought of, and what became of each.

Fed one event at a time, while the run goes on or from the store. It keeps to :mod:`adalang.optimizer.vocabulary`; kinds that it does
not know are passed over, and what an event does not say stays empty: the logs of earlier versions say less.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adalang.optimizer.events import RunEvent
from adalang.report.rounds import Attempt, Best, Blamed, Round, Together, Trial
from adalang.runtime.models.types import Usage


@dataclass(slots=True)
class Story:
    """What is known of a run so far. The mappings are payloads, empty until their event has come."""

    started: Mapping[str, Any] = field(default_factory=dict)
    baseline: Mapping[str, Any] = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)
    bests: list[Best] = field(default_factory=list)
    ends: list[Mapping[str, Any]] = field(default_factory=list)
    """Of its searches: one, or two where it is cross-fitted."""
    simplified: list[Mapping[str, Any]] = field(default_factory=list)
    chosen: Mapping[str, Any] = field(default_factory=dict)
    ship_test: Mapping[str, Any] = field(default_factory=dict)
    finished: Mapping[str, Any] = field(default_factory=dict)
    first: RunEvent | None = None
    last: RunEvent | None = None
    spent_at: dict[str, Usage] = field(default_factory=dict)
    """What had been spent at the newest event of each kind."""
    _open: Round | None = None

    @classmethod
    def of(cls, events: Iterable[RunEvent]) -> Story:
        story = cls()
        for event in events:
            story.tell(event)
        return story

    def tell(self, event: RunEvent) -> Round | None:
        """Take in the next event; gives the round that it ends."""
        told = event.payload
        self.first, self.last = self.first or event, event
        self.spent_at[event.kind] = event.spent
        closed = self._open if event.kind in ("round", "search_ended", "finished") else None
        if closed is not None:
            self._open = None
        elif self._open is not None:
            self._open.ended = event.spent
        match event.kind:
            case "started" | "baseline" | "chosen" | "ship_test" | "finished":
                setattr(self, event.kind, told)
            case "search_ended":
                self.ends.append(told)
            case "simplified":
                self.simplified.append(told)
            case "round":
                began = closed.ended if closed is not None else self._before_round()
                self._open = Round(
                    number=self.count + 1,
                    nth=told["nth"],
                    operator=told["operator"],
                    parent=told["parent"],
                    batch=told["batch"],
                    began=began,
                    ended=event.spent,
                    failing=told.get("failing") or (),
                )
                self.rounds.append(self._open)
            case "screened" | "raced" | "best" if self._open is None:
                self._open = Round(0, 0, "", self.incumbent, (), self._before_round(), event.spent, ())
                self.rounds.append(self._open)
                self._tell_round(self._open, event)
            case _ if self._open is not None:
                self._tell_round(self._open, event)
        return closed

    @property
    def count(self) -> int:
        """How many rounds there were."""
        return sum(one.nth > 0 for one in self.rounds)

    @property
    def spent(self) -> Usage:
        """What had been spent at the last event."""
        return self.last.spent if self.last is not None else Usage()

    @property
    def seconds(self) -> float:
        """Time from the first event to the last, pauses between two processes included."""
        return self.last.time - self.first.time if self.first is not None and self.last is not None else 0.0

    @property
    def start_mean(self) -> float | None:
        """The mean of what the file holds now, where the search has seen it: on all selection rows, or those of its first duel."""
        if self.baseline:
            return float(self.baseline["mean"])
        if self.bests:
            first = self.bests[0]
            duel = next((one for one in self._trials(first) if one.passed and one.against == self.incumbent), None)
            if duel is not None and duel.rows:
                return first.mean - duel.delta / duel.rows
        return float(self.chosen["incumbent"]) if self.chosen else None

    @property
    def incumbent(self) -> str:
        """The key of what the file holds now."""
        return str(self.started.get("incumbent", ""))

    def name_of(self, candidate: str) -> str:
        """What a person may call a candidate: `the file`, or `the best of round 3`."""
        if candidate == self.incumbent:
            return "the file"
        best = next((one for one in reversed(self.bests) if one.candidate == candidate), None)
        if best is None:
            return candidate[:8]
        return f"the best of round {best.round}" if best.round else "what an earlier run found"

    def blame(self) -> dict[str, float]:
        """By param: its share of all blame, the largest first."""
        total: dict[str, float] = {}
        for one in self.rounds:
            for param, blame in one.blame.items():
                total[param] = total.get(param, 0.0) + blame
        whole = sum(total.values()) or 1.0
        return {param: blame / whole for param, blame in sorted(total.items(), key=lambda item: -item[1])}

    def _before_round(self) -> Usage:
        """At the first round of a search: what had been spent at its start."""
        return self.spent_at.get("search_ended") or self.spent_at.get("baseline") or Usage()

    def _trials(self, best: Best) -> list[Trial]:
        now = next(one for one in self.rounds if best in one.won)
        found: list[Attempt | Together] = [*now.together, *now.attempts]
        for one in found:
            if one.candidate == best.candidate:
                return [trial for trial in one.trials if trial.kind == "duel"]
        return []

    def _tell_round(self, now: Round, event: RunEvent) -> None:
        told = event.payload
        match event.kind:
            case "feedback":
                now.blame = dict(told["blame"])
                now.targets = told.get("targets") or [told["target"]]
                now.notes += [_blamed(one) for one in told.get("notes") or () if isinstance(one, Mapping)]
            case "hypotheses":
                for cause, change in told["hypotheses"]:
                    now.attempts.append(Attempt(len(now.attempts) + 1, told["param"], change, cause))
            case "gated":
                self._attempt(now, told).refused = told["reason"]
            case "draft":
                self._attempt(now, told).candidate = told["candidate"]
            case "joined":
                now.together.append(Together(told["candidate"], _parts(now, told["drafts"])))
            case "screened":
                trial = Trial("screen", told["delta"], told["passed"], told.get("rows", 0), told["broke"])
                self._tried(now, told["candidate"], trial)
            case "raced":
                against, value = told.get("against", ""), told.get("value")
                trial = Trial("duel", told["delta"], told["accepted"], told["rows"], against=against, value=value)
                self._tried(now, told["candidate"], trial)
            case "best":
                best = Best(told["candidate"], told["mean"], told["rows"], told["values"], now.number, event.spent)
                now.won.append(best)
                self.bests.append(best)
            case "teacher_failed":
                now.broken = told["error"]

    @staticmethod
    def _attempt(now: Round, told: Mapping[str, Any]) -> Attempt:
        """The attempt that an event speaks of: the first one with this change that nothing was said of yet, else a new one."""
        for one in now.attempts:
            if (one.param, one.change) == (told["param"], told["change"]) and not one.candidate and not one.refused:
                return one
        now.attempts.append(Attempt(len(now.attempts) + 1, told["param"], told["change"]))
        return now.attempts[-1]

    @staticmethod
    def _tried(now: Round, candidate: str, trial: Trial) -> None:
        found: list[Attempt | Together] = [*now.attempts, *now.together]
        for one in found:
            if one.candidate == candidate:
                one.trials.append(trial)
                return
        now.together.append(Together(candidate, (), [trial]))


def _parts(now: Round, candidates: Sequence[str]) -> list[int]:
    """The numbers of the attempts that stand in these candidates of a round, each once."""
    parts = [one.number for one in now.attempts if one.candidate in candidates]
    parts += [number for each in now.together if each.candidate in candidates for number in each.parts]
    return sorted(set(parts))


def _blamed(told: Mapping[str, Any]) -> Blamed:
    return Blamed(
        str(told.get("param", "")),
        str(told.get("row", "")),
        str(told.get("text", "")),
        float(told.get("blame") or 0.0),
        int(told.get("call") or 0),
        str(told.get("when", "")),
    )
