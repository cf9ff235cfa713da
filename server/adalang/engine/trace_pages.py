"""The page of a kept run, for the editor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from adalang.engine.protocol import TraceRequest
from adalang.report.trace import trace_page
from adalang.store import Store
from adalang.store.connection import FILE, FOLDER


def drawn(root: Path, request: TraceRequest) -> dict[str, Any]:
    """``run`` (the whole id), ``title`` and ``html``; or ``error``, why there is no page."""
    record = None
    if (root / FOLDER / FILE).is_file():
        with Store.open(root) as store:
            record = store.runs.get(request.run)
    if record is None:
        why = "its id is mistyped, or it is not kept (any more): then evaluate again, or raise trace_share"
        return {"error": f"There is no run {request.run}: {why}."}
    about = f"{record.component}, row {record.row}" if record.row else record.component
    return {"run": record.id, "title": f"Trace of {about}", "html": trace_page([record])}
