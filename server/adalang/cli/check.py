"""``adalang check``: all diagnostics of files, for people, editors and CI."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import typer

from adalang.cli.common import find_files, load_program
from adalang.report.visible import visible

if TYPE_CHECKING:
    from adalang.language.diagnostics import Diagnostic
    from adalang.language.program import Module, Program
    from adalang.language.text import Span

Found = list[tuple["Program", "Diagnostic"]]


class Format(StrEnum):
    text = "text"
    json = "json"
    sarif = "sarif"
    github = "github"


def check(
    paths: list[Path] = typer.Argument(None, help="Files or folders; default: this folder.", show_default=False),
    format: Format = typer.Option(Format.text, "--format", "-f", help="How to print what is found."),
    strict: bool = typer.Option(False, "--strict", help="Warnings make the exit code 1 as well."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Only errors and warnings, no hints."),
) -> None:
    """Find mistakes without running anything. Ends with 1 when there are errors, with 2 when it cannot check."""
    files = find_files(paths or [Path()])
    found = diagnose(files)
    if quiet:
        found = [(program, one) for program, one in found if one.severity != "hint"]
    print(_PRINTERS[format](found, len(files)))
    bad = {"error", "warning"} if strict else {"error"}
    if any(one.severity in bad for _, one in found):
        raise typer.Exit(1)


def diagnose(files: list[Path]) -> Found:
    """The diagnostics of the files themselves, each once, in order."""
    from adalang.language.checks import DiskFacts
    from adalang.language.checks import check as check_module

    facts = DiskFacts()
    found: Found = []
    for file in files:
        program = load_program(file)
        found += [(program, one) for one in check_module(program, facts=facts)]
    return found


def _name(path: Path) -> str:
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else str(path)


def _uri(path: Path) -> str:
    """Relative to this folder where it can be, which is what lets a viewer find the file on another machine."""
    here = Path.cwd()
    return quote(path.relative_to(here).as_posix()) if path.is_relative_to(here) else path.resolve().as_uri()


def _place(module: Module, span: Span) -> str:
    position = module.source.position(span.start)
    return f"{_name(module.path)}:{position.line + 1}:{position.column + 1}"


def excerpt(module: Module, one: Diagnostic) -> str:
    """The source line with carets under the range."""
    source = module.source
    start = source.position(one.span.start)
    line = source.slice(source.line_span(start.line))
    end = source.position(one.span.end)
    width = (end.column if end.line == start.line else len(line)) - start.column
    shown = line.replace("\t", " ")
    number = str(start.line + 1)
    carets = " " * start.column + "^" * max(1, width)
    return f"  {number} | {shown}\n  {' ' * len(number)} | {carets}"


def as_text(found: Found, files: int) -> str:
    lines = []
    for program, one in found:
        lines.append(f"{_place(program.root, one.span)}: {one.severity} {one.code} {one.message}")
        lines.append(excerpt(program.root, one))
        for related in one.related:
            place = _place(program.modules[related.path], related.span)
            lines.append(f"  = {place}: {related.message}")
        lines.append("")
    counts = {kind: sum(one.severity == kind for _, one in found) for kind in ("error", "warning", "hint")}
    said = ", ".join(f"{count} {kind}{'s' if count != 1 else ''}" for kind, count in counts.items() if count)
    lines.append(f"{files} file{'s' if files != 1 else ''} checked: {said or 'nothing found'}.")
    return visible("\n".join(lines))


def _plain(module: Module, one: Diagnostic) -> dict[str, Any]:
    start, end = module.source.position(one.span.start), module.source.position(one.span.end)
    return {
        "file": _name(module.path),
        "line": start.line + 1,
        "column": start.column + 1,
        "end_line": end.line + 1,
        "end_column": end.column + 1,
        "code": one.code,
        "name": one.name,
        "severity": one.severity,
        "message": one.message,
        "fixes": [fix.title for fix in one.fixes],
    }


def _json(found: Found, files: int) -> str:
    plain = [_plain(program.root, one) for program, one in found]
    return json.dumps({"files": files, "diagnostics": plain}, ensure_ascii=False, indent=2)


def _github(found: Found, files: int) -> str:
    """Workflow commands, which the pull request shows as annotations."""
    kinds = {"error": "error", "warning": "warning", "hint": "notice"}

    def escaped(text: str) -> str:
        return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

    lines = []
    for program, one in found:
        told = _plain(program.root, one)
        name = told["file"].replace("%", "%25").replace(",", "%2C").replace(":", "%3A")
        lines.append(
            f"::{kinds[one.severity]} file={name},line={told['line']},col={told['column']},"
            f"endLine={told['end_line']},endColumn={told['end_column']},title={one.code}::{escaped(one.message)}"
        )
    return "\n".join(lines)


def _sarif(found: Found, files: int) -> str:
    from adalang import __version__
    from adalang.language.rules import RULES

    levels = {"error": "error", "warning": "warning", "hint": "note"}
    used = sorted({one.code for _, one in found})
    results = []
    for program, one in found:
        told = _plain(program.root, one)
        region = {
            "startLine": told["line"],
            "startColumn": told["column"],
            "endLine": told["end_line"],
            "endColumn": told["end_column"],
        }
        place = {"artifactLocation": {"uri": _uri(program.path)}, "region": region}
        results.append(
            {
                "ruleId": one.code,
                "ruleIndex": used.index(one.code),
                "level": levels[one.severity],
                "message": {"text": one.message},
                "locations": [{"physicalLocation": place}],
            }
        )
    rules = [
        {
            "id": code,
            "name": RULES[code].name,
            "shortDescription": {"text": RULES[code].summary},
            "defaultConfiguration": {"level": levels[RULES[code].severity]},
        }
        for code in used
    ]
    driver = {"name": "adalang", "version": __version__, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2)


_PRINTERS = {Format.text: as_text, Format.json: _json, Format.sarif: _sarif, Format.github: _github}
