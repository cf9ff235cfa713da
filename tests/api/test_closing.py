"""What is left of a program after it was closed: nothing that could complain when Python ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import LoopbackServer, Protocol, Reply
from tests.servers.threaded import served

SCRIPT = """
import adalang, asyncio, gc

async def heard(program, question):
    async for piece in program.a.astream(q=question):
        pass

for number in range(2):
    with adalang.load("a.adal") as program:
        print(program.a(q=f"whole {number}"))
        asyncio.run(heard(program, f"streamed {number}"))
    gc.collect()
"""


@pytest.mark.parametrize(
    ("protocol", "model"), [("anthropic", "anthropic/claude-sonnet-4-5"), ("gemini", "gemini/gemini-2.5-flash")]
)
def test_a_closed_program_leaves_no_task_and_no_connection(tmp_path: Path, protocol: Protocol, model: str) -> None:
    text = f'prompt a(q: str) -> str {{\n  model = m\n  user = """{{{{ q }}}}"""\n}}\nmodel m = "{model}" '
    text += '{ api_base = env("BASE"), api_key = env("KEY") }\n'
    (tmp_path / "a.adal").write_text(text, encoding="utf-8")
    with served(LoopbackServer(protocol, lambda _: Reply("ok"))) as server:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            cwd=tmp_path,
            env={**os.environ, "BASE": server.api_base, "KEY": "k"},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    assert (done.stdout, done.stderr) == ("ok\nok\n", "")
