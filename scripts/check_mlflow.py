"""Proves the export of traces against a real MLflow server: starts one, runs a pipeline, and asks MLflow for what it got.

    python -m venv /tmp/mlflow && /tmp/mlflow/bin/pip install mlflow
    python scripts/check_mlflow.py --mlflow /tmp/mlflow/bin/python [--keep]

MLflow is 620 MB, so it has a venv of its own, and this is no part of the tests; those decode what is sent. The pipeline's
models are answered by a loopback server. Exits with 1 when MLflow does not show the tree with its tokens. `--keep` leaves
the server running until Enter is pressed, to look at the trace in a browser.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "server"), str(ROOT)]

from tests.servers import LoopbackServer, Reply  # noqa: E402

from adalang.config import load_settings  # noqa: E402
from adalang.engine.session import Session  # noqa: E402

_START_SECONDS = 240
FILE = '''model m = "openai/gpt-4o-mini" { api_base = env("BASE"), api_key = env("KEY") }

prompt classify(ticket: str) -> "billing" | "technical" {
  model = m
  user = """{{ ticket }}"""
}

prompt reply(ticket: str, kind: str) -> str {
  model = m
  system = """You answer {{ kind }} tickets."""
  user = """{{ ticket }}"""
}

pipeline support(ticket: str) -> str {
  kind = classify(ticket)
  return reply(ticket, kind)
}
'''


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mlflow", type=Path, required=True, help="the Python of a venv that has mlflow")
    parser.add_argument("--keep", action="store_true", help="leave the server running until Enter is pressed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, mlflow_server(options.mlflow, Path(name)) as url:
        experiment = call(f"{url}/api/2.0/mlflow/experiments/create", {"name": "adalang"})["experiment_id"]
        run = asyncio.run(run_pipeline(Path(name), url, experiment))
        problems = wrong_in(trace_of(options.mlflow, url, experiment))
        print(f"run {run}: {'; '.join(problems) or 'MLflow shows the tree with its tokens'}")
        if options.keep:
            input(f"{url}/#/experiments/{experiment}/traces - Enter ends the server. ")
    return 1 if problems else 0


@contextmanager
def mlflow_server(python: Path, folder: Path) -> Iterator[str]:
    """A server on a free port with an SQLite store; ended with all its workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [str(python), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    store = [
        "--backend-store-uri",
        f"sqlite:///{folder}/mlflow.db",
        "--artifacts-destination",
        str(folder / "artifacts"),
    ]
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen([*command, *store], stdout=log, stderr=log, cwd=folder, start_new_session=True)
        try:
            began = time.monotonic()
            while not is_up(url):
                if server.poll() is not None or time.monotonic() - began > _START_SECONDS:
                    raise SystemExit(f"MLflow did not start:\n{(folder / 'server.log').read_text()[-3000:]}")
                time.sleep(1)
            print(f"MLflow was up after {time.monotonic() - began:.0f} s")
            yield url
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)


def is_up(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def call(url: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


async def run_pipeline(folder: Path, url: str, experiment: str) -> str:
    """Run the pipeline once with the settings that a user would have; gives the run's id."""
    file = folder / "support.adal"
    file.write_text(FILE)
    answers = iter(["billing", "We pay it back."])
    async with LoopbackServer(behaviour=lambda incoming: Reply(next(answers))) as models:
        environment = {
            "BASE": models.api_base,
            "KEY": "a-key-of-the-model",
            "OTEL_EXPORTER_OTLP_ENDPOINT": url,
            "OTEL_EXPORTER_OTLP_HEADERS": f"x-mlflow-experiment-id={experiment}",
        }
        async with Session(folder, load_settings(folder, environment)) as session:
            _, _, run = await session.run_component(file, "support", {"ticket": "I was charged twice"})
    return run


_ASK = """
import json, sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
for trace in mlflow.search_traces(locations=[sys.argv[2]], return_type="list"):
    info = trace.info
    print(json.dumps({
        "state": str(info.state), "tokens": info.token_usage, "metadata": dict(info.trace_metadata),
        "spans": [{"id": s.span_id, "parent": s.parent_id, "name": s.name, "type": s.span_type, "inputs": s.inputs,
                   "outputs": s.outputs, "attributes": dict(s.attributes)} for s in trace.data.spans],
    }, default=str))
"""


def trace_of(python: Path, url: str, experiment: str) -> dict[str, Any]:
    """The one trace that MLflow has, asked for with MLflow's own client."""
    for _ in range(10):
        asked = subprocess.run(
            [str(python), "-c", _ASK, url, experiment], capture_output=True, text=True, check=True, timeout=300
        )
        lines = asked.stdout.strip().splitlines()
        if lines:
            print(lines[-1][:6000])
            return dict(json.loads(lines[-1]))
        time.sleep(1)
    raise SystemExit("MLflow has no trace")


def wrong_in(trace: dict[str, Any]) -> list[str]:
    """What MLflow does not show as it was."""
    by_component = {span["attributes"].get("adalang.component"): span for span in trace["spans"]}
    if sorted(map(str, by_component)) != ["classify", "reply", "support"]:
        return [f"the spans are of {sorted(map(str, by_component))}"]
    root = by_component["support"]
    problems = [
        f"{one} is not below support" for one in ("classify", "reply") if by_component[one]["parent"] != root["id"]
    ]
    tokens = trace["tokens"] or {}
    if not tokens.get("input_tokens") or tokens.get("total_tokens") != tokens["input_tokens"] + tokens["output_tokens"]:
        problems.append(f"the tokens are {tokens}")
    if "I was charged twice" not in json.dumps(root["inputs"]) or "pay it back" not in json.dumps(root["outputs"]):
        problems.append(f"the root's inputs and outputs are {root['inputs']} and {root['outputs']}")
    if "a-key-of-the-model" in json.dumps(trace):
        problems.append("the key is in it")
    return problems


if __name__ == "__main__":
    sys.exit(main())
