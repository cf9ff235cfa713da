"""What is written is there again, typed as it was, for every process that looks."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from adalang.store import Store
from adalang.store.records import (
    Change,
    EvaluationRecord,
    Evidence,
    HoldoutLook,
    Paid,
    PaymentRecord,
    Proposal,
    ResponseRecord,
    RunRecord,
    SessionRecord,
)

EVIDENCE = Evidence(
    verified=True,
    holdout_n=150,
    before=0.41,
    after=0.78,
    low=0.29,
    high=0.45,
    p=0.0001,
    alpha=0.03,
    mended=60,
    broken=4,
    mended_examples=({"row": "r1", "before": "a", "after": "b"},),
    hypothesis="the labels are not explained",
    notes=("costs 12 % more tokens",),
)
CHANGES = (
    Change("classify.guide", "text", "old\n", "new\n", ({"before": "old", "after": "new"},)),
    Change("classify.shots", "demos", [], [{"ticket": "x", "output": "billing"}]),
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path)


def proposal(run_id: str = "run1", after: str = "new\n") -> Proposal:
    changes = (replace(CHANGES[0], after=after), CHANGES[1])
    return Proposal.new(
        run_id=run_id, file="a.adal", eval="routing", fingerprint="f1", changes=changes, evidence=EVIDENCE
    )


def evaluation(score: float, split: str = "val") -> EvaluationRecord:
    rows = ({"row_id": "1", "score": 1.0},)
    return EvaluationRecord("a.adal", "routing", split, "f1", 20, score, 0.3, 0.9, {"calls": 20}, {}, rows, 2)


def test_the_folder_is_ignored_by_git(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    assert (tmp_path / ".adalang" / ".gitignore").read_text() == "*\n"


def test_records_come_back_as_they_were_written(store: Store) -> None:
    response = ResponseRecord("k", "openai/x", {"messages": ["é", "\ud800"]}, {"text": "ok"}, 0.5, 7, 1.0)
    calls = ({"component": "classify", "inputs": {"ticket": "x" * 200}, "output": ["out", 1, None, "\0", "\ud800"]},)
    run = RunRecord("a.adal", "classify", {"calls": 1}, calls, components=("classify", "common.grade"))
    scored = evaluation(0.8)
    look = HoldoutLook("h", "routing", "run1", "c1", 0.01, 0.05, 2.0)

    store.put_response(response)
    store.runs.put([store.runs.packed(run)])
    store.put_evaluation(scored)
    store.add_look(look)
    store.put_proposal(proposal())

    assert store.response("k") == response
    assert store.response("other") is None
    assert store.runs.get(run.id[:5]) == run
    assert store.runs.find(file="a.adal", component="common.grade") == [replace(run, calls=())]
    assert store.evaluations("a.adal", with_rows=True) == [scored]
    assert store.looks("h") == [look]
    [found] = store.proposals()
    assert replace(found, created=0.0) == replace(proposal(), created=0.0)


def test_the_newest_evaluations_of_the_split_asked_for_come_first_and_have_no_rows(store: Store) -> None:
    store.put_evaluation(replace(evaluation(0.4), created=1.0))
    store.put_evaluation(replace(evaluation(0.6), created=2.0))
    store.put_evaluation(replace(evaluation(0.9, "test"), created=3.0))

    assert [(found.score, found.rows) for found in store.evaluations("a.adal", "routing", "val")] == [
        (0.6, ()),
        (0.4, ()),
    ]
    assert [found.score for found in store.evaluations("a.adal", "routing", limit=1)] == [0.9]
    assert store.evaluations("a.adal", "another") == []


@pytest.mark.parametrize("file", ["dir/a.adal", "./dir/../dir/a.adal"])
def test_files_are_named_relative_to_the_workspace(store: Store, tmp_path: Path, file: str) -> None:
    store.put_evaluation(replace(evaluation(0.5), file=str(tmp_path / "dir" / "a.adal")))
    [found] = store.evaluations(file)
    assert found.file == "dir/a.adal"
    assert store.relative("/elsewhere/b.adal") == "/elsewhere/b.adal"


def test_events_count_up_without_gaps_and_each_run_has_its_own(store: Store) -> None:
    numbers = [store.append_event("r1", "round", {"n": n}) for n in range(3)]
    assert numbers == [1, 2, 3]
    assert store.append_event("r2", "round", {}) == 1
    assert [(event.seq, event.kind, event.payload) for event in store.events("r1", after=1)] == [
        (2, "round", {"n": 1}),
        (3, "round", {"n": 2}),
    ]


def test_a_log_that_goes_on_differently_is_cut_and_keeps_what_was_spent(store: Store) -> None:
    for n in range(3):
        store.append_event("r", "round", {"n": n}, {"calls": n})
    store.cut_events("r", after=1)
    assert store.append_event("r", "finished", {}, {"calls": 9}) == 2
    assert [(event.seq, event.kind, event.spent) for event in store.events("r")] == [
        (1, "round", {"calls": 0}),
        (2, "finished", {"calls": 9}),
    ]


def test_a_running_plan_is_found_again_until_it_ends(store: Store) -> None:
    store.end_optimization(store.start_optimization("a.adal", "routing", "plan").run_id, "failed")
    running = store.start_optimization("a.adal", "routing", "plan")
    assert store.find_run("plan") == running
    store.end_optimization(running.run_id, "finished")
    assert store.find_run("plan") is None
    finished = store.find_run("plan", status="finished")
    assert finished is not None and finished.run_id == running.run_id


def test_a_proposal_has_one_id_and_is_found_by_any_clear_beginning_of_it(store: Store) -> None:
    first, second = proposal(after="one\n"), proposal(after="two\n")
    assert first.id == proposal("another run", after="one\n").id != second.id
    store.put_proposal(first)
    store.put_proposal(second)
    found = store.proposal(first.id[:6].upper())
    assert found is not None and found.id == first.id
    assert store.proposal("") is None, "ambiguous"
    assert store.proposal("*") is None, "no pattern"


def test_a_dismissed_proposal_stays_dismissed_when_its_run_resumes_but_not_when_found_anew(
    store: Store,
) -> None:
    store.put_proposal(proposal("run1"))
    store.set_proposal_status(proposal().id, "dismissed")

    store.put_proposal(proposal("run1"))
    assert [p.status for p in store.proposals()] == ["dismissed"]

    store.put_proposal(proposal("run2"))
    assert [(p.status, p.run_id) for p in store.proposals(status="open")] == [("open", "run2")]


def test_a_newer_writer_may_say_more() -> None:
    data = json.loads(json.dumps(proposal().to_json()))
    data["evidence"]["a later field"] = 1
    data["changes"][0]["another"] = 2
    assert replace(Proposal.from_json(data), created=0.0) == replace(proposal(), created=0.0)


def test_an_editor_notices_what_another_process_writes(store: Store, tmp_path: Path) -> None:
    before = store.data_version()
    assert store.data_version() == before
    with Store.open(tmp_path) as other:
        other.append_event("r", "k", {})
    assert store.data_version() != before


def test_prune_deletes_what_is_old_and_never_the_looks(store: Store) -> None:
    store.put_response(ResponseRecord("old", "m", {}, {}, created=1.0))
    store.put_response(ResponseRecord("new", "m", {}, {}))
    store.append_event("r", "k", {})
    store.add_look(HoldoutLook("h", "e", "r", "c", 0.1, 0.05, created=1.0))

    assert store.prune("responses", older_than=time.time() - 60) == {"responses": 1}
    assert store.response("new") is not None
    store.prune()
    assert store.stats()["rows"] == {
        "responses": 0,
        "observations": 0,
        "session_steps": 0,
        "sessions": 0,
        "runs": 0,
        "texts": 0,
        "evaluations": 0,
        "optimizations": 0,
        "events": 0,
        "payments": 0,
        "stints": 0,
        "proposals": 0,
        "holdout_looks": 1,
        "row_sets": 0,
    }
    with pytest.raises(ValueError, match="cannot be pruned"):
        store.prune("holdout_looks")


def test_prune_leaves_sessions_that_can_be_resumed(store: Store) -> None:
    stopped, done = SessionRecord("a.adal", "helper", "ann", {}), SessionRecord("a.adal", "helper", "bob", {})
    store.put_session(stopped)
    store.put_session(done)
    for one in (stopped, done):
        store.put_session_step(one.id, "0", {"state": "done"})
    store.put_session(replace(done, status="finished"))
    assert store.prune("sessions") == {"session_steps": 0, "sessions": 1}
    assert store.sessions() == [stopped] and store.session_steps(stopped.id)
    store.delete_session(stopped.id)
    assert not store.sessions() and not store.session_steps(stopped.id)


def test_prune_leaves_the_log_of_an_optimization_that_can_be_resumed(store: Store) -> None:
    running, ended = (store.start_optimization("a.adal", "e", plan).run_id for plan in ("one", "other"))
    store.append_event(running, "started", {})
    store.append_event(ended, "started", {})
    store.end_optimization(ended, "finished")
    assert store.prune("optimizations") == {"events": 1, "payments": 0, "stints": 0, "optimizations": 1}
    assert [event.kind for event in store.events(running)] == ["started"]
    assert [one.run_id for one in store.optimizations()] == [running]


def test_export_gives_every_row_as_json(store: Store) -> None:
    store.put_response(ResponseRecord("k", "m", {"messages": []}, {"text": "x"}, 0.25, 3))
    store.put_proposal(proposal())
    exported = [json.loads(json.dumps(row)) for row in store.export()]
    assert [row["kind"] for row in exported] == ["responses", "proposals"]
    assert exported[0]["response"] == {"text": "x"}
    assert exported[1]["changes"][0]["after"] == "new\n"
    assert store.stats()["usd"] == 0.25


def test_threads_share_a_store(store: Store) -> None:
    def write(worker: int) -> None:
        for n in range(50):
            store.append_event("run", "k", {"worker": worker, "n": n})

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [event.seq for event in store.events("run")] == list(range(1, 201))


WRITER = """
import sys
from pathlib import Path
from adalang.store import Store
from adalang.store.records import ResponseRecord
with Store.open(Path(sys.argv[1])) as store:
    for n in range(150):
        store.append_event("run", "k", {"n": n})
        store.put_response(ResponseRecord(f"{sys.argv[2]}-{n}", "m", {}, {"text": "x" * 500}))
"""


def test_processes_write_at_the_same_time_from_the_first_opening_on(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(n)], stderr=subprocess.PIPE)
        for n in range(3)
    ]
    for writer in writers:
        _, error = writer.communicate(timeout=60)
        assert writer.returncode == 0, error.decode()
    with Store.open(tmp_path) as store:
        assert store.stats()["rows"]["responses"] == 450
        assert [event.seq for event in store.events("run")] == list(range(1, 451))


def test_the_time_between_processes_is_nobodys(store: Store) -> None:
    run, other = "a", "b"
    with pytest.MonkeyPatch.context() as patch:
        for at, what in ((100.0, "begin"), (103.0, "event"), (104.5, "paid"), (900.0, "begin"), (901.0, "event")):
            patch.setattr("adalang.store.database.time.time", lambda at=at: at)
            if what == "begin":
                store.begin_stint(run)
            elif what == "event":
                store.append_event(run, "k", {})
                store.append_event(other, "k", {})
            else:
                store.put_responses([], [PaymentRecord(run, 1, 10, 20, 0.5, created=102.0, settled=at)])
    assert store.elapsed(run) == 5.5
    assert store.paid(run) == Paid(1, 10, 20, 0.5)
    assert store.paid(other) == Paid()
