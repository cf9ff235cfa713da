"""Sends traces to a collector over OTLP/HTTP: in batches, from a thread of its own, and never a run's trouble."""

from __future__ import annotations

import importlib.util
import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from adalang.store.records import RunRecord
from adalang.store.runs import PackedRun

if TYPE_CHECKING:
    from adalang.tracing.collector import Collector

_MOST_WAITING = 2000
"""Runs; when a collector takes fewer than come, further ones are not sent. They are in the store all the same."""
_BATCH = 100
_PAUSE = 0.5
"""Seconds in which more runs may come into a batch."""
_SECONDS = 3.0
"""For a batch beside runs, whose program waits for the last one when it ends; when runs are exported, nothing else waits."""
_PATIENT_SECONDS = 10.0
_LAST_SECONDS = 5.0
"""For a collector to take the rest when the session ends."""
_HEADER_VARIABLES = ("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS")


class Sender:
    """Sends what it is given; ``warn`` is told once when that does not work. :meth:`close` it."""

    def __init__(self, endpoint: str, headers: str, warn: Callable[[str], None]) -> None:
        self._endpoint, self._headers, self._warn = traces_address(endpoint), headers, warn
        self._waiting: queue.Queue[PackedRun | None] = queue.Queue(_MOST_WAITING)
        self._ending = threading.Event()
        self._late = threading.Event()
        self._troubled = False
        self._thread = threading.Thread(target=self._work, name="adalang-otlp", daemon=True)
        self._thread.start()

    def send(self, run: PackedRun) -> None:
        """Take a run to be sent; returns at once."""
        try:
            self._waiting.put_nowait(run)
        except queue.Full:
            self._trouble(f"{self._endpoint} takes traces too slowly: not all are sent")

    def close(self) -> None:
        """Send what waits, if that goes quickly, and end the thread: at the latest when its last request has ended."""
        self._ending.set()
        with suppress(queue.Full):  # then nobody waits for more to come, and who sees `_ending` does not either
            self._waiting.put_nowait(None)
        self._thread.join(_LAST_SECONDS)
        if self._thread.is_alive():
            self._late.set()
            self._trouble(f"{self._endpoint} takes traces too slowly: the last ones may be missing there")

    def _work(self) -> None:
        if problem := _cannot(self._endpoint):
            self._trouble(f"traces are not sent: {problem}")
            return
        from adalang.tracing.collector import Collector

        collector = Collector(self._endpoint, _headers(self._headers), _SECONDS)
        while (batch := self._batch()) and not self._late.is_set():
            if not self._export(collector, batch) and self._ending.is_set():
                break
        collector.close()

    def _batch(self) -> list[PackedRun]:
        """The next runs; none when it is to end."""
        try:
            run = self._waiting.get(block=not self._ending.is_set())
        except queue.Empty:
            run = None
        if run is None:
            return []
        batch = [run]
        self._ending.wait(_PAUSE)
        while len(batch) < _BATCH:
            try:
                run = self._waiting.get_nowait()
            except queue.Empty:
                break
            if run is None:
                break
            batch.append(run)
        return batch

    def _export(self, collector: Collector, batch: list[PackedRun]) -> bool:
        from adalang.tracing.semantic import otel_spans

        try:
            why_not = collector.send([span for run in batch for span in otel_spans(run.record())])
        except Exception as error:  # whatever a collector or its library does is no run's failure
            why_not = type(error).__name__
        if why_not:
            self._trouble(f"{self._endpoint} did not take traces: {why_not}; all of them are in the store")
        return not why_not

    def _trouble(self, message: str) -> None:
        if not self._troubled:
            self._troubled = True
            self._warn(message)


def traces_address(endpoint: str) -> str:
    """Where traces go, from a collector's address with or without its path."""
    endpoint = endpoint.rstrip("/")
    return endpoint if endpoint.endswith("/v1/traces") else f"{endpoint}/v1/traces"


def _cannot(endpoint: str) -> str:
    """Why nothing can be sent to this address ("": it can)."""
    scheme, _, rest = endpoint.partition("://")
    if scheme not in ("http", "https") or not rest.removesuffix("/v1/traces"):
        return f"{endpoint.removesuffix('/v1/traces')} is no address of a collector; write http://HOST:4318, say"
    try:
        found = importlib.util.find_spec("opentelemetry.exporter.otlp.proto.http")
    except ModuleNotFoundError:
        found = None
    return "" if found else 'this needs `pip install "adalang[otel]"`'


def _headers(text: str) -> dict[str, str]:
    pairs = (one.partition("=") for one in text.split(","))
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


@contextmanager
def _no_headers_in_environment() -> Iterator[None]:
    """The library sends those in the environment to whatever address it is given."""
    held = {name: os.environ.pop(name) for name in _HEADER_VARIABLES if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(held)


class Unsent(Exception):
    """Runs could not be sent; the message says why."""


def send_now(records: Sequence[RunRecord], endpoint: str, headers: str | None) -> None:
    """Send kept runs, and wait until the collector has them. Without ``headers`` none are sent, the environment's neither.

    Raises:
        Unsent: it has not, or the extra is not installed.
    """
    address = traces_address(endpoint)
    if problem := _cannot(address):
        raise Unsent(problem)
    from adalang.tracing.collector import Collector
    from adalang.tracing.semantic import otel_spans

    with nullcontext() if headers is not None else _no_headers_in_environment():
        collector = Collector(address, _headers(headers or ""), _PATIENT_SECONDS)
    try:
        for record in records:
            if why_not := collector.send(list(otel_spans(record))):
                raise Unsent(f"{address} did not take traces: {why_not}")
    finally:
        collector.close()
