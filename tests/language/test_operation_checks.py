"""HTTP tools are checked against the OpenAPI file that they name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from adalang.language.checks import DiskFacts, check
from adalang.language.program import load

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
LIST = {"type": "array", "items": TEXT}


def given(name: str, schema: Any, place: str = "query", **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "schema": schema} | more


def body(schema: Any, media: str = "application/json") -> dict[str, Any]:
    return {"content": {media: {"schema": schema}}}


API = {
    "openapi": "3.1.0",
    "servers": [{"url": "https://a.test"}],
    "paths": {
        "/a/{id}": {
            "parameters": [given("id", TEXT, "path", required=True)],
            "get": {"operationId": "get_a", "parameters": [given("tags", LIST), given("m", TEXT, "cookie", style="x")]},
            "put": {
                "requestBody": body({"type": "object", "required": ["n"], "properties": {"n": NUMBER, "id": TEXT}})
            },
        },
        "/node": {"post": {"operationId": "node", "requestBody": body({"$ref": "#/components/schemas/Node"})}},
        "/loop": {"post": {"operationId": "loop", "requestBody": body({"$ref": "#/components/schemas/A"})}},
        "/lost": {"post": {"operationId": "lost", "requestBody": body({"$ref": "#/components/schemas/Nope"})}},
        "/files": {"post": {"operationId": "files", "requestBody": body({}, "multipart/form-data")}},
        "/two": {"get": {"operationId": "two"}, "post": {"operationId": "two"}},
    },
    "components": {
        "schemas": {
            "Node": {
                "properties": {
                    "kind": {"enum": ["leaf", "branch"]},
                    "within": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
                    "at": {"type": "object", "properties": {"x": {"type": "number", "nullable": True}}},
                    "made": {"type": "string", "readOnly": True},
                },
                "required": ["kind", "made"],
            },
            "A": {"$ref": "#/components/schemas/B"},
            "B": {"$ref": "#/components/schemas/A"},
        }
    },
}


def problems(folder: Path, declared: str) -> list[str]:
    (folder / "api.json").write_text(json.dumps(API))
    (folder / "bad.json").write_text('{"openapi": "3.0.0",\n "paths": ')
    (folder / "bad.yaml").write_text("openapi: 3.0.0\npaths: [")
    (folder / "old.json").write_text('{"swagger": "2.0", "paths": {}}')
    (folder / "nowhere.yaml").write_text("openapi: 3.0.0\npaths:\n  /a: {get: {operationId: a}}\n")
    (folder / "main.adal").write_text(f"tool {declared}\n")
    program = load(folder / "main.adal")
    assert program is not None
    return [f"{one.code} {one.message}" for one in check(program, facts=DiskFacts())]


@pytest.mark.parametrize(
    "declared",
    [
        't(id: str, tags: str[]) -> str = http("api.json:get_a")',
        't(id: int, tags: str[]? = null) -> str = http("api.json", operation = "get_a")',
        'get_a(id: str) -> str = http("api.json")',
        't(id: str, n: int) -> str = http("api.json:PUT /a/{id}")',
        't(id: str, n: int) -> str = http("api.json", operation = "put /a/{id}")',
        't(kind: "leaf", within: { kind: "leaf" }[], at: { x: float? }) -> str = http("api.json:node")',
        't() -> str = http("api.json:GET /two")',
        'a() -> str = http("nowhere.yaml", base = "https://a.test")',
    ],
)
def test_what_fits(tmp_path: Path, declared: str) -> None:
    assert problems(tmp_path, declared) == []


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ('t(id: str) -> str = http("api.json:gat_a")', "ADL513 The description has no operation `gat_a`; it has: get_a, PUT /a/{id}, node, loop, lost, files, GET /two, POST /two. Did you mean `get_a`?"),
        ('t(id: str) -> str = http("api.json")', "ADL513 The description has no operation `t`"),
        ('t() -> str = http("api.json:two")', "ADL513 Two operations are called `two`: GET /two and POST /two; name one like that."),
        ('t() -> str = http("api.json:loop")', "ADL513 The description has a $ref that leads in a circle."),
        ('t() -> str = http("api.json:lost")', "ADL513 The description has a $ref that leads nowhere in it: #/components/schemas/Nope."),
        ('t() -> str = http("api.json:files")', "takes a body of multipart/form-data"),
        ('t(id: str, size: int) -> str = http("api.json:get_a")', "ADL203 The operation `get_a` takes no `size`; it takes: id, tags, m."),
        ('t(tags: str[]) -> str = http("api.json:get_a")', "ADL203 The operation `get_a` needs `id`; the declaration does not give it."),
        ('t(id: str, tags: str) -> str = http("api.json:get_a")', "ADL205 The operation `get_a` takes `tags` as str[]; the declaration gives str."),
        ('t(id: int, n: int) -> str = http("api.json:PUT /a/{id}")', "takes `id` as str; the declaration gives int."),
        ('t(id: str, m: str) -> str = http("api.json:get_a")', "takes `m` in a way that is not known here: x in a cookie."),
        ('t(kind: str) -> str = http("api.json:node")', 'takes `kind` as "leaf" | "branch"; the declaration gives str.'),
        ('t(kind: "leaf", within: int[]) -> str = http("api.json:node")', "ADL205"),
        ('t() -> str = http("bad.json:t")', "ADL513 bad.json:2 is no JSON: Expecting value."),
        ('t() -> str = http("bad.yaml:t")', "ADL513 bad.yaml:3 is neither JSON nor YAML: "),
        ('t() -> str = http("old.json:t")', "ADL513 old.json is no OpenAPI 3 description: it lacks `openapi` 3.x."),
        ('a() -> str = http("nowhere.yaml")', "ADL513 The description names no server; say where it is"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(tmp_path: Path, declared: str, told: str) -> None:
    found = problems(tmp_path, declared)
    assert len(found) == 1 and told in found[0], found
