"""Write the reference of diagnostics from the table of rules and the fixtures that show them, or check that it is current.

    python scripts/generate_docs.py            writes docs/diagnostics.md, and the pages that the package ships
    python scripts/generate_docs.py --check    exits with 1 when a page is not current

Each page's head and examples are generated; what stands between the two "by hand" marks is kept as it is.
"""

from __future__ import annotations

import re
import sys
from itertools import groupby
from pathlib import Path

from adalang.ide.actions import quick_fixes
from adalang.language.checks import DiskFacts, check
from adalang.language.program import Module, link, read_from_disk
from adalang.language.rules import RULES, Rule
from adalang.language.text import SourceText

ROOT = Path(__file__).resolve().parent.parent
ALL_FIXTURES = ROOT / "tests" / "fixtures"
FIXTURES = ALL_FIXTURES / "diagnostics"
PAGES = ROOT / "server" / "adalang" / "language" / "pages"

_MARKER = "# ---- diagnostics\n"
_ANY_MARKER = re.compile(rb"^# ---- \w+\n", re.MULTILINE)
_BROKEN = ("diagnostics", "syntax", "fixes")
"""The folders of fixtures with something to mend."""
_BEGIN, _END = "<!-- by hand -->", "<!-- end -->"
_NOTE = "<!-- Written by scripts/generate_docs.py; only the part between the two marks is written by hand. -->"
_GROUPS = {
    "0": "The text itself",
    "1": "Names",
    "2": "Types and calls",
    "3": "Templates",
    "4": "Models",
    "5": "Data, evaluations, optimizations",
}


def pages() -> dict[Path, str]:
    """Every page of the reference with its text."""
    found = {PAGES / f"{rule.code}.md": _page(rule) for rule in RULES.values()}
    return {ROOT / "docs" / "diagnostics.md": _index(), **found}


def without_explanation() -> list[str]:
    """The codes whose page has nothing between its marks."""
    return [rule.code for rule in RULES.values() if not _by_hand(PAGES / f"{rule.code}.md")]


def _page(rule: Rule) -> str:
    bad, shown = _example(rule)
    good = (FIXTURES / f"{rule.code}-{rule.name}.good.adal").read_text(encoding="utf-8")
    return "\n".join(
        [
            _NOTE,
            f"# {rule.code}: {rule.name}",
            "",
            f"**{rule.severity.capitalize()}.** {rule.summary}",
            "",
            _BEGIN,
            _by_hand(PAGES / f"{rule.code}.md"),
            _END,
            "",
            "## Example",
            "",
            f"```adal\n{_shortened(bad)}```",
            "",
            f"```text\n{shown}```",
            "",
            "## Mended",
            "",
            f"```adal\n{good}```",
            "",
        ]
    )


def _index() -> str:
    lines = [
        _NOTE,
        "# Diagnostics",
        "",
        "Every message of `adalang check` and of the editor has one of these codes. An *error* keeps a file from running; a",
        "*warning* runs but is likely wrong; a *hint* could be better. *Fix* says whether there is a quick fix.",
    ]
    mended = fixable()
    for digit, rules in groupby(RULES.values(), key=lambda rule: rule.code[3]):
        lines += [
            "",
            f"## {_GROUPS[digit]}",
            "",
            "| code | name | severity | fix | meaning |",
            "| --- | --- | --- | --- | --- |",
        ]
        for rule in rules:
            fix = "yes" if rule.code in mended else ""
            lines.append(
                f"| [{rule.code}](../server/adalang/language/pages/{rule.code}.md) | {rule.name} | {rule.severity} | {fix} | {rule.summary} |"
            )
    return "\n".join(lines) + "\n"


def fixable() -> set[str]:
    """The codes that the editor offers a quick fix for, in any of the fixtures."""
    found: set[str] = set()
    for path in (one for folder in _BROKEN for one in sorted((ALL_FIXTURES / folder).glob("*.adal"))):
        source = SourceText(_ANY_MARKER.split(path.read_bytes(), maxsplit=1)[0])
        program, facts = link(Module.parse(path, source), _module), DiskFacts()
        for one in check(program, facts=facts):
            if one.code not in found and quick_fixes(program, [one], one.span, facts):
                found.add(one.code)
    return found


def _module(path: Path) -> Module | None:
    source = read_from_disk(path)
    return Module.parse(path, source) if source is not None else None


def _example(rule: Rule) -> tuple[str, str]:
    """The fixture's source and the diagnostics that it shows."""
    text = (FIXTURES / f"{rule.code}-{rule.name}.adal").read_text(encoding="utf-8")
    source, _, expected = text.partition(_MARKER)
    shown = "".join(line[2:] if line.startswith("# ") else "\n" for line in expected.splitlines(keepends=True))
    return source, shown.rstrip() + "\n"


def _shortened(source: str) -> str:
    """The source with long runs of the same line cut short."""
    result: list[str] = []
    for line, same in groupby(source.splitlines(keepends=True)):
        count = len(list(same))
        kept = count if count <= 3 else 2
        result += [line] * kept
        if count > kept:
            result.append(f"{line[: len(line) - len(line.lstrip())]}... ({count - kept} more such lines)\n")
    return "".join(result)


def _by_hand(page: Path) -> str:
    if not page.exists():
        return ""
    _, _, rest = page.read_text(encoding="utf-8").partition(f"{_BEGIN}\n")
    return rest.partition(f"\n{_END}")[0]


def main() -> int:
    written = pages()
    outdated = [path for path, text in written.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv[1:]:
        for path in outdated:
            sys.stderr.write(f"{path.relative_to(ROOT)} is not current: run python scripts/generate_docs.py\n")
        return 1 if outdated else 0
    PAGES.mkdir(parents=True, exist_ok=True)
    for path in outdated:
        path.write_text(written[path], encoding="utf-8")
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
