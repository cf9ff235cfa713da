"""Slices by a column, and how far samples of a row agree."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.made import evaluation

from adalang.evaluation.flakiness import flakiness
from adalang.evaluation.slices import groups, slices
from adalang.evaluation.statistics import score_interval
from adalang.runtime.failures import BugFailure

JSON = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)


def by_lang(**langs):
    scores = {f"{lang}{nth}": [score] for lang, found in langs.items() for nth, score in enumerate(found)}
    return evaluation(scores, {row: {"lang": row.rstrip("0123456789"), "meta": {"n": row[-1]}} for row in scores})


def test_each_value_has_its_score_interval_and_count():
    found = slices(by_lang(en=[1, 1, 0] * 4, de=[0, 1]), "lang")
    assert [(one.value, len(one.rows), one.few) for one in found] == [("en", 12, False), ("de", 2, True)]
    assert found[0].interval == score_interval([1.0, 1.0, 0.0] * 4)
    assert found[1].to_json()["score"] == 0.5 and 0 <= found[1].to_json()["low"] < 0.5


def test_a_slice_without_answers_is_void_and_not_zero():
    told = {one.value: one.to_json() for one in slices(by_lang(en=[1] * 9, de=[None, 0]), "lang")}
    assert told["de"]["void"] is True
    assert (told["de"]["score"], told["de"]["low"], told["de"]["high"]) == (None, None, None)
    assert told["en"]["void"] is False


def test_a_column_inside_an_object_and_one_that_is_not_there():
    assert set(groups(by_lang(en=[1, 0]).columns, "meta.n")) == {"0", "1"}
    with pytest.raises(BugFailure, match=r"no row has a column `lnag`; did you mean `lang`\?"):
        slices(by_lang(en=[1]), "lnag")


def test_many_numbers_are_put_into_ranges_of_equal_size_and_few_are_not():
    columns = {str(nth): {"size": nth, "stars": nth % 5, "cell": str(nth)} for nth in range(100)}
    assert {value: len(rows) for value, rows in groups(columns, "size").items()} == {
        "0 to 19": 20, "20 to 39": 20, "40 to 59": 20, "60 to 79": 20, "80 to 99": 20,
    }  # fmt: skip
    assert list(groups(columns, "stars")) == ["0", "1", "2", "3", "4"]
    assert groups(columns, "cell") == groups(columns, "size"), "cells of a CSV file are numbers too"


def test_the_rarest_of_very_many_values_are_one_slice():
    columns = {str(nth): {"text": f"text {max(nth, 3)}"} for nth in range(200)}
    found = groups(columns, "text")
    assert len(found) == 30
    assert next(iter(found)) == "text 3"
    assert len(found["(168 rarer values)"]) == 168


@given(st.dictionaries(st.integers().map(str), st.fixed_dictionaries({"x": JSON}) | st.just({}), min_size=1))
def test_every_row_is_in_exactly_one_slice(columns):
    if any("x" in values for values in columns.values()):
        assert sorted(itertools.chain(*groups(columns, "x").values())) == sorted(columns)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_equal_numbers_are_never_parted(numbers):
    columns = {str(nth): {"x": number} for nth, number in enumerate(numbers)}
    found = groups(columns, "x").values()
    homes = [{columns[row]["x"] for row in rows} for rows in found]
    assert all(first.isdisjoint(second) for first, second in itertools.combinations(homes, 2))


# ---- flakiness


def test_rows_whose_samples_disagree_are_counted_and_the_flakiest_come_first():
    scores = {"still": [1, 1, 1, 1], "odd": [1, 1, 1, 0], "coin": [1, 0, 1, 0], "once": [1]}
    found = flakiness(evaluation(scores, {}).rows)
    assert (found.rows, found.share) == (3, pytest.approx(2 / 3))
    assert [row.row_id for row in found.flaky] == ["coin", "odd"]
    # Of six pairs of samples four differ in `coin` and three in `odd`.
    assert found.disagreement == pytest.approx((4 / 6 + 3 / 6) / 3)


@given(st.lists(st.sampled_from([0, 1]), min_size=2, max_size=8))
def test_disagreement_is_the_share_of_pairs_that_differ(scores):
    pairs = list(itertools.combinations(scores, 2))
    expected = sum(one != other for one, other in pairs) / len(pairs)
    assert flakiness(evaluation({"r": scores}, {}).rows).disagreement == pytest.approx(expected)


def test_nothing_is_said_without_repeats():
    assert flakiness(evaluation({"a": [1], "b": [0, None]}, {}).rows) is None
