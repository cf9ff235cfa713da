"""Feedback finds its way through every construct of the language: nobody is blamed who had no part, and time keeps its order."""

from hypothesis import given, settings
from hypothesis import strategies as st

from adalang.optimizer.backward import backward
from adalang.runtime.provenance import Origin
from tests.optimizer.graph import Graph, blame_of, run, step


async def told(graph, *results, **more):
    return await backward(graph, graph.candidate, results, **more)


def input_first(text, names):
    """A teacher that always sees the fault in what came in."""
    return {next((name for name in names if not name.endswith(".text")), names[0]): 1.0}


async def test_a_chain_is_followed_to_its_start_with_one_question_per_step():
    graph = Graph("a", "b", "c", answers=input_first)
    found = await told(
        graph,
        run(
            step("a", {"q": "1"}, "x"),
            step("b", {"x": "x"}, "y", sources={"x": 1}),
            step("c", {"y": "y"}, "z", sources={"y": 2}),
        ),
    )
    assert graph.named == [["c.text", "y"], ["b.text", "x"]]
    assert next(iter(found.blame)) == "a.text"
    assert found.notes["a.text"][0].text == "about x"


async def test_both_sides_of_a_diamond_are_siblings_in_one_question():
    graph = Graph("a", "b", "c", "d", answers={"left": 0.9, "right": 0.1})
    found = await told(
        graph,
        run(
            step("a", {"q": "1"}, "x"),
            step("b", {"x": "x"}, "l", sources={"x": 1}),
            step("c", {"x": "x"}, "r", sources={"x": 1}),
            step("d", {"left": "l", "right": "r"}, "z", sources={"left": 2, "right": 3}),
        ),
    )
    assert graph.named[0] == ["d.text", "left", "right"]
    assert 'INPUT left: "l"' in graph.asked[0] and 'INPUT right: "r"' in graph.asked[0]
    blame = found.blame
    assert blame["b.text"] > blame.get("c.text", 0.0)


async def test_equal_values_do_not_lead_to_the_wrong_step():
    graph = Graph("a", "b", "c", answers=input_first)
    calls = [
        step("a", {"q": "1"}, "same"),
        step("b", {"q": "1"}, "same"),
        step("c", {"x": "same"}, "z", sources={"x": 1}),
    ]
    assert "b.text" not in (await told(graph, run(*calls))).blame


async def test_only_the_branch_that_was_taken_is_blamed_and_what_chose_it():
    graph = Graph("route", "refund", "explain", answers={"choice by route": 0.8, "refund.text": 0.2})
    found = await told(
        graph,
        run(step("route", {"q": "1"}, "money"), step("refund", {"q": "1"}, "z", chosen=[1])),
    )
    assert graph.named == [["refund.text", "choice by route"]]
    assert 'INPUT choice by route: "money" (it decided that this step\'s way was taken)' in graph.asked[0]
    assert set(found.blame) == {"route.text", "refund.text"} and next(iter(found.blame)) == "route.text"


async def test_turns_of_a_loop_are_kept_apart_and_in_their_order():
    graph = Graph("draft", "check", answers=lambda text, names: {name: 1 / len(names) for name in names})
    calls = [
        step("draft", {"q": "1"}, "d1"),
        step("check", {"d": "d1"}, "no", sources={"d": 1}),
        step("draft", {"q": "1", "said": "no"}, "d2", sources={"said": 2}),
        step("check", {"d": "d2"}, "yes", sources={"d": 3}),
    ]
    found = await told(graph, run(*calls, ends={"": 3}, chosen=[4]))
    assert graph.named[0] == ["draft.text", "said", "choice by check"]
    turns = [note.call for note in found.notes["draft.text"]]
    assert turns == sorted(turns) == [0, 1]
    assert "This is its call 2 in the run" in graph.asked[0]
    assert {note.call for note in found.notes["check.text"]} == {0, 1}


async def test_of_many_calls_of_one_component_the_teacher_names_the_one_that_matters():
    def the_second(text, names):
        return {"xs[1]": 1.0} if "xs[1]" in names else {names[0]: 1.0}

    graph = Graph("grade", "join", answers=the_second)
    found = await told(
        graph,
        run(
            *(step("grade", {"d": str(nth)}, f"g{nth}") for nth in range(3)),
            step("join", {"xs": ["g0", "g1", "g2"]}, "z", sources={f"xs[{nth}]": nth + 1 for nth in range(3)}),
        ),
    )
    assert graph.named == [["join.text", "xs[0]", "xs[1]", "xs[2]"]]
    assert [(note.call, note.text) for note in found.notes["grade.text"]] == [(1, "about xs[1]")]


async def test_parts_of_a_result_that_are_right_are_not_blamed_and_nobody_is_asked():
    graph = Graph("who", "when")
    found = await told(
        graph,
        run(
            step("who", {"q": "1"}, "Ann"),
            step("when", {"q": "1"}, "today"),
            ends={"who": 1, "when": 2},
            output={"who": "Ann", "when": "today"},
            expected={"who": "Ann", "when": "never"},
        ),
    )
    assert not graph.asked
    assert blame_of(found) == {"when.text": 1.0}


async def test_parts_of_a_result_with_no_right_answer_are_a_question():
    graph = Graph("who", "when", answers={"result.who": 1.0})
    calls = (step("who", {"q": "1"}, "Ann"), step("when", {"q": "1"}, "today"))
    found = await told(graph, run(*calls, ends={"who": 1, "when": 2}, output={"who": "Ann", "when": "today"}))
    assert graph.named == [["result.who", "result.when"]]
    assert next(iter(found.blame)) == "who.text"


async def test_steps_that_the_metric_looks_at_are_where_the_way_back_begins():
    graph = Graph("find", "reply", judged=("passages",))
    result = run(
        step("find", {"q": "1"}, ["p"]),
        step("reply", {"passages": ["p"]}, "z", sources={"passages": 1}),
        step_origins={"passages": (Origin(1),)},
    )
    assert blame_of(await told(graph, result)) == {"find.text": 1.0}


async def test_a_function_passes_the_feedback_on_unchanged():
    graph = Graph("a", "b", answers=input_first)
    found = await told(
        graph,
        run(
            step("a", {"q": "1"}, "x"),
            step("upper", {"x": "x"}, "X", kind="tool", sources={"x": 1}),
            step("b", {"x": "X"}, "z", sources={"x": 2}),
        ),
    )
    assert len(graph.asked) == 1
    assert [note.text for note in found.notes["a.text"]] == ["about x"]


async def test_a_failed_tool_says_so_itself():
    graph = Graph("ask", "answer", answers=input_first)
    found = await told(
        graph,
        run(
            step("ask", {"q": "1"}, "SELECT"),
            step("look_up", {"query": "SELECT"}, None, kind="tool", sources={"query": 1}, error="syntax error"),
            step("answer", {"rows": None}, "z", sources={"rows": 2}),
        ),
    )
    assert found.notes["ask.text"][0].text == '`look_up` failed on {"query": "SELECT"}: syntax error\nabout rows'


def retrieval(passages):
    return run(
        step("ask", {"q": "1"}, "sea"),
        step("search", {"query": "sea"}, passages, kind="retriever", sources={"query": 1}),
        step("answer", {"docs": passages}, "z", sources={"docs": 2}),
    )


async def test_a_retriever_that_missed_what_was_needed_says_so_itself():
    graph = Graph("ask", "answer", answers=input_first, gold={"r1": ["a.md", "b.md"]})
    found = await told(graph, retrieval([{"text": "t", "source": "a.md", "score": 1.0}]))
    assert found.notes["ask.text"][0].text.startswith(
        '`search` did not find b.md, which was needed, for {"query": "sea"}.'
    )


async def test_a_retriever_that_found_all_is_not_asked_about():
    graph = Graph("ask", "answer", gold={"r1": ["a.md"]})
    found = await told(graph, retrieval([{"text": "t", "source": "a.md", "score": 1.0}]))
    assert not graph.asked and blame_of(found) == {"answer.text": 1.0}


def agent_run():
    """A step that calls a tool, which fails, and a prompt; a step that answers from what they gave."""
    return run(
        step("helper", {"q": "1"}, "z", kind="agent"),
        step("helper", {"q": "1"}, {"calls": []}, kind="step", parent=1),
        step("find_order", {"id": "7"}, None, kind="tool", parent=1, error="no such order", sources={"id": 2}),
        step("sum_up", {"t": "x"}, "y", parent=1, sources={"t": 2}),
        step(
            "helper",
            {"q": "1", "find_order (step 1)": "Error: no such order", "sum_up (step 1)": "y"},
            "z",
            kind="step",
            parent=1,
            found={"find_order (step 1)": 3, "sum_up (step 1)": 4},
        ),
        ends={"": 5},
    )


async def test_each_step_of_an_agent_is_asked_about_with_what_the_earlier_ones_found():
    graph = Graph("helper", "sum_up", answers={"sum_up (step 1)": 0.9, "sum_up.text": 0.9})
    found = await told(graph, agent_run())
    assert graph.named[0] == ["helper.text", "find_order (step 1)", "sum_up (step 1)"]
    assert "This is its step 2 in the run" in graph.asked[0]
    assert 'earlier, find_order({"id": "7"}): failed, no such order' in graph.asked[0]
    assert next(iter(found.blame)) == "sum_up.text"


async def test_an_early_step_of_an_agent_is_blamed_for_what_it_called_and_later_ones_are_not():
    graph = Graph("helper", "sum_up", answers={"find_order (step 1)": 1.0, "helper.text": 0.0})
    graph.answers = lambda text, names: (
        {"find_order (step 1)": 1.0} if "find_order (step 1)" in names else {"helper.text": 1.0}
    )
    found = await told(graph, agent_run())
    assert [(note.param, note.call) for note in found.notes["helper.text"]] == [("helper.text", 0)]


async def test_a_tools_failure_is_told_without_a_question_where_one_text_is_all_there_is():
    graph = Graph("helper")
    found = await told(graph, agent_run())
    assert not graph.asked
    told_first = found.notes["helper.text"][0].text
    assert told_first.startswith('`find_order` failed on {"id": "7"}: no such order')
    assert found.notes["helper.text"][0].call == 1


async def test_what_is_told_of_a_tool_belongs_to_the_agents_that_read_it():
    graph = Graph("helper", shared={"find_order": ["helper"]}, answers={"find_order": 1.0})
    found = await told(graph, agent_run())
    assert graph.named[0][:2] == ["helper.text", "find_order"]
    assert next(iter(found.blame)) == "find_order"


async def test_a_shared_text_has_the_sum_of_the_blame_of_its_users():
    graph = Graph("a", "b", shared={"tone": ["a", "b"]}, answers={"x": 0.6, "tone": 0.4})
    found = await told(
        graph,
        run(step("a", {"q": "1"}, "x"), step("b", {"x": "x"}, "z", sources={"x": 1})),
    )
    assert graph.named == [["b.text", "tone", "x"], ["a.text", "tone"]]
    assert next(iter(found.blame)) == "tone"
    assert sum(found.blame.values()) <= 1 + 1e-9
    assert [note.blame > 0 for note in found.notes["tone"]] == [True, True]


async def test_a_judge_outside_the_target_is_never_blamed():
    graph = Graph("a", "grade")
    assert blame_of(await told(graph, run(step("a", {"q": "1"}, "x")))) == {"a.text": 1.0}


async def test_of_a_run_that_failed_half_way_the_failed_step_is_asked_about():
    graph = Graph("a", "b", "c", answers={"b.text": 1.0})
    result = run(
        step("a", {"q": "1"}, "x"),
        step("b", {"x": "x"}, None, sources={"x": 1}, error="no JSON", raw="Sure!"),
        step("c", {"q": "1"}, "y"),
        status="unreadable",
        error="no JSON",
    )
    result.trace.calls[0].error = "no JSON"
    found = await told(graph, result)
    assert graph.named == [["b.text", "x"]]
    assert 'ERROR: no JSON\nANSWER: "Sure!"' in graph.asked[0]
    assert "c.text" not in found.blame


async def test_a_metric_without_reason_and_without_right_answer_is_explained_by_a_teacher():
    graph = Graph("a")
    found = await told(graph, run(step("a", {"q": "1"}, "x"), reason="", output="x"))
    assert [note.text for note in found.notes["a.text"]] == ["not what was asked"]
    told_why = Graph("a")
    await told(told_why, run(step("a", {"q": "1"}, "x"), reason="", output="x", expected="y"))
    assert not told_why.asked


async def test_passing_rows_say_what_to_keep():
    graph = Graph("a", "b", answers=input_first)
    calls = step("a", {"q": "1"}, "x"), step("b", {"x": "x"}, "z", sources={"x": 1})
    found = await told(graph, run(*calls), passing=[run(*calls, row="good")])
    assert found.keep["a.text"] == ['keep: {"inputs": {"q": "1"}, "output": "x"}']


async def test_many_notes_become_a_digest_in_groups():
    graph = Graph("grade", "join", answers=lambda text, names: {name: 1 / len(names) for name in names})
    graph.answers = lambda text, names: {name: 0.11 for name in names if name.startswith("xs")}
    count = 9
    result = run(
        *(step("grade", {"d": str(nth)}, f"g{nth}") for nth in range(count)),
        step("join", {"xs": list("x" * count)}, "z", sources={f"xs[{nth}]": nth + 1 for nth in range(count)}),
    )
    found = await told(graph, result)
    assert len(found.notes["grade.text"]) == count
    assert found.digests == {"grade.text": "in short"}
    summaries = [text for text in graph.asked if text.startswith("Remarks")]
    assert [text.count("\n- ") for text in summaries] == [3, 3, 3, 3]


# ---- properties


@st.composite
def graphs(draw):
    """A run of two to six steps, each fed by some earlier ones."""
    count = draw(st.integers(2, 6))
    calls = []
    for nth in range(count):
        fed_by = draw(st.lists(st.integers(0, nth - 1), unique=True, max_size=3)) if nth else []
        names = {f"from{one}": one + 1 for one in sorted(fed_by)}
        calls.append((f"p{nth}", names))
    return calls


def reached(calls):
    """The steps that the last one hangs on, itself included."""
    found, waiting = set(), [len(calls)]
    while waiting:
        at = waiting.pop()
        if at not in found:
            found.add(at)
            waiting += calls[at - 1][1].values()
    return {f"p{at - 1}.text" for at in found}


@settings(max_examples=60, deadline=None)
@given(graphs(), st.integers(1, 4), st.data())
async def test_blame_adds_up_stays_with_those_that_had_a_part_and_is_the_same_each_time(calls, rows, data):
    table: dict[str, dict[str, float]] = {}

    def answers(text, names):
        if text not in table:
            table[text] = {name: data.draw(st.floats(0, 1.5), label=name) for name in names}
        return table[text]

    def once():
        graph = Graph(*(f"p{nth}" for nth in range(len(calls) + 1)), answers=answers)
        results = [
            run(
                *(step(name, dict.fromkeys(fed, f"v{row}"), f"{name}{row}", sources=fed) for name, fed in calls),
                row=f"r{row}",
            )
            for row in range(rows)
        ]
        return told(graph, *results)

    first, again = await once(), await once()
    assert first.notes == again.notes and list(first.blame) == list(again.blame)
    assert set(first.blame) <= reached(calls)
    assert first.blame, "somebody is always told"
    for row in range(rows):
        shares = [note.blame for found in first.notes.values() for note in found if note.row == f"r{row}"]
        assert 0 < sum(shares) <= 1 + 1e-9
    for found in first.notes.values():
        places = [(note.row, note.call) for note in found]
        assert places == sorted(places)
