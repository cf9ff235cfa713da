"""Messages in and out of the process: one reader thread, one queue, one writer; and the client's own life.

The reader sees every message before the loop gets to it, and so knows two things that the loop needs: that a waiting request
has been cancelled meanwhile, and that a newer version of a document is on its way.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections import Counter, deque
from typing import Any, BinaryIO

from adalang.engine.protocol import claim_stdio


def stdio_streams() -> tuple[BinaryIO, BinaryIO]:
    """The client's ends of stdin and stdout; nothing else in the process can write to them any more."""
    return claim_stdio()


def tcp_streams(host: str, port: int) -> tuple[BinaryIO, BinaryIO]:
    """Wait for one client on a TCP port (0: any free one, told on stderr).

    Raises:
        OSError: the address cannot be used.
    """
    with socket.create_server((host, port)) as listener:
        address = listener.getsockname()
        sys.stderr.write(f"adalang server: listening on {address[0]}:{address[1]}\n")
        sys.stderr.flush()
        connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection.makefile("rb"), connection.makefile("wb")


class Inbox:
    """Messages that wait for the loop. ``put`` is called by the reader thread, ``take`` by the loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: deque[Any] = deque()
        self._waiting: Counter[Any] = Counter()
        self._cancelled: set[Any] = set()
        self._changes: Counter[str] = Counter()

    def put(self, message: Any) -> None:
        """Queue a message. The cancellation of a request that still waits is noted instead of queued."""
        with self._lock:
            if isinstance(message, dict):
                if _is_cancel(message) and _cancelled_id(message) in self._waiting:
                    self._cancelled.add(_cancelled_id(message))
                    return
                if _is_request(message):
                    self._waiting[message["id"]] += 1
                elif message.get("method") == "textDocument/didChange":
                    self._changes[_uri(message)] += 1
            self._messages.append(message)

    def take(self) -> tuple[Any, bool] | None:
        """The next message, and whether it was cancelled while it waited; ``None`` when there is none."""
        with self._lock:
            if not self._messages:
                return None
            message = self._messages.popleft()
            if not isinstance(message, dict):
                return message, False
            if _is_request(message):
                request_id = message["id"]
                _count_down(self._waiting, request_id)
                cancelled = request_id in self._cancelled
                self._cancelled.discard(request_id)
                return message, cancelled
            if message.get("method") == "textDocument/didChange":
                _count_down(self._changes, _uri(message))
            return message, False

    def is_outdated(self, uri: str) -> bool:
        """Whether a newer version of the document waits in the queue."""
        with self._lock:
            return uri in self._changes

    def __len__(self) -> int:
        return len(self._messages)


def _count_down(counter: Counter[Any], key: Any) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]


def _is_request(message: dict[str, Any]) -> bool:
    return "method" in message and isinstance(message.get("id"), str | int)


def _is_cancel(message: dict[str, Any]) -> bool:
    return message.get("method") == "$/cancelRequest" and isinstance(_cancelled_id(message), str | int)


def _cancelled_id(message: dict[str, Any]) -> Any:
    params = message.get("params")
    return params.get("id") if isinstance(params, dict) else None


def _uri(message: dict[str, Any]) -> str:
    try:
        return str(message["params"]["textDocument"]["uri"])
    except (KeyError, TypeError):
        return ""


def process_is_alive(pid: int) -> bool:
    """Whether a process exists, whoever owns it."""
    if sys.platform == "win32":
        return _is_alive_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _is_alive_on_windows(pid: int) -> bool:
    import ctypes

    synchronize, timed_out = 0x00100000, 0x102
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    handle = kernel.OpenProcess(synchronize, False, pid)
    if not handle:
        return False
    try:
        return bool(kernel.WaitForSingleObject(handle, 0) == timed_out)
    finally:
        kernel.CloseHandle(handle)
