"""What a file offers to change besides params and demos: every option is an exact edit that can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adalang.engine.changeable import changeable_named, edits_for, rewritten
from adalang.engine.choices import ABSENT, switch_named, switches
from adalang.engine.choices.descriptions import descriptions
from adalang.language.checks import check_all
from adalang.language.edits import EditRefused
from adalang.language.fingerprint import fingerprint
from adalang.language.program import Module, Program, link
from adalang.language.reach import trainables
from adalang.language.text import SourceText

PATH = Path("/w/page.adal")
PAGE = '''\
model fast = "openai/gpt-4o-mini" { temperature = 0, max_tokens = 64 }  # cheap
model smart = "openai/gpt-4o"
model meanings = "openai/text-embedding-3-small"

type Category = "billing" | "technical"
type Reply = {
  text: str  "what to send"
  tone: "kind" | "dry"
  why: str
}

# Sorts a ticket.
prompt classify(ticket: str, language: str = "English") -> Category {
  model = fast   # the cheap one
  # What tells them apart
  param instruction = """
    Sort it.
    """
  system = """{{ instruction }} {{ language }}"""
  user = """{{ ticket }}"""
}

# Answers it.
prompt reply(ticket: str, kind: Category) -> Reply[] { model = smart user = """{{ ticket }} {{ kind }}""" }
prompt short(ticket: str) -> { answer: str, why: str, sure: bool, source: str } = """{{ ticket }}"""

retriever handbook(query: str) -> Passage[] {
  corpus = "handbook/*.md"
  k = 4
}

retriever faq(query: str) -> Passage[] { corpus = "faq.md" method = hybrid }

# Finds an order.
#
# Wants its number.
tool find(number: str) -> str = python("tools.py:find")
tool bare(number: str) -> str = python("tools.py:bare")

agent helper(ticket: str) -> str {
  model = smart
  tools = [find, bare, handbook]
  max_steps = 6
  user = """{{ ticket }}"""
}

pipeline support(ticket: str) -> Reply[] {
  kind = classify(ticket)
  said = [classify(word, language = "German") for word in [ticket, "x"]]
  found = handbook(ticket)
  more = faq(ticket)
  notes = short(ticket)
  done = helper(ticket)
  return reply(
    ticket,
    kind = kind,
  )
}
'''


def page(text: str = PAGE) -> Program:
    return link(Module.parse(PATH, SourceText.of(text)), lambda path: None)


def offered(program: Program):
    target = program.resolve("support")
    assert target is not None
    return switches(program, target)


def text_of(program: Program) -> str:
    return str(program.root.source)


def errors(program: Program) -> list[str]:
    found = [one for each in check_all(program).values() for one in each]
    return [f"{one.code} {one.message}" for one in found if one.severity == "error"]


PAGES = {
    "as written": PAGE,
    "windows": PAGE.replace("\n", "\r\n"),
    "no end": PAGE.rstrip("\n"),
    "last": PAGE.replace("pipeline support", "# the way\npipeline support"),
}


def test_the_page_offers_what_it_should():
    assert errors(page()) == []
    assert {one.id: (one.state, one.options) for one in offered(page())} == {
        "classify:reasoning": (ABSENT, (ABSENT, "true")),
        "classify:verify": ("off", ("off", "on")),
        "classify:model": ("fast", ("fast", "smart")),
        "classify:temperature": (ABSENT, (ABSENT, "0.7")),
        "classify:top_p": (ABSENT, (ABSENT, "0.5")),
        "classify:max_tokens": (ABSENT, (ABSENT, "128", "256")),
        "Reply:fields": (
            "text, tone, why",
            (
                "text, tone, why",
                "text, why, tone",
                "tone, text, why",
                "tone, why, text",
                "why, text, tone",
                "why, tone, text",
            ),
        ),
        "reply:reasoning": (ABSENT, (ABSENT, "true")),
        "reply:verify": ("off", ("off", "on")),
        "reply:model": ("smart", ("smart", "fast")),
        "reply:temperature": (ABSENT, (ABSENT, "0", "0.7")),
        "reply:top_p": (ABSENT, (ABSENT, "0.5")),
        "short:fields": (
            "answer, why, sure, source",
            (
                "answer, why, sure, source",
                "why, sure, source, answer",
                "why, answer, sure, source",
                "answer, sure, source, why",
                "sure, answer, why, source",
                "answer, why, source, sure",
                "source, answer, why, sure",
            ),
        ),
        "short:verify": ("off", ("off", "on")),
        "handbook:method": (ABSENT, (ABSENT, "vector", "hybrid")),
        "handbook:k": ("4", ("4", "2", "8")),
        "handbook:chunk": (ABSENT, (ABSENT, "150", "600")),
        "faq:method": ("hybrid", ("hybrid", "bm25", "vector")),
        "faq:k": (ABSENT, (ABSENT, "2", "8")),
        "faq:chunk": (ABSENT, (ABSENT, "150", "600")),
        "helper:max_steps": ("6", ("6", "3", "12")),
        "helper:model": ("smart", ("smart", "fast")),
        "helper:temperature": (ABSENT, (ABSENT, "0", "0.7")),
        "helper:top_p": (ABSENT, (ABSENT, "0.5")),
    }


@pytest.mark.parametrize("text", PAGES.values(), ids=PAGES)
def test_every_option_can_be_made_and_taken_back_to_the_byte(text):
    program = page(text)
    for one in offered(program):
        for option in one.options[1:]:
            after = rewritten(program, {one.id: option})
            now = switch_named(after, one.id)
            assert now is not None and now.state == option, (one.id, option)
            assert errors(after) == []
            assert trainables(program).keys() <= trainables(after).keys()
            assert text_of(rewritten(after, {one.id: one.state})) == text_of(program)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_every_combination_passes_the_checks_and_goes_back_in_any_order(data):
    program = page()
    chosen = {one.id: data.draw(st.sampled_from(one.options), one.id) for one in offered(program)}
    after = rewritten(program, chosen)
    assert errors(after) == []
    assert {name: switch_named(after, name).state for name in chosen} == chosen
    edits = edits_for(program, chosen)
    assert program.root.source.apply(edits.get(PATH, ())).data == after.root.source.data
    for name in data.draw(st.permutations(sorted(chosen))):
        after = rewritten(after, {name: switch_named(program, name).state})
    assert text_of(after) == text_of(program)


@pytest.mark.parametrize(
    ("choice", "option", "lines"),
    [
        ("classify:reasoning", "true", ["+  reasoning = true"]),
        ("handbook:k", "8", ["-  k = 4", "+  k = 8"]),
        ("faq:k", "8", ['+retriever faq(query: str) -> Passage[] { corpus = "faq.md" method = hybrid k = 8 }']),
        ("faq:method", "bm25", ['+retriever faq(query: str) -> Passage[] { corpus = "faq.md" method = bm25 }']),
        ("classify:model", "smart", ["-  model = fast   # the cheap one", "+  model = smart   # the cheap one"]),
        (
            "classify:temperature",
            "0.7",
            ["+  model = classify_model   # the cheap one", "+model classify_model = fast { temperature = 0.7 }"],
        ),
        (
            "classify:verify",
            "on",
            [
                '+prompt verify_classify(answer: Category, ticket: str, language: str = "English") -> Category {',
                "+  kind = verify_classify(classify(ticket), ticket)",
                '+  said = [verify_classify(classify(word, language = "German"), word, language = "German")'
                ' for word in [ticket, "x"]]',
            ],
        ),
        ("reply:verify", "on", ["+  return verify_reply(reply(", "+  ), ticket, kind = kind)"]),
        ("Reply:fields", "why, text, tone", ["-  why: str", "+  why: str"]),
    ],
)
def test_what_is_written(choice, option, lines):
    from adalang.language.edits import unified_diff

    program = page()
    diff = unified_diff("page.adal", PAGE, text_of(rewritten(program, {choice: option}))).splitlines()
    for line in lines:
        assert line in diff, "\n".join(diff)


def test_the_checking_prompt_is_the_files_own_once_it_is_edited():
    after = rewritten(page(), {"classify:verify": "on"})
    assert "classify:verify" in {one.id for one in offered(after)}
    assert "verify_classify:verify" not in {one.id for one in offered(after)}, "what checks is not checked"
    edited = page(text_of(after).replace("point by point", "word by word"))
    assert "classify:verify" not in {one.id for one in offered(edited)}
    assert "verify_classify.check" in trainables(edited)


@pytest.mark.parametrize(
    ("before", "after", "gone"),
    [
        ("kind = classify(ticket)", "kind = classify(helper(ticket))", "classify:verify"),
        ("type Reply = {", "type Reply = {\n  # what is said", "Reply:fields"),
        ("model = fast   # the cheap one", 'model = "builtin/lexical"', "classify:temperature"),
        (
            "\npipeline support",
            "\nmodel classify_model = fast { seed = 1 }\n\npipeline support",
            "classify:temperature",
        ),
        (
            "\npipeline support",
            '\nprompt verify_classify(x: str) -> str = """{{ x }}"""\n\npipeline support',
            "classify:verify",
        ),
        ("\npipeline support", '\nprompt other(x: str) -> Reply = """{{ x }}"""\n\npipeline support', "Reply:fields"),
        (
            "\npipeline support",
            "\npipeline aside(t: str) -> Category { return classify(t) }\n\npipeline support",
            "classify:verify",
        ),
        ("k = 4", "k = 4  # four", ""),
    ],
)
def test_what_would_reach_further_than_it_says_is_not_offered(before, after, gone):
    assert before in PAGE
    program = page(PAGE.replace(before, after))
    known = {one.id for one in offered(program)}
    assert gone not in known
    assert {one.id for one in offered(page())} - known <= {gone, "classify:top_p", "classify:max_tokens"}


def test_a_choice_changes_the_fingerprint_and_goes_back_with_it():
    program = page()
    before = fingerprint(program, "support", lambda path: None)
    for one in offered(program):
        for option in one.options[1:]:
            after = rewritten(program, {one.id: option})
            assert fingerprint(after, "support", lambda path: None) != before, (one.id, option)


# ---- descriptions


def test_the_descriptions_that_models_read_are_offered():
    program = page()
    found = {one.id: one.text for one in descriptions(program, program.resolve("support"))}
    assert found == {"find.description": "Finds an order.\n\nWants its number.", "bare.description": ""}


TEXTS = st.lists(st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" "), max_size=12), max_size=4).map(
    lambda lines: "\n".join(line.rstrip() for line in lines)
)


@given(TEXTS, st.sampled_from(["find", "bare"]), st.sampled_from(sorted(PAGES)))
def test_a_description_is_written_exactly_or_refused(text, tool, name):
    program = page(PAGES[name])
    try:
        after = rewritten(program, {f"{tool}.description": text})
    except EditRefused:
        assert not text.strip("\n") or text != text.strip("\n")
        return
    assert changeable_named(after, f"{tool}.description").value == text
    assert errors(after) == []
    back = rewritten(after, {f"{tool}.description": changeable_named(program, f"{tool}.description").value})
    assert text_of(back) == text_of(program)


def test_what_no_longer_fits_is_refused_with_its_name():
    with pytest.raises(EditRefused, match="`gone:k` is no longer a choice"):
        rewritten(page(), {"gone:k": "8"})
    with pytest.raises(EditRefused, match="does not pass its checks: ADL212"):
        rewritten(page(), {"classify:reasoning": "maybe"})
    with pytest.raises(EditRefused, match="`Reply:fields` cannot be"):
        rewritten(page(), {"Reply:fields": "text, tone"})
