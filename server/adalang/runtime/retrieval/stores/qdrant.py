"""Vectors in a Qdrant collection, whose points have the payload `file`, `source`, `title` and `text`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from adalang.runtime.failures import BugFailure, Failure, TransportFailure
from adalang.runtime.retrieval.stores.rows import passage_ids, rebuild
from adalang.runtime.retrieval.tables import Chunk

if TYPE_CHECKING:
    from adalang.runtime.retrieval.index import Found, Row
    from adalang.runtime.retrieval.scoring import Vector

_BATCH = 256


class Qdrant:
    """One collection of the server at ``where`` (a URL), or of Qdrant's own files in a folder.

    The key of a server that wants one is in the environment variable QDRANT_API_KEY.
    """

    def __init__(self, where: str, collection: str) -> None:
        self._where, self._name = where, collection
        self._known: Any = None

    async def replace(self, files: Sequence[str], rows: Sequence[Row]) -> None:
        """The new points are in before the old ones go."""
        import numpy as np

        client, models = await self._client()
        ids = passage_ids(rows)
        try:
            if not await client.collection_exists(self._name):
                if not rows:
                    return
                params = models.VectorParams(size=len(rows[0][2]) // 4, distance=models.Distance.COSINE)
                await client.create_collection(self._name, vectors_config=params)
            points = [
                models.PointStruct(
                    id=one,
                    vector=np.frombuffer(vector, dtype=np.float32).tolist(),
                    payload={"file": file, "source": chunk.source, "title": chunk.title, "text": chunk.text},
                )
                for one, (file, chunk, vector) in zip(ids, rows, strict=True)
            ]
            for at in range(0, len(points), _BATCH):
                await client.upsert(self._name, points[at : at + _BATCH], wait=True)
            of_files = models.FieldCondition(key="file", match=models.MatchAny(any=list(files)))
            kept = [models.HasIdCondition(has_id=ids)] if ids else []
            if files:
                selector = models.FilterSelector(filter=models.Filter(must=[of_files], must_not=kept))
                await client.delete(self._name, selector, wait=True)
        except Exception as error:
            raise self._failed("did not take the passages", error) from error

    async def search(self, vector: Vector, most: int) -> Found:
        client, _ = await self._client()
        try:
            if not await client.collection_exists(self._name):
                raise BugFailure(f"Qdrant {self._where} has no collection `{self._name}`; {rebuild()}")
            found = await client.query_points(self._name, query=vector.tolist(), limit=most, with_payload=True)
            return [(_chunk(one.payload or {}), float(one.score)) for one in found.points]
        except Failure:
            raise
        except KeyError as error:
            raise BugFailure(f"the points of Qdrant {self._where}#{self._name} have no {error}") from error
        except Exception as error:
            raise self._failed("cannot be searched", error) from error

    async def aclose(self) -> None:
        if self._known is not None:
            await self._known.close()
            self._known = None

    async def _client(self) -> tuple[Any, Any]:
        library = await asyncio.to_thread(_library)
        if self._known is None:
            if "://" in self._where:
                key = os.environ.get("QDRANT_API_KEY") or None
                self._known = library.AsyncQdrantClient(url=self._where, api_key=key, check_compatibility=False)
            else:
                self._known = library.AsyncQdrantClient(path=self._where)
        return self._known, library.models

    def _failed(self, what: str, error: Exception) -> Failure:
        said = f"Qdrant {self._where}#{self._name} {what}: {error}"
        unreached = type(error).__name__ in ("ResponseHandlingException", "ConnectError")
        return TransportFailure(said) if unreached else BugFailure(said)


def _library() -> Any:
    try:
        import qdrant_client
    except ImportError as error:
        raise BugFailure("a store in Qdrant needs the extra: pip install 'adalang[qdrant]'") from error
    return qdrant_client


def _chunk(payload: dict[str, Any]) -> Chunk:
    return Chunk(str(payload["source"]), str(payload.get("title") or ""), str(payload["text"]))
