"""Indexes whose server, files or disk fail half-way: one clear error, and the next run finishes without paying twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_cli import adalang, one_clear_line
from tests.commands import run_command
from tests.runtime.retrieval.world import MODEL, EmbeddingServer

FILES = 300
RETRIEVER = 'retriever find(query: str) -> Passage[] {\n  corpus = "docs/*.txt"\n  method = hybrid\n  embedding = e\n  k = 1\n}\n'
LEXICAL = RETRIEVER.replace("  embedding = e\n", "")
FIND = ("run", "main.adal:find", "--set", "query=where is text number7")


def write(
    folder: Path, text: str = MODEL.replace("retries = 1", "retries = 0") + RETRIEVER, files: int = FILES
) -> None:
    (folder / "docs").mkdir()
    (folder / "main.adal").write_text(text)
    for number in range(files):
        (folder / "docs" / f"{number:04}.txt").write_text(f"this is text number{number}")


async def find(folder: Path, server: EmbeddingServer | None = None) -> subprocess.CompletedProcess[str]:
    environment = {"BASE": server.api_base, "KEY": "k"} if server is not None else {}
    return await asyncio.to_thread(adalang, *FIND, cwd=folder, env=environment)


def answered(server: EmbeddingServer, status: list[int]) -> list[str]:
    return [text for call, code in zip(server.calls, status, strict=True) if code == 200 for text in call]


@pytest.mark.parametrize("latency", [0.0, 0.2], ids=["one by one", "all at once"])
async def test_the_embedding_server_fails_half_way(tmp_path: Path, latency: float) -> None:
    status: list[int] = []

    def fault(number: int) -> int:
        status.append(500 if number == 2 else 200)
        return status[-1]

    write(tmp_path)
    async with EmbeddingServer(fault, latency) as server:
        done = await find(tmp_path, server)
        assert done.returncode == 2 and "error: " in one_clear_line(done)
        kept = answered(server, status)
        assert len(kept) > 90
        done = await find(tmp_path, server)
        assert done.returncode == 0 and "0007.txt" in done.stdout, done.stderr
        texts = answered(server, status)
        assert len(texts) == len(set(texts)) == FILES + 1, "each text was paid for once"


async def test_killed_while_it_embeds_it_goes_on(tmp_path: Path) -> None:
    running = 0
    status: list[int] = []

    def fault(number: int) -> int:
        status.append(200)
        if number == 2:
            os.kill(running, signal.SIGKILL)
        return 200

    def started(process: int) -> None:
        nonlocal running
        running = process

    write(tmp_path)
    (tmp_path / "adalang.toml").write_text("concurrency = 1\n")
    async with EmbeddingServer(fault) as server:
        environment = {**os.environ, "BASE": server.api_base, "KEY": "k"}
        run = {"cwd": tmp_path, "environment": environment, "started": started}
        assert (await asyncio.to_thread(run_command, *FIND, **run)).returncode == -signal.SIGKILL
        done = await find(tmp_path, server)
        assert done.returncode == 0 and "0007.txt" in done.stdout, done.stderr
        twice = len(server.texts) - len(set(server.texts))
        assert twice <= 96, "only the batch that nobody was there to take is asked for again"


async def test_files_that_vanish_and_change_meanwhile(tmp_path: Path) -> None:
    def fault(number: int) -> int:
        if number == 0:
            (tmp_path / "docs" / "0003.txt").unlink()
            (tmp_path / "docs" / "0007.txt").write_text("this is another text altogether")
        return 200

    write(tmp_path)
    async with EmbeddingServer(fault) as server:
        done = await find(tmp_path, server)
        assert done.returncode == 0 and "0007.txt" in done.stdout, "what was read is what is searched"
        done = await find(tmp_path, server)
        assert done.returncode == 0 and "0007.txt" not in done.stdout, "and the next run sees the change"
        assert len(server.texts) == len(set(server.texts)) == FILES + 2


async def test_an_index_that_was_cut_or_overwritten_is_made_again_and_nothing_is_paid_again(tmp_path: Path) -> None:
    rng = random.Random(7)
    write(tmp_path)
    async with EmbeddingServer() as server:
        first = await find(tmp_path, server)
        (index,) = (tmp_path / ".adalang" / "indexes").glob("*.db")
        whole, paid = index.read_bytes(), len(server.texts)
        damages = [b"", whole[: len(whole) // 2], whole[:-1], b"no data base" * 1000]
        damages += [_scratched(whole, rng) for _ in range(2)]
        for damage in damages:
            index.write_bytes(damage)
            done = await find(tmp_path, server)
            assert (done.returncode, done.stdout) == (0, first.stdout), done.stderr
        assert len(server.texts) == paid


def test_a_damaged_file_of_faiss_is_made_again(tmp_path: Path) -> None:
    pytest.importorskip("faiss", reason="needs the extra [faiss]")
    write(tmp_path, LEXICAL.replace("hybrid", 'vector\n  store = "faiss"'))
    first = adalang(*FIND, cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    (file,) = (tmp_path / ".adalang" / "indexes").glob("*.faiss")
    whole = file.read_bytes()
    for damage in (whole[: len(whole) // 2], b"no index" * 1000):
        file.write_bytes(damage)
        done = adalang(*FIND, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (0, first.stdout), done.stderr


def _scratched(whole: bytes, rng: random.Random) -> bytes:
    """A page overwritten with noise, not the first: as half a write leaves it."""
    page = rng.randrange(1, len(whole) // 4096) * 4096
    return whole[:page] + rng.randbytes(4096) + whole[page + 4096 :]


@pytest.mark.skipif(sys.platform == "win32", reason="limits of files")
def test_a_full_disk_is_told_in_one_line_and_the_next_run_finishes(tmp_path: Path) -> None:
    write(tmp_path, LEXICAL, files=1500)
    limited = f'ulimit -f 128; exec "{sys.executable}" -m adalang run main.adal:find --set query=number7'
    full = subprocess.run(["bash", "-c", limited], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert full.returncode == 2 and full.stderr.startswith("error: ") and "Traceback" not in full.stderr, full.stderr
    assert len(full.stderr.splitlines()) == 1
    done = adalang(*FIND, cwd=tmp_path)
    assert done.returncode == 0 and "0007.txt" in done.stdout
