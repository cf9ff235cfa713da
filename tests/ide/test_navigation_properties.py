"""What holds of finding and renaming wherever the cursor is: on whole files, and on broken ones."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.ide.broken import broken_texts, program_of
from tests.ide.fixtures import FIXTURES, read
from tests.ide.test_references import users

from adalang.ide.call_hierarchy import incoming_calls, outgoing_calls, prepare_calls
from adalang.ide.definition import definition, implementation, type_definition
from adalang.ide.highlights import highlights
from adalang.ide.linked_editing import linked_ranges
from adalang.ide.references import references
from adalang.ide.rename import Renamed, prepare_rename, rename
from adalang.ide.rename_rows import Refused
from adalang.ide.targets import Names
from adalang.ide.workspace_symbols import workspace_symbols
from adalang.language.checks import DiskFacts, check
from adalang.language.program import Module, Program, link
from adalang.language.text import SourceText

PAGES = {
    "whole": FIXTURES / "whole" / "support.adal",
    "page": FIXTURES / "rename" / "input.adal",
    "rows": FIXTURES / "rename" / "input-with-mappings.adal",
}
WINDOWS = " as on Windows"
"""Line ends and a byte-order mark."""
TEXTS = [*PAGES, *(name + WINDOWS for name in PAGES)]
NAMES = [
    "fresh",
    "größe",
    "note",
    "ticket",
    "kind",
    "line",
    "loop",
    "row",
    "output",
    "text",
    "shared",
    "k",
    "score",
    "is",
]
FACTS = DiskFacts()


@cache
def page(name: str) -> Program:
    program = read(PAGES[name.removesuffix(WINDOWS)]).program
    if not name.endswith(WINDOWS):
        return program
    source = SourceText(b"\xef\xbb\xbf" + program.root.source.data.replace(b"\n", b"\r\n"))
    return link(Module.parse(program.path, source), program.modules.get)


@cache
def starts(name: str) -> list[int]:
    """Where words start in a page: first those that name something."""
    data = page(name).root.source.data
    return [found.start() for found in re.finditer(rb"[^\W\d]\w*", data)]


def codes(program: Program) -> Counter[str]:
    """How often what is wrong; whether something is unused is guessed by spelling."""
    return Counter(one.code for one in check(program, facts=FACTS) if one.code != "ADL103")


def after(found: Renamed, programs: list[Program]) -> dict[Path, Program]:
    modules = {path: module for one in programs for path, module in one.modules.items()}
    for path, edits in found.edits.items():
        modules[path] = Module.parse(path, modules[path].source.apply(edits), modules[path])
    return {path: link(module, modules.get) for path, module in modules.items()}


@pytest.mark.parametrize("name", TEXTS)
def test_every_word_is_among_the_references_of_each_of_its_references(name: str) -> None:
    program, others = page(name), users("rename") if name.startswith("page") else []
    seen: set[int] = set()
    for start in starts(name):
        found = references(program, start, others)
        here = [one.place.span.start for one in found if one.place.path == program.path]
        if found and start not in seen:
            assert start in here or Names(program).at(start) is not None
            assert all({*references(program, one, others)} == {*found} for one in here)
            assert {one.span.start for one in highlights(program, start)} == {*here}
        seen.update(here)
    assert len(seen) >= 30


@given(data=st.data(), name=st.sampled_from(TEXTS))
@settings(max_examples=150)
def test_rename_and_back_is_the_same_text_and_nothing_gets_worse(data: st.DataObject, name: str) -> None:
    program, others = page(name), users("rename") if name.startswith("page") else []
    start = data.draw(st.sampled_from(starts(name)))
    word = Names(program).at(start)
    assume(word is not None)
    assert word is not None
    found = rename(program, start, data.draw(st.sampled_from(NAMES)), others, FACTS)
    if isinstance(found, Refused):
        assert found.reason and "\n" not in found.reason
        return
    programs = after(found, [program, *others])
    for one in (program, *others):
        assert codes(programs[one.path]) == codes(one)
    edits = sorted(found.edits.get(program.path, ()), key=lambda edit: edit.span)
    moved = start + sum(
        len(edit.text.encode()) - (edit.span.end - edit.span.start) for edit in edits if edit.span.end <= start
    )
    back = rename(programs[program.path], moved, word.target.name, [programs[one.path] for one in others], FACTS)
    assert isinstance(back, Renamed), back.reason
    again = after(back, list(programs.values()))
    for path, one in {path: module for each in (program, *others) for path, module in each.modules.items()}.items():
        if again[path].root.source != one.source:
            plain = [without_plain_mappings(each, word.target.name) for each in (again[path].root.source, one.source)]
            assert plain[0] == plain[1]


def without_plain_mappings(source: SourceText, name: str) -> str:
    """The text without the mapping that says what equal names say: a rename writes it out, and the way back leaves it."""
    text = re.sub(rf"\b{name} = row\.{name}\b,?\s*", "", str(source))
    return re.sub(r",?\s*\binputs = {\s*}", "", text)


@given(text=broken_texts(), data=st.data())
@settings(max_examples=150)
def test_nothing_raises_in_broken_text(text: str, data: st.DataObject) -> None:
    program = program_of(text)
    offset = data.draw(st.integers(0, len(program.root.source.data)))
    references(program, offset)
    highlights(program, offset)
    linked_ranges(program, offset)
    definition(program, offset)
    type_definition(program, offset)
    implementation(program, offset)
    workspace_symbols([program.root], data.draw(st.text(max_size=3)))
    if prepare_calls(program, offset) is not None:
        incoming_calls(program, offset)
        outgoing_calls(program, offset)
    prepared = prepare_rename(program, offset)
    found = rename(program, offset, "fresh_name", [program])
    assert isinstance(prepared, Refused) <= isinstance(found, Refused)
    if isinstance(found, Renamed):
        for edits in found.edits.values():
            program.root.source.apply(edits)
