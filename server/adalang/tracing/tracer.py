"""Keeps the traces of runs: those that the settings ask for, many in one commit, off the run's way."""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from adalang.config import Settings
from adalang.language.program import Program
from adalang.runtime.models.types import FilePart, Message, Part, TextPart, Usage
from adalang.runtime.trace import Call, Trace
from adalang.store import Store, StoreError
from adalang.store.records import RunRecord
from adalang.store.runs import PackedRun
from adalang.tracing.secrets import likely_secrets, secrets_of

if TYPE_CHECKING:
    from adalang.tracing.otlp import Sender

_log = logging.getLogger("adalang.tracing")

_PAUSE = 0.2
"""Seconds until runs are written. Answers are safe by themselves; a kill costs no more than this of the traces."""
_MANY = 500
_LOOK_EVERY = 1000
"""Runs between two looks at what the traces take."""
_ALWAYS = frozenset({"inputs", "output", "parent"})
_NOTHING = Usage()
_USAGE = tuple(one.name for one in fields(Usage))


class Tracer:
    """One session's traces; for one event loop. What goes wrong with a trace is told once and is no run's failure."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._wanted = bool(settings["trace"])
        self._waiting: list[PackedRun] = []
        self._timer: asyncio.TimerHandle | None = None
        self._written = 0
        self._troubled = False
        self._known: WeakValueDictionary[int, Program] = WeakValueDictionary()
        self._sender: Sender | None = None
        self._retaining: asyncio.Future[None] | None = None
        store.redactor.rule(settings["redact"])
        store.redactor.learn((), likely_secrets(settings.environment))

    def know(self, program: Program) -> None:
        """From now on the program's secrets are in nothing that the store writes."""
        if self._known.get(id(program)) is not program:
            self._known[id(program)] = program
            self._store.redactor.learn(secrets_of(program, self._settings.environment))

    def wants(self, name: str) -> bool:
        """Whether a run is among the share whose traces are kept. It hangs on its name alone, not on chance."""
        return self._wanted and zlib.crc32(name.encode("utf-8", "replace")) < self._settings["trace_share"] * 2**32

    def keep(self, traces: Sequence[Trace], **about: Any) -> str:
        """Keep a run, whose first trace is its own and further ones are of what judged it; gives its id, "" if traces are off.

        Args:
            about: the fields of :class:`RunRecord` that tell what the run was.
        """
        calls = [call for trace in traces for call in trace.calls]
        if not self._wanted or not calls:
            return ""
        root = calls[0]
        record = RunRecord(
            component=root.component,
            usage=_usage(sum((call.usage for call in calls), _NOTHING)),
            calls=tuple(_shifted(traces)),
            steps=traces[0].steps,
            components=tuple(dict.fromkeys(call.component for call in calls)),
            seconds=root.seconds,
            created=root.began,
            **{"error": next((call.error for call in calls if call.error), ""), **about},
        )
        packed = self._store.runs.packed(record)
        self._waiting.append(packed)
        if self._settings["otlp_endpoint"]:
            self._send(packed)
        if len(self._waiting) >= _MANY:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_PAUSE, self.flush)
        return record.id

    def flush(self) -> None:
        """Write what waits, now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            self._store.runs.put(waiting)
        except StoreError as error:
            self._trouble(f"traces are not kept: {error}")
        if self._written % _LOOK_EVERY < len(waiting) and (self._retaining is None or self._retaining.done()):
            self._retaining = _in_thread(self._retain)
        self._written += len(waiting)

    def _retain(self) -> None:
        try:
            self._store.runs.retain(self._settings["trace_days"], self._settings["trace_mb"])
        except StoreError as error:
            self._trouble(f"old traces are not deleted: {error}")

    async def close(self) -> None:
        """Write what waits, and give a collector a moment to take what it has not yet."""
        self.flush()
        if self._retaining is not None:
            await self._retaining
        if self._sender is not None:
            await _in_thread(self._sender.close)
            self._sender = None

    def _send(self, run: PackedRun) -> None:
        if self._sender is None:
            from adalang.tracing.otlp import Sender

            self._sender = Sender(self._settings["otlp_endpoint"], self._settings["otlp_headers"], _log.warning)
        self._sender.send(run)

    def _trouble(self, message: str) -> None:
        if not self._troubled:
            self._troubled = True
            _log.warning(message)


def _in_thread(work: Callable[[], None]) -> asyncio.Future[None]:
    """Have it done off the loop; here where the interpreter ends, which takes no new threads."""
    loop = asyncio.get_running_loop()
    try:
        return loop.run_in_executor(None, work)
    except RuntimeError:
        work()
    done: asyncio.Future[None] = loop.create_future()
    done.set_result(None)
    return done


def _shifted(traces: Sequence[Trace]) -> list[dict[str, Any]]:
    """The calls of all traces in one list; parents are places in it."""
    found: list[dict[str, Any]] = []
    for trace in traces:
        first = len(found)
        found += [_plain(call, first) for call in trace.calls]
    return found


def _plain(call: Call, first: int) -> dict[str, Any]:
    """A call as JSON, without what is as it mostly is."""
    told: dict[str, Any] = {
        "component": call.component,
        "kind": call.kind,
        "inputs": call.inputs,
        "output": call.output,
        "began": call.began,
        "seconds": call.seconds,
        "usage": _usage(call.usage),
        "answer_usage": _usage(call.answer_usage) if call.answer_usage != call.usage else {},
        "parent": call.parent + first if call.parent is not None else None,
        "binding": call.binding,
        "raw": call.raw if call.raw != call.output else "",
        "reasoning": call.reasoning,
        "messages": [_message(one) for one in call.messages],
        "error": call.error,
        "model": call.model,
        "attempts": call.attempts,
    }
    return {name: value for name, value in told.items() if value or name in _ALWAYS}


def _usage(usage: Usage) -> dict[str, Any]:
    return {name: value for name in _USAGE if (value := getattr(usage, name))} if usage is not _NOTHING else {}


def _message(message: Message) -> dict[str, Any]:
    """As JSON; the store keeps no bytes of images and files."""
    if isinstance(message.content, str):
        content: Any = message.content
    else:
        content = [_part(one) for one in message.content]
    told = {"role": message.role, "content": content, "tool_call_id": message.tool_call_id}
    calls = [{"id": one.id, "name": one.name, "arguments": one.arguments} for one in message.tool_calls]
    return {name: value for name, value in (told | {"tool_calls": calls}).items() if value}


def _part(part: Part) -> Any:
    match part:
        case TextPart(text):
            return text
        case FilePart(url, name):
            return {"file": url, "name": name}
        case image:
            return {"image": image.url}
