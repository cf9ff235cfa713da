"""The store's reads and writes, typed. Every write is committed before its method returns."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from adalang.store.connection import (
    FILE,
    FOLDER,
    StoreError,
    connect,
    connect_in_memory,
    is_damage,
    set_aside,
)
from adalang.store.records import (
    Change,
    EvaluationRecord,
    Event,
    Evidence,
    HoldoutLook,
    JsonObject,
    ObservationRecord,
    OptimizationRecord,
    OptimizationStatus,
    Paid,
    PaymentRecord,
    Proposal,
    ProposalStatus,
    ResponseRecord,
    SessionRecord,
    new_id,
)
from adalang.store.redaction import Redactor
from adalang.store.runs import Runs
from adalang.store.schema import TABLES
from adalang.store.texts import dumped, without_known, without_secrets

__all__ = ["PRUNABLE", "Store", "StoreError"]

# What `prune` may delete. The hold-out looks are not among them: forgetting one would let a test count twice.
PRUNABLE: dict[str, tuple[str, ...]] = {
    "responses": ("responses",),
    "runs": ("runs", "texts"),
    "evaluations": ("evaluations",),
    "optimizations": ("events", "payments", "stints", "optimizations"),
    "proposals": ("proposals",),
    "observations": ("observations",),
    "sessions": ("session_steps", "sessions"),
}

_RUNNING_STAYS = {
    **dict.fromkeys(
        PRUNABLE["optimizations"], " AND run_id NOT IN (SELECT run_id FROM optimizations WHERE status = 'running')"
    ),
    "session_steps": " AND session_id NOT IN (SELECT id FROM sessions WHERE status = 'open')",
    "sessions": " AND status <> 'open'",
}


class Store:
    """One workspace's store. Safe for the threads of one process and for many processes at once.

    Methods raise StoreError when the file cannot be read or written. `notice` tells the user what happened
    to a damaged file; it is empty when nothing did. `root` is the workspace, None for a store in memory. `redactor` hides
    secrets in what is written.
    """

    def __init__(self, connection: sqlite3.Connection, root: Path | None, notice: str = "") -> None:
        self.root = root
        self.notice = notice
        self._connection = connection
        self._lock = threading.RLock()
        self.redactor = Redactor()
        self.runs = Runs(self)

    @classmethod
    def open(cls, root: Path) -> Self:
        """Open the store of the workspace `root`; make it (and `.adalang/.gitignore`) where there is none."""
        root = root.resolve()
        connection, notice = connect(root / FOLDER / FILE)
        return cls(connection, root, notice)

    @classmethod
    def in_memory(cls) -> Self:
        """A store that keeps nothing."""
        return cls(connect_in_memory(), None)

    @property
    def file(self) -> Path | None:
        """The database's path; None in memory."""
        return self.root / FOLDER / FILE if self.root is not None else None

    def close(self) -> None:
        """Close the file. Using the store afterwards raises StoreError."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def relative(self, file: str | Path) -> str:
        """How the store names a file: relative to the workspace, with `/`; outside it, absolute."""
        path = Path(file)
        if self.root is None:
            return path.as_posix()
        absolute = (self.root / path).resolve()
        return absolute.relative_to(self.root).as_posix() if absolute.is_relative_to(self.root) else absolute.as_posix()

    def data_version(self) -> int:
        """A number that changes when another process (or another Store) has written; costs microseconds."""
        return int(self._rows("PRAGMA data_version")[0][0])

    # Responses

    def response(self, key: str) -> ResponseRecord | None:
        """The answer that was paid for under this key, if there is one."""
        rows = self._rows("SELECT * FROM responses WHERE key = ?", key)
        return _response(rows[0]) if rows else None

    def responses(self, keys: Sequence[str]) -> dict[str, ResponseRecord]:
        """The answers that were paid for under these keys, by key, in one reading."""
        rows = self._rows("SELECT * FROM responses WHERE key IN (SELECT value FROM json_each(?))", json.dumps(keys))
        return {one.key: one for one in map(_response, rows)}

    def put_response(self, record: ResponseRecord) -> None:
        """Keep an answer; it is safe from the death of this process when this returns."""
        self.put_responses([record])

    def put_responses(self, records: Sequence[ResponseRecord], payments: Sequence[PaymentRecord] = ()) -> None:
        """Keep answers, and what was paid for them, in one commit: all of it, or nothing with a StoreError.

        An answer that holds a secret is not kept: it would have to come back as it was.
        """
        self._write_many(
            (
                "INSERT OR REPLACE INTO responses (key, model, request, response, usd, tokens, created) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        one.key,
                        one.model,
                        self._known_hidden(one.request),
                        dumped(one.response),
                        one.usd,
                        one.tokens,
                        one.created,
                    )
                    for one in records
                    if not self.holds_secret(one.response)
                ],
            ),
            (
                "INSERT OR REPLACE INTO payments (id, run_id, calls, input_tokens, output_tokens, usd, priced, created, "
                "settled) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        one.id,
                        one.run_id,
                        one.calls,
                        one.input_tokens,
                        one.output_tokens,
                        one.usd,
                        one.priced,
                        one.created,
                        one.settled,
                    )
                    for one in payments
                ],
            ),
        )

    def holds_secret(self, value: Any) -> bool:
        """Whether a JSON value has a secret in it that is known as one."""
        return self._known_hidden(value) != dumped(value)

    def _known_hidden(self, value: Any) -> str:
        """A value as JSON without the secrets that are known."""
        text = dumped(value)
        return dumped(without_known(value, self.redactor)) if self.redactor.suspects(text) else text

    # Accounts

    def paid(self, run_id: str) -> Paid:
        """What an optimization has paid, in all its processes; calls that were under way at a kill count with their most."""
        row = self._rows(
            "SELECT coalesce(sum(calls), 0), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), "
            "coalesce(sum(usd), 0.0), coalesce(min(priced), 1), count(*) - count(settled) FROM payments WHERE run_id = ?",
            run_id,
        )[0]
        return Paid(row[0], row[1], row[2], row[3], bool(row[4]), row[5])

    def begin_stint(self, run_id: str) -> None:
        """A process begins to work on an optimization: from now on its time counts."""
        self._write("INSERT INTO stints (run_id, created) VALUES (?, ?)", run_id, time.time())

    def elapsed(self, run_id: str) -> float:
        """Seconds of wall time that processes have worked on an optimization, each up to the last sign of life it left."""
        rows = self._rows(
            "SELECT coalesce(sum(at - before), 0.0) FROM (SELECT at, begins, lag(at) OVER (ORDER BY at, begins) AS before "
            "FROM (SELECT created AS at, 1 AS begins FROM stints WHERE run_id = ? "
            "UNION ALL SELECT created, 0 FROM events WHERE run_id = ? "
            "UNION ALL SELECT coalesce(settled, created), 0 FROM payments WHERE run_id = ?)) "
            "WHERE NOT begins AND before IS NOT NULL",
            run_id,
            run_id,
            run_id,
        )
        return float(rows[0][0])

    # Observations

    def put_observation(self, record: ObservationRecord) -> None:
        """Keep what a tool answered; it replaces what an equal call was answered before. One that holds a secret is not kept, and
        neither is the earlier one then: it is not the newest any more."""
        if self.holds_secret([record.output, record.error]):
            self._write("DELETE FROM observations WHERE key = ?", record.key)
            return
        self._write(
            "INSERT OR REPLACE INTO observations (key, tool, inputs, output, error, created) VALUES (?, ?, ?, ?, ?, ?)",
            record.key,
            record.tool,
            self._known_hidden(record.inputs),
            dumped(record.output),
            record.error,
            record.created,
        )

    def observation(self, key: str) -> ObservationRecord | None:
        """What the call with this key was answered last."""
        rows = self._rows("SELECT * FROM observations WHERE key = ?", key)
        return ObservationRecord(**_loaded(rows[0])) if rows else None

    # Sessions

    def put_session(self, record: SessionRecord) -> None:
        """Keep a session as it is now. One that is begun anew, or finished, has no steps any more."""
        self._write_many(
            ("DELETE FROM session_steps WHERE session_id = ?", [(record.id,)]),
            (
                "INSERT OR REPLACE INTO sessions (id, file, component, name, status, inputs, turns, fingerprint, created) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        record.id,
                        self.relative(record.file),
                        record.component,
                        record.name,
                        record.status,
                        self._known_hidden(record.inputs),
                        self._known_hidden(record.turns),
                        record.fingerprint,
                        record.created,
                    )
                ],
            ),
        )

    def session(self, file: str | Path, component: str, name: str) -> SessionRecord | None:
        """The session of a component with this name."""
        return next(iter(self.sessions(file, component, name)), None)

    def sessions(
        self, file: str | Path | None = None, component: str | None = None, name: str | None = None
    ) -> list[SessionRecord]:
        """The newest sessions first."""
        where, values = self._where(file=file, component=component, name=name)
        rows = self._rows(f"SELECT * FROM sessions {where} ORDER BY created DESC, rowid DESC", *values)
        return [SessionRecord(**loaded | {"turns": tuple(loaded["turns"])}) for loaded in map(_loaded, rows)]

    def delete_session(self, session_id: str) -> None:
        """Forget a session and all that was done in it."""
        self._write_many(
            ("DELETE FROM session_steps WHERE session_id = ?", [(session_id,)]),
            ("DELETE FROM sessions WHERE id = ?", [(session_id,)]),
        )

    def put_session_step(self, session_id: str, place: str, content: JsonObject) -> None:
        """Keep what was done at a place of a session's run; it replaces what was known of the place."""
        self._write(
            "INSERT OR REPLACE INTO session_steps (session_id, place, content, created) "
            "SELECT id, ?, ?, created FROM sessions WHERE id = ?",
            place,
            self._known_hidden(content),
            session_id,
        )

    def claim_session_step(self, session_id: str, place: str, content: JsonObject, known: JsonObject | None) -> bool:
        """:meth:`put_session_step` where still nothing but ``known`` is kept; False: there is more, or the session is gone."""
        rows = self._write(
            "INSERT INTO session_steps (session_id, place, content, created) "
            "SELECT id, ?, ?, created FROM sessions WHERE id = ? "
            "ON CONFLICT (session_id, place) DO UPDATE SET content = excluded.content WHERE content = ?",
            place,
            self._known_hidden(content),
            session_id,
            self._known_hidden(known),
        )
        return rows == 1

    def session_steps(self, session_id: str) -> dict[str, JsonObject]:
        """All that was done in a session's run, by place."""
        rows = self._rows("SELECT place, content FROM session_steps WHERE session_id = ? ORDER BY rowid", session_id)
        return {row["place"]: json.loads(row["content"]) for row in rows}

    # Evaluations

    def put_evaluation(self, record: EvaluationRecord) -> None:
        """Keep an evaluation and its rows."""
        self._write(
            "INSERT OR REPLACE INTO evaluations (id, file, eval, split, fingerprint, n, score, low, high, "
            "usage, params, rows, repeats, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            record.id,
            self.relative(record.file),
            record.eval,
            record.split,
            record.fingerprint,
            record.n,
            record.score,
            record.low,
            record.high,
            dumped(record.usage),
            dumped(record.params),
            without_secrets(record.rows, self.redactor),
            record.repeats,
            record.created,
        )

    def evaluations(
        self,
        file: str | Path | None = None,
        eval: str | None = None,
        split: str | None = None,
        fingerprint: str | None = None,
        limit: int = 100,
        with_rows: bool = False,
    ) -> list[EvaluationRecord]:
        """The newest evaluations first; their rows only `with_rows`, for they are large."""
        where, values = self._where(file=file, eval=eval, split=split, fingerprint=fingerprint)
        columns = "*" if with_rows else f"{_EVALUATION_SUMMARY}, '[]' AS rows"
        found = self._rows(
            f"SELECT {columns} FROM evaluations {where} ORDER BY created DESC, rowid DESC LIMIT ?",
            *values,
            limit,
        )
        return [_evaluation(row) for row in found]

    # Optimizations and their event logs

    def start_optimization(self, file: str | Path, eval: str, plan_key: str) -> OptimizationRecord:
        """Begin a new optimization, `running` until it is said to have ended."""
        record = OptimizationRecord(new_id(), self.relative(file), eval, plan_key, "running", time.time())
        self._write(
            "INSERT INTO optimizations (run_id, file, eval, plan_key, status, created) VALUES (?, ?, ?, ?, ?, ?)",
            record.run_id,
            record.file,
            record.eval,
            record.plan_key,
            record.status,
            record.created,
        )
        return record

    def describe_optimization(self, run_id: str, ground: str, used: str) -> None:
        """Say on what an optimization's experience rests, and which set of rows its search may look at."""
        self._write("UPDATE optimizations SET ground = ?, used = ? WHERE run_id = ?", ground, used, run_id)

    def end_optimization(self, run_id: str, status: OptimizationStatus) -> None:
        """Say how an optimization ended."""
        self._write("UPDATE optimizations SET status = ? WHERE run_id = ?", status, run_id)

    def find_run(self, plan_key: str, status: OptimizationStatus = "running") -> OptimizationRecord | None:
        """The newest optimization of this plan with this status: the one to resume."""
        return next(iter(self.optimizations(plan_key=plan_key, status=status, limit=1)), None)

    def optimizations(
        self,
        file: str | Path | None = None,
        eval: str | None = None,
        plan_key: str | None = None,
        status: OptimizationStatus | None = None,
        limit: int = 100,
    ) -> list[OptimizationRecord]:
        """The newest optimizations first."""
        where, values = self._where(file=file, eval=eval, plan_key=plan_key, status=status)
        rows = self._rows(
            f"SELECT * FROM optimizations {where} ORDER BY created DESC, rowid DESC LIMIT ?", *values, limit
        )
        return [OptimizationRecord(**dict(row)) for row in rows]

    def optimization(self, prefix: str = "") -> OptimizationRecord | None:
        """The optimization whose id begins with `prefix` (the newest for ""); None where none does, or more than one."""
        if prefix and not prefix.isalnum():
            return None
        where = "WHERE run_id GLOB ? ORDER BY created DESC, rowid DESC LIMIT 2"
        rows = self._rows(f"SELECT * FROM optimizations {where}", prefix.lower() + "*")
        return OptimizationRecord(**dict(rows[0])) if len(rows) == 1 or (rows and not prefix) else None

    def append_event(
        self,
        run_id: str,
        kind: str,
        payload: JsonObject,
        spent: JsonObject | None = None,
        created: float | None = None,
    ) -> int:
        """Append to an optimization's log and return the entry's number, counted from 1; `created` is now by default."""
        rows = self._rows(
            "INSERT INTO events (run_id, seq, kind, payload, created, spent) "
            "SELECT ?, coalesce(max(seq), 0) + 1, ?, ?, ?, ? FROM events WHERE run_id = ? RETURNING seq",
            run_id,
            kind,
            dumped(payload),
            time.time() if created is None else created,
            dumped(spent or {}),
            run_id,
        )
        return int(rows[0][0])

    def cut_events(self, run_id: str, after: int) -> None:
        """Drop the entries behind number `after` from an optimization's log: it goes on differently from there."""
        self._write("DELETE FROM events WHERE run_id = ? AND seq > ?", run_id, after)

    def events(self, run_id: str, after: int = 0) -> list[Event]:
        """The log of an optimization in order, from the entry behind number `after` on."""
        rows = self._rows("SELECT * FROM events WHERE run_id = ? AND seq > ? ORDER BY seq", run_id, after)
        return [Event(**_loaded(row)) for row in rows]

    # Proposals

    def put_proposal(self, proposal: Proposal) -> None:
        """Offer a proposal.

        One that another run finds again is open again; one that its own run puts again stays as it is.
        """
        self._write(
            "INSERT INTO proposals (id, run_id, file, eval, fingerprint, status, changes, evidence, created) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET run_id = excluded.run_id, status = excluded.status, "
            "evidence = excluded.evidence, created = excluded.created WHERE run_id <> excluded.run_id",
            proposal.id,
            proposal.run_id,
            self.relative(proposal.file),
            proposal.eval,
            proposal.fingerprint,
            proposal.status,
            dumped([change.to_json() for change in proposal.changes]),
            dumped(proposal.evidence.to_json()),
            proposal.created,
        )

    def proposals(
        self,
        file: str | Path | None = None,
        eval: str | None = None,
        status: ProposalStatus | None = None,
        limit: int = 1000,
    ) -> list[Proposal]:
        """The newest proposals first."""
        where, values = self._where(file=file, eval=eval, status=status)
        rows = self._rows(f"SELECT * FROM proposals {where} ORDER BY created DESC, rowid DESC LIMIT ?", *values, limit)
        return [_proposal(row) for row in rows]

    def proposal(self, prefix: str) -> Proposal | None:
        """The proposal whose id begins with `prefix`; None where none does, or more than one."""
        if not prefix.isalnum():
            return None
        rows = self._rows("SELECT * FROM proposals WHERE id GLOB ? LIMIT 2", prefix.lower() + "*")
        return _proposal(rows[0]) if len(rows) == 1 else None

    def set_proposal_status(self, proposal_id: str, status: ProposalStatus) -> None:
        """Say what became of a proposal."""
        self._write("UPDATE proposals SET status = ? WHERE id = ?", status, proposal_id)

    # The alpha ledger

    def add_look(self, look: HoldoutLook) -> None:
        """Count one more test on a hold-out set."""
        self._write(
            "INSERT INTO holdout_looks (holdout_hash, eval, run_id, candidate, p, alpha, created) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            look.holdout_hash,
            look.eval,
            look.run_id,
            look.candidate,
            look.p,
            look.alpha,
            look.created,
        )

    def looks(self, holdout_hash: str, digests: Collection[str] = ()) -> list[HoldoutLook]:
        """Every test that was made on this hold-out set, the oldest first.

        With the `digests` of its rows also every test on another set that is known to hold half of them: a few rows more or
        fewer do not make a set fresh.
        """
        mine = frozenset(digests)
        rows = self._rows("SELECT * FROM holdout_looks ORDER BY rowid")
        same = {holdout_hash: True}
        for name in {row["holdout_hash"] for row in rows} - {holdout_hash}:
            same[name] = bool(mine) and 2 * len(mine & self.row_set(name)) >= len(mine)
        return [HoldoutLook(**dict(row)) for row in rows if same[row["holdout_hash"]]]

    # Sets of rows

    def put_row_set(self, name: str, digests: Collection[str]) -> None:
        """Keep which rows a set has, by the digests of their inputs."""
        self._write(
            "INSERT OR IGNORE INTO row_sets (name, digests, created) VALUES (?, ?, ?)",
            name,
            dumped(sorted(digests)),
            time.time(),
        )

    def row_set(self, name: str) -> frozenset[str]:
        """The digests of a set's rows; empty for one that is not known."""
        rows = self._rows("SELECT digests FROM row_sets WHERE name = ?", name)
        return frozenset(json.loads(rows[0][0])) if rows else frozenset()

    # The store as a whole

    def stats(self) -> dict[str, Any]:
        """Rows per table, `bytes` on disk, and the `usd` and `tokens` that the kept answers have cost."""
        counts = {table: int(self._rows(f"SELECT count(*) FROM {table}")[0][0]) for table in TABLES}
        paid = self._rows("SELECT coalesce(sum(usd), 0), coalesce(sum(tokens), 0) FROM responses")[0]
        pages = self._rows("PRAGMA page_count")[0][0] * self._rows("PRAGMA page_size")[0][0]
        return {"rows": counts, "bytes": int(pages), "usd": float(paid[0]), "tokens": int(paid[1])}

    def prune(self, kind: str | None = None, older_than: float | None = None) -> dict[str, int]:
        """Delete rows of one kind of PRUNABLE (or of all), made before the time `older_than` (or ever).

        An optimization or a session that is at work, or was cut off and can be resumed, stays.

        Returns the rows deleted per table and gives their space back to the disk. Raises ValueError for
        another kind.
        """
        if kind is not None and kind not in PRUNABLE:
            raise ValueError(f'"{kind}" cannot be pruned; kinds are {", ".join(PRUNABLE)}')
        before = older_than if older_than is not None else float("inf")
        tables = [table for name, tables in PRUNABLE.items() if kind in (None, name) for table in tables]
        deleted = {
            table: self._write(f"DELETE FROM {table} WHERE created < ?{_RUNNING_STAYS.get(table, '')}", before)
            for table in tables
        }
        self.compact()
        return deleted

    def compact(self) -> None:
        """Give the space of what was deleted back to the disk."""
        self._write("VACUUM")
        self._rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def export(self, kinds: Sequence[str] = TABLES) -> Iterator[dict[str, Any]]:
        """Every row as a JSON object, its table's name as `kind`. Raises ValueError for an unknown table."""
        for table in kinds:
            if table not in TABLES:
                raise ValueError(f'there is no "{table}" in the store; there are {", ".join(TABLES)}')
        for table in kinds:
            for row in self._rows(f"SELECT * FROM {table} ORDER BY created, rowid"):
                yield {"kind": table} | _loaded(row)

    # Statements

    def _where(self, file: str | Path | None = None, **equal: str | None) -> tuple[str, list[str]]:
        """A WHERE clause for the names that are given; the names are this class's own, never a user's."""
        wanted = {name: value for name, value in equal.items() if value is not None}
        if file is not None:
            wanted["file"] = self.relative(file)
        if not wanted:
            return "", []
        return "WHERE " + " AND ".join(f"{name} = ?" for name in wanted), list(wanted.values())

    def _rows(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            try:
                return self._connection.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                raise self._failed(error) from error

    def _write(self, statement: str, *values: Any) -> int:
        """Execute and return the number of rows touched."""
        with self._lock:
            try:
                return self._connection.execute(statement, values).rowcount
            except sqlite3.Error as error:
                raise self._failed(error) from error

    def _write_many(self, *work: tuple[str, Sequence[tuple[Any, ...]]]) -> None:
        """Execute each statement for every row of its own, all in one transaction."""
        if sum(len(rows) for _, rows in work) == 1:
            ((statement, (row,)),) = [one for one in work if one[1]]
            self._write(statement, *row)
            return
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    for statement, rows in work:
                        self._connection.executemany(statement, rows)
                    self._connection.execute("COMMIT")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise self._failed(error) from error

    def _failed(self, error: sqlite3.Error) -> StoreError:
        if self.file is None or not is_damage(error):
            mend = "; another process holds it: wait for that one, or end it" if "locked" in str(error) else ""
            return StoreError(f"the store {self.file or 'in memory'} failed: {error}{mend}")
        self._connection.close()
        return StoreError(set_aside(self.file, error) + "; run the command again")


_JSON_COLUMNS = frozenset(
    {
        "request",
        "response",
        "inputs",
        "output",
        "trace",
        "usage",
        "params",
        "rows",
        "payload",
        "spent",
        "digests",
        "turns",
        "content",
        "changes",
        "evidence",
    }
)
_EVALUATION_SUMMARY = "id, file, eval, split, fingerprint, n, score, low, high, usage, params, repeats, created"


def _loaded(row: sqlite3.Row) -> dict[str, Any]:
    return {name: json.loads(value) if name in _JSON_COLUMNS else value for name, value in dict(row).items()}


def _response(row: sqlite3.Row) -> ResponseRecord:
    return ResponseRecord(**_loaded(row))


def _evaluation(row: sqlite3.Row) -> EvaluationRecord:
    loaded = _loaded(row)
    return EvaluationRecord(**loaded | {"rows": tuple(loaded["rows"])})


def _proposal(row: sqlite3.Row) -> Proposal:
    loaded = _loaded(row)
    changes = tuple(Change.from_json(change) for change in loaded["changes"])
    return Proposal(**loaded | {"changes": changes, "evidence": Evidence.from_json(loaded["evidence"])})
