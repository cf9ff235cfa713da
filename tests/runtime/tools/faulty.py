"""A tools file with everything that can go wrong in one."""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Order:
    id: str
    paid: float


def echo(x: str) -> str:
    return x


async def later(x: str) -> str:
    await asyncio.sleep(0)
    return x


def order(x: str):
    return Order(x, 3.5)


def environment(x: str) -> str:
    return os.environ.get(x, "unset")


def printing(x: str) -> str:
    print("printed", x)
    return x


def raises(x: str) -> str:
    raise KeyError("no such\norder")


def leaves(x: str) -> str:
    os._exit(3)


def exits(x: str) -> str:
    sys.exit("bye")


def segfaults(x: str) -> str:
    ctypes.string_at(0)


def hangs(x: str) -> str:
    time.sleep(1000)


async def hangs_async(x: str) -> str:
    await asyncio.sleep(1000)


def hangs_deaf(x: str) -> str:
    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)
    while True:
        pass


def prints_much(x: str) -> str:
    os.write(1, b"x" * 100_000_000)


def gives_much(x: str) -> str:
    return "x" * 100_000_000


def gives_no_json(x: str):
    return {1, 2}


def gives_nan(x: str):
    return float("nan")


def gives_depth(x: str):
    found: list = []
    for _ in range(int(x) if x.isdigit() else 100_000):
        found = [found]
    return found


def gives_itself(x: str):
    found: list = []
    found.append(found)
    return found


def takes_memory(x: str) -> str:
    return str(len(bytearray(8 << 30)))


def forks(x: str) -> str:
    os.fork()
    return x


def daemon(x: str) -> str:
    """Leaves a process behind that nobody's group has."""
    child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    return str(child.pid)


def daemon_and_hang(x: str) -> str:
    Path(x).write_text(daemon(x))
    time.sleep(1000)


def thread(x: str) -> str:
    threading.Thread(target=time.sleep, args=(1000,)).start()
    return x


def process(x: str) -> str:
    return str(os.getpid())


def waits_a_little(x: str) -> str:
    time.sleep(0.1)
    return process(x)


class Unusual(BaseException):
    pass


def raises_base(x: str) -> str:
    raise Unusual("at the base")


def interrupts(x: str) -> str:
    raise KeyboardInterrupt


def prints_much_to_stderr(x: str) -> str:
    sys.stderr.write("y" * 100_000_000)
    return x


def writes_between(x: str) -> str:
    """Writes where only answers go."""
    for number in range(3, 20):
        try:
            os.write(number, b"\0\0\0\5{{{{{")
        except OSError:
            continue
    return x


def whereabouts(x: str) -> str:
    return f"{Path.cwd()} {os.environ.get('PLACE')} {os.environ.get('NEW')}"


def wanders(x: str) -> str:
    os.chdir("/")
    os.environ.update(PLACE="changed", NEW="new")
    return whereabouts(x)
