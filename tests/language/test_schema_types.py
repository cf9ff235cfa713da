"""What a server's schema says of its inputs, as types of the language."""

from __future__ import annotations

from typing import Any

import pytest

from adalang.language.schema_types import schema_type
from adalang.language.types import describe, json_schema


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
        ({"properties": {"n": {"type": "integer", "readOnly": True}}, "required": ["n"]}, "{ n: int? }"),
        ({"type": "string", "nullable": True}, "str?"),
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


def test_many_references_are_read_once_and_told_by_their_names() -> None:
    names = [f"N{n}" for n in range(40)]
    fields = {name: {"$ref": f"#/$defs/{name}"} for name in names}
    whole = {"$defs": {name: {"type": "object", "properties": fields, "required": names} for name in names}}
    found = schema_type({"type": "array", "items": {"$ref": "#/$defs/N0"}}, whole)
    assert describe(found) == "N0[]"
