"""One process that runs the functions of one Python file, seen from the caller's side."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from adalang.runtime.failures import BugFailure, ToolFailure, ToolSaysNo, ToolUnavailable
from adalang.runtime.tools.child import MOST_OUTPUT

_CHILD, _WATCH = Path(__file__).with_name("child.py"), Path(__file__).with_name("watch.py")
_IMPORT_SECONDS = 10.0
"""An import has at least so long: a call's time is meant for the call."""
_END_SECONDS = 8.0
_MOST_PRINTED = 10 << 20
_SHOWN = 8 << 10  # bytes of what one call prints


class PythonProcess:
    """Plain functions are called one after another, async ones beside them. Once :attr:`alive` is false it takes no more calls;
    :meth:`ended` waits until nothing is left of it."""

    def __init__(self, process: Process, file: Path) -> None:
        self._process, self._file = process, file
        self._files: Mapping[str, list[int]] = {}
        self._async: frozenset[str] = frozenset()
        self._calls: dict[int, asyncio.Future[Any]] = {}
        self._numbers = itertools.count()
        self._turn = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None
        self._printed, self._shown = 0, bytearray()
        self._printing = asyncio.create_task(self._listen())
        self._ending: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, file: Path, environment: Mapping[str, str], memory: int) -> PythonProcess:
        """Start one for ``file``, with ``memory`` megabytes at most."""
        process = await asyncio.create_subprocess_exec(
            *watched(sys.executable, "-P", str(_CHILD), str(file), str(memory)),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=dict(environment),
            cwd=file.parent,
            start_new_session=True,  # Ctrl-C is the caller's to handle
        )
        return cls(process, file)

    async def imported(self, seconds: float) -> None:
        """Wait until it has imported its file, for as long as a call may take.

        Raises:
            BugFailure: the file cannot be imported, or not in time.
        """
        seconds = max(seconds, _IMPORT_SECONDS)
        try:
            async with asyncio.timeout(seconds):
                found = await self._answer()
            if "ready" not in found:
                raise BugFailure(found["bug"])
        except BaseException as error:
            self.kill()
            if isinstance(error, TimeoutError):
                raise BugFailure(
                    f"{self._file.name} could not be imported within {seconds:g} s; where it needs more, set `timeout`"
                ) from None
            if isinstance(error, ToolFailure):
                raise BugFailure(f"{self._file.name} cannot be imported: {error}") from error
            raise
        finally:
            self._show()
        self._files, self._async = found["ready"], frozenset(found["async"])
        self._reading = asyncio.create_task(self._read())

    @property
    def alive(self) -> bool:
        return self._ending is None and self._process.returncode is None

    @property
    def gone(self) -> bool:
        """Whether nothing is left of it."""
        return self._ending is not None and self._ending.done()

    @property
    def current(self) -> bool:
        """Whether the files that it imported are still as they were."""
        try:
            stats = {one: os.stat(one) for one in self._files}  # noqa: PTH116
        except OSError:
            return False
        return all([stats[one].st_mtime_ns, stats[one].st_size] == known for one, known in self._files.items())

    async def call(self, function: str, inputs: Mapping[str, Any], seconds: float, *, picks: bool = False) -> Any:
        """The function's output. The process is killed when it does not come back, or when nobody wants an answer any more.
        One that ``picks`` is given those of the inputs that it names. Its time does not run while another one is called.

        Raises:
            ToolFailure: it raised, ended its process, printed or gave too much, or gave what is no JSON.
            ToolUnavailable: it took longer than ``seconds``.
            BugFailure: there is no such function, or it does not take these inputs.
        """
        async with nullcontext() if function in self._async else self._turn:
            answer = await self._asked({"function": function, "inputs": inputs, "picks": picks}, seconds)
        if "output" in answer:
            return answer["output"]
        if "raised" in answer:
            raise ToolSaysNo(answer["raised"])
        raise BugFailure(answer["bug"]) if "bug" in answer else ToolFailure(answer["failed"])

    async def _asked(self, call: Mapping[str, Any], seconds: float) -> Any:
        number = next(self._numbers)
        body = json.dumps({"id": number, **call}).encode()
        assert self._process.stdin is not None
        self._printed = 0
        answer = self._calls[number] = asyncio.get_running_loop().create_future()
        try:
            if not self.alive:
                raise ToolFailure("its process has ended")
            async with asyncio.timeout(seconds):
                self._process.stdin.write(len(body).to_bytes(4, "big") + body)
                await self._process.stdin.drain()
                return await answer
        except TimeoutError:
            self.kill()
            raise ToolUnavailable(
                f"it did not come back within {seconds:g} s; where it needs more, set `timeout`"
            ) from None
        except ConnectionError as error:
            self.kill()
            raise ToolFailure("its process has ended") from error
        except asyncio.CancelledError:
            if len(self._calls) == 1:
                self.kill()
            raise
        finally:
            del self._calls[number]
            self._show()

    async def _read(self) -> None:
        """Give each answer to whoever waits for it; at the end, say why there are no more."""
        try:
            while True:
                answer = await self._answer()
                waiting = self._calls.get(answer["id"])
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer)
        except ToolFailure as failure:
            told = failure
        except (ValueError, KeyError, TypeError, RecursionError):  # the user's code wrote where only answers go
            told = ToolFailure("what it writes cannot be read")
        self.kill()
        for one in self._calls.values():
            if not one.done():
                one.set_exception(told)

    def kill(self) -> None:
        """Begin to end it, with all that it has started; nothing is waited for."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end())
            self._signal(signal.SIGTERM)

    async def ended(self) -> None:
        """End it, and wait until it has."""
        self.kill()
        assert self._ending is not None
        await asyncio.shield(self._ending)

    async def _end(self) -> None:
        assert self._process.stdin is not None
        if not self._process.stdin.is_closing():
            self._process.stdin.transport.abort()  # it may not read any more what is still to be sent
        try:
            async with asyncio.timeout(_END_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self._process.wait()
        await self._printing
        self._show()
        if self._reading is not None:
            await self._reading

    def _signal(self, one: signal.Signals) -> None:
        if self._process.returncode is None:
            try:
                self._process.send_signal(one)
            except ProcessLookupError:
                pass

    async def _answer(self) -> Any:
        assert self._process.stdout is not None
        try:
            length = int.from_bytes(await self._process.stdout.readexactly(4), "big")
            if length > 6 * MOST_OUTPUT + 1024:  # in JSON a character may take six bytes
                raise ToolFailure("what it writes cannot be read")
            return json.loads(await self._process.stdout.readexactly(length))
        except asyncio.IncompleteReadError:
            if self._printed > _MOST_PRINTED:
                raise ToolFailure(f"it printed more than {_MOST_PRINTED >> 20} MB") from None
            raise ToolFailure(f"it ended its process ({_how(await self._process.wait())})") from None

    async def _listen(self) -> None:
        """Read what is printed: the first of each call is shown, line by line, the rest dropped, and too much of it ends the
        process."""
        assert self._process.stderr is not None
        while chunk := await self._process.stderr.read(1 << 16):
            before, self._printed = self._printed, self._printed + len(chunk)
            self._shown += chunk[: max(0, _SHOWN - before)]
            if before < _SHOWN <= self._printed:
                self._shown += f"\n({self._file.name} printed more than is shown)\n".encode()
            if b"\n" in chunk:
                self._show()
            if self._printed > _MOST_PRINTED:
                self.kill()

    def _show(self) -> None:
        """What was printed goes where this process says things to people."""
        if self._shown:
            text = self._shown.decode("utf-8", "replace")
            self._shown.clear()
            sys.stderr.write(text)


def watched(*command: str) -> tuple[str, ...]:
    """The command such that nothing is left of it, and of what it has started, when this process ends."""
    return (sys.executable, "-I", "-S", str(_WATCH), *command)  # it needs nothing that is installed


def _how(code: int) -> str:
    number = -code if code < 0 else code - 128
    try:
        return f"signal {signal.Signals(number).name}" if number > 0 else f"exit code {code}"
    except ValueError:
        return f"exit code {code}"
