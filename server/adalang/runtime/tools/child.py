"""The process that a tool's Python file runs in: ``python -P child.py FILE MEGABYTES``. It needs the standard library alone.

It reads calls from standard input and writes answers to what was standard output; what the user's code prints goes to
standard error. That it ends, and what it has started with it, is up to :mod:`adalang.runtime.tools.watch`.

Frames are four bytes of length (big-endian) and JSON. First comes ``{"ready": {path: [mtime_ns, size]}}`` with the files
that were imported from beside the tool's, then, for each call ``{"function", "inputs"}``, one of ``{"output"}``,
``{"failed"}`` (its fault) and ``{"bug"}`` (it cannot be called like that), both with a sentence.
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import json
import os
import sys
from types import ModuleType
from typing import Any, BinaryIO

MOST_OUTPUT = 16 << 20
"""Bytes of JSON that a call may give."""
_LONGEST_TEXT = 2_000  # characters of an exception


def main() -> None:
    file, megabytes = sys.argv[1], int(sys.argv[2])
    calls, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
    _limit(megabytes)
    own = os.getpid()
    try:
        module = _imported(file)
    except BaseException as error:
        _answer(answers, {"bug": f"{os.path.basename(file)} cannot be imported: {_told(error, file, megabytes)}"})  # noqa: PTH119
        return
    _answer(answers, {"ready": _beside(file)})
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    while header := calls.read(4):
        call = json.loads(calls.read(int.from_bytes(header, "big")))
        answer = _called(module, file, call["function"], call["inputs"], megabytes, loop)
        if os.getpid() != own:  # a fork that came back from the function
            os._exit(0)
        _answer(answers, answer)
    os._exit(0)  # whatever threads the user's code has left


def _limit(megabytes: int) -> None:
    try:
        import resource

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


def _called(
    module: ModuleType, file: str, name: str, inputs: dict[str, Any], megabytes: int, loop: asyncio.AbstractEventLoop
) -> dict[str, Any]:
    function = getattr(module, name, None)
    if not callable(function):
        return {"bug": f"{os.path.basename(file)} has no function `{name}`"}  # noqa: PTH119
    try:
        inspect.signature(function).bind(**inputs)
    except TypeError as error:
        return {"bug": f"`{name}` in {os.path.basename(file)} does not take what the tool gives: {error}"}  # noqa: PTH119
    except ValueError:  # built-in functions without a signature
        pass
    try:
        found = function(**inputs)
        if inspect.isawaitable(found):
            found = loop.run_until_complete(_finished(found))
        output = json.dumps(found, allow_nan=False, default=_plain)
    except BaseException as error:
        return {"failed": _told(error, file, megabytes)}
    finally:
        try:
            sys.stdout.flush()
        except (OSError, ValueError):
            pass
    if len(output) > MOST_OUTPUT:
        return {"failed": f"it gave {len(output) >> 20} MB; a tool may give {MOST_OUTPUT >> 20}"}
    return {"output": json.loads(output)} if not isinstance(found, str) else {"output": found}


async def _finished(found: Any) -> Any:
    return await found


def _plain(value: Any) -> Any:
    """Data classes and pydantic models as objects."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "__dataclass_fields__"):
        return {one: getattr(value, one) for one in value.__dataclass_fields__}
    raise TypeError(f"it gave a {type(value).__name__}, which is no JSON")


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


def _answer(answers: BinaryIO, answer: dict[str, Any]) -> None:
    body = json.dumps(answer).encode()
    answers.write(len(body).to_bytes(4, "big") + body)
    answers.flush()


if __name__ == "__main__":
    main()
