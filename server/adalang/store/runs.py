"""The runs of a workspace with their traces: written many at a time, found by what they were, kept within bounds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adalang.store.records import RunRecord
from adalang.store.redaction import Redactor
from adalang.store.texts import dumped, names_in, packed, unpacked

if TYPE_CHECKING:
    from adalang.store.database import Store

_COLUMNS = (
    "id", "file", "component", "origin", "eval", "evaluation", "row", "sample", "score", "error", "components",
    "seconds", "usage", "trace", "bytes", "created",
)  # fmt: skip
_SUMMARY = ", ".join(name for name in _COLUMNS if name not in ("trace", "bytes"))
_PUT = f"INSERT OR REPLACE INTO runs ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
_PUT_TEXT = (
    "INSERT INTO texts (hash, text, bytes, created) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (hash) DO UPDATE SET created = max(created, excluded.created)"
)
_FAILING = "(score < 1 OR (score IS NULL AND error <> ''))"
_AFTER_PRUNING = 0.8
"""What is left of the space after runs had to go for want of it, so that not every further one costs a look."""

_AT_ONCE = 500
"""Rows that are deleted in one commit."""


@dataclass(frozen=True, slots=True)
class PackedRun:
    """A run as the store writes it: nothing in it can change any more, and no secret is in it."""

    id: str
    values: tuple[Any, ...]
    texts: dict[str, str]
    created: float

    def record(self) -> RunRecord:
        """The run as it will be read."""
        row = dict(zip(_COLUMNS, self.values, strict=True))
        return _record(row, json.loads(row["trace"]), self.texts.__getitem__)


class Runs:
    """The runs in a store; see :class:`Store` for threads, processes and errors."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._files: dict[str, str] = {}

    def packed(self, record: RunRecord) -> PackedRun:
        """Make a run ready to be written; from then on it hangs on nothing that the program may change."""
        trace, texts = packed({"calls": record.calls, "steps": record.steps}, self._redactor)
        error, row = self._redactor.text(record.error)[:2000], self._redactor.text(record.row)
        values = (
            record.id, self._relative(record.file), record.component, record.origin, record.eval,
            record.evaluation, _plain(row), record.sample, record.score, _plain(error), " ".join(record.components),
            record.seconds, dumped(record.usage), trace, len(trace), record.created,
        )  # fmt: skip
        return PackedRun(record.id, values, texts, record.created)

    def put(self, runs: Sequence[PackedRun]) -> None:
        """Keep runs, all in one commit."""
        texts: dict[str, tuple[str, float]] = {}
        for run in runs:
            for name, text in run.texts.items():
                texts[name] = text, max(run.created, texts[name][1] if name in texts else 0.0)
        kept = [(name, told := dumped(text), len(told), created) for name, (text, created) in texts.items()]
        self._store._write_many((_PUT, [run.values for run in runs]), (_PUT_TEXT, kept))

    def find(
        self,
        *,
        component: str | None = None,
        eval: str | None = None,
        evaluation: str | None = None,
        file: str | None = None,
        origin: str | None = None,
        errors: bool = False,
        failing: bool = False,
        since: float | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> list[RunRecord]:
        """The newest runs first, without their calls.

        Args:
            component: one that was called anywhere in the run.
            errors: only runs that have no answer, or in which a call failed.
            failing: only rows that scored less than 1, and those that have no answer to score.
            since: only runs that began then or later, in seconds since 1970.
            after: only those written behind this place (:meth:`place`), the oldest first.
            limit: at most so many; -1 is all.
        """
        equal = {"eval": eval, "evaluation": evaluation, "origin": origin}
        if file is not None:
            equal["file"] = self._store.relative(file)
        given = {f"{name} = ?": value for name, value in equal.items() if value is not None}
        if component is not None:
            given["instr(' ' || components || ' ', ' ' || ? || ' ')"] = component
        if since is not None:
            given["created >= ?"] = since  # type: ignore[assignment]
        if after:
            given["rowid > ?"] = after  # type: ignore[assignment]
        where = " AND ".join([*given, *(["error <> ''"] * errors), *([_FAILING] * failing)])
        order = "rowid" if after else "created DESC, rowid DESC"
        rows = self._store._rows(
            f"SELECT {_SUMMARY} FROM runs {'WHERE ' * bool(where)}{where} ORDER BY {order} LIMIT ?",
            *given.values(),
            limit,
        )
        return [_record(dict(row), {}, str) for row in rows]

    def get(self, prefix: str = "") -> RunRecord | None:
        """The run whose id begins with `prefix` (the newest for ""), with its calls; None where none does, or more than one."""
        if prefix and not prefix.isalnum():
            return None
        where = "WHERE id GLOB ? ORDER BY created DESC, rowid DESC LIMIT 2"
        rows = self._store._rows(f"SELECT {_SUMMARY}, trace FROM runs {where}", prefix.lower() + "*")
        if not rows or (prefix and len(rows) > 1 and rows[0]["id"] != prefix):
            return None
        trace = json.loads(rows[0]["trace"])
        texts = self._texts(names_in(trace))
        return _record(dict(rows[0]), trace, lambda name: texts.get(name, "(this text was pruned)"))

    def place(self) -> int:
        """Behind the run that was written last; for `find(after=…)`, which takes 0 for anywhere."""
        return int(self._store._rows("SELECT coalesce(max(rowid), 0) FROM runs")[0][0])

    def size(self) -> int:
        """Bytes that the runs and their texts take."""
        sums = "SELECT (SELECT coalesce(sum(bytes), 0) FROM runs) + (SELECT coalesce(sum(bytes), 0) FROM texts)"
        return int(self._store._rows(sums)[0][0])

    def retain(self, days: float, megabytes: float) -> int:
        """Delete what is older than so many days, and then the oldest until the rest fits; how many runs went. 0 sets no bound."""
        gone = self._drop_before(time.time() - 86400 * days) if days else 0
        most = 1e6 * megabytes
        if not most or self.size() <= most:
            return gone
        while (size := self.size()) > _AFTER_PRUNING * most:
            left = int(self._store._rows("SELECT count(*) FROM runs")[0][0])
            excess = max(1, int(left * (1 - _AFTER_PRUNING * most / size)))
            rows = self._store._rows("SELECT created FROM runs ORDER BY created LIMIT 1 OFFSET ?", excess)
            gone += self._drop_before(rows[0][0] if rows else float("inf"))
            if not rows:
                break
        return gone

    def _drop_before(self, moment: float) -> int:
        # A text is as new as the newest run that has written it, so none goes that a run which stays has use for.
        gone = self._drop("runs", moment)
        self._drop("texts", moment)
        return gone

    def _drop(self, table: str, moment: float) -> int:
        """Not all in one, for others write in between."""
        gone = 0
        some = f"DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE created < ? LIMIT {_AT_ONCE})"
        while went := self._store._write(some, moment):
            gone += went
        return gone

    def _texts(self, names: Iterable[str]) -> dict[str, str]:
        wanted = list(names)
        found: dict[str, str] = {}
        for at in range(0, len(wanted), 500):
            some = wanted[at : at + 500]
            rows = self._store._rows(
                f"SELECT hash, text FROM texts WHERE hash IN ({', '.join('?' * len(some))})", *some
            )
            found.update((row["hash"], json.loads(row["text"])) for row in rows)
        return found

    def _relative(self, file: str) -> str:
        """As the store names it; to ask the disk for each run of a file would take longer than to write it."""
        if file not in self._files:
            self._files[file] = self._store.relative(file)
        return self._files[file]

    @property
    def _redactor(self) -> Redactor:
        return self._store.redactor


def _record(row: dict[str, Any], trace: dict[str, Any], text: Callable[[str], str]) -> RunRecord:
    row = {name: row[name] for name in _COLUMNS if name in row and name not in ("trace", "bytes")}
    row["usage"] = json.loads(row["usage"])
    row["components"] = tuple(row["components"].split())
    whole = unpacked(trace, text)
    return RunRecord(**row, calls=tuple(whole.get("calls", ())), steps=whole.get("steps", {}))


def _plain(text: str) -> str:
    """Without halves of surrogate pairs, which SQLite's UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode()
