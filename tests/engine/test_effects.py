"""Tools that need approval, or have effects, in evals and optimizations: nobody is asked, and searches replay what was recorded."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from adalang.config import load_settings
from adalang.engine.answering import answer
from adalang.engine.protocol import EvaluateRequest
from adalang.engine.session import Session
from adalang.runtime.approval import asking

CODE = """
from pathlib import Path

def stock(text: str) -> str:
    with Path("called").open("a") as note:
        note.write(text + "\\n")
    return {"apple": "fruit", "saw": "tool"}.get(text.split()[0], "none")
"""
EVAL = """\
tool stock(text: str) -> str = python("t.py:stock") { SETTINGS }

prompt say(text: str, kind: str) -> str {
  param instruction = "Say the kind."
  system = "{{ instruction }}"
  user   = "{{ text }} {{ kind }}"
}

pipeline sort(text: str) -> str {
  kind = stock(text)
  said = say(text, kind)
  return kind
}

dataset orders = "orders.jsonl" { split = { train = 0.4, val = 0.3, test = 0.3 } }

eval sorting of sort {
  data   = orders
  expect = row.label
  metric = exact_match
}

optimize sorting { budget = { calls = 60 } }
"""


class Shop:
    """A workspace whose eval calls a tool with these settings."""

    def __init__(self, folder: Path, settings: str) -> None:
        self.folder, self.file = folder, folder / "sort.adal"
        words = [("apple", "fruit"), ("saw", "tool")]
        rows = [{"text": f"{word} {n}", "label": label} for n in range(20) for word, label in words]
        (folder / "orders.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (folder / "t.py").write_text(CODE)
        self.file.write_text(EVAL.replace("SETTINGS", settings))

    @property
    def called(self) -> list[str]:
        note = self.folder / "called"
        return note.read_text().splitlines() if note.exists() else []

    def session(self) -> Session:
        return Session(self.folder, load_settings(self.folder, {}))

    async def evaluate(self, session: Session, split: str = "val"):
        return await session.evaluation(session.load(self.file), "sorting", split=split)

    async def optimize(self, session: Session, **given):
        program = session.load(self.file)
        return await session.optimization(program, session.optimize_plan(program, "sorting", anyway=True, **given))


async def test_an_eval_asks_nobody_and_leaves_such_rows_out(tmp_path):
    shop = Shop(tmp_path, "approve = true")
    async with shop.session() as session:
        session.services = replace(session.services, approver=asking(lambda request: True))
        found = await shop.evaluate(session)
    assert found.void and found.score is None
    assert all("evals and optimizations ask nobody" in row.error for row in found.rows)
    assert not shop.called


async def test_a_search_replays_what_evals_recorded(tmp_path):
    shop = Shop(tmp_path, "effects = true")
    async with shop.session() as session:
        for split in ("train", "val", "test"):
            assert (await shop.evaluate(session, split)).score == 1
        before = shop.called
        assert len(before) == 40
        await shop.optimize(session)
        assert shop.called == before
        await shop.optimize(session, allow_effects=True)
        assert len(shop.called) > len(before)


@pytest.mark.parametrize(
    ("settings", "why"), [("effects = true", "only replayed here"), ("approve = true", "optimizations ask nobody")]
)
async def test_a_search_without_records_says_so_and_calls_nothing(tmp_path, settings, why):
    shop = Shop(tmp_path, settings)
    async with shop.session() as session:
        session.services = replace(session.services, approver=asking(lambda request: True))
        result = await shop.optimize(session)
    assert result.outcome.kind == "void" and why in result.outcome.reason
    assert not shop.called


async def test_a_tool_that_fails_is_a_row_that_failed(tmp_path):
    shop = Shop(tmp_path, "timeout = 30")
    (tmp_path / "t.py").write_text("def stock(text: str) -> str:\n    raise ValueError('no ' + text)\n")
    async with shop.session() as session:
        found = await shop.evaluate(session)
    assert found.score == 0
    assert {row.status for row in found.rows} == {"failed"}
    assert all(row.reason.startswith("`stock`: t.py:2: ValueError: no ") for row in found.rows)


async def test_tools_are_targets_and_metrics_of_evals(tmp_path):
    shop = Shop(tmp_path, "timeout = 30")
    (tmp_path / "t.py").write_text(
        CODE + "\ndef same(output: str, expected: str) -> float:\n    return float(output == expected)\n"
    )
    text = (
        shop.file.read_text()
        .partition("optimize")[0]
        .replace("sorting of sort", "sorting of stock")
        .replace("exact_match", "same")
    )
    shop.file.write_text(text + 'tool same(output: str, expected: str) -> float = python("t.py:same")\n')
    async with shop.session() as session:
        found = await shop.evaluate(session)
    assert found.score == 1 and found.interval.n == len(shop.called)


async def test_an_eval_that_runs_at_a_save_only_replays(tmp_path):
    shop = Shop(tmp_path, "effects = true")
    asked = EvaluateRequest(str(shop.file), "sorting", on_save=True)
    async with shop.session() as session:
        assert (await answer(session, asked, lambda progress: None))["void"]
    assert not shop.called
    async with shop.session() as session:
        await shop.evaluate(session)
        assert (await answer(session, asked, lambda progress: None))["score"] == 1
    assert len(shop.called) == len(set(shop.called))
