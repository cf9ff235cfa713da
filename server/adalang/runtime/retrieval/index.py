"""One corpus as it can be searched: brought up to date by file, by one process at a time, and never seen half done."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from adalang.runtime.failures import BugFailure
from adalang.runtime.retrieval.corpus import Change, Corpus, change_since, passages_of
from adalang.runtime.retrieval.index_file import Damaged, lock_of, make_folder, put_away
from adalang.runtime.retrieval.scoring import Exact, Lengths, Ranked, fused
from adalang.runtime.retrieval.tables import Chunk, Tables, VectorOf
from adalang.runtime.retrieval.words import asked
from adalang.store.connection import is_damage

if TYPE_CHECKING:
    from adalang.runtime.retrieval.scoring import Vector

Embed = Callable[[Sequence[str]], Awaitable[list[bytes]]]
"""Vectors (little-endian float32, length 1) of texts."""
Check = Callable[[], None]
Found = list[tuple[Chunk, float]]
Row = tuple[str, Chunk, bytes]
"""A passage for an outside store: its file's name, itself, its vector."""
Item = TypeVar("Item")


class Near(Protocol):
    """Searches vectors in this process."""

    def search(self, vector: Vector, most: int) -> Ranked: ...


class Outside(Protocol):
    """A vector store outside of the index."""

    async def replace(self, files: Sequence[str], rows: Sequence[Row]) -> None:
        """Take out what came from the files, put the rows in. Done twice it does no harm."""
        ...

    async def search(self, vector: Vector, most: int) -> Found: ...

    async def aclose(self) -> None: ...


ENDED = "nothing can be searched any more: the session has ended"

_WAIT_SECONDS = 0.05
_DEPTH = 50
"""How many passages each ranking gives at least, where several are joined."""


class Index:
    """``file`` is where it is kept (None: in memory). ``lexical``: with the built-in embedding; ``with_faiss``: searched by
    faiss; ``outside`` keeps and searches the vectors in place of this process."""

    def __init__(
        self,
        file: Path | None,
        corpus: Corpus,
        *,
        lexical: bool = False,
        with_faiss: bool = False,
        outside: Outside | None = None,
    ) -> None:
        self._file = file
        self._corpus = corpus
        self._lexical, self._with_faiss, self._outside = lexical, with_faiss, outside
        self._tables: Tables | None = None
        self._lengths: Lengths | None = None
        self._searched: Near | None = None
        self._generation = -1
        # One thread of its own: what waits for a long change takes no thread from others, and the tables are never used by two.
        self._thread = ThreadPoolExecutor(1, "adalang-index")
        self._turn = asyncio.Lock()
        self._ended = False

    def __len__(self) -> int:
        """How many passages there were when it was read last."""
        return len(self._lengths) if self._lengths is not None else 0

    async def refresh(self, embed: Embed | None) -> None:
        """Bring the index up to what the files say now; ``embed`` gives the vectors of new passages.

        Raises:
            Failure, BudgetExceeded: a file cannot be read, or a text not be embedded. The index stays as it was; what was paid
                for is kept.
        """
        async with self._turn:
            try:
                await self._brought_up(embed)
            except Damaged:
                await self._discard()
                await self._brought_up(embed)

    async def search(self, query: str, vector: Vector | None, method: str, most: int) -> Found:
        """The ``most`` best passages, the best first. ``vector`` is the query's, where a model makes the vectors.

        Raises:
            Damaged: the index could not be read, and is now empty: :meth:`refresh` makes it again.
        """
        depth = most if method != "hybrid" else max(_DEPTH, 2 * most)
        rankings: list[Found] = []
        if self._outside is None or method != "vector":
            try:
                rankings = await self._work(lambda check: self._search(query, vector, method, depth))
            except Damaged:
                await self._discard()
                raise
        if self._outside is not None and vector is not None:
            rankings.append(await self._outside.search(vector, depth))
        return fused(rankings, most) if method == "hybrid" else rankings[0][:most]

    async def aclose(self) -> None:
        """Close the file, once what is under way has ended; nothing can be searched any more."""
        if not self._ended:
            self._ended = True
            await self._in_thread(self._closed)
            self._thread.shutdown()

    def _closed(self, check: Check) -> None:
        if self._tables is not None:
            self._tables.close()
            self._tables = None
        self._generation = -1

    # ---- bringing up to date

    async def _brought_up(self, embed: Embed | None) -> None:
        if await self._work(self._changed):
            async with self._alone():
                change = await self._work(self._changed)  # another process may have been here first
                if change:
                    await self._update(change, embed)
        await self._work(self._load)

    def _changed(self, check: Check) -> Change:
        return change_since(self._open().files(), self._corpus.files(), check)

    async def _update(self, change: Change, embed: Embed | None) -> None:
        read = await self._work(lambda check: list(passages_of(self._corpus, change.changed, check)))
        vectors = await embed([chunk.whole for _, chunk in read]) if embed is not None else []
        if self._outside is not None:
            rows = [(name, chunk, vector) for (name, chunk), vector in zip(read, vectors, strict=True)]
            await self._outside.replace([*change.gone, *change.changed], rows)
            vectors = []
        await self._work(lambda check: self._write(change, read, vectors, check))

    def _write(self, change: Change, read: list[tuple[str, Chunk]], vectors: Sequence[bytes], check: Check) -> None:
        tables = self._open()
        of_passages = bool(change.changed or change.gone)
        with tables.change(of_passages=of_passages):
            tables.remove([*change.gone, *change.changed])
            tables.restamp({name: stamp for name, (_, stamp) in change.changed.items()} | dict(change.restamped))
            ids = tables.add(_checked(read, check), self._own_vector())
            if vectors:
                tables.put_vectors(zip(ids, vectors, strict=True))

    def _own_vector(self) -> VectorOf | None:
        """What makes vectors of passages without a model, where that is asked for."""
        if not self._lexical:
            return None
        from adalang.runtime.retrieval.lexical import passage_vector

        return passage_vector

    def _load(self, check: Check) -> None:
        tables = self._open()
        with tables.snapshot():
            self._reload(tables)

    def _reload(self, tables: Tables) -> Lengths:
        generation = tables.generation()
        if self._lengths is None or generation != self._generation:
            self._lengths = Lengths(*tables.lengths())
            self._searched = None
            self._generation = generation
        return self._lengths

    # ---- searching

    def _search(self, query: str, vector: Vector | None, method: str, most: int) -> list[Found]:
        tables = self._open()
        with tables.snapshot():
            lengths = self._reload(tables)
            rankings: list[Ranked] = []
            if method in ("bm25", "hybrid"):
                rankings.append(lengths.bm25(asked(query), tables.postings, most))
            if method in ("vector", "hybrid") and self._outside is None:
                if vector is None:
                    vector = self._lexical_vector(query, lengths, tables)
                rankings.append(self._near(tables).search(vector, most))
            chunks = tables.passages([one for ranking in rankings for one, _ in ranking])
        return [[(chunks[one], score) for one, score in ranking] for ranking in rankings]

    def _lexical_vector(self, query: str, lengths: Lengths, tables: Tables) -> Vector:
        from adalang.runtime.retrieval.lexical import query_vector

        return query_vector(query, len(lengths), lambda term: len(lengths.alive(tables.postings(term)[0])[0]))

    def _near(self, tables: Tables) -> Near:
        """What searches the vectors, made at the first search after a change."""
        if self._searched is None:
            if self._with_faiss:
                from adalang.runtime.retrieval.faiss import Faiss

                self._searched = Faiss.of(tables, self._generation, self._file)
            else:
                self._searched = Exact(tables.vectors(), tables.vector_shape())
        return self._searched

    # ---- the file, and who may use it

    async def _work(self, do: Callable[[Check], Item]) -> Item:
        if self._ended:
            raise BugFailure(ENDED)
        return await self._in_thread(do)

    async def _in_thread(self, do: Callable[[Check], Item]) -> Item:
        """Run in the index's thread. Who is cancelled waits until it has stopped there, so that nothing goes on behind its back."""
        stopped = threading.Event()

        def check() -> None:
            if stopped.is_set():
                raise _Stopped

        def run() -> Item:
            try:
                return do(check)
            except sqlite3.Error as error:
                kind = Damaged if is_damage(error) else BugFailure
                raise kind(
                    f"the index {self._file or 'in memory'} cannot be used: {error}; delete it, and it is made again"
                ) from error

        job = self._thread.submit(run)
        working = asyncio.wrap_future(job)
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            if not job.cancel():  # it has begun
                stopped.set()
                await asyncio.wait({working})
                working.exception()
            raise

    def _open(self) -> Tables:
        if self._tables is None:
            if self._file is not None:
                make_folder(self._file.parent)
            self._tables = Tables(self._file)
            if self._file is not None:
                os.utime(self._file)  # when it was used last, for pruning
        return self._tables

    async def _discard(self) -> None:
        """Put away a damaged index: all that was in it can be made again, and what was paid for is in the store."""
        async with self._alone():
            await self._work(self._emptied)

    def _emptied(self, check: Check) -> None:
        """Not if another process has made it again already: then all can be read."""
        self._closed(check)
        if self._file is not None:
            put_away(self._file)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """No other process changes the index meanwhile; the lock of one that dies is let go by the system."""
        if self._file is None:
            yield
            return
        from filelock import Timeout

        lock = lock_of(self._file)
        while True:
            try:
                lock.acquire(timeout=0)
                break
            except Timeout:
                await asyncio.sleep(_WAIT_SECONDS)
        try:
            yield
        finally:
            lock.release()


class _Stopped(Exception):
    """Nobody waits for the work any more."""


def _checked(read: Iterable[Item], check: Check) -> Iterator[Item]:
    for one in read:
        check()
        yield one
