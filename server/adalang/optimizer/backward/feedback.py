"""From failing rows to what each text is told: the way back through each, weighed against the others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from adalang.evaluation.results import RowResult
from adalang.optimizer.backward.credit import Credit
from adalang.optimizer.backward.digest import digest
from adalang.optimizer.backward.flow import flow
from adalang.optimizer.backward.loss import loss_text, shown
from adalang.optimizer.backward.walk import LEAST_BLAME, Note, Walked, walk
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.runs import concurrently
from adalang.optimizer.task import Task, TaskInfo

MOST_ROWS = 8
_AT_ONCE = 3
_SURE = 0.9
_UNTOLD = 0.25  # the share from which a text is told of a row on whose way back nobody spoke of it
_LONGEST_TOLD, _LONGEST_KEPT = 240, 400  # characters

More = Callable[[], Awaitable[Sequence[RowResult]]]
"""Gives further failing rows, or none where there are no more."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What came of the way back.

    `notes` by param id, in the order of the rows and of time; `blame`: their sums. `keep`: for each param what passing rows did
    with it. `digests`: for params with many notes what they say together.
    """

    notes: Mapping[str, Sequence[Note]] = field(default_factory=dict)
    keep: Mapping[str, Sequence[str]] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def blame(self) -> Mapping[str, float]:
        """The sums of blame by param id, the most blamed first; equals in the order of their names."""
        sums = {name: sum(note.blame for note in found) for name, found in self.notes.items()}
        return dict(sorted(sums.items(), key=lambda one: (-round(one[1], 9), one[0])))

    def told(self) -> list[dict[str, Any]]:
        """The notes as JSON for the event log, their texts shortened."""
        return [
            {
                "param": note.param,
                "row": note.row,
                "text": note.text if len(note.text) <= _LONGEST_TOLD else f"{note.text[:_LONGEST_TOLD]}…",
                "blame": round(note.blame, 3),
                "call": note.call,
                "when": note.when,
            }
            for found in self.notes.values()
            for note in found
        ]


async def backward(
    task: Task,
    candidate: Candidate,
    failing: Sequence[RowResult],
    passing: Sequence[RowResult] = (),
    more: More | None = None,
) -> Feedback:
    """Notes by param id for some failing rows; params that had no part are absent.

    Rows are asked about a few at a time, and no further once it is plain who is to blame, up to `MOST_ROWS` of them; `more` is asked for
    further ones while it is not. Rows that need no question are all told.
    """
    gold = {row.id: row.gold for row in task.rows("train") if row.gold is not None}
    rows, walked = list(failing), list[Walked]()
    credit = Credit(())
    while len(walked) < MOST_ROWS and not (walked and _plain(walked, credit)):
        if len(rows) == len(walked) and more is not None:
            known = {row.row_id for row in rows}
            rows += [row for row in await more() if row.row_id not in known]
        batch = rows[len(walked) : min(len(walked) + _AT_ONCE, MOST_ROWS)]
        if not batch:
            break
        walked += await concurrently(walk(task, candidate, row, gold.get(row.row_id)) for row in batch)
        credit = Credit(walked)
    rest = [_unasked(task.info, row, gold.get(row.row_id)) for row in rows[len(walked) :]]
    weighed = [note for one in walked for note in _weighed(one, credit.of(one.row))]
    weighed += [note for one in rest for note in _weighed(one, credit.beforehand(one.params))]
    notes: dict[str, list[Note]] = {name: [] for name in sorted({note.param for note in weighed})}
    for note in weighed:
        notes[note.param].append(note)
    digests = await concurrently(digest(task, name, found) for name, found in notes.items())
    return Feedback(
        notes,
        {name: lines for name in notes if (lines := _kept(task.info, name, passing))},
        {name: text for name, text in zip(notes, digests, strict=True) if text},
    )


def _plain(walked: Sequence[Walked], credit: Credit) -> bool:
    """Whether more rows would say nothing new: it is plain who is to blame, or nobody could be asked."""
    return credit.sure >= _SURE or not any(one.judgements for one in walked)


def _unasked(info: TaskInfo, row: RowResult, gold: Any) -> Walked:
    """A row that nobody is asked about, since the others said enough."""
    found = flow(info, row, gold)
    return Walked(row.row_id, loss_text(row), found.params if found is not None else frozenset())


def _weighed(one: Walked, shares: Mapping[str, float]) -> list[Note]:
    """A row's notes with the blame that they have beside what the other rows say.

    A text that the way back did not reach, though most likely it is at fault, is told in the metric's words.
    """
    told, enough = {note.param for note in one.notes}, min(_UNTOLD, max(shares.values(), default=0.0))
    sums = {param: sum(note.blame for note in one.notes if note.param == param) for param in told}
    found = [
        replace(note, blame=shares[note.param] * note.blame / sums[note.param])
        for note in one.notes
        if shares.get(note.param, 0.0) >= LEAST_BLAME
    ]
    untold = [param for param, share in shares.items() if param not in told and share >= enough]
    return found + [Note(param, one.row, one.loss, shares[param]) for param in untold]


def _kept(info: TaskInfo, param: str, passing: Sequence[RowResult]) -> list[str]:
    """What passing rows did with a text, one line for each; none for the target's own texts, whose rows say it themselves."""
    users = {name for name, one in info.components.items() if param in one.shared}
    users |= {one.component for one in info.params if one.id == param}
    if info.target in users:
        return []
    lines = []
    for result in passing:
        calls = [call for call in (result.trace.calls if result.trace else ()) if call.component in users]
        if calls:
            lines.append(f"keep: {shown({'inputs': calls[0].inputs, 'output': calls[0].output}, _LONGEST_KEPT)}")
    return lines[:MOST_ROWS]
