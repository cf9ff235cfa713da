"""A client that speaks bytes: for what a well-behaved client never does, and with a reader that forgives nothing."""

from __future__ import annotations

import json
import os
import queue
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

SERVER = [sys.executable, "-m", "adalang.lsp"]
_HEADER = re.compile(rb"Content-Length: (\d+)\r\n\r\n")
SECONDS = 20.0


class Wire:
    """A server process with its pipes. Every byte that it writes has to belong to a frame."""

    def __init__(self, *, command: list[str] = SERVER, stderr: int = subprocess.DEVNULL) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
        assert self.process.stdin is not None and self.process.stdout is not None
        self._stdin, self._stdout = self.process.stdin, self.process.stdout
        self._messages: queue.Queue[Any] = queue.Queue()
        self.skipped: list[dict[str, Any]] = []
        self.hangs = False
        self._next = 0
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self._stdin.close()

    def _read(self) -> None:
        """Strict: a byte outside a frame ends the reading with an error that the next ``message`` raises."""
        data = b""
        try:
            while piece := os.read(self._stdout.fileno(), 65536):
                data += piece
                while match := _HEADER.match(data):
                    end = match.end() + int(match.group(1))
                    if len(data) < end:
                        break
                    self._messages.put(json.loads(data[match.end() : end]))
                    data = data[end:]
                if data and not (b"Content-Length: ".startswith(data[:16]) or data.startswith(b"Content-Length: ")):
                    raise AssertionError(f"not a frame: {data[:200]!r}")
            assert not data, f"cut off: {data[:200]!r}"
            self._messages.put(None)
        except Exception as error:
            self._messages.put(error)

    # ---- sending

    def write(self, data: bytes) -> None:
        self._stdin.write(data)
        self._stdin.flush()

    def send(self, **message: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def notify(self, method: str, params: Any = None) -> None:
        self.send(method=method, params=params)

    def ask(self, method: str, params: Any = None) -> int:
        """Send a request without waiting; gives its id."""
        self._next += 1
        self.send(id=self._next, method=method, params=params)
        return self._next

    # ---- receiving

    def message(self) -> Any:
        """The next message; ``None`` when the server has closed its side."""
        try:
            found = self._messages.get(timeout=SECONDS)
        except queue.Empty:
            self.hangs = True
            raise AssertionError(f"nothing has come within {SECONDS:g} s") from None
        if isinstance(found, Exception):
            raise found
        return found

    def answer(self, request_id: int | str) -> dict[str, Any]:
        """The answer to a request, which may have come before another's; requests of the server are answered with null meanwhile, the
        rest is kept."""
        for found in self.skipped:
            if "method" not in found and found.get("id") == request_id:
                return dict(found)
        while True:
            found = self.message()
            assert found is not None, "the server has closed its side"
            if "method" not in found and found.get("id") == request_id:
                return dict(found)
            self._other(found)

    def result(self, method: str, params: Any = None) -> Any:
        answer = self.answer(self.ask(method, params))
        assert "error" not in answer, answer
        return answer["result"]

    def error(self, method: str, params: Any = None) -> int:
        """The code of the error that a request is answered with."""
        answer = self.answer(self.ask(method, params))
        assert "error" in answer, answer
        assert answer["error"]["message"]
        return int(answer["error"]["code"])

    def until(self, method: str) -> dict[str, Any]:
        """The params of the next notification of this method."""
        while True:
            found = self.message()
            assert found is not None, "the server has closed its side"
            if found.get("method") == method and "id" not in found:
                return dict(found["params"])
            self._other(found)

    def _other(self, message: dict[str, Any]) -> None:
        if "method" in message and "id" in message:
            self.send(id=message["id"], result=None)
        self.skipped.append(message)

    # ---- the usual

    def initialize(self, *, capabilities: Any = None, root: Path | None = None, **params: Any) -> dict[str, Any]:
        folders = [{"uri": root.as_uri(), "name": root.name}] if root is not None else None
        given = {"processId": os.getpid(), "rootUri": None, "capabilities": capabilities or {}, **params}
        result = self.result("initialize", {**given, "workspaceFolders": folders})
        self.notify("initialized", {})
        return dict(result)

    def open(self, uri: str, text: str, version: int = 1) -> None:
        document = {"uri": uri, "languageId": "adal", "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def pull(self, uri: str) -> list[dict[str, Any]]:
        return list(self.result("textDocument/diagnostic", {"textDocument": {"uri": uri}})["items"])

    def exit_code(self) -> int:
        return self.process.wait(timeout=SECONDS)


PULL = {"textDocument": {"diagnostic": {}}}
