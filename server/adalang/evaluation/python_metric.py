"""Loads and calls ``python("file.py:function")``. The user's code runs in this process: the command line's or the
worker's, never the language server's.

It is given a thread and a time limit, so that it cannot hold up anything else, and what it prints goes to standard
error. Nothing stops code that does not want to be stopped: harder limits need a process of its own.
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from pathlib import Path
from typing import Any, TextIO, cast

from adalang.config import METRIC_SECONDS
from adalang.runtime.failures import BugFailure

_PREFIX = "adalang_user_"
_in_user_code: ContextVar[bool] = ContextVar("in_user_code", default=False)


async def load_function(folder: Path, written: str, *, seconds: float = METRIC_SECONDS) -> Callable[..., Any]:
    """The function that ``written`` ("file.py:function") names, its file found beside the program.

    Raises:
        BugFailure: the file or the function does not exist, or the file cannot be imported within ``seconds``.
    """
    with _prints_to_stderr():
        return await _in_thread(written, lambda: _load(folder, written), seconds)  # type: ignore[no-any-return]


async def call_function(
    written: str, function: Callable[..., Any], given: Mapping[str, Any], *, seconds: float = METRIC_SECONDS
) -> Any:
    """What ``function`` (called ``written`` in messages) gives for the arguments ``given``; it may be async.

    It never runs on the caller's loop, which has to see its time end, and Ctrl-C, when the function blocks.

    Raises:
        BugFailure: it raised something or exited, or took longer than ``seconds``; then its thread runs on unheeded.
    """

    def call() -> Any:
        try:
            return function(**given)
        except BaseException as error:  # one that no loop expects would end the worker
            raise _failed(written, error) from error

    with _prints_to_stderr():
        found = call() if inspect.iscoroutinefunction(function) else await _in_thread(written, call, seconds)
        return await _in_own_loop(written, found, seconds) if inspect.isawaitable(found) else found


@contextmanager
def own_imports() -> Iterator[None]:
    """What user code imports inside, from beside its file, is forgotten at the end: another version of it brings its own."""
    before = set(sys.modules)
    try:
        yield
    finally:
        new = [name for name in sys.modules if name not in before]
        folders = {_place(name) for name in new if name.startswith(_PREFIX)}
        for name in [name for name in new if _place(name.partition(".")[0]) in folders]:
            del sys.modules[name]


def _place(module: str) -> Path | None:
    """The folder that a module was found in."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if not file:
        return None
    path = Path(file)
    return path.parent.parent if path.name == "__init__.py" else path.parent


def _load(folder: Path, written: str) -> Callable[..., Any]:
    file, _, name = written.rpartition(":")
    path = folder / file
    if not file or not path.is_file():
        raise BugFailure(f'python("{written}"): there is no file {file!r} in {folder.name}/')
    spec = importlib.util.spec_from_file_location(f"{_PREFIX}{path.stem}_{abs(hash(path))}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    search, keeps_bytecode = str(path.parent), sys.dont_write_bytecode
    sys.path.insert(0, search)
    sys.modules[spec.name] = module  # dataclasses look up there what the names in annotations mean
    sys.dont_write_bytecode = True  # it would be taken for current after an edit in the same second that keeps the size
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[spec.name]
        raise BugFailure(f"{file} cannot be imported: {_told(error)}") from error
    finally:
        sys.dont_write_bytecode = keeps_bytecode
        sys.path.remove(search)
    function = getattr(module, name, None)
    if not callable(function):
        raise BugFailure(f"{file} has no function `{name}`")
    return function  # type: ignore[no-any-return]


async def _in_thread(written: str, work: Callable[[], Any], seconds: float) -> Any:
    """``work()`` in a daemon thread of its own: one of the loop's would be waited for when the process ends."""
    loop, context = asyncio.get_running_loop(), copy_context()
    done: asyncio.Future[Any] = loop.create_future()

    def settle(found: Any, error: BaseException | None) -> None:
        if done.done():  # nobody waits any more
            return
        if error is None:
            done.set_result(found)
        else:
            done.set_exception(error)

    def run() -> None:
        found, raised = None, None
        try:
            found = context.run(work)
        except BaseException as error:
            raised = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, found, raised)

    threading.Thread(target=run, name=f"adalang {written}", daemon=True).start()
    try:
        async with asyncio.timeout(seconds):
            return await done
    except TimeoutError:
        raise _late(written, seconds) from None


class _OwnLoop:
    """The loop of all async user functions, in a daemon thread: one for all, for what they share may belong to its loop."""

    current: asyncio.AbstractEventLoop | None = None

    @classmethod
    def get(cls) -> asyncio.AbstractEventLoop:
        if cls.current is None:
            cls.current = asyncio.new_event_loop()
            threading.Thread(target=cls.current.run_forever, name="adalang async user code", daemon=True).start()
        return cls.current

    @classmethod
    def leave(cls, loop: asyncio.AbstractEventLoop) -> None:
        """Something may block it for ever: what comes next runs on another."""
        if cls.current is loop:
            cls.current = None


async def _in_own_loop(written: str, found: Awaitable[Any], seconds: float) -> Any:
    async def finished() -> Any:
        try:
            return await found
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # a SystemExit would end the loop
            raise _failed(written, error) from error

    loop = _OwnLoop.get()
    running = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(finished(), loop))
    try:
        async with asyncio.timeout(seconds):
            return await running
    except TimeoutError:
        _OwnLoop.leave(loop)
        raise _late(written, seconds) from None


def _late(written: str, seconds: float) -> BugFailure:
    return BugFailure(
        f"the metric {written} did not come back within {seconds:g} seconds; where it needs more, set `metric_seconds`"
    )


def _failed(written: str, error: BaseException) -> BugFailure:
    return BugFailure(f"the metric {written}{_line_of(error)} failed: {_told(error)}")


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _line_of(error: BaseException) -> str:
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return f" (line {traceback.tb_lineno})" if traceback is not None else ""


# ---- what user code prints


class _Stdout:
    """Stands in for ``sys.stdout``: user code writes to standard error, all other threads and tasks where they did."""

    def __init__(self, stdout: TextIO) -> None:
        self._stdout = stdout

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr if _in_user_code.get() else self._stdout, name)


@contextmanager
def _prints_to_stderr() -> Iterator[None]:
    """Standard output may be one JSON document, and the code inside knows nothing of it."""
    if not isinstance(sys.stdout, _Stdout):
        sys.stdout = cast(TextIO, _Stdout(sys.stdout))
    token = _in_user_code.set(True)
    try:
        yield
    finally:
        _in_user_code.reset(token)
