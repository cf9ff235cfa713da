"""Each call knows which earlier calls its inputs came from, and what decided that it was made."""

from hypothesis import given
from hypothesis import strategies as st
from tests.runtime.world import MODEL, world

from adalang.runtime.interpreter import RunFailed
from adalang.runtime.provenance import Origin, Sourced, computed, inside, spread, taken


def prompt(name: str, parameters: str, returns: str = "str") -> str:
    shown = " ".join(f"{{{{ {one.split(':')[0]} }}}}" for one in parameters.split(", "))
    return f'prompt {name}({parameters}) -> {returns} {{\n  model = m\n  user = """{name} {shown}"""\n}}\n'


PROMPTS = MODEL + "".join(
    [
        prompt("a", "q: str"),
        prompt("b", "q: str"),
        prompt("both", "x: str, y: str"),
        prompt("all", "x: str[]"),
        prompt("judge", "q: str", "{ ok: bool, why: str }"),
    ]
)


def answer(incoming):
    said = [message.text for message in incoming.messages if message.role == "user"][-1]
    if said.startswith("judge"):
        return '{"ok": ' + ("true" if said.count("b ") >= 2 or "good" in said else "false") + ', "why": "w"}'
    return said


async def traced(tmp_path, pipeline, answer=answer, **inputs):
    async with world(tmp_path, PROMPTS + pipeline, answer) as w:
        _, trace = await w.traced("p", **inputs)
    return trace


def told(trace, name, index=0):
    """The origins of a component's call: (path, component, its index, part), with "!" before what decided."""
    call = next(one for one in trace.calls if (one.component, one.index) == (name, index))
    return shown(trace, call.origins)


def shown(trace, origins):
    def place(path):
        return ".".join(map(str, path))

    return [
        ("!" if one.decides else "")
        + f"{place(one.path)}<{trace.calls[one.call].component}{trace.calls[one.call].index}"
        + (f".{place(one.part)}" if one.part else "")
        for one in origins
    ]


async def test_a_chain_and_a_diamond(tmp_path):
    trace = await traced(
        tmp_path, "pipeline p(q: str) -> str {\n  x = a(q)\n  y = b(x)\n  return both(x, y)\n}\n", q="1"
    )
    assert told(trace, "a") == []
    assert told(trace, "b") == ["q<a0"]
    assert told(trace, "both") == ["x<a0", "y<b0"]
    assert shown(trace, trace.calls[0].returned) == ["<both0"]
    assert {name: shown(trace, origins) for name, origins in trace.step_origins.items()} == {
        "x": ["<a0"],
        "y": ["<b0"],
    }


async def test_equal_outputs_are_not_mistaken_for_each_other(tmp_path):
    text = "pipeline p(q: str) -> str {\n  x = a(q)\n  y = b(q)\n  return both(y, x)\n}\n"
    trace = await traced(tmp_path, text, lambda incoming: "same", q="1")
    assert told(trace, "both") == ["x<b0", "y<a0"]


async def test_nested_pipelines_are_transparent(tmp_path):
    text = (
        "pipeline p(q: str) -> str {\n  x = a(q)\n  y = inner(x)\n  return b(y)\n}\n"
        "pipeline inner(z: str) -> str {\n  v = a(z)\n  return both(v, z)\n}\n"
    )
    trace = await traced(tmp_path, text, q="1")
    assert told(trace, "inner") == ["z<a0"]
    assert told(trace, "both") == ["x<a1", "y<a0"]
    assert told(trace, "b") == ["q<both0"]


async def test_items_of_lists_and_fields_of_objects_keep_their_places(tmp_path):
    text = (
        "pipeline p(qs: str[]) -> str {\n  xs = [a(q) for q in qs]\n  ys = [b(x) for x in xs]\n"
        "  j = judge(q = all(ys))\n  return both(x = j.why, y = all(xs))\n}\n"
    )
    trace = await traced(tmp_path, text, qs=["1", "2"])
    assert [told(trace, "b", nth) for nth in (0, 1)] == [["q<a0"], ["q<a1"]]
    assert told(trace, "all", 0) == ["x.0<b0", "x.1<b1"]
    assert told(trace, "both") == ["x<judge0.why", "y<all1"]


async def test_a_branch_knows_what_chose_it(tmp_path):
    text = (
        'pipeline p(q: str) -> str {\n  j = judge(q)\n  fixed = a("x")\n  return match j.ok {\n'
        "    true => b(q)\n    _ => fixed\n  }\n}\n"
    )
    good = await traced(tmp_path, text, q="good")
    assert told(good, "b") == ["!<judge0.ok"]
    assert shown(good, good.calls[0].returned) == ["<b0"]
    (tmp_path / "other").mkdir()
    bad = await traced(tmp_path / "other", text, q="1")
    assert "b" not in [call.component for call in bad.calls]
    assert shown(bad, bad.calls[0].returned) == ["<a0", "!<judge0.ok"]


async def test_turns_of_a_loop_know_the_turn_before_and_what_ended_the_loop(tmp_path):
    text = (
        "pipeline p(q: str) -> str {\n  d = a(q)\n  repeat 4 until j.ok {\n    d = b(d)\n    j = judge(d)\n  }\n"
        "  return d\n}\n"
    )
    trace = await traced(tmp_path, text, q="1")
    assert told(trace, "b", 0) == ["q<a0"]
    assert told(trace, "b", 1) == ["q<b0", "!<judge0.ok"]
    assert told(trace, "judge", 1) == ["q<b1", "!<judge0.ok"]
    assert shown(trace, trace.calls[0].returned) == ["<b1", "!<judge1.ok"]


async def test_a_filter_and_a_condition_are_told_as_deciding(tmp_path):
    text = (
        "pipeline p(qs: str[]) -> str {\n  xs = [q for q in qs if judge(q).ok and not judge(q).ok == false]\n"
        "  return all(xs)\n}\n"
    )
    trace = await traced(tmp_path, text, qs=["good 1", "2"])
    assert trace.calls[-1].inputs["x"] == ["good 1"]
    assert set(told(trace, "all")) == {"!x<judge0.ok", "!x<judge1.ok", "!x<judge2.ok"}


async def test_a_run_that_failed_keeps_its_origins(tmp_path):
    text = "pipeline p(q: str) -> str {\n  x = a(q)\n  j = judge(x)\n  return j.why\n}\n"
    async with world(tmp_path, PROMPTS + text, lambda incoming: "no JSON") as w:
        try:
            await w.traced("p", q="1")
        except RunFailed as failed:
            assert told(failed.trace, "judge") == ["q<a0"]


ORIGINS = st.lists(
    st.builds(
        Origin,
        st.integers(0, 5),
        st.lists(st.integers(0, 2), max_size=2).map(tuple),
        st.just(()),
        st.booleans(),
    ),
    max_size=6,
).map(tuple)


@given(ORIGINS)
def test_what_is_put_in_comes_out_again(origins):
    assert taken("f", tuple(inside("f", origins))) == origins
    assert taken("g", tuple(inside("f", origins))) == ()


@given(ORIGINS)
def test_the_items_of_a_list_are_what_is_taken_from_it_one_by_one(origins):
    value = Sourced(["x", "y", "z"], origins)
    assert spread(value) == [Sourced(item, taken(nth, origins)) for nth, item in enumerate(value.value)]
    assert {one.call for one in computed(value)} == {one.call for one in origins}
