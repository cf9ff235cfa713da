"""A collector on this machine: takes OTLP over HTTP, and keeps the spans as OpenTelemetry's own messages decode them."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Collector(ThreadingHTTPServer):
    """``spans`` in the order in which they came, and of each request its path and its header `x-team`. It answers ``status``."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.spans: list[Any] = []
        self.headers: list[tuple[str, str | None]] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        request = ExportTraceServiceRequest.FromString(body)
        self.server.headers.append((self.path, self.headers.get("x-team")))
        self.server.spans += [
            span for one in request.resource_spans for scope in one.scope_spans for span in scope.spans
        ]
        self.send_response(self.server.status)
        if self.server.status in (301, 302):
            self.send_header("Location", "/login")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        """A page to log in, which comes with 200."""
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def collector(status: int = 200) -> Iterator[Collector]:
    """One that runs until the end of the block."""
    server = Collector(status)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def attributes(span: Any) -> dict[str, Any]:
    """What a span tells, by name."""
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}
