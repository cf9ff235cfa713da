"""Feedback finds its way back: without a call where there is no fork, with one call per node and row where there is."""

import pytest

from adalang.evaluation.results import RowResult
from adalang.optimizer.backward import backward, loss_text
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.task import Component, Param, TaskInfo
from adalang.runtime.failures import UnreadableFailure
from adalang.runtime.provenance import Origin
from adalang.runtime.trace import Call, Trace


class Chain:
    """draft(topic) -> polish(draft, tone), with a text each (and a second one in polish)."""

    def __init__(self, answers=None, polish_texts=("polish.style", "polish.form")):
        self.answers, self.asked = answers, []
        params = [Param("draft.how", "text", "draft", "Write."), Param("polish.shots", "demos", "polish", ())]
        params += [Param(name, "text", "polish", "Mend.") for name in polish_texts]
        components = {
            "write": Component("write", "pipeline", "pipeline write(topic: str) -> str"),
            "draft": Component("draft", "prompt", "prompt draft(topic: str) -> str"),
            "polish": Component("polish", "prompt", "prompt polish(draft: str, tone: str) -> str"),
        }
        self.info = TaskInfo("write", params, components, True, False)
        self.candidate = Candidate({param.id: param.value for param in params})

    def rows(self, split):
        return []

    async def ask(self, messages, schema, sample):
        self.asked.append(messages[-1].text)
        if self.answers is None:
            raise UnreadableFailure("no JSON")
        return {"feedback": self.answers}


DRAFT = (Origin(1, ("draft",)),)


def result(**more):
    calls = [
        Call("write", "pipeline", {"topic": "sea"}, output="A wet sea.", returned=(Origin(2),)),
        Call("draft", "prompt", {"topic": "sea"}, parent=0, output="The sea is wet."),
        Call(
            "polish",
            "prompt",
            {"draft": "The sea is wet.", "tone": "dry"},
            parent=0,
            output="A wet sea.",
            origins=DRAFT,
        ),
    ]
    given = {"reason": "too wet", "output": "A wet sea.", "expected": "A dry sea.", "trace": Trace(calls), **more}
    return RowResult("r1", 0, given.pop("status", "ok"), 0.0, **given)


async def test_the_metrics_own_words_reach_a_single_text_without_a_call():
    task = Chain()
    task.info = TaskInfo("draft", [Param("draft.how", "text", "draft", "Write.")], task.info.components, True, True)
    trace = Trace([Call("draft", "prompt", {"topic": "sea"}, output="wet")])
    notes = (await backward(task, task.candidate, [result(trace=trace)])).notes
    assert [(note.text, note.blame, note.row) for note in notes["draft.how"]] == [("too wet", 1.0, "r1")]
    assert not task.asked


async def test_blame_goes_to_siblings_and_through_an_input_to_the_step_before():
    task = Chain([
        {"name": "polish.style", "blame": 0.5, "note": "be dry"},
        {"name": "draft", "blame": 0.3, "note": "start dry"},
        {"name": "polish.form", "blame": 0.2, "note": ""},
    ])  # fmt: skip
    notes = (await backward(task, task.candidate, [result()])).notes
    assert len(task.asked) == 1
    assert "PARAM polish.style" in task.asked[0] and "PARAM polish.form" in task.asked[0]
    assert "INPUT draft:" in task.asked[0] and "given tone:" in task.asked[0] and "FEEDBACK: too wet" in task.asked[0]
    assert {name: found[0].text for name, found in notes.items()} == {
        "polish.style": "be dry",
        "draft.how": "start dry",
        "polish.form": "too wet",  # a share without a word: the metric's own
    }
    style, draft, form = (notes[name][0].blame for name in ("polish.style", "draft.how", "polish.form"))
    assert style > draft > form and abs(style + draft + form - 1) < 1e-9


async def test_small_blame_is_cut():
    task = Chain([{"name": "draft", "blame": 0.05, "note": "n"}, {"name": "polish.style", "blame": 0.9, "note": "s"}])
    assert set((await backward(task, task.candidate, [result()])).notes) == {"polish.style"}


async def test_a_teacher_that_cannot_be_read_spreads_the_blame_and_stops_nothing():
    task = Chain(None)
    notes = (await backward(task, task.candidate, [result()])).notes
    assert {name: round(found[0].blame, 2) for name, found in notes.items()} == {
        "polish.style": 0.33,
        "polish.form": 0.33,
        "draft.how": 0.33,
    }


async def test_nonsense_in_an_answer_is_left_out_and_shares_never_exceed_one():
    task = Chain([
        {"name": "polish.style", "blame": 7, "note": "a"},
        {"name": "polish.form", "blame": 1, "note": "b"},
        {"name": "somebody", "blame": 1, "note": "c"},
        "noise",
    ])  # fmt: skip
    notes = (await backward(task, task.candidate, [result()])).notes
    assert {name: found[0].blame for name, found in notes.items()} == {
        "polish.style": pytest.approx(0.5, abs=0.1),
        "polish.form": pytest.approx(0.5, abs=0.1),
    }


def test_what_could_not_be_read_is_told_as_a_fault_of_form():
    assert "could not be read" in loss_text(result(status="unreadable", error="no label"))
    assert loss_text(result(reason="")) == 'Expected "A dry sea.", got "A wet sea.".'
