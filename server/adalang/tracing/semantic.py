"""Runs as OpenTelemetry spans, in the words of its conventions for generative AI; needs the extra `otel`.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

from adalang import __version__
from adalang.store.records import RunRecord
from adalang.tracing.spans import Span, as_json, spans_of

_SCOPE = InstrumentationScope("adalang", __version__)
_OPERATIONS = {
    "prompt": "chat",
    "step": "chat",
    "agent": "invoke_agent",
    "tool": "execute_tool",
    "retriever": "retrieval",
}
_ASKED = ("prompt", "step")
"""The kinds whose span is a request of a model."""
_MOST = 30_000
"""Characters of a value that is sent; whole ones are in the store."""


def otel_spans(record: RunRecord) -> Iterator[ReadableSpan]:
    """The spans of a run. Their ids follow from the run's, so that a run that is sent twice is the same trace."""
    trace_id = _number(record.id, 16)
    resource = Resource.create({"service.name": "adalang", "service.version": __version__})
    spans = spans_of(record)
    for span in spans:
        # What judged the run is shown below it, for a trace has one root.
        parent = span.parent if span.parent is not None else spans[0].place if span is not spans[0] else None
        began = int(span.began * 1e9)
        yield ReadableSpan(
            name=f"{_OPERATIONS[span.kind]} {_object(span)}" if span.kind in _OPERATIONS else span.component,
            context=_context(trace_id, record.id, span.place),
            parent=_context(trace_id, record.id, parent) if parent is not None else None,
            resource=resource,
            attributes={**_about(span), **(_about_run(record) if parent is None else {})},
            kind=SpanKind.CLIENT if span.kind in _ASKED else SpanKind.INTERNAL,
            status=Status(StatusCode.ERROR, span.error) if span.error else Status(StatusCode.OK),
            start_time=began,
            end_time=began + int(span.seconds * 1e9),
            instrumentation_scope=_SCOPE,
        )


def _context(trace_id: int, run: str, place: int) -> SpanContext:
    return SpanContext(
        trace_id, _number(f"{run}/{place}", 8), is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED)
    )


def _number(text: str, size: int) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=size).digest(), "big") or 1


def _object(span: Span) -> str:
    return span.model if span.kind in _ASKED and span.model else span.component


def _about(span: Span) -> dict[str, Any]:
    usage = span.usage
    inputs, output = _cut(as_json(span.inputs)), _cut(as_json(span.output))
    told: dict[str, Any] = {
        "adalang.component": span.component,
        "adalang.kind": span.kind,
        "adalang.binding": span.binding,
        "adalang.cached": span.cached,
        "adalang.attempts": span.attempts,
        "adalang.usd": usage.usd,
        "input.value": inputs,
        "output.value": output,
        "error.type": span.error and "adalang",
        "gen_ai.operation.name": _OPERATIONS.get(span.kind, ""),
    }
    match span.kind:
        case "prompt" | "step":
            told |= {
                "gen_ai.provider.name": span.model.partition("/")[0],
                "gen_ai.request.model": span.model.partition("/")[2] or span.model,
                "gen_ai.response.model": span.model.partition("/")[2] or span.model,
                "gen_ai.response.finish_reasons": [span.finish_reason] if span.finish_reason else "",
                "gen_ai.usage.input_tokens": usage.input_tokens,
                "gen_ai.usage.output_tokens": usage.output_tokens,
                "gen_ai.input.messages": _cut(as_json([_message(one) for one in span.messages])),
                "gen_ai.output.messages": _cut(as_json([_said("assistant", [span.answer])])) if not span.error else "",
            }
        case "agent":
            told |= {"gen_ai.agent.name": span.component}
        case "tool":
            told |= {
                "gen_ai.tool.name": span.component,
                "gen_ai.tool.call.arguments": inputs,
                "gen_ai.tool.call.result": output,
            }
    return {name: value for name, value in told.items() if value not in ("", None)}


def _about_run(record: RunRecord) -> dict[str, Any]:
    told = {
        "adalang.run": record.id,
        "adalang.file": record.file,
        "adalang.origin": record.origin,
        "adalang.eval": record.eval,
        "adalang.row": record.row,
        "adalang.score": record.score,
    }
    return {name: value for name, value in told.items() if value not in ("", None)}


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    content = message.get("content", "")
    if message.get("role") == "tool":
        answer = {"type": "tool_call_response", "id": message.get("tool_call_id"), "response": content}
        return {"role": "tool", "parts": [answer]}
    asked = [{"type": "tool_call", **one} for one in message.get("tool_calls", ())]
    return _said(str(message.get("role", "user")), content if isinstance(content, list) else [content], asked)


def _said(role: str, parts: list[Any], asked: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    told = [{"type": "text", "content": one if isinstance(one, str) else as_json(one)} for one in parts if one != ""]
    return {"role": role, "parts": [*told, *asked]}


def _cut(text: str) -> str:
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= _MOST else f"{text[:_MOST]}… ({len(text) - _MOST:,} characters more)"
