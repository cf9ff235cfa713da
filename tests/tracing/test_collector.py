"""Traces go through a real OpenTelemetry collector: Rotel takes, batches and sends on what Adalang has sent to it."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.servers.otlp import attributes, collector

from adalang.store.records import RunRecord
from adalang.tracing.otlp import send_now

rotel = pytest.importorskip("rotel", reason="needs the dependency group `collector`")
CALLS = (
    {"component": "support", "kind": "pipeline", "inputs": {"ticket": "twice"}, "output": "paid", "began": 5.0, "seconds": 2.0},
    {
        "component": "reply",
        "kind": "prompt",
        "parent": 0,
        "inputs": {"ticket": "twice"},
        "output": "paid",
        "model": "openai/gpt-4o-mini",
        "messages": [{"role": "user", "content": "twice"}],
        "began": 5.5,
        "seconds": 1.0,
        "usage": {"calls": 1, "input_tokens": 20, "output_tokens": 3, "usd": 0.001, "priced": True},
    },
    {"component": "refund", "kind": "tool", "parent": 0, "inputs": {"amount": 3}, "error": "no money", "began": 6.5, "seconds": 0.5},
)  # fmt: skip


def test_a_collector_passes_the_tree_on_as_it_was(tmp_path: Path) -> None:
    with collector() as behind, agent(tmp_path, f"http://127.0.0.1:{behind.server_port}") as address:
        send_now([RunRecord("main.adal", "support", {}, CALLS, id="0123456789ab")], address, "")
        until(lambda: len(behind.spans) == 3)
    spans = {attributes(one)["adalang.component"]: one for one in behind.spans}
    root, reply, refund = spans["support"], spans["reply"], spans["refund"]
    assert not root.parent_span_id and reply.parent_span_id == refund.parent_span_id == root.span_id
    assert len({one.trace_id for one in behind.spans}) == 1
    assert (reply.start_time_unix_nano, reply.end_time_unix_nano) == (5_500_000_000, 6_500_000_000)
    told = attributes(reply)
    assert (told["gen_ai.usage.input_tokens"], told["gen_ai.usage.output_tokens"], told["adalang.usd"]) == (
        20,
        3,
        0.001,
    )
    assert told["gen_ai.request.model"] == "gpt-4o-mini" and reply.name == "chat openai/gpt-4o-mini"
    assert refund.status.message == "no money" and refund.status.code == 2
    assert attributes(root)["adalang.run"] == "0123456789ab"


@contextmanager
def agent(folder: Path, behind: str) -> Iterator[str]:
    """The address of a Rotel that sends what it gets to another one."""
    http, grpc = free_port(), free_port()
    program = Path(rotel.__file__).with_name("rotel-agent")
    takes = ["--otlp-http-endpoint", f"127.0.0.1:{http}", "--otlp-grpc-endpoint", f"127.0.0.1:{grpc}"]
    sends = ["--exporter", "otlp", "--otlp-exporter-protocol", "http", "--otlp-exporter-endpoint", behind]
    with (folder / "rotel.log").open("w") as log:
        process = subprocess.Popen([program, "start", *takes, *sends], cwd=folder, stdout=log, stderr=log)
    try:
        until(lambda: process.poll() is not None or listens(http))
        assert process.poll() is None, (folder / "rotel.log").read_text()
        yield f"http://127.0.0.1:{http}"
    finally:
        process.terminate()
        process.wait(20)


def until(condition) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def listens(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
