"""A strict client over the pipes of a server process, which adds as little as it can to what it times.

A thread reads frames and stamps each when its last byte has come, before anything is decoded. Whatever is no frame, an answer to no
request, or a second answer, is a failure of the server.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import queue
import re
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Message = dict[str, Any]
_HEADER = re.compile(rb"Content-Length: (\d+)\r\n(?:Content-Type: [^\r\n]+\r\n)?\r\n")
_LONGEST_HEADER = 200
_PIPE_BYTES = 1 << 20


class ServerFailed(Exception):
    """The server ended, did not answer in time, or wrote what it must not write."""


@dataclass(frozen=True, slots=True)
class Received:
    """``at``: when its last byte had come, by ``time.perf_counter``."""

    at: float
    message: Message


class Client:
    """One server process. Only :meth:`send` and :meth:`close` are for other threads as well."""

    def __init__(self, command: Sequence[str], *, folder: Path, log: Path, seconds: float = 30.0) -> None:
        self.seconds = seconds
        self.log = log
        self.began = time.perf_counter()
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, cwd=folder, bufsize=0
            )
        assert self.process.stdin is not None and self.process.stdout is not None
        self._stdin, self._stdout = self.process.stdin, self.process.stdout
        for pipe in (self._stdin, self._stdout):
            with contextlib.suppress(OSError, AttributeError):
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._writing = threading.Lock()
        self._inbox: queue.SimpleQueue[Received | ServerFailed] = queue.SimpleQueue()
        self._waiting: set[int] = set()
        self._answers: dict[int, Received] = {}
        self._notifications: list[Received] = []
        self._next = 0
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- sending

    def send(self, *messages: Message) -> float:
        """Write all in one go. What comes back is when the write that took the last byte began: when it has returned, this thread may
        have to wait for its turn, and the answer may be there already."""
        view = memoryview(b"".join(map(_framed, messages)))
        began = time.perf_counter()
        try:
            with self._writing:
                while view:
                    began = time.perf_counter()
                    view = view[self._stdin.write(view) :]
                return began
        except OSError as error:
            raise ServerFailed(f"the server reads no more: {error}{self._last_words()}") from error

    def request(self, method: str, params: Any = None) -> Message:
        """A request to send; its id is waited for from now on."""
        self._next += 1
        self._waiting.add(self._next)
        message: Message = {"jsonrpc": "2.0", "id": self._next, "method": method}
        return message if params is None else {**message, "params": params}

    def ask(self, method: str, params: Any = None) -> Any:
        """Send a request and wait for its result."""
        request = self.request(method, params)
        self.send(request)
        return result_of(self.answer(request))

    def notify(self, method: str, params: Any) -> float:
        return self.send(notification(method, params))

    # ---- receiving

    def answer(self, request: Message) -> Received:
        number = request["id"]
        deadline = time.monotonic() + self.seconds
        while number not in self._answers:
            self._receive(deadline, request["method"])
        return self._answers.pop(number)

    def notified(self, wanted: Callable[[Message], bool], what: str) -> Received:
        """The first notification that is ``wanted``; those before it are dropped."""
        deadline = time.monotonic() + self.seconds
        while True:
            while self._notifications:
                found = self._notifications.pop(0)
                if wanted(found.message):
                    return found
            self._receive(deadline, what)

    def forget_notifications(self) -> None:
        """Drop what was sent up to now."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._sort(self._inbox.get_nowait())
        self._notifications.clear()

    def _receive(self, deadline: float, what: str) -> None:
        try:
            self._sort(self._inbox.get(timeout=max(0.0, deadline - time.monotonic())))
        except queue.Empty:
            raise ServerFailed(f"nothing came for {what} in {self.seconds:.0f} s{self._last_words()}") from None

    def _sort(self, found: Received | ServerFailed) -> None:
        if isinstance(found, ServerFailed):
            raise ServerFailed(f"{found}{self._last_words()}")
        message = found.message
        if "method" in message:
            self._notifications.append(found)
        elif message.get("id") not in self._waiting:
            raise ServerFailed(f"an answer to no request, or a second one: {str(message)[:200]}")
        else:
            self._waiting.discard(message["id"])
            self._answers[message["id"]] = found

    def _read(self) -> None:
        data = bytearray()
        try:
            while piece := self._stdout.read(_PIPE_BYTES):
                at = time.perf_counter()
                data += piece
                while (body := _cut(data)) is not None:
                    self._take(Received(at, json.loads(body)))
            self.process.wait(timeout=self.seconds)
            raise ServerFailed("the server has ended" + (f" within a frame: {bytes(data[:200])!r}" if data else ""))
        except (ServerFailed, ValueError, OSError, subprocess.SubprocessError) as error:
            self._inbox.put(ServerFailed(str(error)))

    def _take(self, found: Received) -> None:
        message = found.message
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            raise ServerFailed(f"not a message: {str(message)[:200]}")
        if "method" in message and "id" in message:
            items = (message.get("params") or {}).get("items", ())
            result = [None for _ in items] if message["method"] == "workspace/configuration" else None
            self.send({"jsonrpc": "2.0", "id": message["id"], "result": result})
        else:
            self._inbox.put(found)

    # ---- the process

    def close(self) -> int:
        """Shut down in order, or kill; the exit code."""
        try:
            self.seconds = min(self.seconds, 10.0)
            self.ask("shutdown")
            self.notify("exit", None)
            self.process.wait(timeout=10)
        except (ServerFailed, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        with contextlib.suppress(OSError):
            self._stdin.close()
        return self.process.returncode

    def cpu_seconds(self) -> float:
        """User and system time of the process up to now, in steps of the kernel's clock (mostly 10 ms)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self) -> int:
        """Resident memory of the process with its children."""
        return sum(_resident(pid) for pid in _family(self.process.pid))

    def _last_words(self) -> str:
        said = self.log.read_text(errors="replace").strip().splitlines()[-3:]
        return f" (it said: {' | '.join(said)[:500]})" if said else ""


def notification(method: str, params: Any) -> Message:
    return {"jsonrpc": "2.0", "method": method} | ({} if params is None else {"params": params})


def result_of(answer: Received) -> Any:
    """The result.

    Raises:
        ServerFailed: the answer is an error.
    """
    if "error" in answer.message:
        raise ServerFailed(f"an error was answered: {str(answer.message['error'])[:300]}")
    return answer.message.get("result")


def _framed(message: Message) -> bytes:
    # Surrogates that stand alone are written as escapes: there is no UTF-8 for them.
    body = json.dumps(message, ensure_ascii=False)
    try:
        data = body.encode()
    except UnicodeEncodeError:
        data = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(data), data)


def _cut(data: bytearray) -> bytes | None:
    """Take the first frame's body off ``data``, if it is there."""
    match = _HEADER.match(data)
    if match is None:
        if len(data) > _LONGEST_HEADER or not data.startswith(b"Content-Length: "[: len(data)]):
            raise ServerFailed(f"not a frame: {bytes(data[:_LONGEST_HEADER])!r}")
        return None
    end = match.end() + int(match[1])
    if len(data) < end:
        return None
    body = bytes(data[match.end() : end])
    del data[:end]
    return body


def _family(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            found += [int(child) for child in Path(f"/proc/{one}/task/{one}/children").read_text().split()]
    return found


def _resident(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    match = re.search(r"VmRSS:\s+(\d+) kB", status)
    return 1024 * int(match[1]) if match else 0
