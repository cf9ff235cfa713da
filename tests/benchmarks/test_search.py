"""The search benchmark's task: it has a truth, its student obeys what is stated, its teacher answers in any form."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "search"))

from formats import answered
from server import Run
from teacher import Teacher
from world import HARMFUL, World

SEEDS = range(1, 31)


def solved(world: World) -> list[str]:
    """The prompts with all that is missing, and without what does harm."""
    found = []
    for stage, text in enumerate(world.first):
        for phrase in HARMFUL:
            text = text.replace(phrase, "")
        rules = [rule.wordings[0] for rule in world.rules.values() if rule.stage == stage]
        found.append("\n- ".join([text, *rules]))
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_all_rules_make_it_right_and_none_does_not(seed: int) -> None:
    world = World(seed)
    assert world.true_score(world.first) < 0.6
    assert world.true_score(solved(world)) == 1.0


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_left_to_mend_in_a_solved_prompt_and_something_for_each_failing_letter(seed: int) -> None:
    world = World(seed)
    for letter in world.train:
        assert not any(world.fixes(stage, text, letter) for stage, text in enumerate(solved(world)))
        if not world.passes(world.first, letter):
            assert any(world.fixes(stage, text, letter) for stage, text in enumerate(world.first))


def test_tasks_differ_in_structure() -> None:
    worlds = [World(seed) for seed in SEEDS]
    assert {world.stages for world in worlds} == {1, 2}
    assert len({len(world.rules) for world in worlds}) > 3
    assert {bool(world.winners) for world in worlds} == {world.has_mark for world in worlds} == {False, True}


REQUESTS = {
    "schema": (
        "Return JSON.",
        {"type": "object", "properties": {"new_instruction": {"type": "string"}}, "required": ["new_instruction"]},
    ),
    "tags": ("Answer in the following format:\n\n<IMPROVED_VARIABLE>{the improved variable}</IMPROVED_VARIABLE>", None),
    "xml": (
        "Use the following XML format:\n<r>\n<why>Why</why>\n<proposed_variable>It</proposed_variable>\n</r>",
        None,
    ),
    "fence": ("Provide the new instructions within ``` blocks.", None),
    "marks": ("Respond with the corresponding output fields, starting with `[[ ## new_instruction ## ]]`.", None),
    "words": ("Respond with a JSON object in the following order of fields: `new_instruction`.", None),
}


@pytest.mark.parametrize("form", REQUESTS)
def test_the_teacher_writes_the_whole_new_text_in_the_form_that_is_asked_for(form: str) -> None:
    world = World(1)
    order, schema = REQUESTS[form]
    body = {"response_format": {"json_schema": {"schema": schema}}} if schema else {}
    letters = "\n".join(f"{letter.text} expected {world.right(letter)}" for letter in world.train[:6])
    asked = f"The text: {world.first[0]}\n\n{letters}\n\n{order}"
    said = Teacher(world, 1.0).answer(body, asked, random.Random(1))
    stated = [rule for rule in world.rules.values() if any(wording in said for wording in rule.wordings)]
    assert stated and world.openings[0] in said


def test_the_teacher_edits_and_judges_and_heeds_what_was_tried() -> None:
    world = World(1)
    entry = {"type": "object", "properties": {"find": {"type": "string"}, "text": {"type": "string"}}}
    schema = {"type": "object", "properties": {"edits": {"type": "array", "items": entry}}}
    body = {"response_format": {"json_schema": {"schema": schema}}}
    rule = next(iter(world.rules.values()))
    order = f"Change: Add the sentence `{rule.wordings[0]}`."
    said = json.loads(Teacher(world, 0.0).answer(body, f"{world.first[0]}\n\n{order}", random.Random(1)))
    assert said == {"edits": [{"find": "", "text": rule.wordings[0]}]}
    vain = f"Tried before, in vain:\n- Add the sentence `{rule.wordings[0]}`."
    letters = "\n".join(letter.text for letter in world.train[:8])
    for seed in range(20):
        said_again = Teacher(world, 1.0).answer({}, f"{world.first[0]}\n\n{letters}\n\n{vain}", random.Random(seed))
        assert rule.wordings[0] not in said_again


def test_a_run_knows_when_a_good_prompt_was_chosen() -> None:
    world = World(2)
    run = Run(world, 1.0, 0.0)
    messages = [{"role": "system", "content": world.first[0]}, {"role": "user", "content": world.train[0].text}]
    for _ in range(3):
        run.complete({"model": "student", "messages": messages})
    assert run.best(list(world.first)) < 0.9 and run.reached is None and not run.over
    assert run.best(solved(world)) == 1.0 and run.reached == 3 and run.over


def test_noise_is_drawn_anew_for_each_repeat_and_is_the_same_in_each_run() -> None:
    world = World(2)
    messages = [{"role": "system", "content": solved(world)[0]}, {"role": "user", "content": world.train[0].text}]
    said = [[Run(world, 1.0, 0.5).complete({"model": "student", "messages": messages})] for _ in range(2)]
    run = Run(world, 1.0, 0.5)
    many = [run.complete({"model": "student", "messages": messages}) for _ in range(40)]
    assert said[0] == said[1] == many[:1] and len(set(many)) > 1


def test_a_student_answers_in_the_form_that_is_asked_for() -> None:
    assert answered({}, "Sort it.", "desk Amber") == "desk Amber"
    asked = "Respond with the corresponding output fields, starting with `[[ ## answer ## ]]`."
    assert answered({}, asked, "desk Amber").startswith("[[ ## answer ## ]]\ndesk Amber")
