"""Sends traces to a collector over OTLP/HTTP: in batches, from a thread of its own, and never a run's trouble."""

from __future__ import annotations

import importlib.util
import logging
import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from adalang.store.records import RunRecord
from adalang.store.runs import PackedRun

if TYPE_CHECKING:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

_MOST_WAITING = 2000
"""Runs; when a collector takes fewer than come, further ones are not sent. They are in the store all the same."""
_BATCH = 100
_PAUSE = 0.5
"""Seconds in which more runs may come into a batch."""
_TIMEOUT = 5
_LAST_SECONDS = 5.0
"""For a collector to take the rest when the session ends."""
_HEADER_VARIABLES = ("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS")


class Sender:
    """Sends what it is given; ``warn`` is told once when that does not work. :meth:`close` it."""

    def __init__(self, endpoint: str, headers: str, warn: Callable[[str], None]) -> None:
        self._endpoint, self._headers, self._warn = traces_address(endpoint), headers, warn
        self._waiting: queue.Queue[PackedRun | None] = queue.Queue(_MOST_WAITING)
        self._ending = threading.Event()
        self._exporter: OTLPSpanExporter | None = None
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
        """Send what waits, if that goes quickly, and end the thread."""
        self._ending.set()
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            pass
        self._thread.join(_LAST_SECONDS)
        if self._thread.is_alive():
            if self._exporter is not None:
                self._exporter.shutdown()  # type: ignore[no-untyped-call]
            self._trouble(f"{self._endpoint} takes traces too slowly: the last ones may be missing there")
            self._thread.join(_LAST_SECONDS)

    def _work(self) -> None:
        if not _has_exporter():
            self._trouble('traces are not sent: `otlp_endpoint` needs `pip install "adalang[otel]"`')
            return
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        self._exporter = OTLPSpanExporter(self._endpoint, headers=_headers(self._headers), timeout=_TIMEOUT)
        with _quiet():
            while batch := self._batch():
                self._export(batch)
        self._exporter.shutdown()  # type: ignore[no-untyped-call]

    def _batch(self) -> list[PackedRun]:
        """The next runs; none when it is to end."""
        run = self._waiting.get()
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
                self._waiting.put(None)
                break
            batch.append(run)
        return batch

    def _export(self, batch: list[PackedRun]) -> None:
        from opentelemetry.sdk.trace.export import SpanExportResult

        from adalang.tracing.semantic import otel_spans

        assert self._exporter is not None
        try:
            spans = [span for run in batch for span in otel_spans(run.record())]
            sent = self._exporter.export(spans) is SpanExportResult.SUCCESS
        except Exception as error:  # whatever a collector or its library does is no run's failure
            self._trouble(f"traces could not be sent to {self._endpoint}: {type(error).__name__}")
            return
        if not sent:
            self._trouble(f"{self._endpoint} does not take traces: they are in the store alone")

    def _trouble(self, message: str) -> None:
        if not self._troubled:
            self._troubled = True
            self._warn(message)


@contextmanager
def _quiet() -> Iterator[None]:
    """What the library logs of a failure in this thread is told by us, once and shorter."""
    thread = threading.get_ident()
    logger = logging.getLogger("opentelemetry.exporter.otlp.proto.http.trace_exporter")

    def others(record: logging.LogRecord) -> bool:
        return record.thread != thread

    logger.addFilter(others)
    try:
        yield
    finally:
        logger.removeFilter(others)


def traces_address(endpoint: str) -> str:
    """Where traces go, from a collector's address with or without its path."""
    endpoint = endpoint.rstrip("/")
    return endpoint if endpoint.endswith("/v1/traces") else f"{endpoint}/v1/traces"


def _has_exporter() -> bool:
    try:
        return importlib.util.find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:
        return False


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
    if not _has_exporter():
        raise Unsent('this needs `pip install "adalang[otel]"`')
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import SpanExportResult

    from adalang.tracing.semantic import otel_spans

    with nullcontext() if headers is not None else _no_headers_in_environment():
        exporter = OTLPSpanExporter(traces_address(endpoint), headers=_headers(headers or ""), timeout=_TIMEOUT)
    for record in records:
        with _quiet():
            sent = exporter.export(list(otel_spans(record)))
        if sent is not SpanExportResult.SUCCESS:
            raise Unsent(f"{traces_address(endpoint)} does not take traces")
