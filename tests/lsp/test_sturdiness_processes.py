"""Three processes: the client, the server and its worker. Whichever dies, the others do what a person would want of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.lsp.wire import PULL, SERVER, Wire

GONE_SECONDS = 2.0
MARGIN_SECONDS = 1.0  # for a machine that has other things to do
T = TypeVar("T")

PAGE = '''\
model offline = "builtin/lexical"

prompt classify(ticket: str) -> "billing" | "technical" {
  model = offline
  system = """billing: words such as money. technical: words such as computers."""
  user = """{{ ticket }}"""
}

dataset tickets = [
  { ticket = "money was taken", label = "billing" },
  { ticket = "the computers crash", label = "technical" },
]

eval routing of classify {
  data = tickets
  expect = row.label
  metric = python("judge.py:judge")
}
'''
JUDGE = """\
import os, sys, time

def judge(output, expected):
    open("started", "w").close()
    while os.path.exists("hold"):
        time.sleep(0.05)
    if os.path.exists("act"):
        exec(open("act").read())
    return float(output == expected)
"""

# A client that has its server evaluate something that takes for ever.
CLIENT = """
import json, subprocess, sys
server = subprocess.Popen(json.loads(sys.argv[1]), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
print(server.pid, flush=True)
for message in json.loads(sys.argv[2]):
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    server.stdin.write(b"Content-Length: %d\\r\\n\\r\\n%s" % (len(body), body))
    server.stdin.flush()
server.wait()
"""


def workspace(folder: Path, *, hold: bool = False) -> str:
    (folder / "adalang.toml").touch()
    (folder / "judge.py").write_text(JUDGE, encoding="utf-8")
    page = folder / "page.adal"
    page.write_text(PAGE, encoding="utf-8")
    if hold:
        (folder / "hold").touch()
    return page.as_uri()


def command(name: str, *arguments: Any) -> dict[str, Any]:
    return {"command": f"adalang.server.{name}", "arguments": list(arguments)}


def soon(look: Callable[[], T | None], seconds: float = 20.0) -> T:
    """What ``look`` finds, as soon as it finds anything."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.02)


def children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, ppid = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(ppid) == parent and state != "Z":
            found.append(int(entry.name))
    return found


def is_gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has asked about its end counts."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def evaluating(wire: Wire, folder: Path, uri: str) -> tuple[int, int]:
    """Start an evaluation and wait until user code runs; gives the request's id and the worker's pid."""
    asked = wire.ask("workspace/executeCommand", command("evaluate", uri, "routing"))
    soon((folder / "started").exists)
    (worker,) = children(wire.process.pid)
    return asked, worker


# ---- the client dies


def test_a_client_that_is_killed_takes_the_server_and_its_worker_along(tmp_path: Path) -> None:
    uri = workspace(tmp_path, hold=True)
    folder = {"uri": tmp_path.as_uri(), "name": "x"}
    initialize = {"processId": None, "rootUri": None, "capabilities": {}, "workspaceFolders": [folder]}
    messages = [
        {"id": 1, "method": "initialize", "params": initialize},
        {"method": "initialized", "params": {}},
        {"id": 2, "method": "workspace/executeCommand", "params": command("evaluate", uri, "routing")},
    ]
    client = subprocess.Popen(
        [sys.executable, "-c", CLIENT, json.dumps(SERVER), json.dumps(messages)], stdout=subprocess.PIPE
    )
    assert client.stdout is not None
    with client.stdout:
        server = int(client.stdout.readline())
    soon((tmp_path / "started").exists)
    (worker,) = children(server)
    client.kill()
    client.wait()
    soon(lambda: is_gone(server) and is_gone(worker), GONE_SECONDS + MARGIN_SECONDS)


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "evaluating"])
def test_a_client_that_is_killed_while_others_hold_the_pipes(tmp_path: Path, busy: bool) -> None:
    """As when an editor's helper process has inherited them: only the client's process id tells."""
    uri = workspace(tmp_path, hold=True)
    client = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with Wire() as wire:
        wire.initialize(root=tmp_path, processId=client.pid)
        wire.open(uri, PAGE)
        processes = [wire.process.pid]
        if busy:
            processes.append(evaluating(wire, tmp_path, uri)[1])
        client.kill()
        client.communicate()
        soon(lambda: all(map(is_gone, processes)), GONE_SECONDS + MARGIN_SECONDS)
        assert wire.exit_code() == 1


def test_a_client_that_is_dead_already(tmp_path: Path) -> None:
    client = subprocess.Popen([sys.executable, "-c", ""])
    client.wait()
    with Wire() as wire:
        wire.initialize(processId=client.pid)
        assert wire.exit_code() == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_server_and_its_worker(tmp_path: Path, number: int) -> None:
    uri = workspace(tmp_path, hold=True)
    with Wire() as wire:
        wire.initialize(root=tmp_path)
        _, worker = evaluating(wire, tmp_path, uri)
        wire.process.send_signal(number)
        assert wire.exit_code() != 0
        soon(lambda: is_gone(worker), GONE_SECONDS + MARGIN_SECONDS)


def test_a_client_that_does_not_read_any_more(tmp_path: Path) -> None:
    """The server cannot get rid of its answers; when the client is gone, it goes all the same."""
    client = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    server = subprocess.Popen(SERVER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert server.stdin is not None and server.stdout is not None
    text = "".join(f'param p{number} = "x"\n' for number in range(5000))
    document = {"uri": "untitled:x.adal", "languageId": "adal", "version": 1, "text": text}
    symbols = {"textDocument": {"uri": "untitled:x.adal"}}
    try:
        for message in (
            {"id": 1, "method": "initialize", "params": {"processId": client.pid, "rootUri": None, "capabilities": {}}},
            {"method": "initialized", "params": {}},
            {"method": "textDocument/didOpen", "params": {"textDocument": document}},
            *({"id": n, "method": "textDocument/documentSymbol", "params": symbols} for n in range(2, 12)),
        ):
            body = json.dumps({"jsonrpc": "2.0", **message}).encode()
            server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            server.stdin.flush()
        time.sleep(1.0)  # until the pipe is full
        assert server.poll() is None
        client.kill()
        client.communicate()
        assert server.wait(timeout=GONE_SECONDS + MARGIN_SECONDS) != 0
    finally:
        server.kill()
        server.communicate()
        client.kill()


# ---- the worker dies


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("os._exit(3)", "judge.py:judge failed: it ended its process (exit code 3)"),
        ("os.kill(os.getpid(), 11)", "judge.py:judge failed: it ended its process (signal SIGSEGV)"),
        ("os.kill(os.getpid(), 9)", "judge.py:judge failed: it ended its process (signal SIGKILL)"),
    ],
    ids=["exit", "segmentation fault", "out of memory"],
)
def test_user_code_that_ends_its_process_ends_no_worker(tmp_path: Path, act: str, said: str) -> None:
    uri = workspace(tmp_path)
    (tmp_path / "act").write_text(act, encoding="utf-8")
    with Wire() as wire:
        wire.initialize(root=tmp_path)
        wire.open(uri, PAGE)
        answer = wire.answer(wire.ask("workspace/executeCommand", command("evaluate", uri, "routing")))
        assert said in answer["error"]["message"]
        workers = children(wire.process.pid)
        (tmp_path / "act").unlink()
        assert wire.result("workspace/executeCommand", command("evaluate", uri, "routing"))["score"] == 1.0
        assert children(wire.process.pid) == workers


def test_user_code_that_raises_what_it_likes(tmp_path: Path) -> None:
    uri = workspace(tmp_path)
    with Wire() as wire:
        wire.initialize(root=tmp_path)
        wire.open(uri, PAGE)
        for act in ("sys.exit(1)", "raise KeyboardInterrupt", "raise BaseException('x')", "1 / 0", "raise MemoryError"):
            (tmp_path / "act").write_text(act, encoding="utf-8")
            answer = wire.answer(wire.ask("workspace/executeCommand", command("evaluate", uri, "routing")))
            assert "error" in answer or answer["result"]["score"] != 1.0, act
            (tmp_path / "act").unlink()
            assert wire.result("workspace/executeCommand", command("evaluate", uri, "routing"))["score"] == 1.0


def test_a_worker_that_was_killed_while_it_had_nothing_to_do(tmp_path: Path) -> None:
    uri = workspace(tmp_path)
    with Wire() as wire:
        wire.initialize(root=tmp_path)
        wire.open(uri, PAGE)
        assert wire.result("workspace/executeCommand", command("evaluate", uri, "routing"))["score"] == 1.0
        (worker,) = children(wire.process.pid)
        os.kill(worker, signal.SIGKILL)
        answer = wire.answer(wire.ask("workspace/executeCommand", command("run", uri, "classify")))
        assert "result" in answer or "ended unexpectedly (signal 9)" in answer["error"]["message"]
        assert wire.result("workspace/executeCommand", command("run", uri, "classify"))["output"] == "billing"


def test_several_commands_share_a_worker_and_all_hear_of_its_end(tmp_path: Path) -> None:
    uri = workspace(tmp_path, hold=True)
    with Wire() as wire:
        wire.initialize(root=tmp_path)
        wire.open(uri, PAGE)
        first, worker = evaluating(wire, tmp_path, uri)
        others = [wire.ask("workspace/executeCommand", command("evaluate", uri, "routing")) for _ in range(3)]
        assert wire.result(
            "textDocument/hover", {"textDocument": {"uri": uri}, "position": {"line": 2, "character": 9}}
        )
        time.sleep(1)  # the others have reached the worker by now, on a busy machine too
        os.kill(worker, signal.SIGKILL)
        for asked in (first, *others):
            assert "ended unexpectedly (signal 9)" in wire.answer(asked)["error"]["message"]


# ---- work that is cancelled


def test_a_running_command_is_cancelled_by_its_id(tmp_path: Path) -> None:
    uri = workspace(tmp_path, hold=True)
    with Wire() as wire:
        wire.initialize(root=tmp_path)
        wire.open(uri, PAGE)
        asked, _ = evaluating(wire, tmp_path, uri)
        wire.notify("$/cancelRequest", {"id": asked})
        (tmp_path / "hold").unlink()
        assert wire.answer(asked)["error"]["code"] == -32800
        wire.notify("$/cancelRequest", {"id": asked})  # too late: nothing happens
        assert wire.result("workspace/executeCommand", command("evaluate", uri, "routing"))["score"] == 1.0
        assert [one for one in wire.skipped if "method" not in one] == []


def test_shutdown_answers_what_runs_and_ends_the_worker(tmp_path: Path) -> None:
    uri = workspace(tmp_path, hold=True)
    with Wire() as wire:
        wire.initialize(root=tmp_path)
        wire.open(uri, PAGE)
        asked, worker = evaluating(wire, tmp_path, uri)
        assert wire.result("shutdown") is None
        wire.notify("exit")
        assert wire.exit_code() == 0
        while (found := wire.message()) is not None:
            wire.skipped.append(found)
        answers = [one for one in wire.skipped if one.get("id") == asked and "method" not in one]
        assert [one["error"]["code"] for one in answers] == [-32800]
        soon(lambda: is_gone(worker), GONE_SECONDS + MARGIN_SECONDS)


# ---- folders and settings


def names(wire: Wire) -> set[str]:
    found = wire.result("workspace/diagnostic", {"previousResultIds": []})["items"]
    return {"/".join(Path(one["uri"]).parts[-2:]) for one in found if one["kind"] == "full"}


def test_folders_come_and_go(tmp_path: Path) -> None:
    folders = []
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        workspace(tmp_path / name)
        folders.append({"uri": (tmp_path / name).as_uri(), "name": name})
    with Wire() as wire:
        wire.initialize(capabilities=PULL, root=tmp_path / "one")
        assert names(wire) == {"one/page.adal"}

        def change(added: list[Any], removed: list[Any]) -> set[str]:
            wire.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": added, "removed": removed}})
            return names(wire)

        one, two, three = folders
        assert change([two, three], []) == {"one/page.adal", "two/page.adal", "three/page.adal"}
        assert change([two], []) == {"one/page.adal", "two/page.adal", "three/page.adal"}
        assert change([], [one, three]) == {"two/page.adal"}
        assert change([], [one, {"uri": "untitled:x", "name": "x"}, {"uri": "file:///nowhere", "name": "x"}]) == {
            "two/page.adal"
        }
        missing = {"uri": (tmp_path / "missing").as_uri(), "name": "missing"}
        assert change([missing, one], [two]) == {"one/page.adal"}
        assert change([], folders) == set()
        # A file of each root is worked on by the worker of its own root.
        for name in ("two", "three"):
            uri = (tmp_path / name / "page.adal").as_uri()
            wire.open(uri, PAGE)
            assert wire.result("workspace/executeCommand", command("evaluate", uri, "routing"))["score"] == 1.0
            assert (tmp_path / name / ".adalang").is_dir()
        assert not (tmp_path / "one" / ".adalang").exists()
        assert len(children(wire.process.pid)) == 2


def test_a_configuration_that_changes_and_that_is_wrong(tmp_path: Path) -> None:
    uri = workspace(tmp_path)
    config = tmp_path / "adalang.toml"
    with Wire() as wire:
        wire.initialize(root=tmp_path)
        wire.open(uri, PAGE)
        for text in (
            "",
            "model = ",
            'model = 5\nnobody = "knows"\n',
            "\x00\xff",
            'concurrency = "many"\n',
            "concurrency = 2\n",
        ):
            config.write_text(text, encoding="latin-1")
            wire.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": config.as_uri(), "type": 2}]})
            answer = wire.answer(wire.ask("workspace/executeCommand", command("run", uri, "classify")))
            assert answer.get("result", {}).get("output") == "billing" or "adalang.toml" in answer["error"]["message"]
        config.unlink()
        wire.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": config.as_uri(), "type": 3}]})
        config.mkdir()
        wire.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": config.as_uri(), "type": 1}]})
        wire.notify("workspace/didChangeConfiguration", {"settings": {"adalang": None}})
        assert wire.result("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
