"""Vectors in faiss, LanceDB and Qdrant: the real libraries, where they are installed (the extras of the same names)."""

from __future__ import annotations

import pytest
from tests.runtime.retrieval.world import MODEL, EmbeddingServer, searching, sources

from adalang.runtime.failures import BugFailure
from adalang.runtime.interpreter import RunFailed
from adalang.runtime.retrieval.stores import opened

STORES = {"lancedb": "lancedb:kept/lance#notes", "qdrant": "qdrant:kept/qdrant#notes"}


def program(method: str, store: str, corpus: str = '  corpus = "*.txt"\n') -> str:
    return (
        f"{MODEL}retriever notes(query: str) -> Passage[] {{\n{corpus}  method = {method}\n"
        f'  embedding = e\n  store = "{store}"\n}}\n'
    )


@pytest.fixture
def folder(tmp_path):
    for name, text in {"a": "refunds are paid back", "b": "the office is open", "it's": "parcels are late"}.items():
        (tmp_path / f"{name}.txt").write_text(text)
    return tmp_path


@pytest.mark.parametrize("kind", STORES)
async def test_a_store_outside_follows_the_files_and_can_be_shared(folder, kind):
    pytest.importorskip({"lancedb": "lancedb", "qdrant": "qdrant_client"}[kind], reason=f"needs the extra [{kind}]")
    async with EmbeddingServer() as server:
        async with searching(folder, program("hybrid", STORES[kind]), server, kept=True) as w:
            assert sources(await w.run("notes", query="late parcels"))[0] == "it's.txt"
        (folder / "it's.txt").unlink()
        (folder / "b.txt").write_text("the office is closed; parcels wait")
        async with searching(folder, program("vector", STORES[kind]), server, kept=True) as w:
            found = await w.run("notes", query="parcels wait")
            assert sources(found)[0] == "b.txt" and found[0]["text"].startswith("the office is closed")
            assert found[0]["score"] == pytest.approx(1, abs=0.7) and set(sources(found)) == {"a.txt", "b.txt"}
        embedded = len(server.texts)
        async with searching(
            folder, program("vector", STORES[kind], corpus=""), server
        ) as w:  # without files of one's own
            assert sources(await w.run("notes", query="refunds paid"))[0] == "a.txt"
        assert len(server.texts) == embedded + 1


@pytest.mark.parametrize("kind", STORES)
async def test_a_store_without_the_table_says_so(folder, kind):
    pytest.importorskip({"lancedb": "lancedb", "qdrant": "qdrant_client"}[kind], reason=f"needs the extra [{kind}]")
    async with EmbeddingServer() as server, searching(folder, program("vector", STORES[kind], corpus=""), server) as w:
        with pytest.raises(RunFailed, match=r"has no (table|collection) `notes`"):
            await w.run("notes", query="x")


async def test_faiss_gives_what_exact_search_gives(folder, monkeypatch):
    pytest.importorskip("faiss", reason="needs the extra [faiss]")
    from adalang.runtime.retrieval import faiss

    monkeypatch.setattr(faiss, "_FEW", 100)
    for number in range(2000):
        (folder / f"n{number // 100}.txt").open("a").write(f"note number{number} about topic{number % 50}\n\n")
    text = 'retriever notes(query: str) -> Passage[] {\n  corpus = "*.txt"\n  method = vector\n  chunk = 16\n  overlap = 0\n  STORE}\n'
    async with searching(folder, text.replace("STORE", ""), kept=True) as w:
        exact = await w.run("notes", query="number77 of topic27")
    for _ in range(2):  # made, and then read from the disk
        async with searching(folder, text.replace("STORE", 'store = "faiss"\n'), kept=True) as w:
            found = await w.run("notes", query="number77 of topic27")
            assert sources(found)[0] == sources(exact)[0] and found[0]["score"] == pytest.approx(exact[0]["score"])
    (folder / "n3.txt").write_text("note number5000 about topic77")
    with monkeypatch.context() as patched:
        patched.setattr(faiss, "_made", None)  # a changed file costs that file: the index grows by it
        async with searching(folder, text.replace("STORE", 'store = "faiss"\n'), kept=True) as w:
            assert sources(await w.run("notes", query="number5000 topic77"))[0] == "n3.txt"
            assert "n3.txt" not in sources(await w.run("notes", query="number333 of topic33"))
    for number in range(12):
        (folder / f"n{number}.txt").unlink()
    async with searching(folder, text.replace("STORE", 'store = "faiss"\n'), kept=True) as w:
        assert sources(await w.run("notes", query="number1777 of topic27"))[0] == "n17.txt"
    (kept,) = (folder / ".adalang" / "indexes").glob("*.faiss")
    name, generation, newest = kept.stem.split("-")
    newer = kept.with_name(f"{name}-{int(generation) + 1}-{newest}.faiss")
    newer.write_bytes(b"another process's")
    kept.write_bytes(kept.read_bytes()[:40])  # damaged: it is made anew
    async with searching(folder, text.replace("STORE", 'store = "faiss"\n'), kept=True) as w:
        assert sources(await w.run("notes", query="number1777 of topic27"))[0] == "n17.txt"
    assert newer.exists() and kept.stat().st_size > 40


@pytest.mark.parametrize("written", ["lancedb:", "lancedb:a", "qdrant:#x", "other:a#b", "x"])
def test_a_store_written_otherwise_is_told(tmp_path, written):
    with pytest.raises(BugFailure, match="write"):
        opened(written, tmp_path)
