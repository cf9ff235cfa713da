"""Models that take no tools are told of them in words, and are read as leniently as they write."""

import pytest
from tests.runtime.agents.world import agent, agent_world
from tests.servers import Reply, ServerError

from adalang.runtime.agents.react import Closing, React
from adalang.runtime.agents.steps import Step
from adalang.runtime.models.types import Response, ToolCall, Usage


def read(text: str) -> Step:
    return React(()).read(Response(text, (), Usage(), "m", False, "stop", "k"))


@pytest.mark.parametrize(
    "text",
    [
        'Action: find {"id": "A"}',
        'I need it.\nAction: find {"id": "A"}\nObservation: it is there\nFinal answer: there',
        'Thought: hm\n**Action:** `find`\nAction Input: {"id": "A"}',
        'Action: find({"id": "A"})',
        'action: find\n```json\n{"id": "A"}\n```',
        '- Action: find {\n  "id": "A"\n}',
    ],
)
def test_an_action_is_read_in_the_ways_that_models_write_it(text):
    assert read(text).calls == (ToolCall("call_0", "find", '{"id": "A"}'),)


def test_several_actions_are_several_calls():
    assert [(one.id, one.name) for one in read('Action: a {"x": 1}\nAction: b {}').calls] == [
        ("call_0", "a"),
        ("call_1", "b"),
    ]


def test_what_is_no_json_is_kept_as_it_stands():
    assert read("Action: find A7, please\nThought: well").calls == (ToolCall("call_0", "find", "A7, please"),)


@pytest.mark.parametrize(
    "text",
    [
        "Final answer: 42",
        "Thought: plain\nFinal Answer:\n42",
        "**Final answer:** 42",
        "42",
        "Answer: 42",
        "**Answer:** 42",
        "Thought: x\nAnswer: 42",
        "\n\n**Thought:** x\n\n**Answer:** 42",
        "\n## \n Answer:\n\n42",
    ],
)
def test_a_final_answer_is_what_follows_the_label_or_all_there_is(text):
    assert read(text) == Step("42")


def test_an_answer_label_inside_a_text_is_part_of_it():
    assert read("It is so.\nAnswer: 42") == Step("It is so.\nAnswer: 42")
    assert read("Thought: the answer: 42") == Step("Thought: the answer: 42")


@pytest.mark.parametrize("reader", [React(()), Closing(names={"find"})])
@pytest.mark.parametrize("start", ["Thought: hm", "hm", "Action: find x", "Final answer", "", "- *"])
@pytest.mark.parametrize("filler", ["\n", " ", "\n* ", "\t\n", "#"])
def test_a_text_of_blanks_is_read_at_once(reader, start, filler):
    """What reads blanks anew from each of them needs hours here."""
    reader.read(Response(start + filler * 300_000 + "x", (), Usage(), "m", False, "stop", "k"))


def test_what_a_final_answer_says_after_its_label_is_not_made_up():
    assert read("Final answer: A report.\nObservation: the door was open.") == Step(
        "A report.\nObservation: the door was open."
    )
    assert read('Observation: a lamp is asked for.\nAction: find {"id": "A"}').calls[0].name == "find"


async def test_a_model_that_refuses_tools_is_asked_in_words_from_then_on(tmp_path):
    def answers(incoming):
        if incoming.tools:
            return ServerError(400, "registry.ollama.ai/library/test does not support tools")
        return Reply(
            "Final answer: found"
            if "Observation" in incoming.messages[-1].text
            else 'Action: find_order {"order_id": "A"}'
        )

    text = agent('param instruction = "Help."', returns='"found" | "lost"')
    async with agent_world(tmp_path, text, answers) as w:
        assert await w.run("helper", ticket="x") == "found"
        assert await w.run("helper", ticket="y") == "found"
        assert sum(bool(one.tools) for one in w.server.log) == 1
        told = w.server.log[1].messages[0].text
        assert told.startswith("Help.\n\nYou can use these tools:\n- find_order: Input: {")
        assert told.endswith(
            "Final answer: the answer\nAnswer with exactly one of these labels and nothing else: found | lost"
        )
        assert [m.role for m in w.server.log[2].messages if m.role == "tool"] == []


def toolless(*answers: str):
    """The model refuses tools, and then answers in words."""
    left = iter(answers)
    return lambda one: ServerError(400, "test does not support tools") if one.tools else Reply(next(left))


@pytest.mark.parametrize("stray", ["I think I should look.", "Thought: I look it up.\nAction:"])
async def test_a_model_that_writes_neither_call_nor_answer_is_reminded_once(tmp_path, stray):
    answers = toolless(stray, 'Action: find_order {"order_id": "A"}', "It is so.", stray, "It is so.")
    async with agent_world(tmp_path, agent(), answers) as w:
        output, trace = await w.traced("helper", ticket="x")
        assert output == "It is so." and [one.kind for one in trace.calls].count("step") == 3
        reminded = [one.messages[-1].text for one in w.server.log if "neither a tool's call" in one.messages[-1].text]
        assert len(reminded) == 1 and "`Final answer: …`" in reminded[0]
        assert await w.run("helper", ticket="y") == "It is so."


async def test_what_fits_the_declared_type_needs_no_mark(tmp_path):
    async with agent_world(tmp_path, agent(returns='"found" | "lost"'), toolless("found")) as w:
        assert await w.run("helper", ticket="x") == "found"


async def test_a_model_known_to_take_no_tools_is_never_sent_any(tmp_path):
    text = agent().replace('"openai/test"', '"openai/gpt-3.5-turbo-instruct"')
    text = text.replace("openai/gpt-3.5-turbo-instruct", "perplexity/sonar")
    async with agent_world(tmp_path, text, [Reply("Final answer: ok")]) as w:
        assert await w.run("helper", ticket="x") == "ok"
        assert w.server.log[0].tools == ()
