"""Worlds in which no wording helps, only what an optimize block allows besides: from the search to the applied file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from adalang.config import load_settings
from adalang.engine.anchoring import anchor, parts_of
from adalang.engine.checked import CheckFailed
from adalang.engine.offers import Offer, offers_at, shown_in
from adalang.engine.proposals import current_edits, diff, why_outdated, write_files
from adalang.engine.session import Session
from adalang.language.fingerprint import disk_hash
from adalang.language.program import load
from adalang.optimizer.candidate import Candidate, Choice
from adalang.runtime.models.budget import Budget
from adalang.store import Store
from adalang.store.records import Change, Evidence, Proposal
from tests.cli.test_cli import adalang
from tests.servers import BadJson, Incoming, LoopbackServer, Reply

PROGRAM = """\
model m = "openai/gpt-4o-mini" {{ api_base = "{base}", api_key = env("KEY"), temperature = 1 }}
model other = "openai/gpt-4o" {{ api_base = "{base}", api_key = env("KEY"), temperature = 1 }}

type Sum = {{ answer: int, why: str }}

# Adds up.
prompt solve(question: str) -> Sum {{
  model = m
  user = \"\"\"{{{{ question }}}}\"\"\"
}}

pipeline worked(question: str) -> Sum {{
  found = solve(question)
  return found
}}

dataset questions = "questions.jsonl" {{ split = {{ train = 0.3, val = 0.3, test = 0.4 }}, seed = 3 }}

eval sums of worked {{
  data = questions
  metric = exact_match(output.answer, expected = row.answer)
}}

optimize sums {{
  allow = [{allow}]
  prefer = {{ cost = 0, latency = 0 }}  # what is much dearer or slower is welcome here
  budget = {{ calls = 3000 }}
}}
"""
ENVIRONMENT = {"KEY": "k"}


def write(folder: Path, base: str, allow: str, count: int = 200) -> Path:
    rows = ({"question": f"How much is {n} and {3 * n + 1}?", "answer": 4 * n + 1} for n in range(count))
    (folder / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    file = folder / "sums.adal"
    file.write_text(PROGRAM.format(base=base, allow=", ".join(f'"{word}"' for word in allow.split())), "utf-8")
    return file


def asked(incoming: Incoming) -> str:
    """The line of a request that holds the question."""
    lines = str(incoming.messages[-1].content).splitlines() + [str(one.content) for one in incoming.messages]
    return next(line for line in lines if "How much is" in line)


def adds_when(condition: Any) -> Any:
    """A server that adds rightly under a condition, and else for half of the questions."""

    def behaviour(incoming: Incoming) -> Reply:
        words = asked(incoming).partition("How much is")[2].replace("?", " ").split()
        right = int(words[0]) + int(words[2])
        lucky = hashlib.sha256(words[0].encode()).digest()[0] % 2 == 0
        answer = right if lucky or condition(incoming) else right + 1
        return Reply(json.dumps({"answer": answer, "why": "so"}))

    return behaviour


def lists_why_first(incoming: Incoming) -> bool:
    return list((incoming.schema or {}).get("properties", ())) == ["why", "answer"]


def is_cold(incoming: Incoming) -> bool:
    return incoming.body.get("temperature") == 0


def is_large(incoming: Incoming) -> bool:
    return incoming.body.get("model") == "gpt-4o"


def is_checking(incoming: Incoming) -> bool:
    return any("Proposed answer" in str(one.content) for one in incoming.messages)


WORLDS: Mapping[str, tuple[str, Any, dict[str, str]]] = {
    "fields": ("structure", lists_why_first, {"Sum:fields": "why, answer"}),
    "verify": ("structure", is_checking, {"solve:verify": "on"}),
    "option": ("models", is_cold, {"solve:temperature": "0"}),
    "model": ("models", is_large, {"solve:model": "other"}),
}


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
async def test_what_helps_is_found_tested_proposed_applied_and_still_true(tmp_path: Path, world: Any) -> None:
    allow, condition, changes = world
    async with LoopbackServer(behaviour=adds_when(condition)) as server:
        file = write(tmp_path, server.api_base, allow)
        original = file.read_bytes()
        async with Session(tmp_path, load_settings(tmp_path, ENVIRONMENT)) as session:
            program = session.load(file)
            result = await session.optimization(program, session.optimize_plan(program, "sums"))
            proposal = result.proposal
            assert proposal is not None and result.outcome.kind == "proposal", result.outcome.reason
            assert {one.param: one.after for one in proposal.changes} == changes
            assert all(one.kind == "choice" for one in proposal.changes)
            assert file.read_bytes() == original, "nothing is written before somebody says so"
            assert diff(program, proposal, tmp_path).startswith("--- a/sums.adal\n+++ b/sums.adal\n")
            assert why_outdated(program, proposal) == ""

            write_files(program, current_edits(program, proposal))
            after = session.load(file)
            found = await session.evaluation(after, "sums", split="test")
            assert found.score == proposal.evidence.after == 1.0
            assert found.usage.calls == 0, "the applied file asks what the test has asked"
            assert anchor(proposal, after, disk_hash).is_applied
            assert why_outdated(after, proposal) == ""


async def test_nothing_is_changed_that_is_not_allowed(tmp_path: Path) -> None:
    async with LoopbackServer(behaviour=adds_when(is_cold)) as server:
        file = write(tmp_path, server.api_base, "structure", count=80)
        async with Session(tmp_path, load_settings(tmp_path, ENVIRONMENT)) as session:
            program = session.load(file)
            result = await session.optimization(program, session.optimize_plan(program, "sums"))
            assert result.outcome.kind == "nothing"
            assert all(one.body["temperature"] == 1 and one.body["model"] == "gpt-4o-mini" for one in server.log)
            file.write_text(file.read_text().replace('  allow = ["structure"]\n', ""))
            with pytest.raises(CheckFailed, match="reaches no `param`"):
                session.load(file)


async def test_a_model_that_does_not_take_an_option_loses_and_the_search_goes_on(tmp_path: Path) -> None:
    def behaviour(incoming: Incoming) -> Any:
        if "top_p" in incoming.body or incoming.body.get("temperature") == 0.7:
            return BadJson('{"error": {"message": "unsupported parameter", "type": "invalid_request_error"}}', 400)
        return adds_when(is_cold)(incoming)

    async with LoopbackServer(behaviour=behaviour) as server:
        file = write(tmp_path, server.api_base, "models")
        async with Session(tmp_path, load_settings(tmp_path, ENVIRONMENT)) as session:
            program = session.load(file)
            result = await session.optimization(program, session.optimize_plan(program, "sums"))
    assert {one.param: one.after for one in result.outcome.changes} == {"solve:temperature": "0"}


async def test_a_combination_that_cannot_be_written_is_refused_without_a_call(tmp_path: Path) -> None:
    async with LoopbackServer(behaviour=adds_when(is_cold)) as server:
        file = write(tmp_path, server.api_base, "structure models")
        async with Session(tmp_path, load_settings(tmp_path, ENVIRONMENT)) as session:
            program = session.load(file)
            plan = session.optimize_plan(program, "sums")
            task = session.task(program, plan, Budget())
            candidate = Candidate({one.id: one.value for one in task.info.params})
            result = await task.run(candidate.with_value("Sum:fields", Choice("why")), task.rows("val")[0], 0)
            assert (result.status, result.score) == ("refused", 0.0) and "cannot be `why`" in result.reason
            assert not server.log


# ---- the editor and the command line


def made_up(file: Path, *changes: Change) -> Proposal:
    evidence = Evidence(verified=True, holdout_n=60, before=0.4, after=0.8, low=0.2, high=0.6)
    program = load(file)
    assert program is not None
    return Proposal.new(
        run_id="r",
        file=file.name,
        eval="sums",
        fingerprint=Session.fingerprint(program, "worked"),
        changes=changes,
        evidence=evidence,
    )


FIELDS = Change("Sum:fields", "choice", "answer, why", "why, answer")
COLD = Change("solve:temperature", "choice", "absent", "0")


def test_the_editor_offers_a_choice_whole_and_alone(tmp_path: Path) -> None:
    file = write(tmp_path, "http://127.0.0.1:1", "structure models")
    program = load(file)
    assert program is not None
    found = anchor(made_up(file, FIELDS, COLD), program, disk_hash)
    assert found.can_apply and not found.outdated
    parts = parts_of(found)
    assert [part.gist for part in parts] == [
        "`Sum:fields`: answer, why -> why, answer",
        "`solve:temperature`: absent -> 0",
    ]
    applied = str(program.root.source.apply(parts[1].edits(program)[file]))
    assert "model solve_model = m { temperature = 0 }" in applied and "{ answer: int, why: str }" in applied
    shown = shown_in(file, [found])
    assert [str(program.root.source.slice(one.span)) for one in shown] == ["Sum", "solve"]
    offers = list(offers_at(file, shown[0].span, shown))
    assert isinstance(offers[0], Offer) and offers[0].title.startswith("Apply proposed edit: sums 40% -> 80%")


def test_a_choice_that_somebody_has_made_otherwise_is_stale(tmp_path: Path) -> None:
    file = write(tmp_path, "http://127.0.0.1:1", "structure models")
    proposal = made_up(file, FIELDS)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("answer: int, why: str", "answer: int, why: str, sure: bool"), encoding="utf-8")
    program = load(file)
    assert program is not None
    assert "was changed since the proposal was made" in anchor(proposal, program, disk_hash).stale
    file.write_text(text.replace("{ answer: int, why: str }", '"a" | "b"'), encoding="utf-8")
    program = load(file)
    assert program is not None
    assert "`Sum:fields` is no longer in the file" in anchor(proposal, program, disk_hash).stale


def test_the_command_line_applies_choices_and_texts_together(tmp_path: Path) -> None:
    file = write(tmp_path, "http://127.0.0.1:1", "structure models")
    file.write_text(
        file.read_text("utf-8").replace('  user = """', '  param how = "Add up."\n  user = """{{ how }} '), "utf-8"
    )
    text = Change("solve.how", "text", "Add up.", "Add up.\nMind the carry.")
    with Store.open(tmp_path) as store:
        store.put_proposal(made_up(file, text, FIELDS, COLD))
    (tmp_path / "adalang.toml").touch()
    shown = adalang("proposals", "show", cwd=tmp_path)
    assert "+type Sum = { why: str, answer: int }" in shown.stdout, shown.stdout + shown.stderr
    applied = adalang("proposals", "apply", cwd=tmp_path)
    assert applied.returncode == 0, applied.stderr
    written = file.read_text(encoding="utf-8")
    for line in ("type Sum = { why: str, answer: int }", "  model = solve_model", "    Mind the carry."):
        assert line in written.splitlines()
    assert adalang("check", cwd=tmp_path).returncode == 0


def test_a_tools_description_is_proposed_like_a_text(tmp_path: Path) -> None:
    file = write(tmp_path, "http://127.0.0.1:1", "tools")
    tool = '# Adds.\ntool add(a: int, b: int) -> int = python("tools.py:add")\n\n'
    agent = 'agent helper(question: str) -> str {\n  model = m\n  tools = [add]\n  user = """{{ question }}"""\n}\n\n'
    (tmp_path / "tools.py").write_text("def add(a, b):\n    return a + b\n", encoding="utf-8")
    text = file.read_text("utf-8").replace("# Adds up.", tool + agent + "# Adds up.")
    text = text.replace("  found = solve", "  asked = helper(question)\n  found = solve")
    file.write_text(text, "utf-8")
    program = load(file)
    assert program is not None
    session = Session(tmp_path, load_settings(tmp_path, ENVIRONMENT))
    info = session.task(program, session.optimize_plan(program, "sums"), Budget()).info
    params = info.params
    assert info.components["helper"].shared == ("add.description",)
    assert [(one.id, one.kind, one.value) for one in params] == [("add.description", "text", "Adds.")]
    change = Change("add.description", "text", "Adds.", "Adds two whole numbers.\nUse it for every sum.")
    found = anchor(made_up(file, change), program, disk_hash)
    applied = str(program.root.source.apply(found.edits()[file]))
    assert applied == text.replace("# Adds.\n", "# Adds two whole numbers.\n# Use it for every sum.\n")
    file.write_text(text.replace("# Adds.", "# Hello.\n# Adds."), "utf-8")
    newer = load(file)
    assert newer is not None
    assert "was changed since" in anchor(found.proposal, newer, disk_hash).stale
