"""What was left out to fit a model's window is told once by evals and optimizations, with how many rows lost how much."""

from __future__ import annotations

import json
import os
from pathlib import Path

from adalang.config import load_settings
from adalang.engine.explanation import explanation
from adalang.engine.session import Session
from adalang.evaluation.cuts import Cuts
from adalang.runtime.trace import Call, Trace
from tests.commands import run_command

FILE = """
model m = "builtin/lexical" { window = 120 }

type Kind = "fruit" | "tool"

prompt sort(text: str, notes: str[]) -> Kind {
  model = m
  cut = [notes]
  param instruction = "Say tool."
  system = "{{ instruction }}"
  user = "{{ text }} {{ notes | join(' ') }}"
}

dataset orders = "orders.jsonl" { split = { train = 0.4, val = 0.3, test = 0.3 } }
eval sorting of sort { data = orders, expect = row.label, metric = exact_match }
optimize sorting { budget = { calls = 1500 } }
"""
WORDS = {"fruit": ["apple", "pear"], "tool": ["hammer", "saw"]}


def write(folder: Path, long: int) -> Path:
    """A program whose rows have short notes, but for every ``long``-th."""
    rows = [
        {"text": f"{word} {n}", "notes": ["a note"] * (100 if n % long == 0 else 1), "label": label}
        for label, words in WORDS.items()
        for word in words
        for n in range(30)
    ]
    (folder / "orders.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "sort.adal").write_text(FILE, encoding="utf-8")
    return folder / "sort.adal"


def test_an_eval_says_how_many_rows_lost_how_much(tmp_path: Path) -> None:
    write(tmp_path, 3)
    page = tmp_path / "page.html"
    done = run_command("eval", "sort.adal", "--html", str(page), cwd=tmp_path, environment=os.environ, together=True)
    (told,) = [line for line in done.stdout.splitlines() if "cut:" in line]
    assert "cut: `sort`: in " in told and " rows `notes` was shortened; at the worst `notes` lost its last " in told
    assert told.endswith(" of 100 items, to fit the 120 tokens that builtin/lexical reads")
    assert "`notes` was shortened" in page.read_text(encoding="utf-8")
    (found,) = json.loads(run_command("eval", "sort.adal", "--json", cwd=tmp_path, environment=os.environ).stdout)
    (line,) = found["cuts"]
    assert told.endswith(line)


def test_answers_that_were_cut_off_are_counted() -> None:
    cuts = Cuts()
    for row, reason in {"1": "length", "2": "stop", "3": "length"}.items():
        cuts.add(row, Trace([Call("sort", "prompt", {}, finish_reason=reason)]))
    assert cuts.lines == ["`sort`: in 2 of 3 rows the answer was cut off at its greatest length: raise max_tokens"]


async def test_nothing_is_told_where_nothing_was_cut(tmp_path: Path) -> None:
    file = write(tmp_path, 1000)
    (tmp_path / "sort.adal").write_text(FILE.replace("window = 120", "window = 9000"), encoding="utf-8")
    async with Session(tmp_path, load_settings(tmp_path, {})) as session:
        assert (await session.evaluation(session.load(file), "sorting")).cuts == []


async def test_an_optimization_tells_it_and_its_proposal_keeps_it(tmp_path: Path) -> None:
    file = write(tmp_path, 3)
    async with Session(tmp_path, load_settings(tmp_path, {})) as session:
        program = session.load(file)
        result = await session.optimization(program, session.optimize_plan(program, "sorting"))
    (told,) = result.cuts
    assert "`sort`: in " in told and " rows `notes` was shortened; at the worst " in told
    assert result.proposal is not None and f"cut: {told}" in result.proposal.evidence.notes
    assert told in explanation(result.proposal, None)
