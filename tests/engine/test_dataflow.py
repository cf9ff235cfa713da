"""From a file to blame: real runs over HTTP, walked back by the optimizer."""

import json

import pytest

from adalang.config import load_settings
from adalang.engine.dataflow import gold, judged
from adalang.engine.session import Session
from adalang.evaluation.plan import eval_plan
from adalang.evaluation.right import right_answer
from adalang.language.data import Row
from adalang.language.program import load
from adalang.optimizer.backward import backward
from adalang.optimizer.candidate import Candidate
from adalang.runtime.models.budget import Budget
from tests.servers import LoopbackServer, Reply

FILE = """
model m = "openai/test" { api_base = "BASE", api_key = env("KEY") }
param tone = "Be kind."
prompt route(q: str) -> "left" | "right" {
  model = m
  param text = "Route it."
  user = \"\"\"route {{ text }} {{ q }}\"\"\"
}
prompt reply(q: str) -> str {
  model = m
  param text = "Reply."
  user = \"\"\"reply {{ text }} {{ tone }} {{ q }}\"\"\"
}
pipeline work(q: str) -> str {
  r = route(q)
  said = match r {
    "left" => reply(q)
    _ => "nothing"
  }
  return said
}
dataset rows = [
  { q = "a", answer = "x", gold = ["a.md"] },
  { q = "b", answer = "x", gold = ["b.md"] },
]
eval right of work {
  data = rows
  EXPECT
  metric = METRIC
}
"""


def written(folder, metric="exact_match", base="http://127.0.0.1:9", expect="expect = row.answer"):
    file = folder / "work.adal"
    text = FILE.replace("METRIC", metric).replace("EXPECT", expect).replace("BASE", base)
    file.write_text(text, encoding="utf-8")
    return file


async def plan_of(folder, metric, expect="expect = row.answer"):
    program = load(written(folder, metric, expect=expect))
    assert program is not None
    return eval_plan(program, "right")


ROW = Row("r", {"q": "a", "answer": "x", "gold": ["a.md"]}, "work.adal", 1)


async def test_what_a_metric_looks_at_is_read_from_its_inputs(tmp_path):
    assert judged(await plan_of(tmp_path, "exact_match")) == ("",)
    assert judged(await plan_of(tmp_path, "exact_match(steps.r)")) == ("r",)


async def test_the_passages_that_a_row_needs_are_read_from_metrics_of_retrieval_alone(tmp_path):
    assert gold(await plan_of(tmp_path, "recall(steps.r, expected = row.gold)"), ROW) == ["a.md"]
    assert gold(await plan_of(tmp_path, "recall(steps.r)"), ROW) == "x"
    assert gold(await plan_of(tmp_path, "exact_match"), ROW) is None


@pytest.mark.parametrize(
    ("metric", "expect", "right"),
    [
        ("exact_match", "expect = row.answer", "x"),
        ("exact_match(output, expected = row.gold)", "", ["a.md"]),
        ("exact_match(output, row.gold)", "expect = row.answer", ["a.md"]),
        ("recall(steps.r, expected = [row.answer, row.gold])", "", ["x", ["a.md"]]),
        ("grade(row.q, output, expected = row.answer)", "", "x"),
        ("grade(row.q, output, row.answer)", "", "x"),
        ("grade(row.q, output, expected = row.answer, gold = row.gold)", "", "x"),
        ("grade(row.q, output, wanted = row.answer, gold = row.gold)", "", {"wanted": "x", "gold": ["a.md"]}),
        ("grade(row.q, output)", "expect = row.answer", "x"),
        ("grade(row.q, output)", "", None),
        ("grade(row.q, expected = output)", "", None),
    ],
)
async def test_what_is_right_for_a_row_is_what_its_metric_compares_with(tmp_path, metric, expect, right):
    plan = await plan_of(tmp_path, metric, expect)
    assert right_answer(plan, ROW.values) == right


async def test_a_teacher_is_shown_what_the_metric_compares_with(tmp_path):
    asked = []

    def behaviour(incoming):
        asked.append(incoming.messages[-1].text)
        return Reply("left" if asked[-1].startswith("route") else json.dumps({"feedback": []}))

    for metric, told in [
        ("exact_match(output, expected = row.answer)", 'The right result of the whole chain: "x"'),
        ('exact_match(steps.said, expected = "right")', 'What the score compares said with: "right"'),
    ]:
        async with LoopbackServer(behaviour=behaviour) as server:
            file = written(tmp_path, metric, server.api_base, "")
            async with Session(tmp_path, load_settings(tmp_path, {"KEY": "k"})) as session:
                program = session.load(file)
                task = session.task(program, session.optimize_plan(program, "right"), Budget())
                candidate = Candidate({param.id: param.value for param in task.info.params})
                (row, *_) = [row for split in ("train", "val", "test") for row in task.rows(split)]
                await backward(task, candidate, [await task.run(candidate, row, 0)])
        assert all(told in text for text in asked if "FEEDBACK" in text) and "FEEDBACK" in asked[-1]
        asked.clear()


async def test_blame_reaches_what_chose_a_branch_and_a_shared_text_and_equal_questions_are_bought_once(tmp_path):
    asked = []

    def behaviour(incoming):
        text = incoming.messages[-1].text
        if text.startswith("route"):
            return Reply("left")
        if text.startswith("reply"):
            return Reply("y")
        asked.append(text)
        shares = {"choice by route": 0.6, "tone": 0.4}
        entries = [{"name": name, "blame": share, "note": f"mend {name}"} for name, share in shares.items()]
        return Reply(json.dumps({"feedback": entries}))

    async with LoopbackServer(behaviour=behaviour) as server:
        file = written(tmp_path, base=server.api_base)
        async with Session(tmp_path, load_settings(tmp_path, {"KEY": "k"})) as session:
            program = session.load(file)
            task = session.task(program, session.optimize_plan(program, "right"), Budget())
            assert task.info.components["reply"].shared == ("tone",)
            candidate = Candidate({param.id: param.value for param in task.info.params})
            rows = [row for split in ("train", "val", "test") for row in task.rows(split)]
            failing = [await task.run(candidate, row, 0) for row in rows]
            found = await backward(task, candidate, failing)
            first = len(asked)
            again = await backward(task, candidate, failing)
    assert list(found.blame) == ["route.text", "tone"]
    assert found.notes["tone"][0].text == "mend tone"
    assert first == len(failing) == 2 and len(asked) == first
    assert again.notes == found.notes
