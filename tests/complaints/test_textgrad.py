"""Complaints about TextGrad."""

import pytest

from adalang.evaluation.results import RowResult
from adalang.optimizer.backward import Note
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.case import make_case
from adalang.optimizer.loop import optimise
from adalang.optimizer.propose import hypotheses
from adalang.optimizer.settings import Settings
from adalang.optimizer.task import Example
from tests.complaints import complaint
from tests.complaints.runs import optimized
from tests.engine import world
from tests.optimizer.world import TEXT, World


@complaint("textgrad#96", "textgrad#157", "textgrad#206")
async def test_what_failed_before_is_told_to_the_teacher():
    """The memory that is called momentum there: what was tried in vain stands in later requests, for the whole run."""
    task = World(advice=lambda text: ["rule red"] if "in vain" in text else ["useless words"])
    outcome = await optimise(task)
    assert any("Tried before, in vain:\n- useless words" in text for text in task.asked)
    assert outcome.candidate is not None and "rule red" in outcome.candidate.text("solve.text")


@complaint("textgrad#179")
@pytest.mark.parametrize("failing", [8, 100, 600])
async def test_a_request_does_not_grow_with_the_rows_that_fail(failing):
    long = "word " * 2000
    results = [RowResult(str(n), 0, "ok", 0.0, "wrong", long, "x", {"question": f"{n} {long}"}) for n in range(failing)]
    further = [Example(f"more {n}", {"question": f"{n} {long}"}, "x") for n in range(failing)]
    task = World()
    notes = [Note("solve.text", result.row_id, "wrong " * 100, 1.0) for result in results]
    param = task.info.params[0]
    by_id = {result.row_id: result for result in results}
    case = make_case(task, Candidate({"solve.text": TEXT}), param, notes, by_id, results, further, ["lesson"] * 12)
    await hypotheses(task, case, 4, 0)
    assert len(task.asked[-1]) < 80_000


@complaint("textgrad#168")
async def test_a_batch_is_told_row_by_row():
    events = []
    task = World()
    await optimise(task, Settings(), events.append)
    rounds = [event.payload for event in events if event.kind == "round"]
    train = {row.id for row in task.splits["train"]}
    assert rounds and all(payload["batch"] and set(payload["batch"]) <= train for payload in rounds)


@complaint("textgrad#85")
@pytest.mark.parametrize("noise", [0.0, 0.15])
async def test_the_same_seed_gives_the_same_run(noise):
    logs = []
    for _ in range(2):
        events = []
        await optimise(World(noise=noise), Settings(seed=3), events.append)
        logs.append([(event.kind, event.payload) for event in events])
    assert logs[0] == logs[1]


@complaint("textgrad#79")
async def test_the_text_that_is_at_fault_is_the_one_that_is_changed(tmp_path):
    file = world.write(tmp_path, count=160)
    text = file.read_text().replace(
        "dataset orders",
        'prompt polish(text: str) -> str {\n  model = m\n  param manner = "Keep every word."\n'
        '  system = "{{ manner }}"\n  user = "{{ text }}"\n}\n\n'
        "pipeline sort(text: str) -> Label {\n  kept = polish(text)\n  label = classify(text)\n  return label\n}\n\ndataset orders",
    )
    file.write_text(
        text.replace("eval sorting of classify", "eval sorting of sort").replace("  demos shots { max = 3 }\n", "")
    )
    result = await optimized(tmp_path, file, calls=1500)
    assert {change.param for change in result.outcome.changes} == {"classify.instruction"}
