"""Agents run over real HTTP: the model asks for tools, reads what came of them, and answers."""

import json

import pytest
from tests.runtime.agents.world import agent, agent_world, call
from tests.servers import Reply, ServerError

from adalang.runtime.failures import UnreadableFailure
from adalang.runtime.interpreter import RunFailed
from adalang.runtime.listening import Listening, listened


def kinds(trace):
    return [(one.kind, one.component, one.parent) for one in trace.calls]


async def test_a_model_calls_a_tool_reads_what_it_gave_and_answers(tmp_path):
    text = agent('param instruction = "Find the order first."')
    answers = [call("find_order", '{"order_id": "A7"}'), Reply("It is on its way.")]
    async with agent_world(tmp_path, text, answers) as w:
        output, trace = await w.traced("helper", ticket="Where is A7?")
        assert output == "It is on its way."
        assert kinds(trace) == [
            ("agent", "helper", None),
            ("step", "helper", 0),
            ("prompt", "find_order", 0),
            ("step", "helper", 0),
        ]
        first, second = (one for one in w.server.log if one.tools)
        assert [(m.role, m.text) for m in first.messages] == [
            ("system", "Find the order first."),
            ("user", "Where is A7?"),
        ]
        assert [m.role for m in second.messages] == ["system", "user", "assistant", "tool"]
        assert second.messages[-1].text == "find a7"
        assert trace.usage.calls == 3 and trace.calls[1].output == {
            "calls": [{"tool": "find_order", "arguments": {"order_id": "A7"}}]
        }
        assert first.tools[0]["function"]["parameters"]["required"] == ["order_id"]


async def test_calls_of_one_step_are_made_at_the_same_time_and_told_in_their_order(tmp_path):
    both = Reply(None, (("find_order", '{"order_id": "A1"}'), ("find_order", '{"order_id": "B2"}')), "tool_calls")
    async with agent_world(tmp_path, agent(), [both, Reply("done")]) as w:
        _, trace = await w.traced("helper", ticket="x")
        assert [one.output for one in trace.calls if one.component == "find_order"] == ["find a1", "find b2"]
        assert [m.text for m in w.server.log[-1].messages if m.role == "tool"] == ["find a1", "find b2"]
        assert list(trace.calls[-1].inputs) == ["ticket", "find_order (step 1)", "find_order (step 1) 2"]


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("find_ordr", "{}", "Error: there is no tool `find_ordr`; did you mean `find_order`?"),
        ("find_order", '{"order_id": ', "Error: the arguments of `find_order` are no JSON object"),
        ("find_order", "[1]", "Error: the arguments of `find_order` are a list, and have to be a JSON object"),
        ("refund", '{"order_id": "A", "amount": "much"}', "Error: `refund`: `amount` is a text, not float"),
        ("refund", '{"order_id": "A", "amount": NaN}', "Error: `refund`: `amount` is not a finite number"),
        ("refund", '{"order_id": "A", "amount": 1e999}', "Error: `refund`: `amount` is not a finite number"),
        ("find_order", "{}", "Error: `find_order` needs the input `order_id`"),
        ("find_order", '{"order_id": "A", "why": 1}', "Error: `find_order` has no input `why`; it takes order_id"),
    ],
)
async def test_what_a_model_does_wrong_it_is_told(tmp_path, name, arguments, told):
    async with agent_world(tmp_path, agent(), [call(name, arguments), Reply("ok")]) as w:
        output, trace = await w.traced("helper", ticket="x")
        assert output == "ok"
        assert w.server.log[-1].messages[-1].text == told
        assert trace.calls[2].error == told.removeprefix("Error: ")


async def test_arguments_are_read_leniently(tmp_path):
    asked = call("refund", '```json\n{"order_id": "A", "amount": "50",}\n```')
    async with agent_world(tmp_path, agent(), [asked, Reply("ok")]) as w:
        await w.run("helper", ticket="x")
        assert "refund a 50" in w.server.log[-1].messages[-1].text


async def test_a_tool_that_fails_is_an_observation(tmp_path):
    text = agent(tools="rate") + 'prompt rate(q: str) -> int {\n  model = m\n  user = """FIND {{ q }}"""\n}\n'
    async with agent_world(tmp_path, text, [call("rate", '{"q": "x"}'), Reply("ok")]) as w:
        _, trace = await w.traced("helper", ticket="x")
        assert w.server.log[-1].messages[-1].text == "Error: `rate`: the answer is no int: 'find x'"
        assert trace.calls[2].error and not trace.calls[0].error


async def test_a_model_that_is_out_of_reach_ends_the_run(tmp_path):
    text = agent().replace('api_key = env("KEY") }', 'api_key = env("KEY"), retries = 0 }')
    async with agent_world(tmp_path, text, [ServerError()]) as w:
        with pytest.raises(RunFailed) as failed:
            await w.run("helper", ticket="x")
        assert failed.value.failure.kind == "transport"
        assert [one.error != "" for one in failed.value.trace.calls] == [True, True]


async def test_a_long_observation_is_cut_where_everyone_can_see_it(tmp_path):
    long = "x" * 20_000
    async with agent_world(
        tmp_path, agent(), [call("find_order", '{"order_id": "A"}'), Reply("ok")], tools=lambda text: long
    ) as w:
        _, trace = await w.traced("helper", ticket="x")
        assert w.server.log[-1].messages[-1].text == "x" * 16_000 + "… (cut: 16,000 of 20,000 characters)"
        assert trace.calls[2].output == long


# ---- the end


async def test_after_the_last_step_the_model_has_to_answer_without_tools(tmp_path):
    answers = [call("find_order", '{"order_id": "A"}'), call("find_order", '{"order_id": "B"}'), Reply("I found two.")]
    async with agent_world(tmp_path, agent("max_steps = 2"), answers) as w:
        assert await w.run("helper", ticket="x") == "I found two."
        last = w.server.log[-1]
        assert last.tools == () and {m.role for m in last.messages} <= {"system", "user", "assistant"}
        assert [m.text for m in last.messages[1:]] == [
            'Action: find_order {"order_id": "A"}',
            "Observation of find_order: find a",
            'Action: find_order {"order_id": "B"}',
            "Observation of find_order: find b\n\nNo tool can be used any more. Give the final answer now, from what you know.",
        ]


async def test_a_model_that_never_answers_is_a_typed_failure(tmp_path):
    answers = [call("find_order", '{"order_id": "A"}'), Reply('Action: find_order {"order_id": "B"}')]
    async with agent_world(tmp_path, agent("max_steps = 1", returns="int"), answers) as w:
        with pytest.raises(RunFailed) as failed:
            await w.run("helper", ticket="x")
        assert isinstance(failed.value.failure, UnreadableFailure)
        assert str(failed.value.failure).startswith("`helper` gave no final answer after 1 step")


@pytest.mark.parametrize("nothing", ["", "  \n", None, 'Action: find_order {"order_id": "B"}'])
async def test_no_text_is_no_answer_and_is_asked_for_once_more(tmp_path, nothing):
    async with agent_world(tmp_path, agent("max_steps = 2"), [Reply(""), Reply("It is there.")]) as w:
        assert await w.run("helper", ticket="x") == "It is there."
        told = [(m.role, m.text) for m in w.server.log[-1].messages[-2:]]
        assert told[0] == ("assistant", "(no answer)") and told[1][1].startswith("The answer is empty.")
    answers = [call("find_order", '{"order_id": "A"}'), Reply(nothing)]
    async with agent_world(tmp_path, agent("max_steps = 1"), answers) as w:
        with pytest.raises(
            RunFailed, match=r"no final answer after 1 step \(`max_steps = 1`; raise it .*: (the|openai)"
        ):
            await w.run("helper", ticket="x")


async def test_a_model_without_a_word_is_asked_once_more(tmp_path):
    async with agent_world(tmp_path, agent(), [Reply(None), Reply("Here I am.")]) as w:
        output, trace = await w.traced("helper", ticket="x")
        assert output == "Here I am." and trace.usage.calls == 2


@pytest.mark.parametrize(
    "letter", ["Dear Ann,\nAction: none is needed from you.\nBob", "Observation: it rains.\nFinal answer: see above"]
)
async def test_the_last_word_is_the_answer_whatever_its_lines_look_like(tmp_path, letter):
    for said in (letter, f"Final answer: {letter}", f"Thought: well\nFinal answer:\n{letter}"):
        async with agent_world(
            tmp_path, agent("max_steps = 1"), [call("find_order", '{"order_id": "A"}'), Reply(said)]
        ) as w:
            assert await w.run("helper", ticket="x") == letter


async def test_a_typed_answer_that_cannot_be_read_is_asked_for_once_more_with_its_schema(tmp_path):
    form = "{ score: float, why: str }"
    answers = [Reply("I would say it is fine."), Reply(json.dumps({"score": 1, "why": "fine"}))]
    async with agent_world(tmp_path, agent(returns=form), answers) as w:
        assert await w.run("helper", ticket="x") == {"score": 1, "why": "fine"}
        first, last = w.server.log
        assert first.schema is None and last.schema["required"] == ["score", "why"]
        assert "When you need no further tool, give the final answer." in first.messages[0].text
        assert "The answer holds no JSON" in last.messages[-1].text


async def test_reasoning_is_asked_for_and_kept_apart(tmp_path):
    text = agent("reasoning = true", 'param reasoning_steps = "Think of the order."', returns='"yes" | "no"')
    thinking = Reply("I need the order.", (("find_order", '{"order_id": "A"}'),), "tool_calls")
    async with agent_world(tmp_path, text, [thinking, Reply('{"reasoning": "it is there", "answer": "yes"}')]) as w:
        output, trace = await w.traced("helper", ticket="x")
        assert output == "yes"
        assert [one.reasoning for one in trace.calls if one.kind == "step"] == ["I need the order.", "it is there"]
        assert "write down your reasoning. Think of the order." in w.server.log[0].messages[0].text


# ---- what opens the conversation


async def test_messages_of_its_own_are_sent_with_the_params_that_they_do_not_show(tmp_path):
    text = agent(
        'param instruction = "Be exact."',
        'param voice = "Be kind."',
        'system = """You help. {{ voice }}"""',
        'user = """Ticket: {{ ticket }}"""',
    )
    async with agent_world(tmp_path, text, [Reply("ok")]) as w:
        await w.run("helper", ticket="x")
        assert [(m.role, m.text) for m in w.server.log[0].messages] == [
            ("system", "Be exact.\n\nYou help. Be kind."),
            ("user", "Ticket: x"),
        ]


async def test_without_messages_several_inputs_are_named(tmp_path):
    async with agent_world(tmp_path, agent(inputs="ticket: str, tags: str[]"), [Reply("ok")]) as w:
        await w.run("helper", ticket="x", tags=["a", "b"])
        assert [m.text for m in w.server.log[0].messages] == ['ticket: x\ntags: ["a", "b"]']


async def test_examples_are_told_as_text(tmp_path):
    text = agent('demos shots = [{ ticket = "Where is Z9?", output = "lost" }]', 'param instruction = "Help."')
    async with agent_world(tmp_path, text, [Reply("ok")]) as w:
        await w.run("helper", ticket="x")
        assert w.server.log[0].messages[0].text == (
            'Help.\n\nExamples of right final answers:\n\ngiven: {"ticket": "Where is Z9?"}\nfinal answer: lost'
        )
        assert [m.role for m in w.server.log[0].messages] == ["system", "user"]


# ---- other protocols


async def test_the_same_agent_runs_over_another_protocol(tmp_path):
    text = agent("max_steps = 2", returns='"found" | "lost"').replace('"openai/test"', '"anthropic/claude-sonnet-4-5"')
    thinking = Reply("Let me look.", (("find_order", '{"order_id": "A"}'),), "tool_calls")
    answers = [thinking, call("find_order", '{"order_id": "B"}'), Reply("found")]
    async with agent_world(tmp_path, text, answers, protocol="anthropic") as w:
        output, trace = await w.traced("helper", ticket="x")
        assert output == "found"
        assert [one.output for one in trace.calls if one.component == "find_order"] == ["find a", "find b"]
        assert [m.role for m in w.server.log[2].messages] == ["system", "user", "assistant", "tool"]
        assert w.server.log[-1].tools == ()


async def test_the_last_step_is_heard_while_it_is_written_and_each_tells_its_model_and_time(tmp_path):
    heard = []
    listening = Listening(lambda: heard.append(listening.take()))
    answers = [Reply("I look.", (("find_order", '{"order_id": "A7"}'),), "tool_calls"), Reply("It is on its way.")]
    async with agent_world(tmp_path, agent(), answers) as w:
        with listened(listening):
            output, trace = await w.traced("helper", ticket="Where is A7?")
    pieces = [one for one in heard if one is not None] + [listening.finish(output)]
    last = max(at for at, one in enumerate(pieces) if one.restart)
    assert "".join(one.text for one in pieces[:last]) == "I look."
    assert "".join(one.text for one in pieces[last:]) == "It is on its way."
    steps = [one for one in trace.calls if one.kind == "step"]
    assert all(one.model == "openai/test" and one.attempts == 1 and one.seconds > 0 for one in steps)
