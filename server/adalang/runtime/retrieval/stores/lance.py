"""Vectors in a LanceDB table, with the columns `id`, `file`, `source`, `title`, `text` and `vector`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from adalang.runtime.failures import BugFailure, Failure
from adalang.runtime.retrieval.stores.rows import passage_ids, rebuild
from adalang.runtime.retrieval.tables import Chunk

if TYPE_CHECKING:
    from adalang.runtime.retrieval.index import Found, Row
    from adalang.runtime.retrieval.scoring import Vector


class Lance:
    """One table of the data base at ``where`` (a folder, or an address that lancedb knows)."""

    def __init__(self, where: str, table: str) -> None:
        self._where, self._name = where, table
        self._db: Any = None
        self._table: Any = None

    async def replace(self, files: Sequence[str], rows: Sequence[Row]) -> None:
        """In one commit of LanceDB: readers see the old rows or the new ones."""
        ids = passage_ids(rows)
        data = [
            {
                "id": one,
                "file": file,
                "source": chunk.source,
                "title": chunk.title,
                "text": chunk.text,
                "vector": _floats(vector),
            }
            for one, (file, chunk, vector) in zip(ids, rows, strict=True)
        ]
        try:
            table = await self._opened(data)
            if table is None:
                return
            gone = ", ".join("'" + one.replace("'", "''") + "'" for one in files)
            if data:
                merge = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
                await merge.when_not_matched_by_source_delete(f"file IN ({gone})").execute(data)
            elif files:
                await table.delete(f"file IN ({gone})")
        except Failure:
            raise
        except Exception as error:
            raise BugFailure(f"LanceDB {self._where}#{self._name} did not take the passages: {error}") from error

    async def search(self, vector: Vector, most: int) -> Found:
        try:
            table = await self._opened([])
            if table is None:
                raise BugFailure(f"LanceDB {self._where} has no table `{self._name}`; {rebuild()}")
            query = table.query().nearest_to(vector.tolist()).distance_type("cosine").limit(most)
            rows = await query.to_list()
            return [(_chunk(row), 1 - float(row["_distance"])) for row in rows]
        except Failure:
            raise
        except KeyError as error:
            raise BugFailure(f"LanceDB {self._where}#{self._name} has no column {error}") from error
        except Exception as error:
            raise BugFailure(f"LanceDB {self._where}#{self._name} cannot be searched: {error}") from error

    async def aclose(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = self._table = None

    async def _opened(self, data: list[dict[str, Any]]) -> Any:
        """The table, made from the data if there is none; None with neither."""
        lancedb = await asyncio.to_thread(_library)  # its import takes seconds
        if self._db is None:
            self._db = await lancedb.connect_async(self._where)
        if self._table is None:
            try:
                self._table = await self._db.open_table(self._name)
            except ValueError:  # it is not there
                if data:
                    self._table = await self._db.create_table(self._name, data=data, exist_ok=True)
        return self._table


def _library() -> Any:
    try:
        import lancedb
    except ImportError as error:
        raise BugFailure("a store in LanceDB needs the extra: pip install 'adalang[lancedb]'") from error
    return lancedb


def _floats(vector: bytes) -> Any:
    import numpy as np

    return np.frombuffer(vector, dtype=np.float32)


def _chunk(row: dict[str, Any]) -> Chunk:
    return Chunk(str(row["source"]), str(row.get("title") or ""), str(row["text"]))
