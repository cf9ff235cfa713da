"""Scores in words, and whether they still hold.

Knows the language and the store alone, so that the language server can use it as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from adalang.engine.proposals import target_of_eval
from adalang.figures import percent
from adalang.language.fingerprint import FileHash, fingerprint
from adalang.language.program import Program
from adalang.store.records import EvaluationRecord


def score_texts(records: Iterable[EvaluationRecord]) -> Mapping[str, str]:
    """The score of each eval of one file, by the evals' names: `78% on 150`."""
    return {one.eval: f"{percent(one.score)} on {one.n}" for one in records if one.score is not None}


def score_title(record: EvaluationRecord) -> str:
    """`78% [71, 84] on 150 val examples, 2026-11-23 06:12`."""
    assert record.score is not None
    interval = (
        f" [{100 * record.low:.0f}, {100 * record.high:.0f}]"
        if record.low is not None and record.high is not None
        else ""
    )
    when = datetime.fromtimestamp(record.created).strftime("%Y-%m-%d %H:%M")
    split = f"{record.split} " if record.split else ""
    return f"{percent(record.score)}{interval} on {record.n} {split}examples, {when}"


def is_current(record: EvaluationRecord, program: Program, file_hash: FileHash) -> bool:
    """Whether the eval's target is in the program as it was when it was scored."""
    target = target_of_eval(program, record.eval)
    return target is not None and fingerprint(program, target.id, file_hash) == record.fingerprint


class ScoreTitles(Mapping[str, str]):
    """The score of each eval of one file by its name; what has been evaluated before the last change says so.

    ``current`` tells whether a score is of the text as it is now; it is asked for the scores that are looked at alone.
    """

    def __init__(self, records: Iterable[EvaluationRecord], current: Callable[[EvaluationRecord], bool]) -> None:
        self._records = {one.eval: one for one in records if one.score is not None}
        self._current = current

    def __getitem__(self, name: str) -> str:
        record = self._records[name]
        return score_title(record) + ("" if self._current(record) else ", before the last change")

    def __contains__(self, name: object) -> bool:
        return name in self._records

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)


def told(name: str, result: Mapping[str, Any]) -> str:
    """The sentence about an evaluation that has ended; ``result`` is the worker's answer to an evaluate request."""
    if result["void"]:
        return f"{name}: void, for too many calls got no answer."
    if result["score"] is None:
        return f"{name}: nothing could be scored."
    score = f"{percent(result['score'])} [{100 * result['low']:.0f}, {100 * result['high']:.0f}]"
    failing = len(result.get("failing", ()))
    return f"{name}: {score} on {result['n']} examples" + (f", {failing} failing." if failing else ".")
