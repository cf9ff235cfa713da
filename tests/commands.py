"""`adalang` commands as processes of their own that do not begin with seconds of imports.

A process that has imported all of adalang, and litellm, forks once per command. So each command still has a process with its
own folder, environment, streams and exit code, and none sees what another has left behind.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

SECONDS = 110.0


def run_command(
    *arguments: str,
    cwd: Path,
    environment: Mapping[str, str],
    stdin: str = "",
    started: Callable[[int], object] = lambda process: None,
    together: bool = False,
) -> subprocess.CompletedProcess[str]:
    """What `python -m adalang ARGUMENTS` writes and ends with; ``started`` is told the process's id. ``together``: standard error
    is part of standard output, in the order of writing.

    Raises:
        subprocess.TimeoutExpired: it took longer than ``SECONDS`` and was killed.
    """
    command = [sys.executable, "-m", "adalang", *arguments]
    if sys.platform != "linux":  # elsewhere a fork, or a socket for whole messages, cannot be counted on
        pipe = subprocess.PIPE
        with subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.STDOUT if together else pipe,
            text=True,
        ) as process:
            started(process.pid)
            try:
                written, errors = process.communicate(stdin, timeout=SECONDS)
            finally:
                process.kill()
        return subprocess.CompletedProcess(command, process.returncode, written, errors)
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin.encode())
        given.seek(0)
        told = {"arguments": arguments, "cwd": str(cwd), "environment": dict(environment)}
        code = _forker().run(told, [given.fileno(), out.fileno(), (out if together else err).fileno()], started)
        if code is None:
            raise subprocess.TimeoutExpired(command, SECONDS)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(command, code, out.read().decode(), err.read().decode())


def run_on(
    streams: list[int],
    *arguments: str,
    cwd: Path,
    environment: Mapping[str, str],
    started: Callable[[int], object] = lambda process: None,
) -> int | None:
    """The exit code of the command with these standard streams (a terminal's, say), or ``None`` when it had to be killed. Linux."""
    told = {"arguments": arguments, "cwd": str(cwd), "environment": dict(environment)}
    return _forker().run(told, streams, started)


class _Forker:
    """The process that forks, as the tests see it: one command at a time."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.commands", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                start_new_session=True,
            )

    def run(self, told: Mapping[str, object], streams: list[int], started: Callable[[int], object]) -> int | None:
        """The command's exit code, or ``None`` when it had to be killed."""
        with self._lock:
            socket.send_fds(self._socket, [json.dumps(told).encode()], streams)
            process = int(self._socket.recv(100))
            started(process)
            self._socket.settimeout(SECONDS)
            try:
                return int(self._socket.recv(100))
            except TimeoutError:
                os.kill(process, signal.SIGKILL)
                self._socket.settimeout(None)
                self._socket.recv(100)
                return None
            finally:
                self._socket.settimeout(None)


@cache
def _forker() -> _Forker:
    return _Forker()


def _serve(requests: socket.socket) -> None:
    """Fork for each request until nobody is left who could send one."""
    while True:
        told, streams, *_ = socket.recv_fds(requests, 1 << 20, 3)
        if not told:
            return
        process = os.fork()
        if process == 0:
            requests.close()
            _become(json.loads(told), streams)
        for stream in streams:
            os.close(stream)
        requests.send(str(process).encode())
        _, status = os.waitpid(process, 0)
        requests.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(told: dict[str, Any], streams: list[int]) -> NoReturn:
    """Be the command, in a process that was just forked, and end as it ends."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
    os.chdir(told["cwd"])
    os.environ.clear()
    os.environ.update(told["environment"])
    sys.argv = ["adalang", *told["arguments"]]
    code: object = 0
    try:
        runpy.run_module("adalang", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    # As Python ends, but for taking litellm's modules apart, which takes longer than most commands.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(int(str(code)))


def _warm() -> None:
    import adalang
    from adalang.runtime.models.litellm_lane import load_litellm

    for module in pkgutil.walk_packages(adalang.__path__, "adalang."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    load_litellm()
    assert threading.active_count() == 1, "a fork would be without these threads"


if __name__ == "__main__":
    os.set_inheritable(int(sys.argv[1]), False)
    _warm()
    _serve(socket.socket(fileno=int(sys.argv[1])))
