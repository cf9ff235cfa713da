"""Where a call was made: its callbacks run there, and whatever they raise ends the call.

A call runs on the program's own thread. A plain call answers its callbacks in the thread that waits for it; an awaited one
on the event loop that awaits it.
"""

from __future__ import annotations

import asyncio
import inspect
import queue
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from contextvars import ContextVar, copy_context
from functools import partial
from typing import Any, Protocol, TypeVar

from adalang.runtime.approval import in_daemon_thread

T = TypeVar("T")


class Caller(Protocol):
    def tell(self, callback: Callable[[], object]) -> None:
        """Have a callback run where the call was made. Returns at once."""

    async def ask(self, question: Callable[[], T | Awaitable[T]]) -> T:
        """The answer of a callback that may take as long as a person does; awaited on the program's own loop."""


CALLER: ContextVar[Caller] = ContextVar("adalang caller")
"""Who made the call that runs now."""


class PlainCall:
    """A call whose thread waits for it."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()

    def tell(self, callback: Callable[[], object]) -> None:
        self._waiting.put(callback)

    async def ask(self, question: Callable[[], T | Awaitable[T]]) -> T:
        if is_async(question):  # the thread that waits runs no loop for it
            return await question()  # type: ignore[misc,no-any-return]
        settle, answer = _answer()
        self.tell(lambda: settle(question()))
        return await answer  # type: ignore[no-any-return]

    def wait(self, future: Future[T]) -> T:
        future.add_done_callback(lambda _: self._waiting.put(None))
        try:
            while (callback := self._waiting.get()) is not None:
                callback()
            return future.result()
        finally:
            future.cancel()


class AwaitedCall:
    """A call that a coroutine awaits; made on the coroutine's event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._context = copy_context()
        self._failed: asyncio.Future[None] = self._loop.create_future()
        self._asking: set[asyncio.Task[None]] = set()

    def tell(self, callback: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(self._do, callback, context=self._context)

    async def ask(self, question: Callable[[], T | Awaitable[T]]) -> T:
        settle, answer = _answer()

        async def asked() -> None:
            settle(await question() if is_async(question) else await in_daemon_thread(question))  # type: ignore[misc]

        self.tell(lambda: self._begin(asked()))
        return await answer  # type: ignore[no-any-return]

    async def wait(self, future: Future[T]) -> T:
        finished = asyncio.wrap_future(future)
        try:
            either: set[asyncio.Future[Any]] = {finished, self._failed}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if self._failed.done():
                self._failed.result()
            return await finished
        finally:
            finished.cancel()
            self._failed.cancel()
            for task in self._asking:
                task.cancel()

    def _do(self, callback: Callable[[], object]) -> None:
        try:
            callback()
        except Exception as error:
            self._fail(error)

    def _begin(self, asked: Any) -> None:
        task = self._loop.create_task(asked)
        self._asking.add(task)
        task.add_done_callback(self._asked)

    def _asked(self, task: asyncio.Task[None]) -> None:
        self._asking.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if not self._failed.done():
            self._failed.set_exception(error)


def told(callback: Callable[..., object] | None) -> Callable[..., None]:
    """For what runs now: tells ``callback`` where the call was made."""
    if callback is None:
        return lambda *_: None
    caller = CALLER.get()
    return lambda *told: caller.tell(partial(callback, *told))


def is_async(function: Callable[..., object]) -> bool:
    """Whether calling it gives something to await; also for objects that are called, and for partials."""
    inner = getattr(function, "func", function)
    return inspect.iscoroutinefunction(inner) or inspect.iscoroutinefunction(getattr(inner, "__call__", None))  # noqa: B004


def _answer() -> tuple[Callable[[Any], None], asyncio.Future[Any]]:
    """An answer to await on this loop, and what gives it from any thread; one that nobody waits for any more is dropped."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Any] = loop.create_future()

    def settle(value: Any) -> None:
        with suppress(RuntimeError):  # the loop was closed
            loop.call_soon_threadsafe(lambda: None if answer.done() else answer.set_result(value))

    return settle, answer
