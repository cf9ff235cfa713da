"""What the version before this one has written into the store is still there, and can still be told."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from adalang.engine.logs import kept_events
from adalang.report.explain import run_lines, summary_lines
from adalang.report.optimization import optimization_page
from adalang.report.story import Story
from adalang.store import Store
from adalang.store.schema import MIGRATIONS

CLASSIFY = "classify.instruction"
LOG = (
    ("started", {"mode": "full", "seed": 0, "incumbent": "file", "estimate": ["About 900 runs."]}),
    ("baseline", {"rows": 120, "mean": 0.25}),
    ("round", {"nth": 1, "operator": "edit_text", "parent": "file", "batch": ["r1", "r2"]}),
    ("feedback", {"blame": {CLASSIFY: 2.0}, "target": CLASSIFY, "notes": [["r1", "expected a, got b", 1.0]]}),
    ("hypotheses", {"param": CLASSIFY, "hypotheses": [["It guesses.", "Say when."], ["It copies.", "Say not."]]}),
    ("gated", {"param": CLASSIFY, "change": "Say not.", "reason": "nothing would change"}),
    ("draft", {"candidate": "c1", "param": CLASSIFY, "change": "Say when."}),
    ("screened", {"candidate": "c1", "delta": 1.0, "broke": [], "passed": True}),
    ("raced", {"candidate": "c1", "delta": 27.0, "rows": 120, "accepted": True}),
    ("search_ended", {"reason": "12 rounds are done", "rounds": 1, "best": 0.7, "runs": 400}),
    ("chosen", {"candidate": "c1", "mean": 0.7, "incumbent": 0.25}),
    ("ship_test", {"n": 127, "before": 0.3, "after": 0.7, "p": 1e-12, "alpha": 0.03}),
    ("finished", {"kind": "proposal", "reason": "30 % -> 70 %"}),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace whose store the former version made: it knew two of the steps."""
    (tmp_path / ".adalang").mkdir()
    with sqlite3.connect(tmp_path / ".adalang" / "store.db") as file:
        for step in MIGRATIONS[:2]:
            for statement in step:
                file.execute(statement)
        file.execute("PRAGMA user_version = 2")
        file.execute("INSERT INTO responses VALUES ('k1', 'm', '{}', '{\"text\":\"a\"}', 0.5, 7, 1.0)")
        file.execute("INSERT INTO optimizations VALUES ('run1', 'a.adal', 'routing', 'plan', 'finished', 1.0)")
        spent = {"calls": 5, "cached_calls": 0, "input_tokens": 1, "output_tokens": 1, "usd": 0.5, "seconds": 1.0}
        for seq, (kind, payload) in enumerate(LOG, start=1):
            row = ("run1", seq, kind, json.dumps(payload), float(seq), json.dumps(spent | {"priced": True}))
            file.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", row)
        file.execute(
            "INSERT INTO holdout_looks (holdout_hash, eval, run_id, p, alpha, created) VALUES ('h', 'routing', 'run1', 0.2, 0.03, 1.0)"
        )
    file.close()
    return tmp_path


def test_a_store_of_the_former_version_keeps_all_it_held(root: Path) -> None:
    with Store.open(root) as store:
        answer, run = store.response("k1"), store.optimization()
        assert answer is not None and (answer.response, answer.usd) == ({"text": "a"}, 0.5)
        assert run is not None and (run.status, run.ground, run.used) == ("finished", "", "")
        assert [event.kind for event in store.events("run1")] == [kind for kind, _ in LOG]
        assert [look.p for look in store.looks("h", ("a", "b"))] == [0.2]
        assert store.paid("run1").calls == 0


def test_a_log_of_the_former_version_is_told_as_far_as_it_goes(root: Path) -> None:
    with Store.open(root) as store:
        story = Story.of(kept_events(store, "run1"))
    told = "\n".join(run_lines(story))
    assert "[1] It guesses. -> Say when.\n│  screened +1.0: passed\n│  raced +27.0 on 120 rows: kept" in told
    assert "2 train rows; which of them fail was not kept" in told
    assert "Outcome: proposal. 30 % -> 70 %" in summary_lines(story)
    page = optimization_page(
        story, file="a.adal", eval_name="routing", run_id="run1", state="finished", began="2026-01-01"
    )
    assert "Say when." in page
