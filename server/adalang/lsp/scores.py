"""Stored scores as texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from adalang.ide.meaning import target_of
from adalang.language.fingerprint import fingerprint
from adalang.lsp.state import Analysis, Document, Snapshot
from adalang.store.records import EvaluationRecord


def score_texts(snapshot: Snapshot, document: Document) -> Mapping[str, str]:
    """The last score of each of a file's evals, by their names: `78% on 150`."""
    stored = snapshot.stored.get(document.root)
    if stored is None:
        return {}
    file = stored.relative(document.path)
    return {
        name: f"{100 * record.score:.0f}% on {record.n}"
        for (of, name), record in stored.scores.items()
        if of == file and record.score is not None
    }


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
    return f"{100 * record.score:.0f}%{interval} on {record.n} {split}examples, {when}"


class Scores(Mapping[str, str]):
    """The last score of each eval of a document by its name; what has been evaluated before the last change says so."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        stored = analysis.snapshot.stored.get(analysis.document.root)
        file = stored.relative(analysis.document.path) if stored is not None else ""
        scores = stored.scores.items() if stored is not None else ()
        self._records = {name: one for (path, name), one in scores if path == file and one.score is not None}

    def __getitem__(self, name: str) -> str:
        record = self._records[name]
        return score_title(record) + ("" if self._is_current(record) else ", before the last change")

    def __contains__(self, name: object) -> bool:
        return name in self._records

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def _is_current(self, record: EvaluationRecord) -> bool:
        """Whether the eval's target is as it was; a file that is not read yet is taken to be."""
        program, disk = self._analysis.program, self._analysis.snapshot.disk
        entity = program.resolve(record.eval)
        target = target_of(program, entity) if entity is not None else None
        if target is None:
            return False
        before = disk.wishes.asked
        found = fingerprint(program, target.id, disk.hash)
        return found == record.fingerprint or disk.wishes.asked > before
