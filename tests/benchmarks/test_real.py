"""The benchmark on real data: what its students do, what its teacher sees, and the whole way on rows made here."""

from __future__ import annotations

import importlib.util
import json
import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "real"))

from served import Course, DataTeacher, Subject
from students import COUNTING, READING, STUDENTS, SUMS

REAL = Path(__file__).parents[2] / "benchmarks" / "real"
FRUITS, TOOLS = ["apple", "peach", "plum", "grape"], ["lamp", "table", "chair", "oven"]
NUMBERS = ["a", "two", "three", "four"]


def counted(seed: int) -> dict[str, str]:
    """A row in the form of the object counting data."""
    rng = random.Random(seed)
    things = [(rng.randrange(4), name) for name in rng.sample(FRUITS, 2) + rng.sample(TOOLS, rng.randint(0, 2))]
    rng.shuffle(things)
    named = ", ".join(f"{NUMBERS[number]} {name}{'s' if number else ''}" for number, name in things)
    count = sum(number + 1 for number, name in things if name in FRUITS)
    question = f"I have {named}, and a fridge. How many fruits do I have?"
    return {"id": f"row-{seed}", "question": question, "answer": str(count)}


ALL = {student.name: frozenset(skill.name for skill in student.skills) for student in STUDENTS.values()}


@pytest.mark.parametrize("seed", range(20))
def test_who_counts_with_all_skills_is_right(seed):
    row = counted(seed)
    assert COUNTING.score(row, ALL[COUNTING.name]) == 1.0
    assert COUNTING.answered(row, frozenset({"form", "kinds"})) == "2"


def test_heads_and_stalks_are_what_they_are_of():
    row = {
        "id": "1",
        "question": "I have a head of broccoli, two lettuce heads, and a cow. How many vegetables do I have?",
    }
    assert COUNTING.answered(row, ALL[COUNTING.name]) == "3"
    assert COUNTING.answered(row, ALL[COUNTING.name] - {"measures"}) == "0"


def test_sums_end_too_early_for_who_is_not_told_to_go_on():
    row = {"id": "1", "question": "How much?", "answer": "9", "solution": "1 + 1 = 2\n2 + 3 = 5\n5 + 4 = 9"}
    assert SUMS.answered(row, frozenset({"form", "steps"})) == "9" and SUMS.answered(row, frozenset({"form"})) == "5"


def test_a_reader_gives_the_words_that_answer():
    context = "The mill is old. It burns oil. Anna Berg built the mill in 1871 for 300 crowns."
    row = {"id": "1", "context": context, "question": "Who built the mill?", "answers": ["Anna Berg"]}
    assert READING.answered(row, ALL[READING.name]) == "Anna Berg"
    assert READING.answered(row | {"question": "When was the mill built?"}, ALL[READING.name]) == "1871"
    assert READING.answered(row, ALL[READING.name] - {"span"}).startswith("Anna Berg built")
    assert READING.answered(row, ALL[READING.name] - {"whole"}) != "Anna Berg"


@pytest.mark.parametrize("student", STUDENTS.values(), ids=lambda one: one.name)
def test_a_prompt_calls_for_a_skill_in_any_wording_until_an_opposite_follows(student):
    assert student.used(student.first) == frozenset()
    for skill in student.skills:
        for wording in skill.wordings:
            assert skill.name in student.used(f"{student.first}\n{wording}")
            assert skill.name not in student.used(f"{student.first} {wording} {skill.opposites[0]}")


def test_a_teacher_that_is_right_names_what_mends_the_rows_shown():
    rows = [counted(seed) for seed in range(8)]
    subject = Subject(COUNTING, rows)
    shown = "\n".join(json.dumps({"example": nth, "inputs": row}) for nth, row in enumerate(rows, start=1))
    edit = {"properties": {"action": {"enum": ["replace", "append"]}, "find": {}, "text": {"type": "string"}}}
    thought = {"change": {"type": "string"}, "edits": {"type": "array", "items": {"type": "object", **edit}}}
    items = {"type": "object", "properties": thought}
    schema = {"type": "object", "properties": {"hypotheses": {"type": "array", "items": items}}}
    body = {"response_format": {"json_schema": {"schema": schema}}}
    answer = json.loads(
        DataTeacher(subject, 1.0).answer(body, f"{COUNTING.first}\n\n{shown}", random.Random(1))  # type: ignore[arg-type]
    )
    told = {edit["text"] for one in answer["hypotheses"] for edit in one["edits"]}
    wanted = {skill.name: set(skill.wordings) for skill in COUNTING.skills}
    assert told and all(any(text in own for own in wanted.values()) for text in told)
    assert told & wanted["numbers"] and told & wanted["kinds"]


async def test_the_whole_way_from_rows_to_a_tested_proposal(tmp_path):
    spec = importlib.util.spec_from_file_location("real_run", REAL / "run.py")
    assert spec and spec.loader
    run = importlib.util.module_from_spec(spec)
    sys.modules["real_run"] = run
    spec.loader.exec_module(run)
    (tmp_path / "given").mkdir()
    (tmp_path / "used").mkdir()
    for split, seeds in (("train", range(40)), ("val", range(40, 80)), ("test", range(79, 140))):
        rows = "".join(json.dumps(counted(seed)) + "\n" for seed in seeds)
        (tmp_path / "given" / f"{split}.jsonl").write_text(rows, encoding="utf-8")
    rows = run.prepared(tmp_path / "given", tmp_path / "used")
    kept = (tmp_path / "used" / "val.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 141 and len(kept) == 39, "row 79 stands in the test rows too"
    server = run.Server()
    server.runs["x"] = Course(Subject(COUNTING, rows), "x")
    result = await run.ours(run.TASKS["counting"], tmp_path / "used", 1, server.url("x"))
    assert result.kind == "proposal" and result.after > result.before and result.claimed[0] > 0
