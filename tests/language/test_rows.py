"""What is known of rows without keeping them: the first that does not fit is found as in all rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adalang.language.checks import DiskFacts, checked, rows
from adalang.language.checks.evaluations import never_right
from adalang.language.checks.facts import DataFacts
from adalang.language.checks.rows import LACKS
from adalang.language.program import Module, link
from adalang.language.text import SourceText
from adalang.language.types import (
    BOOL,
    FLOAT,
    INT,
    STR,
    UNKNOWN,
    Field,
    Labels,
    ListOf,
    ObjectOf,
    OptionalOf,
    Type,
    misfit,
)

TEXTS = st.sampled_from(
    ["a", "b", "c", "1", "2.5", " 7 ", "inf", "true", " No", "", '{"a": 1}', '{"b": "a"}', "[1]", "{"]
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from([0.5, 1.0, float("inf")]), TEXTS)
NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=6,
)
ROWS = st.lists(st.dictionaries(st.sampled_from(["x", "y"]), VALUES, max_size=2), max_size=12)
LEAVES = st.sampled_from([STR, INT, FLOAT, BOOL, UNKNOWN, Labels(("a",)), Labels(("a", "b")), Labels(("1", "c", ""))])
TYPES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(ListOf),
        inner.map(OptionalOf),
        st.dictionaries(NAMES, inner, max_size=3).map(
            lambda fields: ObjectOf(tuple(Field(name, declared) for name, declared in fields.items()))
        ),
    ),
    max_leaves=4,
)
METRICS = st.sampled_from(["exact_match", "json_match"])


def column(written: Iterable[Mapping[str, Any]], name: str) -> list[tuple[int, Any]]:
    return [(number, row.get(name, LACKS)) for number, row in enumerate(written, 1)]


def first_misfit(values: Iterable[tuple[int, Any]], declared: Type, *, optional: bool) -> tuple[int, str] | None:
    for number, value in values:
        if value is LACKS:
            reason = None if optional else "lacks"
        else:
            reason = misfit(value, declared, "x")
        if reason:
            return number, reason
    return None


def first_wrong(values: Iterable[tuple[int, Any]], declared: Type, metric: str) -> tuple[int, str] | None:
    for number, value in values:
        reason = never_right(value, declared, "x", metric) if value is not LACKS else None
        if reason:
            return number, reason
    return None


@given(ROWS, TYPES, st.booleans(), METRICS)
@settings(max_examples=600, deadline=None)
@example([{"x": ["a", "c"]}, {"x": ["c", "b"]}, {"x": ["c"]}], Labels(("a", "b")), False, "exact_match")
@example(
    [{"x": {"a": 1}}, {"x": {"a": 1, "b": 1}}, {"x": {"b": 1}}], ObjectOf((Field("a", INT),)), False, "exact_match"
)
@example([{"x": ["1"]}, {"x": ["2.5", "b"]}, {"x": ["b"]}], INT, False, "exact_match")
def test_the_first_value_that_does_not_fit_tells(
    written: list[dict[str, Any]], declared: Type, optional: bool, metric: str
) -> None:
    known, values = DataFacts.of(written), column(written, "x")
    assert known.count == len(written)
    assert list(known.columns) == list(dict.fromkeys(name for row in written for name in row))
    assert first_misfit(known.telling("x"), declared, optional=optional) == first_misfit(
        values, declared, optional=optional
    )
    assert first_wrong(known.telling("x"), declared, metric) == first_wrong(values, declared, metric)
    for name, one in known.columns.items():
        assert one.is_whole == all(name in row for row in written)


def test_few_of_many_rows_are_kept(tmp_path: Path) -> None:
    def written() -> Iterable[dict[str, Any]]:
        for number in range(20_000):
            yield {"text": f"a text {number}", "label": "ab"[number % 2], "score": number / 7, "spelled": str(number)}
        yield {"text": "end", "label": "c", "score": None, "spelled": "many"}

    known = DataFacts.of(written(), tmp_path)
    assert (known.count, len(known.rows), len(known.keys)) == (20_001, rows.AT_HAND, 20_001)
    assert {name: len(one.telling) for name, one in known.columns.items()} == {
        "text": 1000,
        "label": 3,
        "score": 3,
        "spelled": 1001,
    }
    assert first_misfit(known.telling("label"), Labels(("a", "b")), optional=False) == (
        20_001,
        "`x` is 'c', not one of a, b",
    )
    assert first_wrong(known.telling("spelled"), INT, "exact_match") is not None


def test_long_texts_are_all_alike() -> None:
    known = DataFacts.of({"text": f"{number} " + "x" * 5000} for number in range(50))
    assert len(known.columns["text"].telling) == 1


@pytest.mark.parametrize("ending", [".jsonl", ".json", ".csv"])
def test_every_row_is_read_again_from_the_file(tmp_path: Path, ending: str) -> None:
    path, written = tmp_path / f"rows{ending}", [{"text": f"a {number}"} for number in range(rows.AT_HAND + 20)]
    lines = {
        ".jsonl": "\n".join(map(json.dumps, written)),
        ".json": json.dumps(written),
        ".csv": "\n".join(["text", *(row["text"] for row in written)]),
    }
    path.write_text(lines[ending])
    known = DiskFacts().data(path)
    assert known is not None
    assert list(known.rows) == written[: rows.AT_HAND]
    assert list(known.every_row()) == written
    path.write_text("{")
    assert list(known.every_row()) == written[: rows.AT_HAND]


@pytest.mark.parametrize("depth", [10, 500, 800, 900, 950, 2000])
def test_rows_that_are_nested_too_deeply_are_a_mistake_of_the_file(tmp_path: Path, depth: int) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": ' + '{"a": [' * depth + "]}" * depth + "}\n")
    known = DiskFacts().data(path)
    assert known is not None
    assert known.error == ("the JSON is nested too deeply; flatten the row." if depth > 10 else "")


EVAL = """type Kind = "billing" | "other"
prompt classify(text: str) -> Kind = \"\"\"{{ text }}\"\"\"
dataset tickets = "rows.jsonl"
dataset split { train = "rows.jsonl", test = "more.jsonl" }
eval accuracy of classify { data = tickets  expect = row.kind  metric = exact_match }
"""


def test_mistakes_far_down_in_the_data_are_found(tmp_path: Path) -> None:
    good = [json.dumps({"text": f"t{number}", "kind": "other"}) for number in range(2500)]
    bad = [json.dumps({"text": "t", "kind": "others"}), json.dumps({"text": 7, "kind": "other"}), '{"kind": "other"}']
    (tmp_path / "rows.jsonl").write_text("\n".join([*good, *bad]))
    (tmp_path / "more.jsonl").write_text("\n".join(['{"text": "new"}', *good[1000:1003]]))
    module = Module.parse(tmp_path / "main.adal", SourceText.of(EVAL))
    found = checked(link(module, lambda path: None), facts=DiskFacts()).diagnostics
    assert [(one.code, one.message) for one in found if one.code > "ADL500"] == [
        (
            "ADL507",
            "3 rows of `test` stand in `train` too (row 2 = row 1001 there); keep each row in one split.",
        ),
        ("ADL503", "Row 2502 of the data does not fit the input `text`: `text` is a number, not str."),
        (
            "ADL504",
            "Row 2501 expects 'others', which is not one of billing, other; it can never be right.",
        ),
    ]
