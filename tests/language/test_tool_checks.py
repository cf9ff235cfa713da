"""Tools are checked against the Python function that they name, and so is what stands in their parentheses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adalang.language.checks import DiskFacts, check
from adalang.language.program import load
from adalang.language.python_functions import python_file
from adalang.language.types import STR, UNKNOWN, Labels, ListOf, OptionalOf
from adalang.runtime.tools.schema import tool_schema

CODE = '''
from __future__ import annotations
from typing import Literal, Optional
import decimal

def find(order_id: str, limit: int = 3) -> float:
    """Find what was paid
    for an order.

    Longer words.

    Args:
        order_id (str): a letter and a digit
        limit: how many
    """

async def many(names: list[str], kind: Literal["a", "b"] = "a", note: Optional[str] = None) -> "list[str]":
    """:param names: who"""

def loose(x, y: decimal.Decimal, *, z: int | None = None): ...

@decimal.something
def decorated(x: int) -> int: ...

def placed(x: str, /, y: int = 3): ...

def anything(**rest: str) -> str: ...
'''


GIVEN = {"name": "x", "in": "query", "schema": {"type": "string"}}


def problems(folder: Path, text: str) -> list[str]:
    (folder / "t.py").write_text(CODE)
    operations = {f"/{name}": {"get": {"operationId": name, "parameters": [GIVEN]}} for name in ("get", "t")}
    api = {"openapi": "3.1.0", "servers": [{"url": "https://a.test"}], "paths": operations}
    (folder / "a.json").write_text(json.dumps(api))
    (folder / "broken.py").write_text("import os\ndef f(x:\n    return x\n")
    (folder / "main.adal").write_text(text)
    program = load(folder / "main.adal")
    assert program is not None
    return [f"{one.code} {one.message}" for one in check(program, facts=DiskFacts()) if one.severity == "error"]


@pytest.mark.parametrize(
    "declared",
    [
        'tool t(order_id: str) -> float = python("t.py:find")',
        'tool t(order_id: str, limit: int) -> float = python("t.py:find", env = { TOKEN = env("HOME") })',
        'tool t(names: str[], kind: "a" | "b") -> str[] = python("t.py:many")',
        'tool t(x: str, y: int) -> { a: int } = python("t.py:loose")',
        'tool t(x: str) -> str = python("t.py:decorated")',
        'tool t(x: str) -> str = python("t.py:anything")',
        'tool t(x: str) -> str = mcp("server --flag", tool = "other", env = { A = "b" })',
        'tool t(x: str) -> str = mcp("https://a.test/mcp", headers = { Authorization = env("HOME") })',
        'tool t(x: str) -> str = http("a.json:get", base = "https://a.test", query = { key = env("HOME") })',
        'tool t(x: str) -> str = http("https://a.test:8000/openapi.json", operation = "get")',
    ],
)
def test_what_fits(tmp_path: Path, declared: str) -> None:
    assert problems(tmp_path, declared + "\n") == []


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ('t(id: str) -> float = python("t.py:find")', "ADL203 `find` in t.py has no parameter `id`; the tool gives one."),
        ('t(limit: int) -> float = python("t.py:find")', "ADL203 `find` in t.py needs `order_id`; the tool does not"),
        ('t(order_id: int) -> float = python("t.py:find")', "ADL205 `find` in t.py takes `order_id` as str; the tool gives int"),
        ('t(order_id: str) -> str = python("t.py:find")', "ADL205 `find` in t.py gives float; the tool is declared to give str"),
        ('t(names: str[], kind: str) -> str[] = python("t.py:many")', "takes `kind` as \"a\" | \"b\"; the tool gives str"),
        ('t(x: str) -> str = python("t.py:placed")', "ADL203 `placed` in t.py takes `x` by position alone; it is called by"),
        ('t(x: str) -> str = python("broken.py:f")', "ADL513 broken.py:2 is no Python: '(' was never closed."),
        ('t(x: str) -> str = python("none.py:f")', "ADL513 There is no file `none.py` beside this one."),
        ('t(x: str) -> str = mcp("server", tol = "x")', "ADL203 `mcp` takes no such option. Did you mean `tool`?"),
        ('t(x: str) -> str = mcp(tool = "x")', "ADL212"),
        ('t(x: str) -> str = mcp("server", env = 4)', "ADL212 `env` takes an object"),
        ('t(x: str) -> str = http("a.json", headers = { api_key = "abc" })', "ADL403"),
        ('t(x: str) -> str = http("b.json:get")', "ADL501 There is no file `b.json`"),
        ('t(x: str) -> str = env("X")', "ADL212 A tool is python("),
        ('t(x: str) -> str = python("t.py:anything") { memory = 1 }', "ADL212 `memory` takes a number of at least 64"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_both_names(tmp_path: Path, declared: str, told: str) -> None:
    found = problems(tmp_path, f"tool {declared}\n")
    assert len(found) == 1 and told in found[0], found


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ('"yes"', 'not the text "yes"; write true, false, or a comparison'),
        ("0", "not int; write true, false, or a comparison"),
        ("null", "not null; write true or false"),
        ("[]", "not anything[]; write true, false, or a comparison"),
        ("order_id", "not str; compare it with something"),
        ("sure", "not bool?; compare it with true or false"),
        ("order_id > 50", "`>` compares like with like, not str with int"),
        ("amount > 50 or order_id", "`or` takes true or false, not str"),
        ("not amount", "`not` takes true or false, not float"),
    ],
)
def test_a_condition_is_true_or_false(tmp_path: Path, condition: str, told: str) -> None:
    head = "tool refund(order_id: str, amount: float, sure: bool?) -> str"
    (found,) = problems(tmp_path, f'{head} = python("t.py:anything") {{ approve = {condition} }}\n')
    assert found.startswith("ADL205") and told in found
    for fine in ("true", "amount > 50 or amount < 0", "not (sure == true)", 'order_id in ["a"]', "amount > 50.5"):
        assert problems(tmp_path, f'{head} = python("t.py:anything") {{ approve = {fine} }}\n') == []


def test_what_is_known_of_functions_comes_from_their_text_alone(tmp_path: Path) -> None:
    (tmp_path / "t.py").write_text(
        "raise SystemExit('never run')\n" + CODE.replace("from __future__ import annotations", "")
    )
    file = python_file(tmp_path / "t.py")
    assert file is not None and not file.error
    found = file.functions
    assert found["find"].doc == "Find what was paid for an order."
    assert found["find"].notes == {"order_id": "a letter and a digit", "limit": "how many"}
    assert found["many"].types == {"names": ListOf(STR), "kind": Labels(("a", "b")), "note": OptionalOf(STR)}
    assert found["many"].returns == ListOf(STR) and found["many"].notes == {"names": "who"}
    assert found["loose"].required == ("x", "y") and found["loose"].types["y"] == UNKNOWN
    assert found["decorated"].takes_any and found["anything"].parameters == ("**rest",)


def test_components_are_offered_to_models_by_their_signature(tmp_path: Path) -> None:
    text = (
        'tool find(order_id: str, limit: int = 3) -> float = python("t.py:find")\n'
        '# Answers.\nprompt say(text: str, tone: "kind" | "plain" = "plain", who: { name: str "in full" }?) = """{{ text }}"""\n'
    )
    assert problems(tmp_path, text) == []
    program = load(tmp_path / "main.adal")
    assert program is not None
    find, say = program.resolve("find"), program.resolve("say")
    assert find is not None and say is not None
    assert tool_schema(program, find) == {
        "type": "function",
        "function": {
            "name": "find",
            "description": "Find what was paid for an order.",
            "parameters": {
                "type": "object",
                "properties": {
                    "order_id": {"type": "string", "description": "a letter and a digit"},
                    "limit": {"type": "integer", "description": "how many", "default": 3},
                },
                "required": ["order_id"],
                "additionalProperties": False,
            },
        },
    }
    offered = tool_schema(program, say)["function"]
    assert offered["description"] == "Answers." and offered["parameters"]["required"] == ["text"]
    assert offered["parameters"]["properties"]["who"]["anyOf"][0]["properties"]["name"]["description"] == "in full"
    assert tool_schema(program, find, "Other words.")["function"]["description"] == "Other words."


def test_an_agent_that_lists_itself_is_told_what_helps_an_agent(tmp_path: Path) -> None:
    (found,) = problems(
        tmp_path, 'agent a(q: str) -> str { tools = [a], user = """{{ q }}""" }\n'.replace(", user", "\n user")
    )
    assert found.startswith("ADL108") and found.endswith(
        "Take `a` out of its `tools`; for more rounds raise `max_steps`."
    )
