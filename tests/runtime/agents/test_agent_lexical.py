"""The offline model runs agents too: it calls what the input speaks of, and answers from what came of it."""

from tests.runtime.world import world

from adalang.runtime.models.lexical_agent import calls
from adalang.runtime.models.types import Message, ModelSpec, Request, ToolCall


def tool(name, description="", **inputs):
    properties = {one: {"type": kind} for one, kind in inputs.items()}
    parameters = {"type": "object", "properties": properties, "required": list(inputs)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


FIND = tool("find_order", "Looks up an order.", order_id="string")
REFUND = tool("refund", "Pays money back.", order_id="string", amount="number")


def asked(text, *more, system="", tools=(REFUND, FIND)):
    opening = (Message("system", system),) if system else ()
    found = calls(Request(ModelSpec("builtin/lexical"), (*opening, Message("user", text), *more), tools=tools))
    return [(one.name, one.arguments) for one in found]


def test_a_tool_is_called_that_the_input_speaks_of():
    assert asked("Where is my order A7-12?") == [("find_order", '{"order_id": "A7-12"}')]


def test_nothing_is_called_that_the_input_does_not_speak_of_or_that_cannot_be_given_what_it_needs():
    assert asked("Hello there, B2!") == []
    assert asked("Where is my order?") == []


def test_the_prompt_says_what_comes_first_and_no_tool_is_called_twice():
    system = "Find the order first. Refund only what was paid."
    text = "I want a refund of 20 for order A7."
    assert asked(text, system=system) == [("find_order", '{"order_id": "A7"}')]
    did = Message("assistant", "", (ToolCall("1", "find_order", "{}"),))
    gave = Message("tool", "A7: a lamp", tool_call_id="1")
    assert asked(text, did, gave, system=system) == [("refund", '{"order_id": "A7", "amount": 20.0}')]
    both = Message("assistant", "", (ToolCall("2", "refund", "{}"),))
    assert asked(text, did, gave, both, Message("tool", "done", tool_call_id="2"), system=system) == []


def test_sums_and_queries_are_taken_from_the_input():
    sums = tool("calculate", "Computes a sum.", expression="string")
    assert asked("Please calculate 3 * (4 + 5)", tools=(sums,))[0][1] == '{"expression": "3 * (4 + 5)"}'
    search = tool("handbook", "Searches the handbook about returns.", query="string")
    assert asked("How do returns work?", tools=(search,)) == [("handbook", '{"query": "How do returns work?"}')]


async def test_an_agent_runs_without_any_network(tmp_path):
    (tmp_path / "tools.py").write_text(
        'def find_order(order_id: str) -> str:\n    return f"{order_id} was shipped on Monday."\n'
    )
    text = (
        'tool find_order(order_id: str) -> str = python("tools.py:find_order")\n'
        'agent helper(ticket: str) -> str {\n  model = "builtin/lexical"\n  tools = [find_order]\n}\n'
    )
    async with world(tmp_path, text, lambda incoming: "") as w:
        output, trace = await w.traced("helper", ticket="Where is my order A7?")
        assert [one.kind for one in trace.calls] == ["agent", "step", "tool", "step"]
        assert output == "A7 was shipped on Monday."
        await w.runtime.services.tools.aclose()
