"""Operations of an OpenAPI description, on a real server on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from tests.runtime.world import World, world

from adalang.runtime.failures import BugFailure, ToolFailure, ToolSaysNo, ToolUnavailable
from adalang.runtime.interpreter import RunFailed
from adalang.runtime.services import Services
from adalang.runtime.tools.host import Tools


def described(base: str) -> dict[str, Any]:
    text = {"schema": {"type": "string"}}
    return {
        "openapi": "3.1.0",
        "servers": [{"url": base}],
        "paths": {
            "/orders/{order_id}": {
                "parameters": [{"$ref": "#/components/parameters/order"}],
                "get": {
                    "operationId": "getOrder",
                    "parameters": [
                        {"name": "fields", "in": "query", "schema": {"type": "array"}},
                        {"name": "full", "in": "query", **text},
                        {"name": "X-Trace", "in": "header", **text},
                        {"name": "session", "in": "cookie", **text},
                    ],
                },
                "put": {
                    "operationId": "changeOrder",
                    "requestBody": {"$ref": "#/components/requestBodies/change"},
                },
            },
            "/search": {
                "post": {
                    "operationId": "search",
                    "requestBody": {
                        "content": {
                            "application/x-www-form-urlencoded": {
                                "schema": {"type": "object", "properties": {"q": {"type": "string"}}}
                            }
                        }
                    },
                }
            },
            "/styles/{id}": {
                "put": {
                    "parameters": [
                        {"name": "id", "in": "path", "required": True, **text},
                        {"name": "csv", "in": "query", "explode": False, "schema": {"type": "array", "items": {}}},
                        {"name": "pipes", "in": "query", "style": "pipeDelimited", "explode": False},
                        {"name": "deep", "in": "query", "style": "deepObject", "schema": {"type": "object"}},
                        {"name": "flat", "in": "query", "schema": {"type": "object"}},
                        {"name": "where", "in": "query", "content": {"application/json": {}}},
                    ],
                    "requestBody": {
                        "content": {
                            "application/x-www-form-urlencoded": {
                                "schema": {
                                    "properties": {"id": {"type": "string"}, "b": {"type": "array"}, "meta": {}}
                                },
                                "encoding": {"meta": {"style": "deepObject"}},
                            }
                        }
                    },
                }
            },
            "/list": {
                "post": {
                    "operationId": "list",
                    "requestBody": {"content": {"application/json": {"schema": {"type": "array"}}}},
                }
            },
            "/status/{code}": {
                "get": {"operationId": "status", "parameters": [{"name": "code", "in": "path", "required": True}]}
            },
        },
        "components": {
            "parameters": {"order": {"name": "order_id", "in": "path", "required": True, **text}},
            "requestBodies": {
                "change": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Change"}}}}
            },
            "schemas": {
                "Change": {
                    "type": "object",
                    "required": ["amount"],
                    "properties": {"amount": {"type": "number"}, "note": {"type": "string"}},
                }
            },
        },
    }


TOOLS = """
tool getOrder(order_id: str, fields: str[] = [], full: bool? = null) -> { path: str, query: str, auth: str } =
  http("openapi.json", headers = { Authorization = env("SHOP_AUTH") }, query = { key = env("SHOP_KEY") })
tool change(order_id: str, amount: float, note: str? = null) -> { path: str, body: str } = http("openapi.json:changeOrder")
tool search(q: str) -> { body: str } = http("openapi.json")
tool items(body: str[]) -> { body: str } = http("openapi.json", operation = "list")
tool status(code: int) -> str = http("openapi.json") { timeout = 1 }
tool missing(order_id: str) -> str = http("BASE/openapi.json:changeOrder")
tool extra(order_id: str, size: int) -> str = http("BASE/openapi.json:getOrder")
tool unknown(x: str) -> str = http("BASE/openapi.json:noSuch")
tool elsewhere(q: str) -> { body: str } = http("openapi.json:search", base = "http://127.0.0.1:9")
"""


@asynccontextmanager
async def shop(folder, tools: str = TOOLS) -> AsyncIterator[World]:
    async def echo(request: web.Request) -> web.Response:
        told = {
            "path": request.rel_url.raw_path,
            "query": request.rel_url.raw_query_string,
            "auth": request.headers.get("Authorization", ""),
            "body": await request.text(),
        }
        return web.json_response(told)

    async def status(request: web.Request) -> web.Response:
        code = int(request.match_info["code"])
        if code == 0:
            await asyncio.sleep(1000)
        if code == 1:
            return web.Response(text="x" * (17 << 20))
        if code == 2:
            return web.Response(text="{broken", content_type="application/json")
        if code == 6:
            return web.Response(body=bytes(range(256)), content_type="image/png")
        if code == 7:
            return web.Response(body=b"a", headers={"Content-Type": "text/plain; charset=klingon"})
        if code in (3, 4, 5):
            text = {3: "[" * 100_000 + "]" * 100_000, 4: "[" * 250 + "]" * 250, 5: '{"a": NaN}'}[code]
            return web.Response(text=text, content_type="application/json")
        headers = {"Location": "http://evil.test/"} if 300 <= code < 400 else {}
        return web.Response(
            text=f"sorry, {request.headers.get('Authorization', 'nobody')}", status=code, headers=headers
        )

    async def description(request: web.Request) -> web.Response:
        return web.json_response(described("/"))

    app = web.Application()
    app.router.add_get("/openapi.json", description)
    app.router.add_get("/status/{code}", status)
    app.router.add_route("*", "/{rest:.*}", echo)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    (folder / "openapi.json").write_text(json.dumps(described(base)))
    services = Services(tools=Tools({"SHOP_AUTH": "Bearer tell-nobody", "SHOP_KEY": "k&y"}))
    try:
        async with world(folder, tools.replace("BASE", base), lambda incoming: "", services=services) as w:
            yield w
    finally:
        await runner.cleanup()


async def failure(w: World, name: str, **inputs: object) -> ToolFailure | BugFailure:
    with pytest.raises(RunFailed) as failed:
        await w.run(name, **inputs)
    assert isinstance(failed.value.failure, ToolFailure | BugFailure)
    return failed.value.failure


async def test_inputs_go_where_the_description_says(tmp_path):
    async with shop(tmp_path) as w:
        found = await w.run("getOrder", order_id="a/b ?#", fields=["x", "y&z"], full=True)
        assert found["path"] == "/orders/a%2Fb%20%3F%23"
        assert found["query"] == "fields=x&fields=y%26z&full=true&key=k%26y"
        assert found["auth"] == "Bearer tell-nobody"
        changed = await w.run("change", order_id="7", amount=2.5)
        assert json.loads(changed["body"]) == {"amount": 2.5}
        assert (await w.run("search", q="a b"))["body"] == "q=a+b"
        assert json.loads((await w.run("items", body=["a"]))["body"]) == ["a"]


STYLES = """
tool styles(id: str, csv: str[], pipes: int[], deep: { x: str, n: int? }, flat: { a: str }, where: { a: int[] },
            b: str[], meta: { k: str }) -> { path: str, query: str, body: str } = http("openapi.json:PUT /styles/{id}")
tool nested(id: str, deep: { x: { y: str } }) -> str = http("openapi.json:PUT /styles/{id}")
tool code(code: int) -> str = http("openapi.json:GET /status/{code}")
"""


async def test_lists_and_objects_are_written_as_the_description_says(tmp_path):
    async with shop(tmp_path, STYLES) as w:
        values = {"csv": ["1", "2,3"], "pipes": [1, 2], "deep": {"x": "y&", "n": None}, "flat": {"a": "b"}}
        found = await w.run("styles", id="7", where={"a": [1]}, b=["1", "2"], meta={"k": "v"}, **values)
        assert found["path"] == "/styles/7"
        assert found["query"] == "csv=1,2%2C3&pipes=1%7C2&deep%5Bx%5D=y%26&a=b&where=%7B%22a%22%3A%20%5B1%5D%7D"
        assert found["body"] == "id=7&b=1&b=2&meta%5Bk%5D=v"
        assert "cannot be written in a query" in str(await failure(w, "nested", id="7", deep={"x": {"y": "z"}}))


async def test_an_answer_that_is_no_text(tmp_path):
    async with shop(tmp_path, STYLES) as w:
        for code, told in [(6, "no text in UTF-8 (it says that it is image/png)"), (7, "no text in KLINGON")]:
            assert told in str(await failure(w, "code", code=code))


async def test_a_description_at_an_address_with_a_relative_server(tmp_path):
    tools = 'tool search(q: str) -> { body: str } = http("BASE/openapi.json:search")\n'
    async with shop(tmp_path, tools) as w:
        assert (await w.run("search", q="a"))["body"] == "q=a"


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        (404, ToolSaysNo, "the server answered 404 Not Found: sorry, nobody"),
        (503, ToolUnavailable, "503"),
        (429, ToolUnavailable, "429"),
        (302, ToolFailure, "redirects to http://evil.test/"),
        (0, ToolUnavailable, "did not answer within 1 s"),
        (1, ToolFailure, "longer than 16 MB"),
        (2, ToolFailure, "is no JSON, though it says so"),
        (3, ToolFailure, "nested too deeply"),
    ],
)
async def test_answers_that_are_none(tmp_path, code, kind, told):
    async with shop(tmp_path) as w:
        found = await failure(w, "status", code=code)
        assert type(found) is kind and told in str(found)


async def test_data_that_is_no_json(tmp_path):
    data = 'tool data(code: int) -> { a: float } = http("openapi.json:status")\n'
    async with shop(tmp_path, data) as w:
        assert "more than 200 deep" in str(await failure(w, "data", code=4))
        assert "NaN or an infinity" in str(await failure(w, "data", code=5))


async def test_declarations_that_do_not_fit_the_description(tmp_path):
    async with shop(tmp_path) as w:
        for name, inputs, told in [
            ("missing", {"order_id": "7"}, "the operation `changeOrder` needs `amount`"),
            (
                "extra",
                {"order_id": "7", "size": 1},
                "the operation `getOrder` takes no `size`; it takes: order_id, fields",
            ),
            ("unknown", {"x": "7"}, "no operation `noSuch`; it has: getOrder, changeOrder"),
        ]:
            found = await failure(w, name, **inputs)
            assert isinstance(found, BugFailure) and told in str(found), name
        assert isinstance(await failure(w, "elsewhere", q="x"), ToolUnavailable)


@pytest.mark.parametrize("order_id", ["..", ".", ""])
async def test_a_value_cannot_climb_out_of_its_place_in_the_path(tmp_path, order_id):
    async with shop(tmp_path) as w:
        assert "cannot stand in an address" in str(await failure(w, "change", order_id=order_id, amount=1.0))


async def test_secrets_are_not_told_when_the_server_repeats_them(tmp_path):
    tools = 'tool status(code: int) -> str = http("openapi.json", headers = { Authorization = env("SHOP_AUTH") })\n'
    async with shop(tmp_path, tools) as w:
        told = str(await failure(w, "status", code=404))
    assert "sorry, …" in told and "tell-nobody" not in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", "no OpenAPI 3 description"),
        ('{"openapi": "3.0.0", "paths": {}}', "no operation `getOrder`; it has: none"),
        ('{"openapi": "3.0.0", "paths": {"/a": {"$ref": "#/nowhere"}}}', "leads nowhere"),
        ('{"openapi": "3.0.0", "paths": {"/a": {"$ref": "#/paths/~1a"}}}', "in a circle"),
        ("{", "openapi.json:1 is no JSON: Expecting property name"),
        (
            '{"openapi": "3.0.0", "paths": {"/a": {"get": {"operationId": "getOrder", "parameters": 4}}}}',
            "as OpenAPI says",
        ),
    ],
)
async def test_descriptions_that_are_none(tmp_path, text, told):
    async with shop(tmp_path) as w:
        (tmp_path / "openapi.json").write_text(text)
        found = await failure(w, "getOrder", order_id="7")
    assert isinstance(found, BugFailure) and told in str(found)
