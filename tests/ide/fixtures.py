"""Editor fixtures: an ``.adal`` file with the cursor as ``$0``, and the expected answer behind a marker line, as comments.

``pytest --update`` writes the answers anew; read the diff then. Files that a fixture imports lie in ``imported/``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from adalang.language.program import Module, Program, link, read_from_disk
from adalang.language.text import Edit, SourceText, Span

FIXTURES = Path(__file__).parent.parent / "fixtures"
CURSOR = b"$0"
MARKER = b"# ---- expected\n"


@dataclass(frozen=True)
class Case:
    """One fixture. ``offset`` is the cursor's byte, -1 without one."""

    path: Path
    program: Program
    offset: int
    text: bytes
    expected: str

    @property
    def source(self) -> SourceText:
        return self.program.root.source

    def check(self, lines: list[str], update: bool) -> None:
        """Compare the answer with the expected one, or write it."""
        found = "".join(f"# {line}".rstrip() + "\n" for line in lines or ["nothing"])
        if update:
            self.path.write_bytes(self.text + MARKER + found.encode())
        else:
            assert found == self.expected

    def excerpt(self, span: Span, module: Module | None = None) -> list[str]:
        """The line of a span with carets under it."""
        source = (module or self.program.root).source
        place = source.position(span.start)
        line = source.line_span(place.line)
        width = max(1, len(source.slice(Span(span.start, min(span.end, line.end)))))
        number = str(place.line + 1)
        return [
            f"{number} | {source.slice(line).rstrip()}",
            f"{' ' * len(number)} | {' ' * place.column}{'^' * width}",
        ]


def changed(source: SourceText, edits: Iterable[Edit]) -> list[str]:
    """The lines that edits take out (``-``) and put in (``+``)."""
    before, after = str(source).splitlines(), str(source.apply(edits)).splitlines()
    return [line for line in difflib.ndiff(before, after) if line.startswith(("+ ", "- "))]


def cases(feature: str) -> pytest.MarkDecorator:
    """Every fixture of a feature as the argument ``case``."""
    found = sorted((FIXTURES / feature).glob("*.adal"))
    assert found, f"no fixtures for {feature}"
    return pytest.mark.parametrize("case", [read(path) for path in found], ids=[path.stem for path in found])


def read(path: Path) -> Case:
    text, _, expected = path.read_bytes().partition(MARKER)
    offset = text.find(CURSOR)
    source = SourceText(text.replace(CURSOR, b"", 1))

    def find(wanted: Path) -> Module | None:
        found = read_from_disk(wanted)
        return Module.parse(wanted, found) if found is not None else None

    return Case(path, link(Module.parse(path, source), find), offset, text, expected.decode())
