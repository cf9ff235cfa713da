"""A proposal that another process has put into the store, from the diagnostic to the text."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from tests.lsp.editor import Editor, capabilities

from adalang.language.fingerprint import disk_hash, fingerprint
from adalang.language.program import load
from adalang.store import Store
from adalang.store.records import Change, Evidence, Proposal

EVAL = """
model recorded = "replay/answers.jsonl"

dataset tickets = "tickets.jsonl" { split = { train = 0.4, val = 0.3, test = 0.3 } }

eval routing of classify {
  data = tickets
  expect = row.label
  metric = exact_match
}
"""
PAGE = f'''\
# 😀
prompt classify(ticket: str) -> str {{
  param instruction = """
    Sort the ticket.

    Answer with one word.
    """
  demos shots {{ max = 2 }}
  user = """{{{{ instruction }}}} {{{{ ticket }}}}"""
  model = recorded
}}
{EVAL}'''
IMPORTING = f'''\
import "shared.adal"

prompt classify(ticket: str) -> str {{
  model = recorded
  user = """{{{{ shared.style }}}} {{{{ ticket }}}}"""
}}
{EVAL}'''
BEFORE = "Sort the ticket.\n\nAnswer with one word."
AFTER = "Sort the ticket into billing or technical.\n\nAnswer with one word."
SHOTS = [{"ticket": "I was charged twice", "output": "billing"}]
APPLIED = f'''\
# 😀
prompt classify(ticket: str) -> str {{
  param instruction = """
    Sort the ticket into billing or technical.

    Answer with one word.
    """
  demos shots {{ max = 2 }} = [
    {{ ticket = "I was charged twice", output = "billing" }},
  ]
  user = """{{{{ instruction }}}} {{{{ ticket }}}}"""
  model = recorded
}}
{EVAL}'''
EVIDENCE = "routing 41% -> 78% on 150 held-out examples [+29, +45]"
TITLE = f"Apply proposed edit: {EVIDENCE}"
PARTS = [
    "Try change 1 of 2 alone, untested so: `Sort the ticket into billing or technical.`",
    "Try change 2 of 2 alone, untested so: the examples of `classify.shots` (1 now)",
]
FIXES = ["quickfix"]
OLD_TITLE = f"Try proposed edit, tested on an older version: {EVIDENCE}"
PUT = """
import json, sys
from pathlib import Path
from adalang.store import Store
from adalang.store.records import Proposal
with Store.open(Path(sys.argv[1])) as store:
    store.put_proposal(Proposal.from_json(json.loads(sys.argv[2])))
"""


def proposal(page: Path, *, verified: bool = True, demos: bool = True) -> Proposal:
    changes = [Change("classify.instruction", "text", BEFORE, AFTER)]
    if demos:
        changes.append(Change("classify.shots", "demos", [], SHOTS))
    evidence = Evidence(
        verified=verified,
        holdout_n=150,
        before=0.41,
        after=0.78,
        low=0.29,
        high=0.45,
        p=1e-9,
        alpha=0.0304,
        hypothesis="The labels are missing.",
        extra={"confidence": 0.9696},
    )
    program = load(page)
    assert program is not None
    print_ = fingerprint(program, "classify", disk_hash)
    return Proposal.new(
        run_id="r", file=page.name, eval="routing", fingerprint=print_, changes=tuple(changes), evidence=evidence
    )


def put_by_another_process(root: Path, found: Proposal) -> None:
    subprocess.run([sys.executable, "-c", PUT, str(root), json.dumps(found.to_json())], check=True)


def workspace(folder: Path) -> Path:
    (folder / "adalang.toml").touch()
    (folder / "answers.jsonl").touch()
    rows = (json.dumps({"ticket": f"Ticket {number}", "label": "billing"}) for number in range(40))
    (folder / "tickets.jsonl").write_text("\n".join(rows), encoding="utf-8")
    page = folder / "page.adal"
    page.write_text(PAGE, encoding="utf-8")
    return page


def status(root: Path, found: Proposal) -> str:
    with Store.open(root) as store:
        stored = store.proposal(found.id)
    assert stored is not None
    return stored.status


def of_proposals(found: list[types.Diagnostic]) -> list[types.Diagnostic]:
    return [one for one in found if one.code == "proposal"]


async def test_from_a_run_elsewhere_to_the_text(editor: Editor, tmp_path: Path) -> None:
    page = workspace(tmp_path)
    await editor.start(tmp_path, capabilities())
    uri = editor.open(page)
    await editor.diagnostics(uri, lambda found: found == [])
    assert not (tmp_path / ".adalang").exists(), "looking for a store makes none"

    found = proposal(page)
    put_by_another_process(tmp_path, found)
    shown = of_proposals(await editor.diagnostics(uri, lambda found: len(of_proposals(found)) == 2))
    assert [(one.range.start.line, one.range.start.character, one.range.end.character) for one in shown] == [
        (2, 8, 19),
        (7, 8, 13),
    ]
    assert {(one.severity, one.source) for one in shown} == {(types.DiagnosticSeverity.Information, "adalang")}
    assert shown[0].message == f"Proposed edit: {EVIDENCE}."

    actions = await editor.actions(uri, "instruction =", FIXES)
    assert [one.title for one in actions] == [TITLE, "Explain proposal", "Dismiss proposal", *PARTS]
    assert [bool(one.is_preferred) for one in actions] == [True, False, False, False, False]

    explained = await editor.execute("explainProposal", found.id)
    assert "The labels are missing." in explained["markdown"]
    assert (
        "| examples | 150 held-out |\n| 97 % interval of the difference | [+29, +45] points |" in explained["markdown"]
    )
    assert len(editor.client.shown_documents) == 1

    command = actions[0].command
    assert command is not None and list(command.arguments or ()) == [found.id]
    assert await editor.execute("applyProposal", found.id) == {"applied": found.id}
    assert editor.documents[uri].text == APPLIED
    assert status(tmp_path, found) == "applied"
    await editor.diagnostics(uri, lambda found: found == [])
    with pytest.raises(JsonRpcException, match="applied already"):
        await editor.execute("applyProposal", found.id)


async def test_text_that_changed_elsewhere_is_merged_and_in_the_same_place_is_left_alone(
    editor: Editor, tmp_path: Path
) -> None:
    page = workspace(tmp_path)
    found = proposal(page, demos=False)
    put_by_another_process(tmp_path, found)
    await editor.start(tmp_path, capabilities())
    uri = editor.open(page)
    await editor.diagnostics(uri, lambda found: len(of_proposals(found)) == 1)

    editor.type(uri, "Sort the ticket.", "Put the ticket where it belongs.")
    (stale,) = of_proposals(await editor.diagnostics(uri, lambda found: len(of_proposals(found)) == 1))
    assert "stale" in stale.message
    assert [one.title for one in await editor.actions(uri, "instruction =", FIXES)] == [
        "Explain proposal",
        "Dismiss proposal",
    ]
    text = editor.documents[uri].text
    with pytest.raises(JsonRpcException, match="changed"):
        await editor.execute("applyProposal", found.id)
    assert (editor.documents[uri].text, editor.applied, status(tmp_path, found)) == (text, [], "open")

    editor.type(uri, "Put the ticket where it belongs.", "Sort the ticket.")
    editor.type(uri, "one word", "a single word")
    await editor.diagnostics(uri, lambda found: "stale" not in of_proposals(found)[0].message)
    apply = (await editor.actions(uri, "instruction ="))[0]
    assert (apply.title, bool(apply.is_preferred)) == (OLD_TITLE, False)
    await editor.execute("applyProposal", found.id)
    assert editor.documents[uri].text == PAGE.replace("ticket.", "ticket into billing or technical.").replace(
        "one word", "a single word"
    )
    assert status(tmp_path, found) == "applied"


async def test_refused_edit_keeps_the_proposal_and_dismissing_takes_it_away(editor: Editor, tmp_path: Path) -> None:
    page = workspace(tmp_path)
    found = proposal(page)
    put_by_another_process(tmp_path, found)
    await editor.start(tmp_path, capabilities())
    uri = editor.open(page)
    await editor.diagnostics(uri, lambda found: len(of_proposals(found)) == 2)
    editor.refuses_edits = True
    with pytest.raises(JsonRpcException, match="did not apply the edit: not now"):
        await editor.execute("applyProposal", found.id)
    assert status(tmp_path, found) == "open"
    await editor.execute("dismissProposal", found.id)
    assert status(tmp_path, found) == "dismissed"
    await editor.diagnostics(uri, lambda found: found == [])


async def test_a_proposal_is_kept_where_it_was_found_though_its_file_is_in_a_workspace_of_its_own(
    editor: Editor, tmp_path: Path
) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    page = workspace(inner)
    found = replace(proposal(page), file="inner/page.adal")
    (tmp_path / "adalang.toml").touch()
    put_by_another_process(tmp_path, found)
    await editor.start(tmp_path, capabilities())
    editor.open(page)
    await editor.execute("dismissProposal", found.id)
    assert status(tmp_path, found) == "dismissed"


async def test_a_hint_says_that_it_is_unverified(editor: Editor, tmp_path: Path) -> None:
    page = workspace(tmp_path)
    hint = proposal(page, verified=False)
    put_by_another_process(tmp_path, hint)
    await editor.start(tmp_path, capabilities())
    uri = editor.open(page)
    shown = of_proposals(await editor.diagnostics(uri, lambda found: len(of_proposals(found)) == 2))
    assert shown[0].message.startswith("Unverified")
    apply = (await editor.actions(uri, "instruction ="))[0]
    assert "unverified" in apply.title and not apply.is_preferred
    explained = (await editor.execute("explainProposal", hint.id))["markdown"]
    assert "| examples | 150, not confirmed |" in explained and "97 % interval" in explained


async def test_an_editor_that_shows_no_documents_is_told_the_first_paragraph(editor: Editor, tmp_path: Path) -> None:
    page = workspace(tmp_path)
    found = proposal(page)
    put_by_another_process(tmp_path, found)
    plain = capabilities()
    assert plain.window is not None
    plain.window.show_document = None
    await editor.start(tmp_path, plain)
    explained = (await editor.execute("explainProposal", found.id))["markdown"]
    (told,) = editor.client.messages
    first = explained.split("\n\n")[0].removeprefix("# ")
    assert told.message == f"{first}. The answer to this command holds all of it."


async def test_what_is_not_proven_asks_before_it_is_applied(editor: Editor, tmp_path: Path) -> None:
    page = workspace(tmp_path)
    hint = proposal(page, verified=False)
    put_by_another_process(tmp_path, hint)
    able = capabilities()
    assert able.workspace is not None and able.workspace.workspace_edit is not None
    able.workspace.workspace_edit.change_annotation_support = types.ChangeAnnotationsSupportOptions()
    await editor.start(tmp_path, able)
    uri = editor.open(page)
    await editor.diagnostics(uri, lambda found: len(of_proposals(found)) == 2)
    single = [one for one in await editor.actions(uri, "instruction =", FIXES) if one.title in PARTS]
    assert [one.title for one in single] == PARTS
    edits = [one.edit for one in single]
    await editor.execute("applyProposal", hint.id)
    for edit in [*edits, editor.applied[0]]:
        assert edit is not None and edit.change_annotations is not None
        (asks,) = edit.change_annotations.values()
        assert asks.needs_confirmation and "Nothing is proven" in (asks.description or "")


async def test_inside_a_change_it_can_be_made_alone(editor: Editor, tmp_path: Path) -> None:
    page = workspace(tmp_path)
    found = proposal(page)
    put_by_another_process(tmp_path, found)
    await editor.start(tmp_path, capabilities())
    uri = editor.open(page)
    await editor.diagnostics(uri, lambda found: len(of_proposals(found)) == 2)
    (first,) = await editor.actions(uri, "Sort the ticket.", FIXES)
    assert first.title == PARTS[0] and first.edit is not None
    editor.apply(first.edit)
    assert editor.documents[uri].text == PAGE.replace("Sort the ticket.", "Sort the ticket into billing or technical.")
    assert status(tmp_path, found) == "open", "the examples are still to come"
    (rest, *_) = await editor.actions(uri, "shots", FIXES)
    assert "older version" not in rest.title, "all of it together is what was tested"
    await editor.execute("applyProposal", found.id)
    assert editor.documents[uri].text == APPLIED


async def test_a_change_of_what_was_tested_takes_the_proof_away_and_undoing_it_brings_it_back(
    editor: Editor, tmp_path: Path
) -> None:
    page = workspace(tmp_path)
    found = proposal(page)
    put_by_another_process(tmp_path, found)
    await editor.start(tmp_path, capabilities())
    uri = editor.open(page)

    async def offered(message: str) -> tuple[str, bool]:
        await editor.diagnostics(uri, lambda found: [one.message for one in of_proposals(found)] == [message] * 2)
        apply = (await editor.actions(uri, "instruction ="))[0]
        return apply.title, bool(apply.is_preferred)

    now, before = f"Proposed edit: {EVIDENCE}.", f"Proposed edit, tested on an older version: {EVIDENCE}."
    assert await offered(now) == (TITLE, True)
    editor.type(uri, "}} {{ ticket", "}} Ticket: {{ ticket")
    assert await offered(before) == (OLD_TITLE, False)
    assert "Tested on an older version" in (await editor.execute("explainProposal", found.id))["markdown"]
    editor.type(uri, "}} Ticket: {{ ticket", "}} {{ ticket")
    assert await offered(now) == (TITLE, True)

    (tmp_path / "answers.jsonl").write_text("{}\n", encoding="utf-8")
    editor.save(uri)  # the server looks at the disk again
    assert await offered(before) == (OLD_TITLE, False)
    await editor.execute("applyProposal", found.id)
    assert editor.documents[uri].text == APPLIED


async def test_another_default_model_than_the_tested_one_takes_the_proof_away(editor: Editor, tmp_path: Path) -> None:
    page = workspace(tmp_path)
    page.write_text(PAGE.replace("  model = recorded\n", ""), encoding="utf-8", newline="")
    (tmp_path / "adalang.toml").write_text('model = "builtin/lexical"\n')
    found = proposal(page)
    rests = {"rests_on": {"model": "openai/gpt-4o-mini"}}
    put_by_another_process(tmp_path, replace(found, evidence=replace(found.evidence, extra=rests)))
    await editor.start(tmp_path, capabilities())
    uri = editor.open(page)
    message = f"Proposed edit, tested on an older version: {EVIDENCE}."
    await editor.diagnostics(uri, lambda found: [one.message for one in of_proposals(found)] == [message] * 2)
    told = (await editor.execute("explainProposal", found.id))["markdown"]
    assert "another default model, openai/gpt-4o-mini" in told


async def test_params_of_an_imported_file_are_marked_and_edited_there(editor: Editor, tmp_path: Path) -> None:
    workspace(tmp_path)  # for its tickets
    (tmp_path / "shared.adal").write_text('param style = "Short."\n', encoding="utf-8")
    page = tmp_path / "importing.adal"
    page.write_text(IMPORTING, encoding="utf-8")
    program = load(page)
    assert program is not None
    change = Change("shared.style", "text", "Short.", "Short and kind.")
    found = Proposal.new(
        run_id="r",
        file="importing.adal",
        eval="routing",
        fingerprint=fingerprint(program, "classify", disk_hash),
        changes=(change,),
        evidence=Evidence(verified=True, holdout_n=30, before=0.5, after=0.9, low=0.2, high=0.6),
    )
    put_by_another_process(tmp_path, found)
    await editor.start(tmp_path, capabilities())
    page_uri, shared_uri = editor.open(page), editor.open(tmp_path / "shared.adal")
    shown = await editor.diagnostics(shared_uri, lambda found: len(of_proposals(found)) == 1)
    assert of_proposals(shown)[0].message.startswith("Proposed edit: routing ")
    await editor.diagnostics(page_uri, lambda found: found == [])
    await editor.execute("applyProposal", found.id)
    assert editor.documents[shared_uri].text == 'param style = "Short and kind."\n'
