"""Two versions on the same rows: verdicts in words, and what they rest on."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.made import evaluation

from adalang.evaluation.compared import compared
from adalang.evaluation.power import detectable_in

BINARY = st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.sampled_from([0.0, 1.0])), min_size=1, max_size=60)
GRADED = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=20)


def sides(pairs, **options):
    rows = {f"r{nth}": pair for nth, pair in enumerate(pairs)}
    columns = {row: {"half": "low" if nth < len(rows) / 2 else "high"} for nth, row in enumerate(rows)}
    before = evaluation({row: [pair[0]] for row, pair in rows.items()}, columns)
    after = evaluation({row: [pair[1]] for row, pair in rows.items()}, columns)
    return compared(("old", "new"), before, after, **options)


def test_better_and_worse_in_plain_words():
    found = sides([(0, 1)] * 12 + [(1, 1)] * 20)
    assert found.verdict == "better"
    assert found.words.startswith("better: +37.5 points [+") and found.words.endswith(
        "luck alone would give that 1 time in 2,048"
    )
    assert sides([(1, 0)] * 12 + [(1, 1)] * 20).verdict == "worse"


def test_no_difference_says_what_would_have_been_seen():
    found = sides([(0, 1)] * 2 + [(1, 0)] + [(1, 1)] * 57)
    assert found.verdict == "no difference shown"
    assert found.words.endswith("with 60 rows a gain of 13 points would be seen 1 time in 2")
    assert sides([(0, 1)] * 2).words.endswith("2 rows are too few to show any")


def test_two_sided_p_is_exact():
    assert sides([(0, 1)] * 8 + [(1, 0)]).p == pytest.approx(2 * 10 / 512)


@given(BINARY | GRADED)
def test_turned_round_it_says_the_same_the_other_way(pairs):
    here, there = sides(pairs), sides([(after, before) for before, after in pairs])
    assert here.p == pytest.approx(there.p)
    assert here.comparison.difference == pytest.approx(-there.comparison.difference)
    assert {here.verdict, there.verdict} in ({"better", "worse"}, {"no difference shown"})


@given(BINARY | GRADED)
def test_equal_sides_never_differ(pairs):
    found = sides([(before, before) for before, _ in pairs])
    assert (found.p, found.verdict) == (1.0, "no difference shown")


def test_void_tells_no_figure_of_the_difference():
    found = sides([(1, None)] * 5 + [(0, 1)] * 15)
    assert found.verdict == "void"
    assert "void: 0 of 20 runs of old got no answer and 5 of 20 runs of new got no answer" in found.words
    told = found.to_json()
    assert (told["difference"], told["low"], told["p"], told["mended"]) == (None, None, None, [])
    assert (told["after"]["score"], told["after"]["low"], told["after"]["void"]) == (None, None, True)
    assert told["before"]["score"] == 0.25


def test_rows_that_one_side_did_not_answer_are_left_out_and_too_many_of_them_are_void():
    assert sides([(1, None)] * 3 + [(0, 1)] * 17).comparison.n == 17
    apart = sides([(1, None)] * 3 + [(None, 1)] * 3 + [(0, 1)] * 14)
    assert not apart.before.void and not apart.after.void
    assert apart.verdict == "void"


def test_each_slice_is_compared_alone():
    found = sides([(0, 1)] * 10 + [(1, 1)] * 10, by="half")
    low, high = found.slices
    assert (low.value, low.comparison.difference, low.few) == ("high", 0.0, False)
    assert (high.value, high.comparison.difference, high.comparison.n) == ("low", 1.0, 10)
    assert high.p == pytest.approx(2 / 2**10)


def test_a_detectable_gain_of_graded_scores_follows_their_spread():
    steady, wild = [0.01, -0.01] * 30, [0.3, -0.3] * 30
    assert detectable_in(steady) == 0.01
    assert 0.05 < detectable_in(wild) < 0.1
    assert detectable_in([0.5]) is None


def test_copies_of_a_row_are_one_row_of_the_test():
    """Two rows in ten copies each prove no more than the two."""
    pairs = {f"{row}-{copy}": row for copy in range(10) for row in "ab"}
    before, after = (
        replace(
            evaluation({row: [score] for row in pairs}), examples={row: f"{first}-0" for row, first in pairs.items()}
        )
        for score in (0.0, 1.0)
    )
    found = compared(("old", "new"), before, after)
    assert (
        found.comparison
        == compared(("old", "new"), *(_only(side, "a-0", "b-0") for side in (before, after))).comparison
    )
    assert found.comparison.n == 2 and found.comparison.mended == ("a-0", "b-0") and found.verdict != "better"


def test_a_copy_that_one_side_did_not_answer_leaves_its_example_to_the_others():
    same = {"a": "a", "b": "a", "c": "c"}
    before = replace(evaluation({"a": [None], "b": [0.0], "c": [1.0]}), examples=same)
    after = replace(evaluation({"a": [1.0], "b": [1.0], "c": [1.0]}), examples=same)
    found = compared(("old", "new"), before, after)
    assert found.comparison.n == 2 and found.comparison.mended == ("b",)
    assert [(one.row_id, other.row_id) for one, other in found.changed(found.comparison.mended)] == [("b", "b")]


def _only(side, *rows):
    return replace(side, rows=[one for one in side.rows if one.row_id in rows])
