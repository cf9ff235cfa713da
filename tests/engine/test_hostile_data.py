"""Data as people have it: the same row many times over, labels that contradict each other."""

from __future__ import annotations

import json

from adalang.config import load_settings
from adalang.engine.session import Session
from adalang.runtime.models.budget import Budget
from tests.engine import world


async def test_copies_of_a_row_are_one_row_of_the_evidence(tmp_path):
    """Twenty rows six times each are no 120 rows: what one ticket shows would count six times, and pass for proof."""
    file = world.write(tmp_path, count=20)
    rows = tmp_path / "orders.jsonl"
    once = rows.read_text()
    found = [json.loads(line) for line in once.splitlines()]
    six_times = [row | {"id": f"{nth}-{copy}"} for copy in range(6) for nth, row in enumerate(found)]
    async with Session(tmp_path, load_settings(tmp_path, {})) as session:

        def known():
            program = session.load(file)
            task = session.task(program, session.optimize_plan(program, "sorting"), Budget())
            return {split: [row.inputs for row in task.rows(split)] for split in ("train", "val", "test")}

        expected = known()
        rows.write_text("".join(json.dumps(row) + "\n" for row in six_times))
        assert known() == expected and sum(map(len, expected.values())) == 20
        program = session.load(file)
        result = await session.optimization(program, session.optimize_plan(program, "sorting"))
    assert result.outcome.kind != "proposal", "20 rows prove nothing"


async def test_the_same_input_with_another_answer_is_kept(tmp_path):
    file = world.write(tmp_path, count=20)
    rows = tmp_path / "orders.jsonl"
    found = [json.loads(line) for line in rows.read_text().splitlines()]
    rows.write_text("".join(json.dumps(row | {"label": label}) + "\n" for row in found for label in ("fruit", "tool")))
    async with Session(tmp_path, load_settings(tmp_path, {})) as session:
        program = session.load(file)
        task = session.task(program, session.optimize_plan(program, "sorting"), Budget())
        assert sum(len(task.rows(split)) for split in ("train", "val", "test")) == 40


async def test_a_budget_without_time_does_not_speak_of_calls(tmp_path):
    file = world.write(tmp_path, count=200)
    async with Session(tmp_path, load_settings(tmp_path, {})) as session:
        program = session.load(file)
        result = await session.optimization(program, session.optimize_plan(program, "sorting", minutes=0.0))
    assert result.outcome.kind == "nothing" and "minutes" in result.outcome.reason
    assert result.usage.calls == 0 and "calls" not in result.outcome.reason.replace("first call", "")


async def test_half_characters_are_searched_like_any_text(tmp_path):
    """Cut in the middle of an emoji, as databases and exports do: JSON can hold it, UTF-8 cannot."""
    file = world.write(tmp_path, count=200)
    rows = tmp_path / "orders.jsonl"
    rows.write_text(rows.read_text().replace('", "label"', ' \\ud83d", "label"'))
    async with Session(tmp_path, load_settings(tmp_path, {})) as session:
        program = session.load(file)
        result = await session.optimization(program, session.optimize_plan(program, "sorting", calls=1000))
    assert result.outcome.kind == "proposal"
