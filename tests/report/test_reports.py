"""Reports of evaluations and comparisons: whole, escaped, self-contained, and honest about what is void."""

import random
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adalang.evaluation.compared import compared
from adalang.report.comparison import comparison_page
from adalang.report.diff import as_text, word_diff
from adalang.report.evaluation import Section, evaluation_page
from adalang.report.junit import junit
from adalang.report.rows import report_rows
from adalang.store.records import EvaluationRecord
from tests.evaluation.made import evaluation
from tests.report.reading import read_page

NASTY = '<img src=x onerror=alert(1)> & "quotes" \x00\x1b ]]> 日本 \ud800'
VALUES = (
    st.text()
    | st.none()
    | st.lists(st.text(max_size=9), max_size=3)
    | st.dictionaries(st.text(max_size=4), st.integers(), max_size=3)
)


def some(scores=None, **options):
    scores = scores or {"a": [1.0], "b": [0.0], "c": [0.5], "d": [None], "e": [1.0], "f": [1.0]}
    columns = {row: {"lang": "en" if row < "d" else "de"} for row in scores}
    return evaluation(scores, columns, **options)


def html(found, **section):
    return evaluation_page("orders.adal", [Section(found, 0.1, **section)])


# ---- rows


def test_what_failed_comes_first():
    assert [(row.id, row.kind) for row in report_rows(some())] == [
        ("d", "unanswered"), ("b", "failed"), ("c", "failed"), ("a", "passed"), ("e", "passed"), ("f", "passed"),
    ]  # fmt: skip


def test_samples_of_a_row_are_one_row():
    (row,) = report_rows(some({"a": [1.0, 0.0, None]}))
    assert (row.score, row.kind, row.unanswered, row.shown.score) == (0.5, "failed", 1, 0.0)


# ---- the page of an evaluation


def test_the_page_has_scores_intervals_slices_power_and_rows():
    found = some(
        goal=0.9, b={"inputs": {"q": "how much?"}, "expected": "two eggs", "output": "two apples", "reason": "no eggs"}
    )
    page = html(found, by="lang")
    text = read_page(page)
    assert "70% [" in text and "on 5 rows" in text and "goal 90% missed" in text
    assert "1 of 6 runs got no answer and are not scored" in text
    assert "With 5 rows a gain of 5 points will be confirmed almost never." in text
    assert "few rows" in text and "By lang" in text
    assert "how much?" in text and "no eggs" in text
    assert "two <del>eggs</del><ins>apples</ins>" in page
    rows = re.findall(r'<tr data-kind="(\w+)">', page)
    assert rows == ["unanswered", "failed", "failed", "passed", "passed", "passed"]


def test_a_void_evaluation_shows_no_score_anywhere():
    found = some({"a": [1.0], "b": [None], "c": [None]}, goal=0.5)
    text = read_page(html(found, by="lang"))
    assert "Void. 2 of 3 runs got no answer" in text
    assert "goal" not in text and "By lang" not in text and "95% interval of" not in text


def test_flaky_rows_are_named():
    text = read_page(html(some({"a": [1.0, 0.0], "b": [1.0, 1.0]})))
    assert "The samples of 50% of 2 rows score differently" in text and "a: 1, 0" in text


def record(score, fingerprint="f", created=0.0):
    return EvaluationRecord(
        "orders.adal", "e", "val", fingerprint, 30, score, score - 0.1, score + 0.1, created=created
    )


def test_earlier_scores_are_a_curve_with_reruns_once():
    history = [record(0.4, "a", 1.0), record(0.4, "a", 2.0), record(0.6, "b", 3.0), record(0.7, "c", 4.0)]
    drawn = Section(some(), 0.1, history=history).history_chart
    assert drawn.count("<circle") == 3
    assert "60% [50%, 70%]" in drawn
    assert Section(some(), 0.1, history=history[:2]).history_chart == "", "one score is no curve"


@given(VALUES, VALUES, st.text())
def test_nothing_that_a_row_holds_can_break_a_page(expected, output, reason):
    about = {"inputs": {"q": expected}, "expected": expected, "output": output, "reason": reason}
    page = html(some({"b": [0.0]}, b=about))
    read_page(page)
    page.encode("utf-8", "strict")


def test_nasty_values_are_shown_and_not_run():
    page = html(
        some(
            {"b": [0.0]}, b={"inputs": {"q": NASTY}, "expected": NASTY, "output": "x", "reason": NASTY, "error": NASTY}
        )
    )
    assert "<img" not in page
    assert '<img src=x onerror=alert(1)> & "quotes"' in read_page(page)
    page.encode("utf-8")


# ---- the page of a comparison


def sides(count=20, **after):
    before = some({f"r{nth}": [0.0] for nth in range(count)}, r0={"output": "two eggs"})
    return before, some({f"r{nth}": [1.0] for nth in range(count)}, r0={"output": "two apples"})


def test_a_comparison_shows_both_sides_and_what_changed():
    page = comparison_page(
        [compared(("HEAD:a.adal", "a.adal"), *sides(), by="lang", notes=["the two sides score differently"])], by="lang"
    )
    text = read_page(page)
    assert "Better: +100.0 points [" in text and "20 rows mended, 0 broken" in text
    assert "HEAD:a.adal 0% [" in text
    assert "The two sides score differently." in text
    assert "two <del>eggs</del><ins>apples</ins>" in page
    assert page.count('<tr data-kind="mended">') == 20


def test_a_void_comparison_shows_no_difference():
    before, _ = sides()
    after = some({f"r{nth}": [None if nth < 8 else 1.0] for nth in range(20)})
    text = read_page(comparison_page([compared(("a", "b"), before, after, by="lang")], by="lang"))
    assert "Void:" in text and "8 of 20 runs of b got no answer" in text
    assert "p =" not in text and "mended" not in text and "By lang" not in text


# ---- JUnit


def suite(found):
    root = ElementTree.fromstring(junit("orders.adal", [found]))
    assert root.tag == "testsuites"
    (suite,) = root.findall("testsuite")
    cases = suite.findall("testcase")
    for element in (root, suite):
        assert int(element.get("tests")) == len(cases)
        assert int(element.get("failures")) == sum(case.find("failure") is not None for case in cases)
        assert int(element.get("errors")) == sum(case.find("error") is not None for case in cases)
    assert len({case.get("name") for case in cases}) == len(cases)
    assert all(case.get("classname") == "orders.adal.e" and float(case.get("time")) >= 0 for case in cases)
    assert [child.tag for child in suite][:1] == ["properties"]
    return {case.get("name"): case for case in cases}


def test_junit_has_a_case_for_each_row_and_for_the_goal():
    cases = suite(
        some(
            goal=0.9,
            b={"inputs": {"q": "?"}, "expected": "x", "output": "y", "reason": "not x"},
            d={"error": "refused"},
        )
    )
    assert set(cases) == {"goal", "a", "b", "c", "d", "e", "f"}
    assert cases["goal"].find("failure").get("message").startswith("goal 90% missed: 70% [")
    assert cases["b"].find("failure").get("message") == "score 0: not x"
    assert cases["b"].find("failure").text == "input: ?\nexpected: x\ngot: y"
    assert cases["d"].find("error").get("message") == "refused"
    assert len(cases["a"]) == 0


def test_junit_without_a_goal_has_rows_alone_and_a_goal_that_is_reached_passes():
    assert set(suite(some({"a": [1.0]}))) == {"a"}
    assert len(suite(some({"a": [1.0]}, goal=0.5))["goal"]) == 0


def test_junit_of_a_void_evaluation_is_an_error_and_no_missed_goal():
    cases = suite(some({"a": [1.0], "b": [None], "c": [None]}, goal=0.5))
    assert cases["score"].find("error").get("message") == "void: 2 of 3 runs got no answer"
    assert cases["goal"].find("failure") is None and cases["goal"].find("error") is not None


@given(st.text(), VALUES, st.text())
def test_any_text_makes_valid_xml(inputs, output, reason):
    suite(some({"b": [0.0]}, b={"inputs": {"q": inputs}, "output": output, "reason": reason}))


def test_nasty_texts_are_kept_as_far_as_xml_allows():
    text = suite(some({"b": [0.0]}, b={"reason": NASTY}))["b"].find("failure").get("message")
    assert '<img src=x onerror=alert(1)> & "quotes" �� ]]> 日本 �' in text


# ---- word diffs

WORDS = st.lists(st.sampled_from(["a", "b", "two", "eggs", " ", "\n", "<", "é"]), max_size=30).map("".join)


@given(WORDS, WORDS)
def test_a_diff_holds_both_texts(before, after):
    from html import unescape

    marked = str(word_diff(before, after))
    assert unescape(re.sub(r"<del>.*?</del>|</?ins>", "", marked, flags=re.DOTALL)) == after
    assert unescape(re.sub(r"<ins>.*?</ins>|</?del>", "", marked, flags=re.DOTALL)) == before


def test_long_texts_are_not_compared_word_by_word():
    rng = random.Random(1)
    first, second = (" ".join(rng.choice("abcdef") for _ in range(1_500)) for _ in range(2))
    assert word_diff(first, second) == f"<del>{first}</del><ins>{second}</ins>"
    assert as_text("x" * 10_000).endswith("… (4,000 more characters)")


@pytest.mark.parametrize(("value", "text"), [("a", "a"), (3, "3"), (None, "null"), (["é"], '[\n "é"\n]')])
def test_values_are_shown_as_texts_or_json(value, text):
    assert as_text(value) == text
