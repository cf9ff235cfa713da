from __future__ import annotations

from pathlib import Path

from hypothesis import given
from tests.ide.broken import broken_texts, program_of
from tests.ide.fixtures import Case, cases

from adalang.ide.document_links import document_links
from adalang.language.checks import DiskFacts


@cases("document_links")
def test_document_links(case: Case, update: bool) -> None:
    lines = []
    for one in document_links(case.program, DiskFacts()):
        inside = isinstance(one.target, Path) and one.target.is_relative_to(case.path.parent)
        target = one.target.relative_to(case.path.parent).as_posix() if inside else str(one.target)  # type: ignore[union-attr]
        lines += [*case.excerpt(one.span), f"-> {target}{f'  [{one.tooltip}]' if one.tooltip else ''}"]
    case.check(lines, update)


@given(broken_texts())
def test_links_stand_in_the_text(text: str) -> None:
    program = program_of(text)
    assert all(0 <= one.span.start <= one.span.end <= len(program.root.source.data) for one in document_links(program))
