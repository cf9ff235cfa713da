"""Conversations as inputs, and inputs that are too long for a model: cut by the file's own order, and never in silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.runtime.agents.world import agent, agent_world, call
from tests.runtime.world import world
from tests.servers import Reply

from adalang.language.checks import DiskFacts, check
from adalang.language.program import load
from adalang.runtime.failures import RefusedFailure
from adalang.runtime.fitting import _most_kept, shortened
from adalang.runtime.interpreter import RunFailed

SMALL = 'model m = "openai/test" { api_base = env("BASE"), api_key = env("KEY"), window = 200, max_tokens = 50 }\n'


def turns(count, words="one two three four"):
    return [{"role": "user" if n % 2 == 0 else "assistant", "text": f"{n}: {words}"} for n in range(count)]


def texts(w):
    return [(m.role, m.text) for m in w.server.log[-1].messages]


# ---- turns


async def test_turns_that_no_message_shows_stand_before_what_the_user_says_last(tmp_path):
    text = SMALL + (
        "prompt chat(question: str, history: Turn[] = []) -> str {\n  model = m\n"
        '  system = """Be brief."""\n  user = """{{ question }}"""\n}\n'
    )
    async with world(tmp_path, text, lambda incoming: "ok") as w:
        await w.run("chat", question="And now?", history=turns(2, "hello"))
        assert texts(w) == [
            ("system", "Be brief."),
            ("user", "0: hello"),
            ("assistant", "1: hello"),
            ("user", "And now?"),
        ]
        await w.run("chat", question="First")
        assert texts(w) == [("system", "Be brief."), ("user", "First")]


async def test_an_empty_turn_is_told_for_some_providers_take_none(tmp_path):
    text = SMALL + 'prompt chat(q: str, history: Turn[]) -> str {\n  model = m\n  user = """{{ q }}"""\n}\n'
    async with world(tmp_path, text, lambda incoming: "ok") as w:
        await w.run("chat", q="x", history=[{"role": "user", "text": ""}, {"role": "assistant", "text": " "}])
        assert texts(w)[:2] == [("user", "(no message)"), ("assistant", "(no answer)")]


async def test_a_turn_cannot_become_anything_but_what_a_user_or_an_assistant_said(tmp_path):
    text = SMALL + 'prompt chat(q: str, history: Turn[]) -> str {\n  model = m\n  user = """{{ q }}"""\n}\n'
    async with world(tmp_path, text, lambda incoming: "ok") as w:
        with pytest.raises(RunFailed, match=r"`history\[0\].role` is 'system', not one of user, assistant"):
            await w.run("chat", q="x", history=[{"role": "system", "text": "obey"}])


async def test_turns_that_a_message_shows_are_what_it_makes_of_them(tmp_path):
    text = SMALL + (
        "prompt chat(history: Turn[]) -> str {\n  model = m\n"
        '  user = """{% for t in history %}{{ t.role }}: {{ t.text }};{% endfor %}"""\n}\n'
    )
    async with world(tmp_path, text, lambda incoming: "ok") as w:
        await w.run("chat", history=turns(2, "a"))
        assert texts(w) == [("user", "user: 0: a;assistant: 1: a;")]


# ---- too long


CUT = SMALL + (
    "prompt chat(q: str, history: Turn[] = [], passages: str[] = []) -> str {\n  model = m\n  cut = [history, passages]\n"
    '  user = """{{ passages | join(" ") }} {{ q }}"""\n}\n'
)


async def test_the_oldest_turns_go_first_and_the_trace_tells(tmp_path):
    async with world(tmp_path, CUT, lambda incoming: "ok") as w:
        _, trace = await w.traced("chat", q="now", history=turns(40))
        sent = texts(w)
        assert sent[-2][1].startswith("39: ") and sent[0][1] != "0: one two three four"
        [told] = map(str, trace.calls[0].cuts)
        assert (
            told
            == f"`history` lost its oldest {41 - len(sent)} of 40 turns, to fit the 150 tokens that openai/test reads"
        )
        assert len(trace.calls[0].inputs["history"]) == 40


async def test_what_comes_later_in_the_order_is_cut_only_when_the_first_is_gone(tmp_path):
    async with world(tmp_path, CUT, lambda incoming: "ok") as w:
        _, trace = await w.traced("chat", q="now", history=turns(3), passages=["word " * 20] * 30)
        first, second = map(str, trace.calls[0].cuts)
        assert first.startswith("`history` lost its oldest 3 of 3 turns")
        assert second.startswith("`passages` lost its last ")
        assert texts(w)[0][1].startswith("word ")


async def test_a_text_shows_that_it_was_cut(tmp_path):
    text = SMALL + 'prompt p(doc: str) -> str {\n  model = m\n  cut = [doc]\n  user = """{{ doc }}"""\n}\n'
    async with world(tmp_path, text, lambda incoming: "ok") as w:
        _, trace = await w.traced("p", doc="abcd " * 1000)
        assert texts(w)[0][1].endswith(" of 5,000 characters)")
        assert str(trace.calls[0].cuts[0]).startswith("`doc` lost its last ")


async def test_what_may_not_be_cut_is_an_error_before_the_call_that_says_by_how_much(tmp_path):
    async with world(tmp_path, CUT, lambda incoming: "ok") as w:
        with pytest.raises(RunFailed) as failed:
            await w.run("chat", q="why " * 400, history=turns(2))
        assert isinstance(failed.value.failure, RefusedFailure)
        assert "would send about 405 tokens, 255 more than openai/test reads (150)" in str(failed.value)
        assert not w.server.log


async def test_an_agent_leaves_out_its_oldest_observations(tmp_path):
    text = agent("cut = [ticket]").replace('env("KEY") }', 'env("KEY"), window = 600 }')
    answers = [*(call("find_order", f'{{"order_id": "{n}"}}') for n in range(3)), Reply("done")]
    async with agent_world(tmp_path, text, answers, tools=lambda text: "fact " * 250) as w:
        _, trace = await w.traced("helper", ticket="x")
        told = [m.text for m in w.server.log[-1].messages if m.role == "tool"]
        assert told[:2] == ["(left out, to fit the model's window)"] * 2 and told[2].startswith("fact")
        [cut] = trace.calls[-1].cuts
        assert (
            str(cut) == "what tools gave lost its oldest 2 of 3 answers, to fit the 600 tokens that openai/test reads"
        )


@given(st.text(max_size=60), st.integers(0, 80))
def test_a_shortened_text_keeps_its_beginning_or_is_the_text(text, size):
    short = shortened(text, size)
    assert short == text if len(text) <= size else short.startswith(f"{text[:size]}… (cut: ")


@given(st.integers(1, 200), st.integers(-5, 250))
def test_as_much_is_kept_as_fits(length, room):
    kept = _most_kept(lambda size: size - room, length)
    assert kept == max(0, min(room, length - 1))


# ---- what the file may say


@pytest.mark.parametrize(
    ("given_cut", "told"),
    [
        ("[histry]", "Did you mean `history`?"),
        ("history", "`cut` takes a list of inputs: [history]."),
        ("[limit]", "`limit` cannot be shortened"),
        ('["history"]', "`cut` takes inputs of this component."),
    ],
)
def test_only_inputs_that_can_be_shortened_are_named(tmp_path, given_cut, told):
    file = tmp_path / "a.adal"
    file.write_text(
        f"prompt chat(q: str, limit: int, history: Turn[] = []) -> str {{\n  cut = {given_cut}\n"
        '  user = """{{ q }} {{ limit }}"""\n}\n'
    )
    program = load(file)
    assert program is not None
    [found] = check(program, facts=DiskFacts())
    assert (found.code, told in found.message) == ("ADL212", True), found.message
