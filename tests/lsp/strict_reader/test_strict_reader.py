"""Nothing but frames on stdout, read as VS Code reads it, while the user's code does all it can to write there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.environment import EXTENSION, need_packages, run_node
from tests.lsp.wire import SERVER

READ = Path(__file__).with_name("read.mjs")
PAGE = '''\
model offline = "builtin/lexical"

prompt classify(ticket: str) -> "billing" | "technical" {
  model = offline
  system = """billing: words such as money. technical: words such as computers."""
  user = """{{ ticket }} 😀 \u2028"""
}

dataset tickets = [
  { ticket = "money was taken", label = "billing" },
  { ticket = "the computers crash", label = "technical" },
]

eval loud of classify {
  data = tickets
  expect = row.label
  metric = python("loud.py:loud")
}
'''
LOUD = """\
import os, subprocess, sys, warnings

print("printed while it is imported", flush=True)
os.write(1, b"Content-Length: 3\\r\\n\\r\\n{}\\n")


def loud(output, expected):
    print("printed", "😀" * 1000, flush=True)
    print("to stderr", file=sys.stderr, flush=True)
    sys.__stdout__.write("to the first stdout\\n")
    sys.__stdout__.flush()
    os.write(1, b"to descriptor 1\\n" * 1000)
    with open("/dev/stdout", "wb", buffering=0) if os.path.exists("/dev/stdout") else open(os.devnull, "wb") as stdout:
        stdout.write(b"to /dev/stdout\\n")
    subprocess.run(["echo", "from a child"], check=True)
    subprocess.run("cat; echo from a shell", shell=True, check=True)
    os.system("echo from another shell")
    warnings.warn("a warning")
    assert sys.stdin.read() == "", "the protocol's input is not the user's"
    return float(output == expected)
"""


@pytest.mark.timeout(120)
def test_only_frames_while_user_code_writes_to_stdout(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    need_packages()
    (tmp_path / "adalang.toml").touch()
    (tmp_path / "loud.py").write_text(LOUD, encoding="utf-8")
    page = tmp_path / "page.adal"
    page.write_text(PAGE, encoding="utf-8")
    uri, folder = page.as_uri(), {"uri": tmp_path.as_uri(), "name": "x"}
    document = {"uri": uri, "languageId": "adal", "version": 1, "text": PAGE}
    progress = {"window": {"workDoneProgress": True}}

    def command(name: str, *arguments: str) -> dict[str, Any]:
        return {"command": f"adalang.server.{name}", "arguments": [uri, *arguments]}

    report = play(
        tmp_path_factory.mktemp("report"),
        {
            "id": 1,
            "method": "initialize",
            "params": {"processId": None, "rootUri": None, "capabilities": progress, "workspaceFolders": [folder]},
        },
        {"method": "initialized", "params": {}},
        {"method": "textDocument/didOpen", "params": {"textDocument": document}},
        {"id": 2, "method": "workspace/executeCommand", "params": command("evaluate", "loud"), "wait": False},
        *({"id": 10 + n, "method": "textDocument/documentSymbol", "params": {"textDocument": {"uri": uri}}} for n in range(20)),
        {"id": 3, "method": "workspace/executeCommand", "params": command("run", "classify")},
        {"id": 4, "method": "workspace/executeCommand", "params": command("evaluate", "loud")},
        {"id": 5, "method": "shutdown"},
        {"method": "exit"},
    )  # fmt: skip
    assert report["errors"] == [] and report["code"] == 0
    assert report["framed"] == report["bytes"] > 0
    assert {request_id: len(found) for request_id, found in report["answers"].items()} == {
        str(n): 1 for n in (1, 2, 3, 4, 5, *range(10, 30))
    }
    assert [report["answers"][n][0]["result"]["score"] for n in ("2", "4")] == [1.0, 1.0]
    assert "$/progress" in report["notifications"]


def play(folder: Path, *messages: dict[str, Any]) -> dict[str, Any]:
    script, report = folder / "script.json", folder / "report.json"
    script.write_text(json.dumps({"command": SERVER, "messages": messages}), encoding="utf-8")
    modules = {"ADALANG_NODE_MODULES": str(EXTENSION / "node_modules")}
    run_node("node", READ, script, report, timeout=100, env=modules)
    return dict(json.loads(report.read_text("utf-8")))
