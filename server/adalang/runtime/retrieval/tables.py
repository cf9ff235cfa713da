"""An index on disk: one SQLite file, which is whole at every moment, whoever dies while writing it.

Passages have numbers that are never used twice. What a term stands in is kept as packed numbers, one row for each part that
was indexed at once; parts are joined when there are many. Vectors are little-endian float32, of length 1.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from adalang.runtime.retrieval.words import terms

FORMAT = 3
"""Part of an index's name: other code, other index."""
_BUSY_SECONDS = 30.0
_MOST_PARTS = 8
_PART = 20_000
"""Passages whose terms are held in memory at once."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS files (name TEXT PRIMARY KEY, digest TEXT NOT NULL, size INTEGER NOT NULL, changed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    file TEXT NOT NULL, source TEXT NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL, length INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS passages_by_file ON passages (file);
CREATE TABLE IF NOT EXISTS vectors (id INTEGER PRIMARY KEY, vector BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS postings (term TEXT NOT NULL, part INTEGER NOT NULL, ids BLOB NOT NULL, counts BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS postings_by_term ON postings (term, part);
"""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file as it was indexed: SHA-256 of its bytes, their number, and when it was changed (ns since 1970)."""

    digest: str
    size: int
    changed: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage to be: where it comes from, what it is about, its text."""

    source: str
    title: str
    text: str

    @property
    def whole(self) -> str:
        """All that is searched in."""
        return f"{self.title}\n{self.text}" if self.title else self.text


VectorOf = Callable[[Mapping[str, int]], bytes]
"""A passage's vector, from its terms and how often each stands there."""


class Tables:
    """One open index. Not for several threads at once: its owner sees to that."""

    def __init__(self, file: Path | None) -> None:
        self._db = sqlite3.connect(
            str(file) if file else ":memory:", timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.executescript(_SCHEMA)
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        self._db.close()

    # ---- reading

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All that is read inside belongs together, whatever others write meanwhile."""
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("COMMIT")

    def generation(self) -> int:
        """Counts the changes; 0 before the first."""
        found = self._db.execute("SELECT value FROM state WHERE name = 'generation'").fetchone()
        return int(found[0]) if found else 0

    def files(self) -> dict[str, Stamp]:
        return {name: Stamp(*rest) for name, *rest in self._db.execute("SELECT name, digest, size, changed FROM files")}

    def lengths(self) -> tuple[array[int], array[int]]:
        """The numbers of all passages, rising, and how many terms each has."""
        ids, lengths = array("I"), array("I")
        for one, length in self._db.execute("SELECT id, length FROM passages ORDER BY id"):
            ids.append(one)
            lengths.append(length)
        return ids, lengths

    def vectors(self, after: int = 0) -> Iterator[tuple[int, bytes]]:
        """The vectors by passage, rising, of those with a higher number."""
        yield from self._db.execute("SELECT id, vector FROM vectors WHERE id > ? ORDER BY id", (after,))

    def newest_vector(self) -> int:
        """The highest number of a passage with a vector; 0 without any."""
        return int(self._db.execute("SELECT max(id) FROM vectors").fetchone()[0] or 0)

    def vector_shape(self) -> tuple[int, int]:
        """How many vectors there are, and their dimensions."""
        count, size = self._db.execute("SELECT count(*), max(length(vector)) FROM vectors").fetchone()
        return int(count), int(size or 0) // 4

    def some_vectors(self, ids: Sequence[int]) -> dict[int, bytes]:
        return dict(self._in("SELECT id, vector FROM vectors WHERE id IN", ids))

    def passages(self, ids: Sequence[int]) -> dict[int, Chunk]:
        rows = self._in("SELECT id, source, title, text FROM passages WHERE id IN", ids)
        return {one: Chunk(*rest) for one, *rest in rows}

    def postings(self, term: str) -> tuple[array[int], array[int]]:
        """The passages that a term stands in, and how often; some may be gone."""
        ids, counts = array("I"), array("H")
        for some, often in self._db.execute("SELECT ids, counts FROM postings WHERE term = ? ORDER BY part", (term,)):
            ids.frombytes(some)
            counts.frombytes(often)
        return ids, counts

    def all_postings(self) -> Iterator[tuple[str, array[int], array[int]]]:
        """Each term once, by the alphabet, with what :meth:`postings` gives."""
        rows = self._db.execute("SELECT term, ids, counts FROM postings ORDER BY term, part")
        for term, parts in groupby(rows, key=itemgetter(0)):
            ids, counts = array("I"), array("H")
            for _, some, often in parts:
                ids.frombytes(some)
                counts.frombytes(often)
            yield term, ids, counts

    # ---- writing

    @contextmanager
    def change(self, *, of_passages: bool) -> Iterator[None]:
        """All that is written inside is there at once, or nothing of it. ``of_passages``: whether others have to read anew."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            generation = self.generation() + of_passages
            self._db.execute("INSERT OR REPLACE INTO state VALUES ('generation', ?)", (generation,))
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def remove(self, names: Iterable[str]) -> None:
        """Take files out. Their terms go when parts are joined: until then they are passed over."""
        for name in names:
            self._db.execute("DELETE FROM vectors WHERE id IN (SELECT id FROM passages WHERE file = ?)", (name,))
            self._db.execute("DELETE FROM passages WHERE file = ?", (name,))
            self._db.execute("DELETE FROM files WHERE name = ?", (name,))

    def restamp(self, stamps: Mapping[str, Stamp]) -> None:
        rows = [(name, one.digest, one.size, one.changed) for name, one in stamps.items()]
        self._db.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", rows)

    def add(self, chunks: Iterable[tuple[str, Chunk]], vector_of: VectorOf | None = None) -> list[int]:
        """Put passages in, each with its file's name, and with a vector where ``vector_of`` makes one; gives their numbers."""
        found: list[int] = []
        waiting: dict[str, tuple[array[int], array[int]]] = defaultdict(lambda: (array("I"), array("H")))
        for name, chunk in chunks:
            counted = Counter(terms(chunk.whole))
            row = (name, chunk.source, chunk.title, chunk.text, counted.total())
            cursor = self._db.execute(
                "INSERT INTO passages (file, source, title, text, length) VALUES (?, ?, ?, ?, ?)", row
            )
            one = int(cursor.lastrowid or 0)
            found.append(one)
            if vector_of is not None:
                self.put_vectors([(one, vector_of(counted))])
            for term, count in counted.items():
                ids, counts = waiting[term]
                ids.append(one)
                counts.append(min(count, 0xFFFF))
            if len(found) % _PART == 0:
                self._add_part(waiting)
        self._add_part(waiting)
        if self._parts() > _MOST_PARTS:
            self._join_parts()
        return found

    def put_vectors(self, vectors: Iterable[tuple[int, bytes]]) -> None:
        self._db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", vectors)

    def _parts(self) -> int:
        found = self._db.execute("SELECT value FROM state WHERE name = 'parts'").fetchone()
        return int(found[0]) if found else 0

    def _add_part(self, waiting: dict[str, tuple[array[int], array[int]]]) -> None:
        if not waiting:
            return
        part = self._parts() + 1
        rows = ((term, part, ids.tobytes(), counts.tobytes()) for term, (ids, counts) in sorted(waiting.items()))
        self._db.executemany("INSERT INTO postings VALUES (?, ?, ?, ?)", rows)
        self._db.execute("INSERT OR REPLACE INTO state VALUES ('parts', ?)", (part,))
        waiting.clear()

    def _join_parts(self) -> None:
        """Write every term's parts as one, without the passages that are gone."""
        alive = {one for (one,) in self._db.execute("SELECT id FROM passages")}
        self._db.execute(
            "CREATE TABLE joined (term TEXT NOT NULL, part INTEGER NOT NULL, ids BLOB NOT NULL, counts BLOB NOT NULL)"
        )
        self._db.executemany("INSERT INTO joined VALUES (?, 1, ?, ?)", self._joined(alive))
        self._db.execute("DROP TABLE postings")
        self._db.execute("ALTER TABLE joined RENAME TO postings")
        self._db.execute("CREATE INDEX postings_by_term ON postings (term, part)")
        self._db.execute("INSERT OR REPLACE INTO state VALUES ('parts', 1)")

    def _joined(self, alive: set[int]) -> Iterator[tuple[str, bytes, bytes]]:
        for term, ids, counts in self.all_postings():
            kept = [(one, count) for one, count in zip(ids, counts, strict=True) if one in alive]
            if kept:
                yield (
                    term,
                    array("I", [one for one, _ in kept]).tobytes(),
                    array("H", [many for _, many in kept]).tobytes(),
                )

    def _in(self, statement: str, ids: Sequence[int]) -> Iterator[Any]:
        for at in range(0, len(ids), 500):
            some = [int(one) for one in ids[at : at + 500]]
            yield from self._db.execute(f"{statement} ({','.join('?' * len(some))})", some)
