"""What a server's schema says of its inputs, as types of the language."""

from __future__ import annotations

from typing import Any

import pytest

from adalang.language.types import describe, json_schema
from adalang.runtime.tools.schema_types import schema_type


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        ({"type": "integer"}, "int"),
        ({"type": "array", "items": {"type": "number"}}, "float[]"),
        ({"type": "string", "enum": ["a", "b"]}, '"a" | "b"'),
        ({"enum": [1, 2]}, "anything"),
        ({"type": ["string", "null"]}, "str?"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "str?"),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, "str | int"),
        ({"anyOf": [{"type": "string"}, {}]}, "anything"),
        ({"type": "object", "properties": {"n": {"type": "integer"}, "m": {}}, "required": ["n"]}, "{ n: int, m: anything? }"),
        ({"type": "object"}, "anything"),
        ({"$ref": "#/$defs/N", "$defs": {"N": {"type": "boolean"}}}, "bool"),
        ({"$ref": "#/$defs/N", "$defs": {"N": {"$ref": "#/$defs/N"}}}, "anything"),
        ({"$ref": "https://a.test/x"}, "anything"),
        ({"type": 3}, "anything"),
        (True, "anything"),
        (None, "anything"),
    ],
)  # fmt: skip
def test_a_schema_reads_as_a_type(schema: Any, written: str) -> None:
    found = schema_type(schema)
    assert describe(found) == written
    assert schema_type(json_schema(found)) == found or "anything" in written
