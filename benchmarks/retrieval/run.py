"""Retrievers side by side on questions that need two passages each.

    python benchmarks/retrieval/run.py --data DIR [--peers VENV] [--embeddings URL MODEL] [--large 100000]

DIR holds ``docs_corpus/corpus.jsonl`` (sections of a documentation), ``squad/*.jsonl`` and, for ``--large``, ``gsm8k/train.jsonl``.
Every line is measured in a process of its own. ``--peers`` is a virtual environment with any of bm25s, rank-bm25 and
scikit-learn, which get the same passages; what is not there is left out. ``--embeddings`` are of a server that speaks OpenAI's
protocol, such as minilm.py's, whose time then counts too. ``--large`` measures so many passages instead.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from corpora import documents, questions, write_large

from adalang.evaluation.metrics import ndcg_at, recall_at

HERE = Path(__file__).parent
K = 10
METHODS = {
    "bm25": "method = bm25",
    "vector (builtin/lexical)": "method = vector",
    "hybrid": "method = hybrid",
    "hybrid, reranked (builtin/lexical)": 'method = hybrid\n  rerank = "builtin/lexical"',
}
LARGE = {**{name: METHODS[name] for name in list(METHODS)[:3]}, "vector, faiss": 'method = vector\n  store = "faiss"'}
PEERS = ("bm25s", "rank-bm25", "scikit-learn TF-IDF")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--embeddings", nargs=2, metavar=("URL", "MODEL"))
    parser.add_argument("--large", type=int, default=0)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        print(json.dumps(asyncio.run(_worker(json.loads(Path(given.worker).read_text(encoding="utf-8"))))))
    elif given.large:
        _large(given.data, given.large, given.peers)
    else:
        _small(given.data, given.peers, given.embeddings)


# ---- how good, on real questions


def _small(data: Path, peers: Path | None, embeddings: Sequence[str] | None) -> None:
    asked = questions(data)
    methods = METHODS | (_with_model(*embeddings) if embeddings is not None else {})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "adalang.toml").touch()
        rows = [json.dumps(one) + "\n" for one in documents(data)]
        (folder / "corpus.jsonl").write_text("".join(rows), encoding="utf-8")
        results = {}
        for one, told in methods.items():
            shutil.rmtree(folder / ".adalang", ignore_errors=True)  # nobody finds what another one has bought
            results[one] = _measured(folder, data, told, [each.text for each in asked])
        passages = results["bm25"]["passages"]
        if peers is not None:
            texts = _passages(folder)
            results |= {one: _peer(peers, one, texts, [each.text for each in asked]) for one in PEERS}
    print(f"{len(asked)} questions, {len(rows)} documents, {passages} passages\n")
    print(f"| retriever | recall@4 | recall@{K} | MRR | nDCG@{K} | index s | query ms | memory MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for one, found in results.items():
        if found:
            print(f"| {one} | {_quality(asked, found['rankings'])} | {_costs(found)} |")


def _with_model(url: str, model: str) -> dict[str, str]:
    """A folder's methods with an embedding by a model; what is in front of the semicolon is a declaration of its own."""
    declared = f'model embedder = "openai/{model}" {{ api_base = "{url}", timeout = 600 }}; '
    vector, hybrid = (f"{declared}method = {one}\n  embedding = embedder" for one in ("vector", "hybrid"))
    return {
        f"vector ({model})": vector,
        f"hybrid ({model})": hybrid,
        f"hybrid ({model}), reranked (builtin/lexical)": f'{hybrid}\n  rerank = "builtin/lexical"',
    }


def _quality(asked: list[Any], rankings: list[list[str]]) -> str:
    scores = [_scores(question.gold, ranking) for question, ranking in zip(asked, rankings, strict=True)]
    return " | ".join(f"{statistics.fmean(column):.3f}" for column in zip(*scores, strict=True))


def _scores(gold: tuple[str, str], ranking: list[str]) -> tuple[float, ...]:
    """By documents: a passage counts for the document that it is from."""
    ids = list(dict.fromkeys(ranking))
    first = next((1 / rank for rank, one in enumerate(ids, start=1) if one in gold), 0.0)
    return recall_at(ids, gold, 4), recall_at(ids, gold, K), first, ndcg_at(ids, dict.fromkeys(gold, 1.0), K)


def _costs(found: dict[str, Any]) -> str:
    return f"{found['index_seconds']:.2f} | {found['query_ms']:.2f} | {found['memory_mb']:.0f}"


# ---- how much, of many passages


def _large(data: Path, count: int, peers: Path | None) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "adalang.toml").touch()
        asked = write_large(data, folder, count)
        print(
            f"| {count} passages | index s | index memory MB | on disk MB | one of 10 files changed s | open s | query ms | memory MB |"
        )
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
        for one, told in LARGE.items():
            for index in (folder / ".adalang").glob("indexes/*"):
                index.unlink()
            built = _measured(folder, data, told, asked[:1])
            again = _measured(folder, data, told, asked)
            with (folder / "part0.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps({"id": f"more-{one}", "text": "One more passage."}) + "\n")
            changed = _measured(folder, data, told, asked[:1])
            print(
                f"| {one} | {built['index_seconds']:.1f} | {built['memory_mb']:.0f} | {built['disk_mb']:.0f} | "
                f"{changed['index_seconds']:.1f} | {again['index_seconds']:.2f} | {again['query_ms']:.1f} | {again['memory_mb']:.0f} |",
                flush=True,
            )
        for one in PEERS if peers is not None else ():
            found = _peer(peers, one, _passages(folder), asked[:100])
            if found:
                print(
                    f"| {one} | {found['index_seconds']:.1f} | {found['memory_mb']:.0f} | - | - | - | {found['query_ms']:.1f} | - |",
                    flush=True,
                )


# ---- measuring


def _measured(folder: Path, data: Path, settings: str, asked: list[str]) -> dict[str, Any]:
    job = folder / "job.json"
    job.write_text(json.dumps({"folder": str(folder), "settings": settings, "asked": asked}))
    command = [sys.executable, __file__, "--data", str(data), "--worker", str(job)]
    return _result(command, None)


def _peer(venv: Path, name: str, passages: list[tuple[str, str]], asked: list[str]) -> dict[str, Any]:
    job = {"name": name, "k": K, "passages": passages, "asked": asked}
    return _result([str(venv / "bin" / "python"), str(HERE / "peers.py")], json.dumps(job))


def _result(command: list[str], given: str | None) -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH" or given is None}
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, timeout=3600, check=False, env=environment
    )
    if done.returncode:
        print(f"left out: {' '.join(done.stderr.strip().splitlines()[-1:])}", file=sys.stderr)
        return {}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _passages(folder: Path) -> list[tuple[str, str]]:
    """What the index holds: the documents' ids and the texts that are searched."""
    from adalang.runtime.retrieval.tables import Tables

    index = next((folder / ".adalang" / "indexes").glob("*.db"))
    tables = Tables(index)
    ids, _ = tables.lengths()
    found = [(one.source.partition("#")[2], one.whole) for one in tables.passages(ids).values()]
    tables.close()
    return found


async def _worker(job: dict[str, Any]) -> dict[str, Any]:
    from adalang.config import load_settings
    from adalang.engine.session import Session

    folder = Path(job["folder"])
    program_file = folder / "benchmark.adal"
    corpus = "corpus.jsonl" if (folder / "corpus.jsonl").exists() else "part*.jsonl"
    declared, _, settings = job["settings"].rpartition("; ")
    program_file.write_text(
        f'{declared}\nretriever r(query: str) -> Passage[] {{\n  corpus = "{corpus}"\n  {settings}\n  k = {K}\n}}\n'
    )
    base = _peak_mb()
    async with Session(folder, load_settings(folder, {})) as session:
        program = session.load(program_file)
        entity = program.resolve("r")
        assert entity is not None
        runtime = session.runtime(program)
        began = time.perf_counter()
        await runtime.run(entity, {"query": "a"})
        index_seconds = time.perf_counter() - began
        rankings, times = [], []
        for text in job["asked"]:
            began = time.perf_counter()
            output, _ = await runtime.run(entity, {"query": text})
            times.append(time.perf_counter() - began)
            rankings.append([one["source"].partition("#")[2] for one in output])
    files = list((folder / ".adalang" / "indexes").iterdir())
    newest = max((one for one in files if one.suffix == ".db"), key=lambda one: one.stat().st_mtime)
    disk = sum(one.stat().st_size for one in files if one.name.startswith(newest.stem))
    return {
        "index_seconds": index_seconds,
        "query_ms": statistics.median(times) * 1000,
        "memory_mb": _peak_mb() - base,
        "disk_mb": disk / 1e6,
        "passages": len(_passages(folder)),
        "rankings": rankings,
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
