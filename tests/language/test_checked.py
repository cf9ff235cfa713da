"""Checking on after an edit gives what checking anew gives, and looks only at what the edit may have changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.language.programs import EXAMPLES, WHOLE

from adalang.language.checks import Checked, DiskFacts, checked
from adalang.language.checks.facts import DataFacts
from adalang.language.openapi import Description
from adalang.language.program import Module, Program, link
from adalang.language.python_functions import PythonFile, PythonFunction
from adalang.language.text import Edit, SourceText, Span

MAIN = Path("/nowhere/main.adal")
COMMON = Path("/nowhere/common.adal")
TEXTS = {
    MAIN: '''import "common.adal"

model fast = "openai/gpt-4o-mini" { temperature = 0 }
model slow = "openai/gpt-4o" { fallback = fast }

type Kind = "billing" | "other"
type Ticket = { text: str, kind: Kind, parts: Part[] }
type Part = { name: str, of: common.Level? }

param tone = "Be kind."

prompt classify(ticket: str, ticket2: Ticket? = null) -> Kind {
  model = fast
  param tone2 = "Be brief."
  demos shots { max = 2 } = [{ ticket = "Charged twice", output = "billing" }]
  user = """{{ ticket }} {{ tone }} {{ tone2 }} {{ common.tone }} {{ ticket2.kind }}"""
}

prompt reply(ticket: str, kind: Kind) -> str = """{{ ticket }} {{ kind }} {{ tone }}"""

tool clock(zone: str) -> str = python("tools.py:clock") { approve = zone == "x" }

agent helper(q: str) -> str {
  model = slow
  tools = [clock, reply]
  user = """{{ q }}"""
}

pipeline answer(ticket: str) -> str {
  kind = classify(ticket)
  level = common.rate(ticket)
  return match kind { "billing" => reply(ticket, kind = kind), _ => helper(q = ticket) }
}

dataset tickets = [{ ticket = "Charged twice", kind = "billing" }, { ticket = "Hello", kind = "other" }]
dataset more = "rows.jsonl"

eval accuracy of classify { data = tickets  expect = row.kind  metric = exact_match }
eval quality of answer { data = more  metric = common.score(output) }

optimize accuracy { budget = { calls = 100 } }
''',
    COMMON: '''param tone = "Be exact."
type Level = "low" | "high"
prompt rate(text: str) -> Level = """{{ text }} {{ tone }}"""
prompt score(answer: str) -> float = """{{ answer }}"""
''',
}
"""Two files in which most things hang on one another."""


@dataclass(frozen=True)
class Changing:
    """Facts of one moment; which files there are and what they hold depends on ``moment``."""

    moment: int

    def exists(self, path: Path) -> bool | None:
        return (None, True, False)[(self.moment + len(path.name)) % 3]

    def data(self, path: Path) -> DataFacts | None:
        rows = ({"ticket": "a", "kind": "billing"}, {"ticket": "b", "kind": "none"}, {"text": "c"})
        return (None, DataFacts((), "It is broken", 3), DataFacts.of(rows[:2]), DataFacts.of(rows))[self.moment % 4]

    def description(self, path: Path) -> Description | None:
        return (None, Description({}, "a.json", "a.json is broken"))[self.moment % 2]

    def functions(self, path: Path) -> PythonFile | None:
        clock, moved = (
            PythonFile({"clock": PythonFunction(("zone",))}),
            PythonFile({"clock": PythonFunction(("place",))}),
        )
        return (None, PythonFile({}), clock, moved)[self.moment % 4]


def linked(modules: Mapping[Path, Module], path: Path = MAIN) -> Program:
    return link(modules[path], modules.get)


def parsed() -> dict[Path, Module]:
    return {path: Module.parse(path, SourceText.of(text)) for path, text in TEXTS.items()}


WORDS = st.sampled_from(sorted(set(re.findall(r"[a-z_]\w*", "".join(TEXTS.values())))))
TYPED = st.sampled_from(
    [
        *(
            "",
            "",
            "x",
            " ",
            "\n",
            "\n\n",
            "{",
            "}",
            "(",
            ")",
            '"',
            '"""',
            "=",
            "#",
            ".",
            "?",
            "[]",
            "{{",
            "}}",
            "common.",
        ),
        *(
            "\nprompt x(a: str) {",
            "\ntype T = T[]\n",
            '\nimport "common.adal"\n',
            '\nimport "main.adal"\n',
            "\nhello\n",
        ),
        *("\noptimize accuracy\n", "\nmodel fast = slow\n", "sk-abcdef123456789012", "\ntype your answer\n"),
    ]
)
PLACES = st.tuples(st.sampled_from([MAIN, MAIN, MAIN, COMMON]), st.floats(0, 1))
EVENTS = st.one_of(
    st.tuples(st.just("type"), PLACES, st.integers(0, 8), TYPED),
    st.tuples(st.just("type"), PLACES, st.integers(0, 8), TYPED),
    st.tuples(st.just("rename"), PLACES, st.just(0), WORDS),
    st.tuples(st.just("rename"), PLACES, st.just(0), WORDS),
    st.tuples(st.just("move"), PLACES, st.integers(0, 20), st.just("")),
    st.tuples(st.just("paste"), PLACES, st.integers(0, 20), st.just("")),
    st.tuples(st.just("facts"), PLACES, st.integers(0, 12), st.just("")),
    st.tuples(st.just("undo"), PLACES, st.just(0), st.just("")),
)


def after(module: Module, event: str, place: float, number: int, text: str) -> Module:
    """The module after an edit: something typed, a word written in another's place, a piece moved or pasted."""
    data = module.source.data
    start = int(place * len(data))
    match event:
        case "rename":
            word = re.compile(rb"[a-z_]\w*").search(data, start)
            return module.edited(Edit(Span(*word.span()), text)) if word else module
        case "move" if module.pieces:
            texts = [piece.source.data for _, piece in module.pieces]
            moved = texts.pop(int(place * (len(texts) - 1)))
            texts.insert(number % (len(texts) + 1), moved)
            return Module.parse(module.path, SourceText(b"".join(texts)), module)
        case "paste" if module.pieces:
            copied = module.pieces[int(place * (len(module.pieces) - 1))][1].source
            border = module.pieces[number % len(module.pieces)][0]
            return module.edited(Edit(Span(border, border), str(copied)))
        case _:
            return module.edited(Edit(Span(start, min(start + number, len(data))), text))


@given(st.lists(EVENTS, max_size=8))
@settings(max_examples=150, deadline=None)
def test_checking_on_is_checking_anew(events: list[tuple[str, tuple[Path, float], int, str]]) -> None:
    modules, facts = parsed(), Changing(0)
    history = [modules]
    last: Checked | None = None
    for event, (path, place), number, text in events:
        if event == "facts":
            facts = Changing(number)
        elif event == "undo":
            modules = history[len(history) // 2]
        else:
            modules = {**modules, path: after(modules[path], event, place, number, text)}
        history.append(modules)
        program = linked(modules)
        last = checked(program, facts=facts, previous=last)
        assert last.diagnostics == checked(program, facts=facts).diagnostics
        for module in modules.values():
            assert len({id(item.declaration) for item in module.items}) == len(module.items)


@pytest.mark.parametrize("path", [WHOLE, *EXAMPLES], ids=lambda path: path.stem)
def test_checking_on_is_checking_anew_in_real_files(path: Path) -> None:
    facts = DiskFacts()

    def find(wanted: Path) -> Module | None:
        return Module.parse(wanted, SourceText(wanted.read_bytes())) if wanted.is_file() else None

    module = Module.parse(path, SourceText(path.read_bytes()))
    last = checked(link(module, find), facts=facts)
    words = list(re.finditer(rb"[a-z_]\w*|[{}()\"=]+", module.source.data))
    for number, word in enumerate(words):
        if number % 5 == 0:
            other = words[(number * 7) % len(words)].group().decode()
            program = link(module.edited(Edit(Span(*word.span()), other)), find)
            last = checked(program, facts=facts, previous=last)
            assert last.diagnostics == checked(program, facts=facts).diagnostics


@pytest.mark.parametrize(
    ("place", "typed", "looked_at"),
    [
        ('Charged twice", output', "x", {"classify", "accuracy"}),  # its optimize block bears the eval's name
        ("Be kind", "x", {"tone", "accuracy"}),
        ("temperature = 0", "1", {"fast", "slow", "classify", "helper"}),
        ("ticket: str, ticket2", "x", {"classify", "answer", "accuracy"}),
        ('"billing" | "other', "s", {"Kind", "classify", "reply", "answer", "accuracy", "helper"}),
        ("prompt reply", "x", {"replyx", "answer", "helper", "quality"}),
        ("Hello", "x", {"tickets", "accuracy"}),
        ("optimize accuracy { budget = { calls = 100", "0", {"accuracy"}),
    ],
)
def test_an_edit_has_only_those_looked_at_that_depend_on_it(place: str, typed: str, looked_at: set[str]) -> None:
    modules = parsed()
    before = checked(linked(modules))
    at = TEXTS[MAIN].index(place) + len(place)
    modules[MAIN] = modules[MAIN].edited(Edit(Span(at, at), typed))
    now = checked(linked(modules), previous=before)
    fresh = {one.name.text for one in now.examined if now.examined[one] is not before.examined.get(one)}
    assert fresh <= looked_at


def test_what_was_found_of_other_files_is_looked_at_again_when_they_change() -> None:
    modules = parsed()
    before = checked(linked(modules))
    at = TEXTS[COMMON].index("rate(text") + len("rate(te")
    modules[COMMON] = modules[COMMON].edited(Edit(Span(at, at), "s"))
    now = checked(linked(modules), previous=before)
    assert {one.name.text for one in now.examined if now.examined[one] is not before.examined.get(one)} == {"answer"}


@pytest.mark.parametrize("written", ["T{}[]", "{{ a: T{}, b: T{} }}", "T{}?", "T{}"])
def test_long_chains_of_types_are_read_in_time(written: str) -> None:
    lines = [f"type T{n} = {written.replace('{}', str(n + 1)).format()}" for n in range(3000)]
    text = "\n".join([*lines, "type T3000 = str", 'prompt p(x: T0, y: T2999) -> T1 = """{{ x }} {{ y }}"""', ""])
    module = Module.parse(MAIN, SourceText.of(text))
    assert checked(link(module, lambda path: None)).diagnostics == ()


def test_a_circle_of_many_is_told_without_spelling_it_out() -> None:
    lines = [f"pipeline p{n}(x: str) -> str {{ return p{(n + 1) % 300}(x) }}" for n in range(300)]
    found = checked(link(Module.parse(MAIN, SourceText.of("\n".join(lines))), lambda path: None)).diagnostics
    assert len(found) == 300
    assert found[0].message.startswith("`p0` calls itself in a circle: p0 -> p1 -> … -> p0.")
