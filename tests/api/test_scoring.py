"""Evaluations, optimizations and proposals from Python, on the shipped example."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

import adalang

TRIAGE = Path(__file__).parents[2] / "examples" / "support-triage"


@pytest.fixture
def triage(tmp_path: Path) -> Path:
    for name in ("triage.adal", "tickets.jsonl"):
        shutil.copy(TRIAGE / name, tmp_path)
    (tmp_path / "adalang.toml").write_text("")
    return tmp_path / "triage.adal"


def test_an_eval_is_scored_and_its_rows_are_told_in_the_thread_that_waits(triage: Path) -> None:
    told: list[tuple[threading.Thread, int, int]] = []
    with adalang.load(triage) as program:
        found = program.evaluate(
            limit=20, on_row=lambda row, done, total: told.append((threading.current_thread(), done, total))
        )
        assert (found.eval, found.split, len(found.rows)) == ("routing", "val", 20)
        assert repr(found).startswith("<routing (val): ") and len(repr(found)) < 80
        assert found._repr_html_().count("<tr>") == min(10, len(found.failing)) + 1
        here = threading.current_thread()
        assert told == [(here, done, 20) for done in range(1, 21)]
        better = program.with_params({"classify.instruction": "- brakes: words such as brake, disc\n- orders: parcel"})
        assert better.evaluate("routing", limit=20).fingerprint != found.fingerprint


async def test_coroutines_score_and_are_told_on_their_loop(triage: Path) -> None:
    told: list[threading.Thread] = []
    with adalang.load(triage) as program:
        found = await program.aevaluate("routing", limit=5, on_row=lambda *row: told.append(threading.current_thread()))
        assert found.score is not None and told == [threading.current_thread()] * 5


async def test_what_a_callback_raises_ends_the_work(triage: Path) -> None:
    def stop(*told: object) -> None:
        raise KeyError("enough")

    with adalang.load(triage) as program:
        with pytest.raises(KeyError, match="enough"):
            await program.aevaluate(limit=5, on_row=stop)
        with pytest.raises(KeyError, match="enough"):
            program.optimize(on_event=stop)


def test_names_and_bounds_that_are_not_there_are_said_clearly(triage: Path) -> None:
    with adalang.load(triage) as program:
        with pytest.raises(adalang.Failure, match="routng"):
            program.evaluate("routng")
        with pytest.raises(ValueError, match="no bound `call`; there are: calls"):
            program.optimize(budget={"call": 3})
        with pytest.raises(ValueError, match=r"other params: classify\.instruction"):
            program.with_params({"classify.instruction": "x"}).optimize()
    triage.write_text(triage.read_text().split("eval routing")[0])
    with adalang.load(triage) as program, pytest.raises(ValueError, match=r"which eval\? There are: none"):
        program.evaluate()


def test_an_optimization_ends_with_a_proposal_that_is_read_and_applied(triage: Path) -> None:
    before, kinds = triage.read_text(), []
    with adalang.load(triage) as program:
        found = program.optimize(
            "routing", budget={"calls": 1500}, on_event=lambda event, usage: kinds.append(event.kind)
        )
        assert found.kind == "proposal" and found.proposal is not None, found.reason
        assert "search_ended" in kinds
        proposal = found.proposal
        assert proposal.verified and proposal.evidence.after > proposal.evidence.before
        assert [one.id for one in program.proposals()] == [proposal.id]
        assert "-  param instruction" in proposal.diff() and triage.read_text() == before
        assert proposal.id in repr(proposal) and "<pre>--- a/triage.adal" in proposal._repr_html_()
        better = proposal.apply()
        assert triage.read_text() != before and program.proposals() == []
        assert (better.evaluate().score or 0) > (program.evaluate().score or 0), "the old program is the old file"
        with pytest.raises(adalang.EditRefused, match="is applied already"):
            proposal.apply()
        triage.write_text(before)


def test_a_hint_is_applied_only_when_that_is_said(triage: Path) -> None:
    rows = triage.with_name("tickets.jsonl")
    rows.write_text("".join(rows.read_text().splitlines(keepends=True)[:40]))
    with adalang.load(triage) as program:
        found = program.optimize(budget={"calls": 300}, anyway=True)
        assert found.kind == "hint" and found.proposal is not None, found.reason
        with pytest.raises(adalang.Unproven, match="no test confirms"):
            found.proposal.apply()
        found.proposal.dismiss()
        assert program.proposals() == []
        with pytest.raises(adalang.EditRefused, match="is dismissed already"):
            found.proposal.apply(unverified=True)
        again = program.optimize(budget={"calls": 300}, anyway=True, fresh=True)
        assert again.proposal is not None, "another search that finds it offers it again"
        again.proposal.apply(unverified=True)
        assert program.proposals() == []
