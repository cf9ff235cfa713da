"""Diagnostics as text: where, what, the line with carets, and what each quick fix would change.

A fixture is an ``.adal`` file with the expected diagnostics behind a marker line, as comments. ``pytest --update`` writes
them anew; read the diff then.
"""

from __future__ import annotations

import difflib
from pathlib import Path

from adalang.language.checks import Diagnostic, DiskFacts, check
from adalang.language.diagnostics import Fix, Related
from adalang.language.program import Module, Program, link
from adalang.language.text import SourceText

MARKER = b"# ---- diagnostics\n"


def program_of(text: bytes | str, path: Path) -> Program:
    """The program whose root file would be ``path`` with this text; imports are read from the disk."""
    source = SourceText.of(text) if isinstance(text, str) else SourceText(text)

    def find(wanted: Path) -> Module | None:
        return Module.parse(wanted, SourceText(wanted.read_bytes())) if wanted.is_file() else None

    return link(Module.parse(path, source), find)


def diagnostics_of(text: bytes | str, path: Path) -> list[Diagnostic]:
    return check(program_of(text, path), facts=DiskFacts())


def split(fixture: bytes) -> tuple[bytes, str]:
    """The source under test, and what is expected."""
    source, _, expected = fixture.partition(MARKER)
    return source, expected.decode()


def join(source: bytes, found: list[Diagnostic]) -> bytes:
    return source + MARKER + render(SourceText(source), found).encode()


def render(source: SourceText, found: list[Diagnostic]) -> str:
    lines = [line for one in found for line in _one(source, one)] or ["none"]
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)


def _one(source: SourceText, found: Diagnostic) -> list[str]:
    place = source.position(found.span.start)
    line = source.line_span(place.line)
    end = min(found.span.end, line.end)
    width = max(1, len(source.slice(line)[place.column : source.position(end).column]))
    number = str(place.line + 1)
    lines = [
        f"{found.severity} {found.code} {found.name}: {found.message}",
        f"{number} | {source.slice(line).rstrip()}",
        f"{' ' * len(number)} | {' ' * place.column}{'^' * width}",
    ]
    lines += [f"  tag: {found.tag}"] if found.tag else []
    for one in found.related:
        lines.append(f"  see {one.path.name}:{_line(one)}: {one.message}")
    for fix in found.fixes:
        lines.append(f"  {'safe fix' if fix.safe else 'fix'}: {fix.title}")
        lines += [f"    {changed}" for changed in _changes(source, fix)]
    return [*lines, ""]


def _line(found: Related) -> int:
    """The line of another place, from 1. Fixtures stand on the disk with their sources first."""
    return SourceText(found.path.read_bytes()).line_of(found.span.start) + 1 if found.path.is_file() else 0


def _changes(source: SourceText, fix: Fix) -> list[str]:
    before, after = str(source).splitlines(), str(source.apply(fix.edits)).splitlines()
    return [line for line in difflib.ndiff(before, after) if line.startswith(("+ ", "- "))]
