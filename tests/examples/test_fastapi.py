"""The web service among the examples, as a real server on loopback."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "fastapi"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("service") / "fastapi"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".adalang", "__pycache__"))
    (folder / "adalang.toml").write_text("")
    log = folder / "server.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "app:app", "--port", "0"],
            cwd=folder,
            env={name: value for name, value in os.environ.items() if not name.startswith("ADALANG_")},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _address(server, log)
        server.send_signal(signal.SIGTERM)
        server.wait(30)
        said = log.read_text()
        assert "Application shutdown complete" in said and "Traceback" not in said, said
    finally:
        server.kill()
        server.wait()


def _address(server: subprocess.Popen[bytes], log: Path) -> str:
    while (found := re.search(r"running on (http://[\d.:]+)", log.read_text())) is None:
        with pytest.raises(subprocess.TimeoutExpired):
            server.wait(0.05)
    return found[1]


def post(service: str, path: str, body: Any) -> Any:
    request = Request(service + path, json.dumps(body).encode(), {"content-type": "application/json"})
    with urlopen(request, timeout=60) as answer:
        return json.load(answer)


def test_it_answers_many_at_once_with_values_of_the_declared_types(service: str) -> None:
    tickets = [f"My parcel number {number} is late, I need it today." for number in range(20)]
    with ThreadPoolExecutor(8) as clients:
        found = list(clients.map(lambda text: post(service, "/triage", {"text": text}), tickets))
    assert found == [{"team": "shipping", "urgent": True}] * 20
    assert post(service, "/team", {"text": "I was charged on my card."}) == "billing"


def test_it_tells_what_a_request_cost(service: str) -> None:
    texts = [{"text": "My card was charged."}, {"text": "It arrived broken."}]
    found = post(service, "/triage/all", texts)
    assert [one["team"] for one in found["found"]] == ["billing", "returns"]
    assert found["tokens"] > 0 and found["usd"] == 0


def test_a_reply_comes_as_events(service: str) -> None:
    body = json.dumps({"text": "My card was charged twice."}).encode()
    with urlopen(Request(f"{service}/reply", body, {"content-type": "application/json"}), timeout=60) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = [json.loads(line.removeprefix(b"data: ")) for line in answer if line.strip()]
    assert (
        "".join(event["text"] for event in events) == "A card that was charged twice gets the money back within a week."
    )
    assert [event["done"] for event in events] == [False] * (len(events) - 1) + [True]


def test_what_is_no_ticket_is_refused(service: str) -> None:
    with pytest.raises(HTTPError) as refused:
        post(service, "/triage", {"text": ""})
    assert refused.value.code == 422


def test_its_description_has_the_types_of_the_file(service: str) -> None:
    with urlopen(f"{service}/openapi.json", timeout=60) as answer:
        schemas = json.load(answer)["components"]["schemas"]
    assert schemas["Triage"]["properties"]["team"]["enum"] == ["returns", "billing", "shipping"]
    assert schemas["Triage"]["required"] == ["team", "urgent"]
