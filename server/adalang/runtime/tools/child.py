"""The process that a tool's Python file runs in: ``python -P child.py FILE MEGABYTES``. It needs the standard library alone.

It reads calls from standard input and writes answers to what was standard output; what the user's code prints goes to
standard error. That it ends, and what it has started with it, is up to :mod:`adalang.runtime.tools.watch`.

Frames are four bytes of length (big-endian) and JSON. First comes ``{"ready": {path: [mtime_ns, size]}, "async": [name]}`` with
the files that were imported from beside the tool's and the names of its async functions, then, for each call ``{"id",
"function", "inputs", "picks"}``, its id and one of ``{"output"}``, ``{"raised"}``, ``{"failed"}`` (what it gave is nothing that it may give) and ``{"bug"}`` (it cannot be
called like that), both with a sentence. A function that ``picks`` is given those of the inputs that it names.

Plain functions run one after another; async ones beside them and each other, on one loop.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import math
import os
import sys
import threading
from types import ModuleType
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import asyncio

MOST_OUTPUT = 16 << 20
"""Bytes of JSON that a call may give."""
_DEEPEST = 200  # lists and objects in one another
_TOO_DEEP = f"it gave lists and objects in one another, more than {_DEEPEST} deep"
_LONGEST_TEXT = 2_000  # characters of an exception


def main() -> None:
    file, megabytes = sys.argv[1], int(sys.argv[2])
    calls, answers = os.fdopen(os.dup(0), "rb"), Answers(os.fdopen(os.dup(1), "wb"))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
    _limit(megabytes)
    try:
        module = _imported(file)
    except BaseException as error:
        answers.write({"bug": f"{os.path.basename(file)} cannot be imported: {_told(error, file, megabytes)}"})  # noqa: PTH119
        return
    found = [name for name, one in list(vars(module).items()) if inspect.iscoroutinefunction(one)]
    answers.write({"ready": _beside(file), "async": found})
    functions = Functions(module, file, megabytes, answers)
    while header := calls.read(4):
        functions.call(**json.loads(calls.read(int.from_bytes(header, "big"))))
    os._exit(0)  # whatever threads the user's code has left


class Answers:
    """Where answers go, from any thread."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._lock, self._own = stream, threading.Lock(), os.getpid()

    def write(self, answer: dict[str, Any]) -> None:
        if os.getpid() != self._own:  # a fork that came back from the function
            os._exit(0)
        body = json.dumps(answer).encode()
        with self._lock:
            self._stream.write(len(body).to_bytes(4, "big") + body)
            self._stream.flush()


def _limit(megabytes: int) -> None:
    """Hold the process to so much address space; 0 is no limit."""
    try:
        import resource

        if megabytes:
            resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):  # where there are no such limits
        pass


def _imported(file: str) -> ModuleType:
    sys.path.insert(0, os.path.dirname(file))  # noqa: PTH120
    sys.dont_write_bytecode = True  # it would be taken for current after an edit in the same second that keeps the size
    spec = importlib.util.spec_from_file_location("adalang_tools_" + os.path.basename(file).removesuffix(".py"), file)  # noqa: PTH119
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look up there what the names in annotations mean
    spec.loader.exec_module(module)
    return module


def _beside(file: str) -> dict[str, list[int]]:
    """The files that have been imported from the tool's folder, as they are now."""
    folder = os.path.dirname(file) + os.sep  # noqa: PTH120
    files = {getattr(one, "__file__", None) or "" for one in list(sys.modules.values())} | {file}
    found = {}
    for one in files:
        if one.startswith(folder) and "site-packages" not in one[len(folder) :]:
            try:
                stat = os.stat(one)  # noqa: PTH116
            except OSError:
                continue
            found[one] = [stat.st_mtime_ns, stat.st_size]
    return found


class Functions:
    """Calls the functions of a module."""

    def __init__(self, module: ModuleType, file: str, megabytes: int, answers: Answers) -> None:
        self._module, self._file, self._megabytes, self._answers = module, file, megabytes, answers
        self._loop: asyncio.AbstractEventLoop | None = None
        self._under_way = 0  # async functions
        self._folder, self._environment = os.getcwd(), dict(os.environ)  # noqa: PTH109

    def call(self, id: int, function: str, inputs: dict[str, Any], picks: bool) -> None:
        called = getattr(self._module, function, None)
        name = os.path.basename(self._file)  # noqa: PTH119
        if not callable(called):
            self._answers.write({"id": id, "bug": f"{name} has no function `{function}`"})
            return
        try:
            signature = inspect.signature(called)
            inputs = _picked(signature, inputs) if picks else inputs
            signature.bind(**inputs)
        except TypeError as error:
            self._answers.write({"id": id, "bug": f"`{function}` in {name} does not take what it is given: {error}"})
            return
        except ValueError:  # built-in functions without a signature
            pass
        try:
            self._begin_anew()
            found = called(**inputs)
        except BaseException as error:
            self._raised(id, error)
            return
        if hasattr(found, "__await__"):
            self._under_way += 1
            self._later(self._awaited(id, found))
        else:
            self._gave(id, found)

    async def _awaited(self, id: int, found: Any) -> None:
        try:
            output = await found
        except BaseException as error:  # a SystemExit would end the loop
            self._raised(id, error)
        else:
            self._gave(id, output)
        finally:
            self._under_way -= 1

    def _begin_anew(self) -> None:
        """Undo what earlier calls did to the current folder and the environment, unless one is still at work."""
        if not self._under_way:
            os.chdir(self._folder)
            if dict(os.environ) != self._environment:
                os.environ.clear()
                os.environ.update(self._environment)

    def _later(self, work: Any) -> None:
        import asyncio  # which takes as long to import as all else here

        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name="async functions", daemon=True).start()
        asyncio.run_coroutine_threadsafe(work, self._loop)

    def _gave(self, id: int, found: Any) -> None:
        try:
            output = json.dumps(found, default=_plain, check_circular=False)  # what holds itself is nested too deeply
            plain = found if isinstance(found, str) else json.loads(output)
        except RecursionError:
            failed = _TOO_DEEP
        except _NoJson as error:
            failed = str(error)
        except BaseException as error:
            failed = _told(error, self._file, self._megabytes)
        else:
            too_long = f"it gave {len(output) >> 20} MB; a tool may give {MOST_OUTPUT >> 20}"
            failed = too_long if len(output) > MOST_OUTPUT else no_json(plain)
        self._settle({"id": id, "failed": failed} if failed else {"id": id, "output": plain})

    def _raised(self, id: int, error: BaseException) -> None:
        self._settle({"id": id, "raised": _told(error, self._file, self._megabytes)})

    def _settle(self, answer: dict[str, Any]) -> None:
        try:
            sys.stdout.flush()
        except (OSError, ValueError):
            pass
        self._answers.write(answer)


def _picked(signature: inspect.Signature, inputs: dict[str, Any]) -> dict[str, Any]:
    takes_all = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in signature.parameters.values())
    return {name: value for name, value in inputs.items() if takes_all or name in signature.parameters}


def _plain(value: Any) -> Any:
    """Data classes and pydantic models as objects, numbers of numpy as numbers."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "__dataclass_fields__"):
        return {one: getattr(value, one) for one in value.__dataclass_fields__}
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return value.item()
    raise _NoJson(f"it gave a {type(value).__name__}, which is no JSON")


class _NoJson(Exception):
    pass


def no_json(value: Any) -> str:
    """Why a value that was read from JSON is not taken from a tool ("": it is)."""
    level = [value]
    for _ in range(_DEEPEST):
        if any(isinstance(one, float) and not math.isfinite(one) for one in level):
            return "it gave NaN or an infinity, which is no JSON"
        within = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        if not within:
            return ""
        level = [each for one in within for each in one]
    return _TOO_DEEP


def _told(error: BaseException, file: str, megabytes: int) -> str:
    """One line: where in the user's file, what kind, what it says."""
    if isinstance(error, MemoryError):
        return f"it needed more than the {megabytes} MB that `memory` allows"
    line, traceback = 0, error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == file:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    text = " ".join(str(error).split())[:_LONGEST_TEXT]
    told = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return f"{os.path.basename(file)}:{line}: {told}" if line else told  # noqa: PTH119


if __name__ == "__main__":
    main()
