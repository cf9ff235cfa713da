"""What only another process can show: nothing on stdout, and nothing that was answered is paid for twice."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.servers import (
    BadJson,
    CutOff,
    Drop,
    Fault,
    Incoming,
    LoopbackServer,
    Overlong,
    RateLimited,
    Refusal,
    Reply,
    ServerError,
    Unauthorized,
)

from adalang.store import Store

FAULTS: list[Reply | Fault] = [
    Reply("beta"),
    RateLimited(0.0),
    ServerError(500),
    Unauthorized(),
    Overlong(),
    Refusal(),
    Drop(),
    CutOff(),
    BadJson(),
]

EVERYTHING_THAT_CAN_GO_WRONG = """
import asyncio, logging, os, sys
from adalang.runtime.failures import Failure
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.models.types import Message, ModelSpec, Request

async def main():
    gateway = Gateway(None, backoff=0.001)
    options = {"api_base": sys.argv[1]}
    names = ["openai/gpt-4o-mini"] * int(sys.argv[2]) + ["nobody/nothing", "openai/no-such-model"]
    for sample, name in enumerate(names):
        model = ModelSpec(name, options, retries=0)
        try:
            await gateway.complete(Request(model, (Message("user", "x"),), sample=sample))
        except Failure:
            pass
    await gateway.aclose()

asyncio.run(main())
assert "FROM_DOTENV" not in os.environ
print("the end")
"""

FIFTY_CALLS = """
import asyncio, sys
from pathlib import Path
from adalang.runtime.models.gateway import Gateway
from adalang.runtime.models.types import Message, ModelSpec, Request
from adalang.store import Store

async def main():
    model = ModelSpec("openai/gpt-4o-mini", {"api_base": sys.argv[1]})
    with Store.open(Path(sys.argv[2])) as store:
        gateway = Gateway(store, concurrency=8)
        async def ask(n):
            await gateway.complete(Request(model, (Message("user", f"question {n}"),)))
            print(n, flush=True)
        await asyncio.gather(*(ask(n) for n in range(50)))
        await gateway.aclose()

asyncio.run(main())
"""


async def start(script: str, *arguments: str, cwd: Path) -> asyncio.subprocess.Process:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LITELLM")}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        script,
        *arguments,
        cwd=cwd,
        env=environment | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_litellm_writes_nothing_anywhere_and_reads_no_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FROM_DOTENV=1\n")
    async with LoopbackServer("openai", lambda incoming: FAULTS[incoming.number % len(FAULTS)]) as server:
        process = await start(EVERYTHING_THAT_CAN_GO_WRONG, server.api_base, str(len(FAULTS)), cwd=tmp_path)
        out, error = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, error.decode()
        assert out == b"the end\n"
        assert error == b""
        assert len(server.log) >= len(FAULTS)


async def test_after_kill_9_no_call_that_was_answered_is_paid_for_again(tmp_path: Path) -> None:
    def question(incoming: Incoming) -> str:
        return incoming.messages[0].text

    async with LoopbackServer("openai", lambda _: Reply("beta"), latency=0.03) as server:
        process = await start(FIFTY_CALLS, server.api_base, str(tmp_path), cwd=tmp_path)
        assert process.stdout is not None
        told = [int(await asyncio.wait_for(process.stdout.readline(), 60)) for _ in range(20)]
        process.send_signal(signal.SIGKILL)
        told += [int(line) for line in (await process.stdout.read()).split()]
        await process.wait()
        before = len(server.log)
        with Store.open(tmp_path) as store:
            assert store.notice == ""
            kept = {row["request"]["messages"][0]["content"] for row in store.export(["responses"])}
        assert {f"question {n}" for n in told} <= kept, "what was told had been kept"
        assert 20 <= len(kept) < 50

        second = await start(FIFTY_CALLS, server.api_base, str(tmp_path), cwd=tmp_path)
        out, error = await asyncio.wait_for(second.communicate(), 60)
        assert second.returncode == 0, error.decode()
        assert len(out.split()) == 50
        asked_again = {question(incoming) for incoming in server.log[before:]}
        assert asked_again == {f"question {n}" for n in range(50)} - kept
        assert len(server.log) - before == 50 - len(kept)


async def test_two_processes_that_run_one_after_the_other_share_answers_over_the_command_line_server(
    tmp_path: Path,
) -> None:
    server = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.servers",
        "--protocol",
        "openai",
        "--latency-ms",
        "1",
        env=dict(os.environ) | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert server.stdout is not None
        api_base = (await asyncio.wait_for(server.stdout.readline(), 30)).decode().strip()
        for _ in range(2):
            process = await start(FIFTY_CALLS, api_base, str(tmp_path), cwd=tmp_path)
            _, error = await asyncio.wait_for(process.communicate(), 60)
            assert process.returncode == 0, error.decode()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(api_base.split(":")[2].split("/")[0]))
        writer.write(b"GET /log HTTP/1.0\r\n\r\n")
        body = (await asyncio.wait_for(reader.read(), 10)).partition(b"\r\n\r\n")[2]
        writer.close()
        assert body == b'{"requests": 50, "answered": 50}'
    finally:
        server.terminate()
        await server.wait()
