"""Runs a command, and leaves nothing of it behind: ``python -I -S watch.py COMMAND ARGUMENT…``. Needs the standard library alone.

The command has this process's standard streams. When the caller asks for an end (SIGTERM), or its end of standard input is
closed (because it is dead, say) and the command does not end by itself, or when the command does end, then all that the
command ever started is killed, and this process ends as the command did (after a signal: 128 and its number).
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time
from collections.abc import Callable

_DIE_WITH_PARENT, _ADOPT_ORPHANS = 1, 36  # prctl(2): PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER
_GRACE_SECONDS, _END_SECONDS = 1.0, 5.0


def main() -> None:
    _prctl(_ADOPT_ORPHANS, 1)
    _prctl(_DIE_WITH_PARENT, signal.SIGTERM)
    woken, wakes = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    come: set[int] = set()
    for one in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(one, lambda number, _: come.add(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    command = os.fork()
    if command == 0:
        _become(sys.argv[1:])
    os.close(1)  # so that the caller sees the end of what the command writes
    status = _watch(command, woken, come)
    _end_all(command)
    os._exit(0 if status is None else os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))


def _become(command: list[str]) -> None:
    signal.set_wakeup_fd(-1)
    for one in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGINT, signal.SIGPIPE):
        signal.signal(one, signal.SIG_DFL)
    os.setpgid(0, 0)
    _prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    os._exit(127)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _watch(command: int, woken: int, come: set[int]) -> int | None:
    """Wait until the command has ended, and give its status; ``None`` when the caller is gone or wants an end."""
    poll = select.poll()
    poll.register(0, 0)  # only that it was hung up: what comes in is the command's
    poll.register(woken, select.POLLIN)
    until: float | None = None
    while until is None or time.monotonic() < until:
        found = poll.poll(None if until is None else max(0.0, until - time.monotonic()) * 1000)
        if come & {signal.SIGTERM, signal.SIGHUP}:
            return None
        if any(one == 0 for one, _ in found):
            poll.unregister(0)
            until = time.monotonic() + _GRACE_SECONDS
        try:
            os.read(woken, 4096)
        except BlockingIOError:
            pass
        ended = True
        while ended:
            try:
                one, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return 0
            if one == command:
                return status
            ended = one != 0
    return None


def _end_all(command: int) -> None:
    """Kill the command's group, then whoever left it: orphans come to this process."""
    _kill(os.killpg, command)
    until = time.monotonic() + _END_SECONDS
    while time.monotonic() < until:
        for one in _children():
            _kill(os.kill, one)
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.002)
        except ChildProcessError:
            return


def _children() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as listed:  # noqa: PTH123
            return [int(one) for one in listed.read().split()]
    except OSError:
        return []


def _kill(how: Callable[[int, int], None], whom: int) -> None:
    try:
        how(whom, signal.SIGKILL)
    except OSError:
        pass


if __name__ == "__main__":
    main()
