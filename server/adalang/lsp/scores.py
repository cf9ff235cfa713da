"""The stored scores of an open document."""

from __future__ import annotations

from collections.abc import Mapping

from adalang.engine.scores import ScoreTitles, is_current, score_texts
from adalang.lsp.state import Analysis, Document, Snapshot
from adalang.store.records import EvaluationRecord


def short_scores(snapshot: Snapshot, document: Document) -> Mapping[str, str]:
    """As :func:`~adalang.engine.scores.score_texts` says them."""
    return score_texts(_records(snapshot, document))


def full_scores(analysis: Analysis) -> Mapping[str, str]:
    """As :class:`~adalang.engine.scores.ScoreTitles` says them; a file that is not read yet is taken to be as it was."""
    program, disk = analysis.program, analysis.snapshot.disk

    def current(record: EvaluationRecord) -> bool:
        before = disk.wishes.asked
        return is_current(record, program, disk.hash) or disk.wishes.asked > before

    return ScoreTitles(_records(analysis.snapshot, analysis.document), current)


def _records(snapshot: Snapshot, document: Document) -> list[EvaluationRecord]:
    stored = snapshot.stored.get(document.root)
    if stored is None:
        return []
    file = stored.relative(document.path)
    return [record for (of, _), record in stored.scores.items() if of == file]
