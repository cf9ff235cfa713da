"""A collector of traces that is spoken to over OTLP/HTTP. Imported only where something is sent: the library is an extra."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import requests  # comes with the exporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult


class Collector:
    """``seconds`` is the time for one batch, with what is tried again in it."""

    def __init__(self, endpoint: str, headers: dict[str, str], seconds: float) -> None:
        self._connection = _Connection()
        self._exporter = OTLPSpanExporter(endpoint, headers=headers, timeout=seconds, session=self._connection)

    def send(self, spans: Sequence[ReadableSpan]) -> str:
        """Why the spans were not taken ("": they were)."""
        self._connection.trouble = ""
        with _quiet():
            result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS:
            return self._connection.trouble
        return self._connection.trouble or "the spans could not be sent"

    def close(self) -> None:
        with _quiet():
            self._exporter.shutdown()  # type: ignore[no-untyped-call]


class _Connection(requests.Session):
    """Follows no redirect (a login page takes everything), and remembers what became of the last request."""

    trouble = ""

    def request(self, *arguments: Any, **more: Any) -> requests.Response:
        try:
            response = super().request(*arguments, **{**more, "allow_redirects": False})
        except requests.Timeout:
            self.trouble = "it gave no answer in time, and may have them all the same"
            raise
        except requests.exceptions.SSLError:
            self.trouble = "its certificate is not accepted"
            raise
        except requests.RequestException:
            self.trouble = "it cannot be reached"
            raise
        self.trouble = "" if 200 <= response.status_code < 300 else _refused(response)
        return response


def _refused(response: requests.Response) -> str:
    told = f"it answers {response.status_code} {response.reason}".rstrip()
    if 300 <= response.status_code < 400:
        return f"{told}, and redirects are not followed"
    if response.status_code in (401, 403):
        return f"{told}: look at `otlp_headers`"
    return told


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
