"""What a proposal may still claim when the file around it has changed since its test."""

from __future__ import annotations

from pathlib import Path

import pytest

from adalang.engine.proposals import current_edits, title, why_outdated, write_files
from adalang.language.fingerprint import disk_hash, fingerprint
from adalang.language.program import Program, load
from adalang.store.records import Change, Evidence, Proposal

PAGE = '''\
model recorded = "replay/answers.jsonl" { temperature = 0 }

prompt classify(ticket: str) -> str {
  model = recorded
  param instruction = """
    Sort the ticket.

    Answer with one word.
    """
  demos shots { max = 2 } = [
    { ticket = "I forgot my password", output = "accounts" },
  ]
  user = """{{ instruction }} {{ ticket }}"""
}

dataset tickets = "tickets.jsonl" { split = { val = 0.5, test = 0.5 } }

eval routing of classify {
  data = tickets
  expect = row.label
  metric = exact_match
}
'''
BEFORE = "Sort the ticket.\n\nAnswer with one word."
AFTER = "Sort the ticket into billing or technical.\n\nAnswer with one word."
OLD_SHOT = {"ticket": "I forgot my password", "output": "accounts"}
NEW_SHOT = {"ticket": "I was charged twice", "output": "billing"}


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "answers.jsonl").write_text("", encoding="utf-8")
    path = tmp_path / "page.adal"
    path.write_text(PAGE, encoding="utf-8")
    return path


def loaded(page: Path) -> Program:
    program = load(page)
    assert program is not None
    return program


def proposal(page: Path, *, verified: bool = True) -> Proposal:
    return Proposal.new(
        run_id="r",
        file="page.adal",
        eval="routing",
        fingerprint=fingerprint(loaded(page), "classify", disk_hash),
        changes=(
            Change("classify.instruction", "text", BEFORE, AFTER),
            Change("classify.shots", "demos", [OLD_SHOT], [OLD_SHOT, NEW_SHOT]),
        ),
        evidence=Evidence(verified=verified, holdout_n=150, before=0.41, after=0.78, low=0.29, high=0.45),
    )


def edit(page: Path, before: str, after: str) -> None:
    text = page.read_text(encoding="utf-8")
    assert before in text
    page.write_text(text.replace(before, after), encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("model recorded", "# A comment.\nmodel recorded"),
        ("metric = exact_match\n", "metric = exact_match\n  goal = 0.9\n"),
        ("Sort the ticket.", "Sort the ticket into billing or technical."),  # its own change, made by hand
    ],
)
def test_edits_that_decide_no_answer_leave_the_proof_as_it_is(page: Path, before: str, after: str) -> None:
    found = proposal(page)
    edit(page, before, after)
    assert why_outdated(loaded(page), found) == ""
    assert title(found).startswith("Apply proposed edit: routing 41% -> 78%")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("temperature = 0", "temperature = 1"),
        ("{{ instruction }} {{ ticket }}", "{{ instruction }} Ticket: {{ ticket }}"),
        ("(ticket: str) -> str", "(ticket: str) -> int"),
    ],
)
def test_another_model_template_or_type_was_never_tested(page: Path, before: str, after: str) -> None:
    found = proposal(page)
    edit(page, before, after)
    assert "`classify`" in why_outdated(loaded(page), found)
    assert title(found, outdated=True).startswith("Try proposed edit, tested on an older version: routing 41% -> 78%")
    edit(page, after, before)
    assert why_outdated(loaded(page), found) == ""


def test_a_file_that_answers_come_from_counts_as_part_of_the_version(page: Path) -> None:
    found = proposal(page)
    (page.parent / "answers.jsonl").write_text("{}\n", encoding="utf-8")
    assert why_outdated(loaded(page), found)


def test_merged_text_was_never_tested(page: Path) -> None:
    found = proposal(page)
    edit(page, "one word", "a single word")
    program = loaded(page)
    assert "`classify.instruction`" in why_outdated(program, found)
    write_files(program, current_edits(program, found))
    assert "into billing or technical" in page.read_text() and "a single word" in page.read_text()


def test_an_eval_that_is_gone_proves_nothing(page: Path) -> None:
    found = proposal(page)
    edit(page, "eval routing", "eval sorting")
    assert "`routing`" in why_outdated(loaded(page), found)


def test_a_hint_stays_a_hint(page: Path) -> None:
    found = proposal(page, verified=False)
    edit(page, "temperature = 0", "temperature = 1")
    assert why_outdated(loaded(page), found) == "", "there is no proof that could be lost"
    assert title(found).startswith("Try unverified suggestion: ")
