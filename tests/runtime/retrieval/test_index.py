"""An index gives what its definition says, whatever changes led to it, and is never seen half made."""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adalang.runtime.failures import BugFailure
from adalang.runtime.retrieval.corpus import Corpus
from adalang.runtime.retrieval.index import Index
from adalang.runtime.retrieval.scoring import fused
from adalang.runtime.retrieval.tables import Chunk, Tables
from adalang.runtime.retrieval.words import asked, terms
from adalang.store import indexes

WORDS = ["refund", "order", "invoice", "late", "parcel", "königin", "漢字", "the"]
TEXT = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)


def corpus(folder: Path, pattern: str = "*.txt") -> Corpus:
    return Corpus(folder, (pattern,), 300, 30)


async def found(index: Index, query: str, method: str = "bm25", most: int = 100) -> list[tuple[str, float]]:
    await index.refresh(None)
    return [(chunk.source, score) for chunk, score in await index.search(query, None, method, most)]


def bm25(texts: dict[str, str], query: str) -> dict[str, float]:
    """By the definition, from the texts alone."""
    read = {name: Counter(terms(text)) for name, text in texts.items()}
    mean = sum(one.total() for one in read.values()) / len(read)
    scores = dict.fromkeys(texts, 0.0)
    for term in asked(query):
        has = sum(term in one for one in read.values())
        rarity = math.log(1 + (len(read) - has + 0.5) / (has + 0.5))
        for name, one in read.items():
            norm = 1.2 * (0.25 + 0.75 * one.total() / mean)
            scores[name] += rarity * one[term] * 2.2 / (one[term] + norm) if one[term] else 0.0
    return {name: score for name, score in scores.items() if score > 0}


def write(folder: Path, texts: dict[str, str]) -> None:
    for old in folder.glob("*.txt"):
        old.unlink()
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")


@settings(max_examples=8, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("abcd"), TEXT, min_size=1), min_size=1, max_size=12), TEXT)
def test_bm25_is_what_its_definition_says_after_any_changes(states, query):
    async def run() -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            index = Index(folder / "i.db", corpus(folder), lexical=True)
            for state in states:
                write(folder, state)
                got = await found(index, query)
                expected = bm25({f"{file}.txt": text for file, text in state.items()}, query)
                assert dict(got) == pytest.approx(expected, rel=1e-4)
                assert [score for _, score in got] == sorted((score for _, score in got), reverse=True)
            fresh = Index(None, corpus(folder), lexical=True)
            assert dict(await found(index, query, "vector")) == pytest.approx(
                dict(await found(fresh, query, "vector")), abs=1e-5
            )
            await index.aclose()
            await fresh.aclose()

    asyncio.run(run())


async def test_vectors_find_what_is_written_alike(tmp_path):
    (tmp_path / "a.txt").write_text("Reimbursement of travel costs")
    (tmp_path / "b.txt").write_text("Opening hours of the office")
    index = Index(None, corpus(tmp_path), lexical=True)
    assert await found(index, "ofice") == []
    assert (await found(index, "ofice", "vector"))[0][0] == "b.txt"
    await index.aclose()


async def test_nothing_is_searched_after_the_end(tmp_path):
    (tmp_path / "a.txt").write_text("refund")
    index = Index(None, corpus(tmp_path))
    await index.refresh(None)
    await index.aclose()
    for late in (index.search("refund", None, "bm25", 1), index.refresh(None)):
        with pytest.raises(BugFailure, match="the session has ended"):
            await late
    await index.aclose()


def test_ranks_are_joined_not_scores():
    one, two, three = (Chunk(name, "", name) for name in "abc")
    ranked = fused([[(one, 900.0), (two, 1.0)], [(two, 0.3), (three, 0.2)]], 3)
    assert [chunk.source for chunk, _ in ranked] == ["b", "a", "c"]
    assert ranked[0][1] == pytest.approx(1 / 61 + 1 / 62)


async def test_only_changed_files_are_read_and_embedded_again(tmp_path):
    embedded: list[str] = []

    async def embed(texts):
        embedded.extend(texts)
        return [Tables.__name__.encode()[:4] * 2 for _ in texts]

    for name in "abc":
        (tmp_path / f"{name}.txt").write_text(f"text {name}")
    index = Index(tmp_path / "i.db", corpus(tmp_path))
    await index.refresh(embed)
    (tmp_path / "b.txt").write_text("another text")
    (tmp_path / "c.txt").unlink()
    os.utime(tmp_path / "a.txt", (1, 1))
    await index.refresh(embed)
    assert embedded == ["text a", "text b", "text c", "another text"]
    assert {source for source, _ in await found(index, "text")} == {"a.txt", "b.txt"}
    await index.aclose()


async def test_a_changed_file_costs_the_built_in_embedding_that_file_alone(tmp_path):
    (tmp_path / "a.txt").write_text("refunds are paid back")
    (tmp_path / "b.txt").write_text("parcels are late")
    index = Index(tmp_path / "i.db", corpus(tmp_path), lexical=True)
    await index.refresh(None)
    tables = Tables(tmp_path / "i.db")
    before = dict(tables.vectors())
    (tmp_path / "b.txt").write_text("refunds are late")
    await index.refresh(None)
    after = dict(tables.vectors())
    tables.close()
    (kept,) = before.keys() & after.keys()
    assert len(before) == len(after) == 2 and before[kept] == after[kept]
    assert [source for source, _ in await found(index, "are refunds late", "vector")] == ["b.txt", "a.txt"]
    await index.aclose()


async def test_a_failure_half_way_leaves_the_index_as_it_was(tmp_path):
    (tmp_path / "a.txt").write_text("good text")
    index = Index(tmp_path / "i.db", corpus(tmp_path))
    assert await found(index, "text")
    (tmp_path / "a.txt").write_text("other words")
    (tmp_path / "b.txt").write_bytes(b"text \xff")
    with pytest.raises(BugFailure, match=r"b\.txt:1: the text is not UTF-8"):
        await index.refresh(None)
    assert [chunk.text for chunk, _ in await index.search("text", None, "bm25", 5)] == ["good text"]
    (tmp_path / "b.txt").unlink()
    assert await found(index, "text") == []
    await index.aclose()


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("*.md", "means no file"),
        ("none.txt", "means no file"),
        ("sub", r'a folder.*"sub/\*\*/\*"'),
        ("a.py", "cannot be searched"),
        ("*", r"1 of other types are there: \.py"),
        ("https://example.com/a.md", "is an address"),
        ("~/a.md", "`~` is no folder"),
    ],
)
async def test_a_corpus_that_is_none_is_told(tmp_path, pattern, told):
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.py").touch()
    index = Index(None, corpus(tmp_path, pattern))
    with pytest.raises(BugFailure, match=told):
        await index.refresh(None)
    await index.aclose()


async def test_signs_of_patterns_in_names_on_disk_are_names(tmp_path):
    folder = tmp_path / "client [2026]"
    folder.mkdir()
    for name in ("a.txt", "b[1].txt", "b1.txt"):
        (folder / name).write_text(name)
    assert list(Corpus(folder, ("*.txt",), 300, 30).files()) == ["a.txt", "b1.txt", "b[1].txt"]
    assert list(Corpus(folder, ("b[1].txt",), 300, 30).files()) == ["b[1].txt"]
    assert list(Corpus(folder, ("[ab].txt",), 300, 30).files()) == ["a.txt"]
    assert next(iter(Corpus(tmp_path, ("client [2026]/**",), 300, 30).files())) == "client [2026]/a.txt"


async def test_empty_files_alone_find_nothing(tmp_path):
    (tmp_path / "a.txt").write_text("")
    index = Index(None, corpus(tmp_path), lexical=True)
    for method in ("bm25", "vector", "hybrid"):
        assert await found(index, "text", method) == []
    await index.aclose()


async def test_a_damaged_index_is_made_again(tmp_path):
    (tmp_path / "a.txt").write_text("text")
    file = tmp_path / "i.db"
    file.write_bytes(b"no data base at all" * 100)
    (tmp_path / "i-1-1.faiss").touch()
    index = Index(file, corpus(tmp_path))
    assert await found(index, "text")
    assert not (tmp_path / "i-1-1.faiss").exists()
    await index.aclose()


BUILD = """
import asyncio, sys
from pathlib import Path
from adalang.runtime.retrieval.corpus import Corpus
from adalang.runtime.retrieval.index import Index

async def main():
    folder = Path(sys.argv[1])
    index = Index(folder / "i.db", Corpus(folder, ("*.txt",), 300, 30), lexical=True)
    print("begun", flush=True)
    await index.refresh(None)
    print(len(await index.search("text", None, "bm25", 10_000)), flush=True)

asyncio.run(main())
"""


def build(folder: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-c", BUILD, str(folder)], stdout=subprocess.PIPE, text=True, env=environment
    )


async def test_two_processes_at_once_make_one_index(tmp_path):
    for number in range(200):
        (tmp_path / f"{number}.txt").write_text(f"text number{number} " * 20)
    workers = [build(tmp_path) for _ in range(2)]
    told = [worker.communicate(timeout=60)[0].split() for worker in workers]
    assert told == [["begun", "200"]] * 2
    tables = Tables(tmp_path / "i.db")
    assert tables.generation() == 1
    tables.close()


async def test_whoever_is_killed_leaves_no_half_index(tmp_path):
    for number in range(400):
        (tmp_path / f"{number}.txt").write_text(" ".join(f"text{number} word{n}" for n in range(60)) + " text")
    for after in (0.02, 0.15, 0.3):
        worker = build(tmp_path)
        assert worker.stdout is not None
        worker.stdout.readline()
        await asyncio.sleep(after)
        worker.send_signal(signal.SIGKILL)
        worker.communicate(timeout=30)
        tables = Tables(tmp_path / "i.db")
        with tables.snapshot():
            assert len(tables.files()) in (0, 400)
            assert len(tables.lengths()[0]) == len(list(tables.vectors())) in (0, 400)
        tables.close()
    index = Index(tmp_path / "i.db", corpus(tmp_path), lexical=True)
    assert len(await found(index, "text", most=1000)) == 400
    await index.aclose()


async def test_a_cancelled_refresh_stops_its_thread_and_can_begin_again(tmp_path):
    for number in range(300):
        (tmp_path / f"{number}.txt").write_text(f"text number{number}")
    index = Index(tmp_path / "i.db", corpus(tmp_path))
    for turns in range(1, 30, 4):
        task = asyncio.create_task(index.refresh(None))
        for _ in range(turns):
            await asyncio.sleep(0.0005)
        task.cancel()
        await asyncio.wait({task})
    assert len(await found(index, "text", most=1000)) == 300
    await index.aclose()


async def test_those_who_wait_for_an_index_take_no_thread_from_others(tmp_path):
    """A search that waits for a change of its index would else keep a name look-up waiting, and with it every call."""
    (tmp_path / "a.txt").write_text("text")
    index = Index(None, corpus(tmp_path))
    await index.refresh(None)
    over = threading.Event()
    change = asyncio.create_task(index._work(lambda check: over.wait(30)))
    searches = [asyncio.create_task(index.search("text", None, "bm25", 3)) for _ in range(100)]
    await asyncio.sleep(0)
    await asyncio.wait_for(asyncio.to_thread(len, ""), 20)
    assert not any(one.done() for one in searches)
    searches[-1].cancel()  # who waits for its turn need not wait for the end of the change
    await asyncio.wait({searches[-1]}, timeout=20)
    assert searches.pop().cancelled() and not change.done()
    over.set()
    await change
    assert all(len(found) == 1 for found in await asyncio.gather(*searches))
    await index.aclose()
    assert not index._thread._threads & set(threading.enumerate())


def test_unused_indexes_go_and_those_in_work_stay(tmp_path):
    from filelock import FileLock

    folder = indexes.folder(tmp_path)
    folder.mkdir(parents=True)
    for name in ("old", "new", "busy"):
        Tables(folder / f"{name}.db").close()
        (folder / f"{name}-1.faiss").touch()
    os.utime(folder / "old.db", (1, 1))
    os.utime(folder / "busy.db", (1, 1))
    assert indexes.kept(tmp_path)[0] == 3
    with FileLock(folder / "busy.lock"):
        assert indexes.prune(tmp_path, before=1000) == 1
    assert {one.stem for one in folder.glob("*.db")} == {"new", "busy"}
    assert not (folder / "old-1.faiss").exists()
    assert indexes.prune(tmp_path) == 2
    shutil.rmtree(folder)
    assert indexes.prune(tmp_path) == 0
