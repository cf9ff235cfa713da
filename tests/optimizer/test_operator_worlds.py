"""Each operator on a world that only it can mend."""

import json
import re
from dataclasses import replace

import pytest

from adalang.evaluation.results import RowResult
from adalang.optimizer.loop import optimise
from adalang.optimizer.operators.demos import DEFAULT_MOST_DEMOS
from adalang.optimizer.settings import Settings
from adalang.optimizer.task import Component, Param
from adalang.runtime.models.types import Usage
from adalang.runtime.trace import Call, Trace
from tests.optimizer.world import KINDS, TEXT, World, chance

CONTRACT = "Answer with exactly one of these labels: red, green, blue, black."


class TracedWorld(World):
    """A world whose runs are traced; `passes` says whether a candidate gets a row right, `thought` how it reasoned."""

    params = (Param("solve.text", "text", "solve", TEXT),)
    component = Component("solve", "prompt", "prompt solve(question: str) -> str")

    def __init__(self, **options):
        super().__init__(**options)
        self.taught_rows = []
        self.info = replace(
            self.info, params=self.params, components={"solve": self.component}, raw_demos=False, deterministic=True
        )

    def passes(self, candidate, example):
        raise NotImplementedError

    async def run(self, candidate, example, sample):
        return await self._traced(candidate, example, sample, self.passes(candidate, example), "I guess")

    async def run_with_teacher(self, candidate, example, sample):
        self.taught_rows.append(example.id)
        return await self._traced(
            candidate, example, sample, self.teacher_passes(example), "First the kind, then the name."
        )

    def teacher_passes(self, example):
        return True

    async def _traced(self, candidate, example, sample, right, reasoning):
        self.runs.append((candidate.key, example.id, sample))
        paid = await self._pay((candidate.key, example.id, sample, reasoning))
        output = example.expected if right else "?"
        call = Call("solve", "prompt", dict(example.inputs), output=output)
        if self.component.reasons:
            call.reasoning = reasoning
        return RowResult(
            example.id, sample, "ok", float(right), "" if right else f"expected {example.expected}", output,
            example.expected, example.inputs, Usage(calls=paid), Usage(calls=1, input_tokens=10), Trace([call]),
        )  # fmt: skip


async def searched(world, settings=None):
    events = []
    outcome = await optimise(world, settings or Settings(), events.append)
    return outcome, [(event.kind, event.payload) for event in events]


def operators_that_won(events):
    """The operators after whose turn there was a new best."""
    turns = [payload for kind, payload in events if kind == "rewarded"]
    return {turn["operator"] for turn in turns if turn["gain"] > 0}


# -- format repair -------------------------------------------------------------------------------------------------------


class Unreadable(World):
    """The model chats, so that nothing can be read, until its text holds `needed`."""

    def __init__(self, needed, **options):
        super().__init__(luck=0.9, **options)
        self.needed = needed
        component = Component("solve", "prompt", "prompt solve(question: str) -> Kind", words=KINDS, contract=CONTRACT)
        self.info = replace(self.info, components={"solve": component})

    async def run(self, candidate, example, sample):
        result = await super().run(candidate, example, sample)
        if self.needed in candidate.text("solve.text"):
            return result
        raw = f"Well, let me see: it could be {example.expected}, or not."
        call = Call("solve", "prompt", dict(example.inputs), raw=raw, error="the answer names several labels")
        return replace(
            result, status="unreadable", score=0.0, output=raw, error=call.error, reason=call.error, trace=Trace([call])
        )


async def test_a_form_that_nobody_stated_is_stated_first_and_without_a_teacher():
    world = Unreadable(CONTRACT, advice=lambda text: ["be kind"])
    outcome, events = await searched(world)
    assert outcome.kind == "proposal" and outcome.candidate.text("solve.text") == f"{TEXT}\n{CONTRACT}"
    first = next(payload for kind, payload in events if kind == "rewarded")
    assert first["operator"] == "repair_format" and first["gain"] > 0
    best = next(at for at, (kind, _) in enumerate(events) if kind == "best")
    assert "hypotheses" not in [kind for kind, _ in events[:best]]


async def test_where_the_types_words_do_not_help_the_teacher_sees_the_answers_and_what_is_wrong_with_them():
    def advice(text):
        return ["One bare word."] if "let me see" in text and "names several labels" in text else ["be kind"]

    outcome, events = await searched(Unreadable("One bare word.", advice=advice))
    assert outcome.kind == "proposal" and "One bare word." in outcome.candidate.text("solve.text")
    assert "repair_format" in {payload["operator"] for kind, payload in events if kind == "round"}


async def test_readable_answers_are_left_alone():
    world = Unreadable("")
    _, events = await searched(world)
    assert "repair_format" not in {payload["operator"] for kind, payload in events if kind == "round"}


# -- demos ---------------------------------------------------------------------------------------------------------------


class NeedsExamples(TracedWorld):
    """Right on a kind only when an example of that kind is shown; texts change nothing."""

    params = (Param("solve.shots", "demos", "solve", (), most=4),)

    def passes(self, candidate, example):
        return any(demo["output"] == example.expected for demo in candidate.demos("solve.shots"))


async def test_examples_come_from_the_teacher_where_the_student_passes_nothing():
    world = NeedsExamples()
    outcome, events = await searched(world)
    assert outcome.kind == "proposal"
    demos = outcome.candidate.demos("solve.shots")
    assert {demo["output"] for demo in demos} == set(KINDS)
    train = {row.id: row for row in world.rows("train")}
    assert world.taught_rows and set(world.taught_rows) <= set(train)
    assert len(world.taught_rows) == len(set(world.taught_rows)), "a row is bought once"
    questions = {row.inputs["question"] for row in train.values()}
    assert all(demo["question"] in questions for demo in demos)
    assert "Show 1 example," in next(payload["change"] for kind, payload in events if kind == "draft")


async def test_answers_of_the_teacher_that_do_not_pass_are_never_shown():
    world = NeedsExamples()
    world.teacher_passes = lambda example: example.expected == "red"
    _, events = await searched(world)
    shown = [payload["change"].partition("examples ")[2] for kind, payload in events if kind == "draft"]
    rows = {row for change in shown for row in change.rstrip(".").split(", ")}
    assert rows and {row.expected for row in world.rows("train") if row.id in rows} == {"red"}


async def test_a_bad_teacher_teaches_nothing():
    world = NeedsExamples()
    world.teacher_passes = lambda example: False
    outcome, _ = await searched(world)
    assert outcome.kind == "nothing"


class NeedsOneReasoning(TracedWorld):
    """Right as soon as any reasoning is shown."""

    params = (Param("solve.shots", "demos", "solve", ()),)
    component = Component("solve", "prompt", "prompt solve(question: str) -> str", reasons=True)

    def passes(self, candidate, example):
        lucky = chance("reasoning", example.id) < 0.3
        return lucky or any("First the kind" in demo.get("reasoning", "") for demo in candidate.demos("solve.shots"))


async def test_where_the_prompt_reasons_one_reasoning_without_its_input_is_tried_first():
    world = NeedsOneReasoning()
    outcome, events = await searched(world)
    assert outcome.kind == "proposal"
    first = next(payload for kind, payload in events if kind == "draft")
    assert first["change"].startswith("Show 1 example, new: the reasoning of ")
    assert len(outcome.candidate.demos("solve.shots")) <= DEFAULT_MOST_DEMOS


async def test_a_template_that_places_the_examples_gets_them_whole():
    world = NeedsOneReasoning()
    templates = [("user", "{% for shot in shots %}{{ shot.question }}{% endfor %}")]
    world.info = replace(world.info, components={"solve": replace(world.component, templates=templates)})
    outcome, _ = await searched(world)
    assert all("question" in demo for demo in outcome.candidate.demos("solve.shots"))


# -- learn-to-reason -----------------------------------------------------------------------------------------------------


class NeedsSteps(TracedWorld):
    """Right when it is told to look for the kind first; the wrong text or example does not help."""

    params = (
        Param("solve.text", "text", "solve", TEXT),
        Param("solve.reasoning_steps", "text", "solve", "Think."),
    )
    component = Component("solve", "prompt", "prompt solve(question: str) -> str", reasons=True)
    steps = ("1. Look for the kind.", "Then say its name.")

    def passes(self, candidate, example):
        lucky = chance("steps", example.id) < 0.3
        return lucky or "Look for the kind." in candidate.text("solve.reasoning_steps")

    async def ask(self, messages, schema, sample):
        self.asked.append(messages[-1].text)
        await self._pay(("teacher", messages[-1].text, sample))
        if "steps" in schema["properties"]:
            seen = (
                "First the kind, then the name." in messages[-1].text
                and '"wrong reasoning": "I guess"' in messages[-1].text
            )
            return {"steps": list(self.steps) if seen else ["Guess better."]}
        if "feedback" in schema["properties"]:
            return {"feedback": [{"name": "solve.text", "blame": 1.0, "note": "say more"}]}
        return {"hypotheses": []}


async def test_steps_are_distilled_from_what_the_teacher_thought_where_it_was_right():
    world = NeedsSteps()
    outcome, events = await searched(world)
    assert outcome.kind == "proposal" and operators_that_won(events) == {"learn_to_reason"}
    (change,) = outcome.changes
    assert change.param == "solve.reasoning_steps"
    assert change.after == "1. Look for the kind.\n2. Then say its name."
    asked = next(text for text in world.asked if "how a better one solves them" in text)
    assert "Think." in asked and TEXT in asked and "solve(question: str)" in asked
    unseen = [row.inputs["question"] for split in ("val", "test") for row in world.rows(split)]
    assert not any(question in asked for question in unseen)


@pytest.mark.parametrize("steps", [(), ("a",) * 9, ("fine", 3), ("",)])
async def test_steps_that_are_no_method_are_dropped(steps):
    world = NeedsSteps()
    world.steps = steps
    outcome, events = await searched(world, Settings(rounds=4))
    assert outcome.kind == "nothing"
    assert "the teacher gave no steps" in [payload["reason"] for kind, payload in events if kind == "gated"]


async def test_the_first_reasoning_is_tried_beside_the_steps():
    world = NeedsSteps()
    world.info = replace(world.info, params=[*world.params, Param("solve.shots", "demos", "solve", ())])
    _, events = await searched(world)
    drafts = {payload["param"]: payload["change"] for kind, payload in events if kind == "draft"}
    assert drafts["solve.shots"].startswith("Show the reasoning of the example ")
    assert "joined" in [kind for kind, _ in events]


# -- restart -------------------------------------------------------------------------------------------------------------


class Stuck(World):
    """Nothing helps as long as the file's own words stand in the text, and edits only ever add to it."""

    def __init__(self, **options):
        super().__init__(luck=0.3, advice=lambda text: [f"be kind {len(text)}"], **options)

    def score(self, candidate, example, sample):
        right = TEXT not in candidate.text("solve.text") and f"rule {example.expected}" in candidate.text("solve.text")
        return float(right or chance(self.salt, example.id, "luck") < self.luck)

    async def ask(self, messages, schema, sample):
        if "new_text" not in schema["properties"]:
            return await super().ask(messages, schema, sample)
        text = messages[-1].text
        self.asked.append(text)
        await self._pay(("teacher", text, sample))
        shown = {json.loads(line).get("expected") for line in text.splitlines() if line.startswith("{")} - {None}
        return {"new_text": "\n".join(f"rule {kind}" for kind in sorted(shown))}


async def test_a_text_that_no_edit_mends_is_written_anew_after_a_plateau():
    world = Stuck()
    outcome, events = await searched(world)
    assert outcome.kind == "proposal" and operators_that_won(events) == {"restart"}
    assert TEXT not in outcome.candidate.text("solve.text")
    turns = [payload["operator"] for kind, payload in events if kind == "round"]
    assert turns.index("restart") == 5, "edits come first"
    asked = next(text for text in world.asked if "Write it anew" in text)
    assert "Tried before, in vain:\n- be kind" in asked and TEXT in asked
    assert re.search(r"Failing examples:\n\{.*\nExamples that are right", asked, re.DOTALL)


async def test_a_fresh_text_that_cannot_be_read_is_no_text():
    world = Stuck()
    original = world.ask

    async def ask(messages, schema, sample):
        return {"text": "?"} if "new_text" in schema["properties"] else await original(messages, schema, sample)

    world.ask = ask
    outcome, events = await searched(world)
    assert outcome.kind == "nothing"
    assert "the teacher gave no text" in [payload["reason"] for kind, payload in events if kind == "gated"]
