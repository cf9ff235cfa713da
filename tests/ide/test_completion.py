"""Completion, by fixtures and by properties that hold at every cursor of every file, whole or cut off."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.ide.fixtures import FIXTURES, Case, cases

from adalang.ide.completion import complete, resolve
from adalang.ide.hover import hover
from adalang.ide.signature_help import signature_help
from adalang.ide.surroundings import Surroundings
from adalang.language.checks import DiskFacts
from adalang.language.program import Module, link
from adalang.language.text import SourceText

HERE = ["imported/", "main.adal", "notes.md", "other.adal", "rows.jsonl", "tools.py"]


def listing(folder: Path) -> list[str] | None:
    if folder == FIXTURES / "completion":  # not what is there, which every new fixture would change
        return HERE
    try:
        return sorted(f"{one.name}/" if one.is_dir() else one.name for one in os.scandir(folder))
    except OSError:
        return None


def around(case: Case) -> Surroundings:
    """The fixtures' folder `imported` with two environment variables; what is there is the workspace."""
    paths = sorted((case.path.parent / "imported").glob("*.adal"))
    modules = [Module.parse(path, SourceText(path.read_bytes())) for path in paths]
    return Surroundings(listing, ("OPENAI_API_KEY", "HOME"), modules)


@cases("completion")
def test_completion(case: Case, update: bool) -> None:
    facts, world = DiskFacts(), around(case)
    answer = complete(case.program, case.offset, facts, world)
    lines = case.excerpt(answer.items[0].span) if answer.items else []
    for one in answer.items[:24]:
        said = resolve(case.program, one.about, facts, world)
        insert = "" if one.insert == one.label else f"  => {one.insert!r}{' (snippet)' if one.snippet else ''}"
        detail = f"  [{said.detail or one.detail}]" if said.detail or one.detail else ""
        lines.append(f"{one.kind:12}{one.label}{detail}{insert}")
        lines += [f"{'':14}{(said.doc or one.doc).splitlines()[0]}"] if said.doc or one.doc else []
        lines += [f"{'':14}and at {edit.span.start}: {edit.text!r}" for edit in one.edits]
    if len(answer.items) > 24:
        lines.append(f"and {len(answer.items) - 24} more")
    lines += [] if answer.complete else ["not all"]
    case.check(lines, update)


# ---- at every cursor

PAGES = sorted([*(FIXTURES.parent.parent / "examples").glob("*/*.adal"), *(FIXTURES / "whole").glob("*.adal")])
SHARED = Surroundings(
    listing, ("OPENAI_API_KEY",), [Module.parse(page, SourceText(page.read_bytes())) for page in PAGES]
)
HALF_TYPED = [
    "",
    ".",
    "{{ ",
    "{% if ",
    '"',
    '"""',
    "(",
    "[",
    "{ ",
    "= ",
    "=> ",
    "| ",
    "match x {",
    "#",
    "é😀\u2028",
    "\r\n",
]


@given(
    page=st.sampled_from(PAGES),
    place=st.floats(0, 1),
    typed=st.sampled_from(HALF_TYPED),
    cut=st.booleans(),
    form=st.sampled_from(["plain", "crlf", "bom"]),
)
@example(page=PAGES[0], place=1.0, typed='0"""', cut=True, form="plain")
@settings(max_examples=400, deadline=None)
def test_whole_or_half_typed_every_cursor_has_an_answer(
    page: Path, place: float, typed: str, cut: bool, form: str
) -> None:
    text = page.read_text(encoding="utf-8")
    at = int(place * len(text))
    before, after = text[:at] + typed, "" if cut else text[at:]
    if form == "bom":
        before = "\ufeff" + before
    if form == "crlf":
        before, after = before.replace("\n", "\r\n"), after.replace("\n", "\r\n")
    source, offset = SourceText.of(before + after), len(before.encode())
    program = link(Module.parse(page, source), lambda path: next((m for m in SHARED.modules if m.path == path), None))
    facts = DiskFacts()
    signature_help(program, offset, facts)
    hover(program, offset, facts)
    found = complete(program, offset, facts, SHARED)
    line = source.line_of(offset)
    for one in found.items:
        assert one.span.start <= offset <= one.span.end
        assert source.line_of(one.span.start) == line == source.line_of(one.span.end)
        assert all(edit.span.end <= one.span.start for edit in one.edits)
        resolve(program, one.about, facts, SHARED)


def test_a_word_that_reaches_into_a_declaration() -> None:
    text = '  retries = 4import "other.adal"\n'
    program = link(Module.parse(FIXTURES / "page.adal", SourceText.of(text)), lambda path: None)
    for offset in range(len(text)):
        complete(program, offset, DiskFacts(), SHARED)
