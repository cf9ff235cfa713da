"""Answers from Python while they are written: ``for piece in program.reply.stream(ticket)``, or ``async for … astream``."""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import aclosing
from typing import Any

from adalang.runtime.listening import Listening, Piece, listened

__all__ = ["Piece", "astream", "stream"]

Call = Callable[..., Awaitable[Any]]


async def astream(call: Call, positional: tuple[Any, ...], inputs: Mapping[str, Any]) -> AsyncGenerator[Piece[Any]]:
    """The pieces of what a coroutine function answers; leaving the loop early ends the call.

    Raises what the call raises, after the pieces that came.
    """
    loop, news = asyncio.get_running_loop(), asyncio.Event()
    listening = Listening(lambda: loop.call_soon_threadsafe(news.set))
    with listened(listening):
        task = loop.create_task(_awaited(call(*positional, **inputs)))
    task.add_done_callback(lambda _: news.set())
    try:
        while not task.done():
            await news.wait()
            news.clear()
            if (piece := listening.take()) is not None and not task.done():
                yield piece
        yield listening.finish(task.result())
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


def stream(call: Call, positional: tuple[Any, ...], inputs: Mapping[str, Any]) -> Generator[Piece[Any]]:
    """:func:`astream` for plain code, where a loop may be running already: it runs in a thread of its own."""
    pieces: queue.SimpleQueue[Piece[Any] | BaseException | None] = queue.SimpleQueue()
    left = threading.Event()

    async def consume() -> None:
        task = asyncio.current_task()
        assert task is not None
        leave.append((asyncio.get_running_loop(), task))
        if left.is_set():
            return
        async with aclosing(astream(call, positional, inputs)) as found:
            async for piece in found:
                pieces.put(piece)

    def run() -> None:
        try:
            asyncio.run(consume())
        except BaseException as error:
            pieces.put(error)
        else:
            pieces.put(None)

    leave: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = []
    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), name="adalang stream", daemon=True)
    thread.start()
    try:
        while (piece := pieces.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            yield piece
    finally:
        left.set()
        if thread.is_alive() and leave:
            loop, task = leave[0]
            try:
                loop.call_soon_threadsafe(task.cancel)
            except RuntimeError:
                pass  # the loop has just ended
        thread.join()


async def _awaited(found: Awaitable[Any]) -> Any:
    return await found
