"""What every caller shares: the questions, and the measuring of a run."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable

SYSTEM = "Classify the customer's ticket. Answer with exactly one of these labels and nothing else: billing | shipping"
WARM_UP = 64
"""Calls before the clock starts: connections, imports and first uses are not what is measured."""


def question(number: int) -> str:
    """The number-th of the distinct tickets."""
    return f"Ticket {number}: I was charged {number % 90 + 10} euros twice for parcel {number * 7919 % 100003}, please help me."


def messages(number: int) -> list[dict[str, str]]:
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question(number)}]


def arguments() -> tuple[str, int, int]:
    """The server's address, the number of calls, the concurrency."""
    return sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


class Clock:
    """CPU time of the process (all its threads) and wall time."""

    def __init__(self) -> None:
        self.cpu, self.wall = time.process_time(), time.perf_counter()

    def tell(self, **more: object) -> None:
        """Print the seconds since the start, as JSON."""
        cpu, wall = time.process_time() - self.cpu, time.perf_counter() - self.wall
        print(json.dumps({"cpu": cpu, "wall": wall, **more}), flush=True)


async def measure(ask: Callable[[int], Awaitable[str]]) -> None:
    """Make the calls, so many at a time, and print what they took. Raises AssertionError for a wrong answer."""
    _, calls, concurrency = arguments()
    limit = asyncio.Semaphore(concurrency)

    async def one(number: int) -> None:
        async with limit:
            answer = await ask(number)
        assert answer in ("billing", "shipping"), answer

    await asyncio.gather(*(one(-1 - number) for number in range(max(WARM_UP, concurrency))))
    clock = Clock()
    await asyncio.gather(*(one(number) for number in range(calls)))
    clock.tell()
