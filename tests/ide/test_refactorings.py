"""Refactorings before and after, and what each of them promises."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ide.fixtures import FIXTURES, MARKER

from adalang.ide.changes import Change
from adalang.ide.refactorings import KINDS, Kind, Refactoring, Selection, refactorings
from adalang.ide.refactorings.rendering import renders_same
from adalang.language.checks import DiskFacts, check, check_all
from adalang.language.declarations import AgentDeclaration, PromptDeclaration
from adalang.language.program import Module, Program, link, read_from_disk
from adalang.language.templates import environment, without_control_lines
from adalang.language.text import SourceText, Span
from adalang.language.types import BOOL, FLOAT, INT, Labels, ListOf, ObjectOf, OptionalOf, Type

FOLDER = FIXTURES / "refactorings"
PATHS = sorted(FOLDER.glob("*.adal"))
_PREFIXES: Mapping[str, Kind] = {
    "extract": "refactor.extract",
    "inline": "refactor.inline",
    "move": "refactor.move",
    "rewrite": "refactor.rewrite",
    "imports": "source.organizeImports",
}


@dataclass(frozen=True)
class Case:
    """A fixture: its name starts with the kind of what is asked for, ``$0`` is the cursor, ``$<`` … ``$>`` a selection."""

    path: Path
    text: bytes
    expected: str

    @property
    def kind(self) -> Kind:
        return _PREFIXES[self.path.stem.replace("_", "-").partition("-")[0]]

    def selection(self, newline: bytes = b"\n", mark: bytes = b"") -> Selection:
        text = mark + self.text.replace(b"\n", newline)
        low = text.find(b"$<")
        if low >= 0:
            high = text.find(b"$>") - 2
            text = text.replace(b"$<", b"", 1).replace(b"$>", b"", 1)
        else:
            low = high = max(0, text.find(b"$0"))
            text = text.replace(b"$0", b"", 1)
        return Selection(program(self.path, SourceText(text)), Span(low, high), DiskFacts())


def program(path: Path, source: SourceText, others: Mapping[Path, SourceText] | None = None) -> Program:
    def find(wanted: Path) -> Module | None:
        found = (others or {}).get(wanted) or read_from_disk(wanted)
        return Module.parse(wanted, found) if found is not None else None

    return link(Module.parse(path, source), find)


def case_of(path: Path) -> Case:
    text, _, expected = path.read_bytes().partition(MARKER)
    return Case(path, text, expected.decode())


CASES = pytest.mark.parametrize("case", [case_of(path) for path in PATHS], ids=[path.stem for path in PATHS])


@CASES
def test_refactorings(case: Case, update: bool) -> None:
    selected = case.selection()
    lines: list[str] = []
    for one in refactorings(selected, [case.kind]):
        lines.append(one.title if one.change else f"not {one.title}: {one.disabled}")
        if one.change:
            lines += [f"  {line}" for line in shown(selected.program, one.change())]
    found = "".join(f"# {line}".rstrip() + "\n" for line in lines or ["nothing"])
    if update:
        case.path.write_bytes(case.text + MARKER + found.encode())
    else:
        assert found == case.expected


def shown(before: Program, change: Change) -> Iterator[str]:
    for path, edits in change.edits.items():
        source = before.modules[path].source
        if path != before.path:
            yield f"{path.relative_to(FOLDER).as_posix()}:"
        old, new = str(source).splitlines(), str(source.apply(edits)).splitlines()
        yield from (line for line in difflib.ndiff(old, new) if line.startswith(("+ ", "- ")))
    for created in change.created:
        yield f"new {created.path.relative_to(FOLDER).as_posix()}:"
        yield from (f"+ {line}" for line in created.text.splitlines())


def after(before: Program, change: Change) -> dict[Path, SourceText]:
    """All texts of the program with the change made."""
    texts = {path: one.source for path, one in before.modules.items()}
    texts |= {path: texts[path].apply(edits) for path, edits in change.edits.items()}
    return texts | {one.path: SourceText.of(one.text) for one in change.created if one.path.suffix == ".adal"}


def offered(selected: Selection) -> Iterator[tuple[Refactoring, Change]]:
    for one in refactorings(selected):
        if one.change is not None:
            yield one, one.change()


@CASES
def test_no_new_mistakes_and_the_same_messages(case: Case) -> None:
    selected = case.selection()
    before = selected.program
    for one, change in offered(selected):
        texts = after(before, change)
        made = {created.path: created.text for created in change.created}
        now = program(before.path, texts[before.path], texts)
        assert new_errors(before, now, made) == [], one.title
        shown_now = messages(now)
        for path in made.keys() & texts.keys():
            shown_now |= messages(program(path, texts[path], texts))
        assert messages(before).items() <= shown_now.items(), one.title


def new_errors(before: Program, now: Program, made: Mapping[Path, str]) -> list[str]:
    def errors(one: Program) -> list[str]:
        return sorted(
            f"{found.code} {found.message}"
            for diagnostics in check_all(one, _Facts(made)).values()
            for found in diagnostics
            if found.severity == "error"
        )

    known = errors(before)
    return [one for one in errors(now) if one not in known]


class _Facts(DiskFacts):
    """The disk as it is with the new files."""

    def __init__(self, made: Mapping[Path, str]) -> None:
        super().__init__()
        self._made = made

    def exists(self, path: Path) -> bool | None:
        return path in self._made or super().exists(path)


def messages(one: Program) -> dict[str, list[str]]:
    """Every prompt's messages, rendered with made-up inputs."""
    found: dict[str, list[str]] = {}
    for entity in one.components():
        declaration = entity.declaration
        if isinstance(declaration, PromptDeclaration | AgentDeclaration):
            values: dict[str, Any] = {name: params(module) for name, module in one.imported(entity.module).items()}
            values |= params(entity.module) | {param.name.text: param.text for param in declaration.params}
            for each in declaration.parameters:
                values[each.name.text] = sample(one.type_of(each.type, entity.module), each.name.text)
            found[declaration.name.text] = [rendered(each.template.text.value, values) for each in declaration.messages]
    return found


def params(module: Module) -> dict[str, str]:
    return {
        name: item.declaration.param.text for name, item in module.names.items() if item.declaration.kind == "param"
    }


def sample(declared: Type, name: str) -> Any:
    match declared:
        case Labels(labels=labels):
            return labels[-1]
        case ListOf(item=inner):
            return [sample(inner, f"{name}1"), sample(inner, f"{name}2")]
        case OptionalOf(item=inner):
            return sample(inner, name)
        case ObjectOf(fields=fields):
            return {one.name: sample(one.type, f"{name}.{one.name}") for one in fields}
        case _:
            return 7 if declared in (INT, FLOAT) else True if declared == BOOL else f"<{name}>"


def rendered(text: str, values: Mapping[str, Any]) -> str:
    try:
        return environment().from_string(without_control_lines(text)).render(values)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@CASES
@pytest.mark.parametrize(("newline", "mark"), [(b"\r\n", b""), (b"\n", b"\xef\xbb\xbf"), (b"\r\n", b"\xef\xbb\xbf")])
def test_line_ends_and_byte_order_mark_stay(case: Case, newline: bytes, mark: bytes) -> None:
    plain, other = case.selection(), case.selection(newline, mark)
    pairs = list(zip(offered(plain), offered(other), strict=True))
    for (one, change), (same, changed) in pairs:
        assert one.title == same.title
        root = plain.program.path
        expected = after(plain.program, change)
        found = after(other.program, changed)
        assert found[root].data == mark + expected[root].data.replace(b"\n", newline), one.title
        for created in changed.created:
            assert len(set(re.findall(r"\r\n|\n|\r", created.text))) <= 1, one.title


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_never_raises_on_broken_text(data: st.DataObject) -> None:
    case = case_of(data.draw(st.sampled_from(PATHS)))
    source = case.selection().source.data
    cut = data.draw(st.integers(0, len(source)))
    drop = data.draw(st.integers(0, 30))
    text = SourceText(source[:cut] + source[cut + drop :])
    low = data.draw(st.integers(0, len(text.data)))
    high = min(len(text.data), low + data.draw(st.sampled_from([0, 0, 5, 40])))
    selected = Selection(program(case.path, text), Span(low, high))
    for _, change in offered(selected):
        after(selected.program, change)


@settings(max_examples=200, deadline=None)
@given(st.text("ab {}%#\n-", max_size=30), st.data())
def test_proof_of_equal_messages_never_lies(text: str, data: st.DataObject) -> None:
    low = data.draw(st.integers(0, len(text)))
    high = data.draw(st.integers(low, len(text)))
    taken = f"{text[:low]}{{{{ p }}}}{text[high:]}"
    if renders_same(text, taken, {"p": text[low:high]}):
        values = {"a": "A", "b": "B", "ab": "AB", "p": text[low:high]}
        assert rendered(taken, values) == rendered(text, values)


def test_every_kind_is_known() -> None:
    assert set(_PREFIXES.values()) == set(KINDS)


# ---- other files


def files(texts: Mapping[str, str]) -> dict[str, Program]:
    """Each file as the root of its program."""
    modules = {Path("/w") / name: Module.parse(Path("/w") / name, SourceText.of(text)) for name, text in texts.items()}
    return {path.name: link(module, modules.get) for path, module in modules.items()}


USED = 'param tone = "Be kind."\n\nprompt answer(q: str) {\n  param house = "Be brief."\n  user = """{{ house }} {{ q }}"""\n}\n'
USER = (
    'import "used.adal"\n\nprompt ask(q: str) = """{{ used.tone }} {{ q }}"""\n\n'
    'dataset rows = [{ q = "?", a = "!" }]\n\n'
    "eval good of used.answer {\n  data = rows\n  expect = row.a\n  metric = exact_match\n}\n\n"
    "optimize good {\n  params = [used.answer.house]\n}\n"
)


def in_used(word: str, kind: Kind) -> tuple[dict[str, Program], list[Refactoring]]:
    known = files({"used.adal": USED, "user.adal": USER})
    at = USED.index(word)
    selected = Selection(known["used.adal"], Span(at, at), importers=(known["user.adal"],))
    return known, list(refactorings(selected, [kind]))


def applied(known: Mapping[str, Program], change: Change) -> dict[str, str]:
    texts = {name: one.root.source for name, one in known.items()}
    texts |= {path.name: texts[path.name].apply(edits) for path, edits in change.edits.items()}
    return {name: str(text) for name, text in texts.items()} | {one.path.name: one.text for one in change.created}


def test_move_follows_in_files_that_import_this_one() -> None:
    known, (move,) = in_used("tone", "refactor.move")
    assert move.change is not None
    found = applied(known, move.change())
    assert found["params.adal"] == 'param tone = "Be kind."\n'
    assert found["used.adal"].startswith("prompt answer")
    assert found["user.adal"].startswith('import "used.adal"\nimport "params.adal"\n')
    assert "{{ params.tone }}" in found["user.adal"]
    assert [one.message for one in check(files(found)["user.adal"]) if one.severity == "error"] == []


def test_shared_param_follows_in_files_that_import_this_one() -> None:
    known, found = in_used("house", "refactor.extract")
    assert found[0].change is not None
    texts = applied(known, found[0].change())
    assert "params = [used.house]" in texts["user.adal"]
    assert texts["used.adal"].count("param house") == 1


def test_inline_looks_at_files_that_import_this_one() -> None:
    _, (inline,) = in_used("house", "refactor.inline")
    assert inline.disabled == "`answer.house` is named by an optimize block."
