"""Quick fixes before and after; every fix that is offered for any diagnostic mends it and breaks nothing."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ide.fixtures import FIXTURES, MARKER, Case, cases
from tests.ide.test_refactorings import files, program
from tests.language.excerpts import split

from adalang.ide.actions import Action, Offers, fix_all, fix_kind, quick_fixes
from adalang.ide.changes import Change
from adalang.language.checks import DiskFacts, check
from adalang.language.checks.facts import DataFacts
from adalang.language.diagnostics import Diagnostic, Fix
from adalang.language.program import Program
from adalang.language.python_functions import PythonFile, PythonFunction
from adalang.language.rules import RULES
from adalang.language.text import Edit, SourceText, Span

WITHOUT = {
    "ADL002": "the value is the author's to say",
    "ADL108": "which call has to go is the author's to say",
    "ADL110": "the mistakes are in the other file, and are mended there",
    "ADL111": "which name was meant is known only where one is close",
    "ADL211": "no component of that kind is at hand",
    "ADL306": "what may go from a prompt is the author's to say",
    "ADL217": "it counts again with another method",
    "ADL502": "rows are mended in their own file",
    "ADL504": "either the row or the type is wrong",
    "ADL507": "rows are moved in their own files",
    "ADL508": "rows have to be found",
}
"""The diagnostics of the fixtures that no fix is offered for, and why there is none."""


@cases("code_actions")
def test_actions(case: Case, update: bool) -> None:
    """With a cursor the quick fixes there, without one all safe fixes at once."""
    facts = DiskFacts()
    found = check(case.program, facts=facts)
    lines: list[str] = []
    if case.offset < 0:
        lines = changes(case, Change({case.program.path: fix_all(found)}))
    for one in quick_fixes(case.program, found, Span(case.offset, case.offset), facts) if case.offset >= 0 else ():
        lines += [f"{one.title} ({one.diagnostic.code}{', preferred' if one.preferred else ''})"]
        lines += [f"  {line}" for line in changes(case, one.change)]
    case.check(lines, update)


def changes(case: Case, change: Change) -> list[str]:
    lines = []
    for path, edits in change.edits.items():
        source = case.program.modules[path].source
        before, after = str(source).splitlines(), str(source.apply(edits)).splitlines()
        lines += [line for line in difflib.ndiff(before, after) if line.startswith(("+ ", "- "))]
    for created in change.created:
        lines += [f"new {created.path.name}", *(f"+ {line}" for line in created.text.splitlines())]
    return lines


@cases("fixes")
def test_fixes(case: Case, update: bool) -> None:
    """Every fix of every diagnostic of a file."""
    facts = DiskFacts()
    lines: list[str] = []
    for found in check(case.program, facts=facts):
        lines += [f"{found.code} {found.message}"]
        for one in quick_fixes(case.program, [found], found.span, facts):
            lines += [f"  {one.title}", *(f"    {line}" for line in changes(case, one.change))]
    case.check(lines, update)


# ---- every fix of every diagnostic


class WithFiles(DiskFacts):
    """The disk with the files that a change makes."""

    def __init__(self, made: Mapping[Path, str]) -> None:
        super().__init__()
        self._made = made

    def exists(self, path: Path) -> bool | None:
        return path in self._made or super().exists(path)

    def data(self, path: Path) -> DataFacts | None:
        import json

        if path in self._made:
            return DataFacts.of(json.loads(line) for line in self._made[path].splitlines())
        return super().data(path)

    def functions(self, path: Path) -> PythonFile | None:
        import ast

        if path in self._made:
            defined = [one for one in ast.parse(self._made[path]).body if isinstance(one, ast.FunctionDef)]
            return PythonFile({one.name: PythonFunction(tuple(each.arg for each in one.args.args)) for one in defined})
        return super().functions(path)


def broken_files() -> Iterator[Path]:
    for folder in ("diagnostics", "syntax", "fixes"):
        yield from sorted(path for path in (FIXTURES / folder).glob("*.adal") if not path.stem.endswith(".good"))


def text_of(path: Path) -> bytes:
    return split(path.read_bytes())[0].partition(MARKER)[0]


def offered() -> Iterator[tuple[str, Path, Program, Action]]:
    for path in broken_files():
        before = program(path, SourceText(text_of(path)))
        facts = DiskFacts()
        for found in check(before, facts=facts):
            for one in quick_fixes(before, [found], found.span, facts):
                yield f"{path.stem}: {one.title}", path, before, one


OFFERED = list(offered())


@pytest.mark.parametrize(("path", "before", "action"), [one[1:] for one in OFFERED], ids=[one[0] for one in OFFERED])
def test_fix_mends_its_diagnostic_and_adds_no_error(path: Path, before: Program, action: Action) -> None:
    texts = {one.path: one.source for one in before.modules.values()}
    texts |= {each: texts[each].apply(edits) for each, edits in action.change.edits.items()}
    made = {one.path: one.text for one in action.change.created}
    texts |= {each: SourceText.of(text) for each, text in made.items() if each.suffix == ".adal"}
    now = program(path, texts[path], texts)
    old, new = check(before, facts=DiskFacts()), check(now, facts=WithFiles(made))
    assert codes(new)[action.diagnostic.code] < codes(old)[action.diagnostic.code], [one.message for one in new]
    assert not errors(new) - errors(old), [one.message for one in new]


def codes(found: list[Diagnostic]) -> Counter[str]:
    return Counter(one.code for one in found)


def errors(found: list[Diagnostic]) -> Counter[str]:
    return Counter(one.code for one in found if one.severity == "error")


def test_every_rule_has_a_fix_or_a_reason_for_none() -> None:
    fixed = {action.diagnostic.code for _, _, _, action in OFFERED}
    assert set(RULES) - fixed == set(WITHOUT)


def test_all_of_one_kind_at_once() -> None:
    path = FIXTURES / "fixes" / "kind.adal"
    before = program(path, SourceText(text_of(path)))
    found = check(before, facts=DiskFacts())
    title, edits = fix_kind(before, found, "ADL301", DiskFacts()) or ("", ())
    assert title == "Fix all 2 of this kind: unknown-variable"
    now = program(path, before.root.source.apply(edits))
    assert codes(check(now, facts=DiskFacts()))["ADL301"] == codes(found)["ADL301"] - 2
    assert fix_kind(before, found, "ADL205") is None


@given(st.lists(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3)), max_size=2), max_size=12))
def test_fixes_that_get_into_each_others_way_wait(places: list[list[tuple[int, int]]]) -> None:
    """Two fixes never touch; a fix is left out only for one that comes before it."""
    spans = [[Span(start, start + size) for start, size in one] for one in places]
    apart = [one for one in spans if len(one) < 2 or not one[0].touches(one[1])]
    fixes = [tuple([Edit(span, str(number)) for span in one]) for number, one in enumerate(apart)]
    found = [Diagnostic("ADL103", Span(0, 0), "", (Fix("", edits, safe=True),)) for edits in fixes]
    expected: list[Edit] = []
    for edits in fixes:
        if not any(new.span.touches(old.span) for new in edits for old in expected):
            expected += edits
    assert fix_all(found) == tuple(sorted(expected, key=lambda edit: edit.span))


# ---- other files


def test_unknown_names_are_imported_from_known_files() -> None:
    root = 'prompt ask(q: str) -> Kind {\n  model = fast\n  user = """{{ tone }} {{ q }}"""\n}\n'
    library = 'type Kind = "a" | "b"\nmodel fast = "builtin/lexical"\nparam tone = "Be kind."\n'
    known = files({"root.adal": root, "lib.adal": library, "user.adal": 'import "root.adal"\ntype Kind = str\n'})
    others = (known["lib.adal"], known["user.adal"])
    offered = [
        (one.title, one.change)
        for found in check(known["root.adal"])
        for one in quick_fixes(known["root.adal"], [found], found.span, known=others)
        if one.title.startswith("Import")
    ]
    assert [title for title, _ in offered] == [
        "Import lib.adal and write `lib.Kind`",
        "Import lib.adal and write `lib.fast`",
        "Import lib.adal and write `lib.tone`",
    ]
    source = known["root.adal"].root.source
    found = str(source.apply(offered[1][1].edits[known["root.adal"].path]))
    assert found.startswith('import "lib.adal"\n\nprompt ask') and "model = lib.fast" in found


@pytest.mark.parametrize("path", list(broken_files()), ids=lambda path: path.stem)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_mark_stay(path: Path, mark: bytes) -> None:
    """No fix leaves a file with two kinds of line ends, or takes its byte-order mark."""
    plain, other = text_of(path), mark + text_of(path).replace(b"\n", b"\r\n")
    for action, same in zip(fixes_of(path, plain), fixes_of(path, other), strict=True):
        assert action.title == same.title
        expected = SourceText(plain).apply(action.change.edits.get(path, ())).data
        assert SourceText(other).apply(same.change.edits.get(path, ())).data == mark + expected.replace(b"\n", b"\r\n")


def fixes_of(path: Path, text: bytes) -> list[Action]:
    found, facts = program(path, SourceText(text)), DiskFacts()
    return quick_fixes(found, check(found, facts=facts), Span(0, len(text)), facts)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_never_raises_on_broken_text(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(list(broken_files())))
    text = text_of(path)
    cut, drop = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 30))
    apply_all(path, text[:cut] + text[cut + drop :])


def test_a_body_without_its_last_brace_takes_an_entry() -> None:
    apply_all(Path("/a.adal"), b"prompt p(q: str) -> str {\n\neval e of p {\n}\n\noptimize e {\n}\n")


def apply_all(path: Path, text: bytes) -> None:
    found = program(path, SourceText(text))
    for one in quick_fixes(found, check(found), Span(0, len(text))):
        for each, edits in one.change.edits.items():
            found.modules[each].source.apply(edits)


# ---- offers at a range


def test_other_files_are_asked_for_only_where_they_matter() -> None:
    known = files(
        {"root.adal": 'prompt ask(q: str, r: str) = """{{ q }} {{ tone }}"""\n', "lib.adal": 'param tone = "a"\n'}
    )
    root, asked = known["root.adal"], []

    def others() -> list[Program]:
        asked.append(True)
        return list(known.values())

    def at(word: bytes) -> Offers:
        start = root.root.source.data.index(word)
        return Offers(root, Span(start, start + len(word)), check(root), others=others)

    assert at(b"prompt").fixes() == [] and not asked
    assert list(at(b"ask").refactorings(later=True)) and not asked
    assert "Import lib.adal and write `lib.tone`" in [one.title for one in at(b"tone").fixes()] and len(asked) == 1


def test_a_refactoring_that_was_offered_is_found_again() -> None:
    known = files({"root.adal": 'prompt ask(q: str) = """Be kind. {{ q }}"""\n'})
    start = known["root.adal"].root.source.data.index(b"Be kind.")
    offers = Offers(known["root.adal"], Span(start, start + 8))
    for one in offers.refactorings():
        found = offers.refactoring(one.kind, one.title)
        assert found is not None and (found.title, found.disabled) == (one.title, one.disabled)
    assert offers.refactoring("refactor.extract", "no such title") is None
    assert offers.refactoring("quickfix", "no such kind") is None
