"""Charts: well-formed SVG whose marks stand where their values say."""

import math
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adalang.report.charts import Bar, Line, Point, bars, curve, percent, plain

SVG = "{http://www.w3.org/2000/svg}"
numbers = st.floats(-1e6, 1e6, allow_nan=False)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=60)
points = st.lists(
    st.builds(Point, x=numbers, y=numbers, low=numbers | st.none(), high=numbers, note=texts), min_size=1, max_size=20
)


def parsed(markup):
    return ElementTree.fromstring(str(markup))


def circles(markup):
    return [(float(one.get("cx")), float(one.get("cy"))) for one in parsed(markup).iter(f"{SVG}circle")]


@given(points, st.sampled_from(["line", "step", "marks"]), texts)
def test_any_curve_is_well_formed_and_inside_its_frame(some, kind, label):
    drawn = curve([Line(label, some, kind)], title=label, x_label=label, y_label=label, y_range=None, y_format=plain)
    for x, y in circles(drawn):
        assert 0 <= x <= 720 and 0 <= y <= 280
    heights = {point.y: y for point, (_, y) in zip(some, circles(drawn), strict=True)}
    ordered = [heights[value] for value in sorted(heights)]
    assert ordered == sorted(ordered, reverse=True), "what is higher stands higher"


def test_points_stand_where_their_values_say():
    drawn = curve([Line("score", [Point(0, 0), Point(5, 0.5), Point(10, 1)])], title="t", x_label="x", y_label="y")
    assert circles(drawn) == [(64, 236), (384, 124), (704, 12)]


def test_a_step_holds_its_value_until_the_next_one():
    drawn = curve([Line("best", [Point(0, 0), Point(10, 1)], "step")], title="t", x_label="x", y_label="y")
    assert 'd="M64 236H704V12"' in drawn


def test_values_intervals_and_the_goal_are_told_in_words():
    drawn = curve(
        [Line("a", [Point(1, 0.5, 0.4, 0.6)]), Line("b", [Point(2, 0.7, note="candidate <7>")])],
        title="Score & calls", x_label="calls", y_label="score", goal=0.8,
    )  # fmt: skip
    told = [one.text for one in parsed(drawn).iter(f"{SVG}title")]
    assert told == ["Score & calls", "goal 80%", "a, 1: 50% [40%, 60%]", "candidate <7>: 70%"]


def test_bars_show_name_value_and_whiskers():
    drawn = bars([Bar("billing", 0.5, 0.25, 0.75, "n = 8"), Bar("x" * 99, 0.0)], title="By team")
    root = parsed(drawn)
    widths = [float(one.get("width")) for one in root.iter(f"{SVG}rect")]
    assert widths == [205, 0]
    assert "50% n = 8" in [one.text for one in root.iter(f"{SVG}text")]
    assert any("M282.5 25H487.5" in one.get("d", "") for one in root.iter(f"{SVG}path"))


@given(st.lists(st.builds(Bar, texts, numbers, numbers, numbers), min_size=1, max_size=8))
def test_any_bars_are_well_formed(some):
    for one in parsed(bars(some, title="t", value_range=None, value_format=plain)).iter(f"{SVG}rect"):
        assert float(one.get("width")) >= 0


def test_nothing_gives_no_chart():
    assert curve([], title="t", x_label="x", y_label="y") == "" == bars([], title="t")


@pytest.mark.parametrize(("value", "text"), [(0.425, "42.5%"), (0.4, "40%"), (1, "100%")])
def test_percent(value, text):
    assert percent(value) == text


@given(st.floats(1e-9, 1e9), st.floats(-1e6, 1e6))
def test_an_axis_has_a_few_round_ticks(width, start):
    from adalang.report.charts import _ticks

    if start + width > start:
        ticks = _ticks(start, start + width)
        assert len(ticks) <= 7
        assert all(math.isfinite(tick) for tick in ticks)
