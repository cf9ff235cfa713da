"""JSON Schemas in the form in which providers take them for structured output, and who takes none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from adalang.runtime.failures import BugFailure
from adalang.runtime.models.answers import Answer
from adalang.runtime.models.types import Request

_LITERAL = ("enum", "const", "default", "examples")


def response_format(schema: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """The `response_format` of the OpenAI protocol for a schema; None where the protocol has none for it.

    The protocol takes objects only: any other answer is asked for by the prompt alone. Objects that do not
    say whether they are open are closed. It is `strict` where then every object is closed and requires all
    its properties, which is what strict mode asks for.
    """
    if schema.get("type") != "object":
        return None
    closed = _closed(schema)
    return {"type": "json_schema", "json_schema": {"name": name, "schema": closed, "strict": is_strict(closed)}}


class Schemas:
    """Asks with a schema where the model takes one; remembers the models that take none."""

    def __init__(self) -> None:
        self._schemaless: set[tuple[str, str]] = set()

    async def ask(
        self, request: Request, complete: Callable[[Request, Mapping[str, Any] | None], Awaitable[Answer]]
    ) -> Answer:
        """Make the call by `complete`, which gets the request and its `response_format`."""
        if request.schema is None:
            return await complete(request, None)
        target = request.model.id, request.model.api_base
        form = response_format(request.schema, request.schema_name)
        if form is not None and target not in self._schemaless:
            try:
                return await complete(request, form)
            except BugFailure as failure:
                # The prompt says the shape in words too, so a model that takes no schema can do without.
                if "response_format" not in str(failure):
                    raise
                self._schemaless.add(target)
        return await complete(request, None)


def is_strict(schema: Any) -> bool:
    """Whether every object in the schema is closed and requires all that it has."""
    if isinstance(schema, (list, tuple)):
        return all(is_strict(item) for item in schema)
    if not isinstance(schema, Mapping):
        return True
    if schema.get("type") == "object":
        complete = set(schema.get("required", ())) == set(schema.get("properties", {}))
        if not complete or schema.get("additionalProperties") is not False:
            return False
    return all(is_strict(value) for name, value in schema.items() if name not in _LITERAL)


def _closed(schema: Any) -> Any:
    if isinstance(schema, (list, tuple)):
        return [_closed(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    closed = {name: value if name in _LITERAL else _closed(value) for name, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        closed.setdefault("additionalProperties", False)
    return closed
