"""What a scored run may call counts wherever it stands: in another file, behind other calls, in the metric."""

from __future__ import annotations

from pathlib import Path

import pytest

from adalang.config import load_settings
from adalang.engine.evaluating import turnover
from adalang.engine.file_task import FileTask
from adalang.engine.session import Session
from adalang.evaluation.plan import components_run, eval_plan
from adalang.evaluation.power import STEADY_TURNOVER
from adalang.runtime.models.budget import Budget

STEPS = """\
model far = "{steps}"

prompt first(text: str) -> str {{
  model = far
  param how = "Say it in other words."
  user = "{{{{ how }}}} {{{{ text }}}}"
}}

pipeline reworded(text: str) -> str {{
  found = first(text)
  return found
}}
"""

MAIN = """\
import "steps.adal"

model judging = "{judge}"

prompt last(text: str) -> str {{
  user = "Shorten: {{{{ text }}}}"
}}

pipeline whole(text: str) -> str {{
  other = steps.reworded(text)
  short = last(other)
  return short
}}

prompt grade(output: str, expected: str) -> float {{
  model = judging
  user = "Is {{{{ output }}}} the same as {{{{ expected }}}}?"
}}

dataset rows = "rows.jsonl"

eval good of whole {{
  data = rows
  expect = row.right
  metric = {metric}
}}
"""

STEADY, SAMPLED = "builtin/lexical", "openai/gpt-4o-mini"


def write(folder: Path, steps: str = STEADY, judge: str = STEADY, metric: str = "grade") -> Path:
    (folder / "steps.adal").write_text(STEPS.format(steps=steps), encoding="utf-8")
    (folder / "rows.jsonl").write_text('{"text": "a long way", "right": "way"}\n', encoding="utf-8")
    file = folder / "main.adal"
    file.write_text(MAIN.format(judge=judge, metric=metric), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("given", "called", "steady"),
    [
        ({}, ["last", "steps.first", "grade"], True),
        ({"steps": SAMPLED}, ["last", "steps.first", "grade"], False),
        ({"judge": SAMPLED}, ["last", "steps.first", "grade"], False),
        ({"judge": SAMPLED, "metric": "exact_match"}, ["last", "steps.first"], True),
    ],
)
async def test_prompts_of_other_files_and_of_the_metric_count(tmp_path, given, called, steady):
    file = write(tmp_path, **given)
    async with Session(tmp_path, load_settings(tmp_path, {})) as session:
        program = session.load(file)
        plan = eval_plan(program, "good")
        assert sorted(one.id for one in components_run(program, plan) if one.kind == "prompt") == sorted(called)
        assert (turnover(plan, session.models(program), 1) == STEADY_TURNOVER) == steady
        info = session.task(program, session.optimize_plan(program, "good"), Budget()).info
        assert (info.deterministic, info.varied) == (steady, not steady)
        assert info.calls_per_run == len(called)
        assert [param.id for param in info.params] == ["steps.first.how"], "a metric is not for the search to change"


async def test_a_model_chosen_for_the_metric_is_told(tmp_path):
    file = write(tmp_path)
    async with Session(tmp_path, load_settings(tmp_path, {}), models={"grade": SAMPLED}) as session:
        program = session.load(file)
        assert session.models_instead(program, eval_plan(program, "good")) == [SAMPLED]


async def test_an_optimization_reads_its_rows_and_checks_its_options_once(tmp_path, monkeypatch):
    file, built = write(tmp_path), []
    build = FileTask.build.__func__

    def counted(cls, **given):
        built.append(given)
        return build(cls, **given)

    monkeypatch.setattr(FileTask, "build", classmethod(counted))
    async with Session(tmp_path, load_settings(tmp_path, {})) as session:
        program = session.load(file)
        prepared = session.prepared(program, session.optimize_plan(program, "good"))
        assert prepared.most_usd == 0.0 and await prepared.forecast()
        result = await prepared.run()
    assert result.run_id and len(built) == 1
