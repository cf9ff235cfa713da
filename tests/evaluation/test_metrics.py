"""Built-in metrics: known scores, reasons that teach, and agreement with what the language knows of them."""

import inspect
import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adalang.evaluation.metrics import METRICS, MetricError, as_score, ndcg_at, recall_at
from adalang.evaluation.numbers import final_number, find_numbers
from adalang.language.builtins import METRIC_SIGNATURES

PASSAGES = [
    {"text": "Refunds take five days.", "source": "refunds.md#2", "score": 0.9},
    {"text": "Opening hours are 9 to 5.", "source": "hours.md", "score": 0.5},
    {"text": "Parcels are sent daily.", "source": "parcels.md", "score": 0.1},
]


def test_the_language_and_the_metrics_agree() -> None:
    assert list(METRICS) == list(METRIC_SIGNATURES)
    for name, spec in METRICS.items():
        assert spec.signature is METRIC_SIGNATURES[name]
        parameters = inspect.signature(spec.function).parameters.values()
        assert [parameter.name for parameter in parameters] == [p.name for p in spec.signature.parameters]
        for parameter, described in zip(parameters, spec.signature.parameters, strict=True):
            assert (parameter.kind is parameter.KEYWORD_ONLY) == described.is_option
            if described.is_option:
                assert parameter.default == described.default
        assert (spec.signature.scored.default, spec.signature.expected.default) == ("output", "expect")


SCORES: list[tuple[str, Any, Any, dict[str, Any], float, str]] = [
    ("exact_match", "HUM", " HUM\n", {}, 1, "HUM is right"),
    ("exact_match", "LOC", "HUM", {}, 0, "expected HUM, got LOC"),
    ("exact_match", "hum", "HUM", {}, 0, "expected HUM, got hum (they differ only in case, spaces or letter forms)"),
    ("exact_match", "It is HUM", "HUM", {}, 0, "(the right answer stands inside a longer one)"),
    ("exact_match", "HUM.", "HUM", {}, 0, "(they differ only in punctuation or articles)"),
    ("exact_match", "e\u0301", "é", {}, 1, "right"),
    ("exact_match", "b", ["a", "b"], {}, 1, "b is right"),
    ("exact_match", "c", ["a", "b"], {}, 0, "expected a or b, got c"),
    ("exact_match", None, "a", {}, 0, "expected a, got nothing"),
    ("exact_match", None, None, {}, 1, "right"),
    ("exact_match", 3, "3.0", {}, 1, "3 is right"),
    ("exact_match", True, 1, {}, 0, "expected 1, got true"),
    ("exact_match", True, "True", {}, 1, "true is right"),
    ("exact_match", ["a", 1], ["a", 1.0], {}, 1, "right"),
    ("exact_match", {"a": [1]}, {"a": [2]}, {}, 0, 'expected {"a":[2]}, got {"a":[1]}'),
    ("answer_match", "The  Eiffel-Tower!", ["Big Ben", "eiffeltower"], {}, 1, "is right"),
    ("answer_match", "ﬁve", "FIVE", {}, 1, "is right"),
    ("answer_match", "Le Cafe", "le café", {}, 0, "expected le café, got Le Cafe"),
    ("answer_match", "?", "!", {}, 0, "expected !, got ?"),
    ("answer_match", 42, "42", {}, 1, "42 is right"),
    ("contains", "It took 12 days.", "12", {}, 1, "holds 12"),
    ("contains", "It was 2012.", "12", {}, 0, "12 is missing; the answer is It was 2012."),
    ("contains", "concatenate", "cat", {}, 0, "cat is missing"),
    ("contains", "答案是北京市", "北京", {}, 1, "holds 北京"),
    ("contains", "red\nand GREEN", ["green", "blue"], {}, 1, "holds green"),
    ("contains", "red and green", ["green", "blue"], {"all": True}, 0.5, "missing: blue;"),
    ("number_match", "so 3 + 4 = 7.", "#### 7", {}, 1, "the number 7 is right"),
    ("number_match", "That makes 21.", 12, {}, 0, "the number 12 is missing; the answer gave 21"),
    ("number_match", "The answer is 42, in 3 steps.", 42, {}, 1, "42"),
    ("number_match", "12 in total, that is 4 each", 12, {}, 0, "expected 12; it stands in the answer, but"),
    ("number_match", "none", 12, {}, 0, "holds no number: none"),
    ("number_match", "$1,234.50", 1234.5, {}, 1, "right"),
    ("number_match", "45 %", "0.45", {}, 1, "right"),
    ("number_match", "45%", "45", {}, 1, "right"),
    ("number_match", "1 1/2", 1.5, {}, 1, "right"),
    ("number_match", 3.14, "3.14159", {"tolerance": 0.01}, 1, "right"),
    ("number_match", 99, 100, {"relative": 0.01}, 1, "right"),
    ("number_match", 98.9, 100, {"relative": 0.01}, 0, "the number 100 is missing; the answer gave 98.9"),
    ("number_match", 0.1 + 0.2, "0.3", {}, 1, "right"),
    ("f1", "the cat sat", "a cat sat down", {}, 0.8, "missing words: down"),
    ("f1", "cat", ["dog", "cat"], {}, 1, "all expected words"),
    ("f1", "no cat", "cat", {}, 2 / 3, "words too many: no"),
    ("f1", ["a", "b", "b"], ["b", "c"], {}, 0.4, "missing items: c; items too many: a, b"),
    ("f1", [], [], {}, 1, "all expected items"),
    ("f1", "北京", "北海", {}, 0.5, "missing words: 海"),
    ("fuzzy", "abcd", "bcde", {}, 0.75, "75 % alike: expected bcde, got abcd"),
    ("fuzzy", " ABC ", "abc", {}, 1, "right"),
    ("regex", "order A-17 is late", r"A-\d+", {}, 1, "A-17 matches"),
    ("regex", "order 17", [r"^\d+$", "x"], {}, 0, "no match for the pattern ^\\d+$ or x in order 17"),
    ("similarity", "hello world", "Hello  World", {}, 1, "100 % alike by letter groups"),
    ("similarity", "abc", "xyz", {}, 0, "0 % alike"),
    ("json_match", {"a": 1, "b": {"c": "x", "d": 2}}, {"a": 1, "b": {"c": "y", "d": 2}}, {}, 2 / 3,
     "1 of 3 fields wrong: b.c: expected y, got x"),
    ("json_match", {"a": 1, "z": 2}, {"a": 1}, {}, 1, "right; not asked for: z"),
    ("json_match", {}, {"a": {"b": 1, "c": 2}, "d": 3}, {}, 0, "3 of 3 fields wrong: a is missing"),
    ("json_match", {"t": [1, 9, 3]}, {"t": [1, 2]}, {}, 1 / 3, "t[1]: expected 2, got 9; t[2] is one too many (got 3)"),
    ("json_match", {"t": []}, {"t": [1, 2]}, {}, 0, "t[1] is missing"),
    ("json_match", '```json\n{"a": 1}\n```', '{"a": 1}', {}, 1, "right"),
    ("json_match", "sorry", {"a": 1}, {}, 0, 'expected JSON like {"a":1}, got a text: sorry'),
    ("recall", PASSAGES, ["refunds.md", "parcels.md"], {}, 1, "2 of 2 expected found in 3 passages"),
    ("recall", PASSAGES, ["refunds.md", "parcels.md"], {"k": 2}, 0.5, "in 2 passages; missing: parcels.md"),
    ("recall", PASSAGES, ["hours are 9"], {}, 1, "1 of 1"),
    ("recall", [], "a", {}, 0, "0 of 1 expected found in 0 passages; missing: a"),
    ("mrr", PASSAGES, "hours.md", {}, 0.5, "the first expected passage (hours.md) is at rank 2"),
    ("mrr", ["a", "b"], ["c"], {}, 0, "missing: c"),
    ("ndcg", ["b", "a"], {"a": 3, "b": 1}, {}, (1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3)), "b at 1, a at 2"),
    ("ndcg", PASSAGES, PASSAGES[1], {}, 1 / math.log2(3), "1 of 1 expected found"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "output", "expected", "options", "value", "reason"), SCORES)
def test_known_scores_and_their_reasons(
    name: str, output: Any, expected: Any, options: dict[str, Any], value: float, reason: str
) -> None:
    score = METRICS[name].score(output, expected, **options)
    assert score.value == pytest.approx(value, abs=1e-12)
    assert reason in score.reason


@pytest.mark.parametrize(
    ("name", "output", "expected", "options", "message"),
    [
        ("f1", {"a": 1}, "x", {}, "f1 scores texts, not an object: score one of its fields"),
        ("f1", ["a"], "a", {}, "f1 compares a list with a list"),
        ("answer_match", "x", None, {}, "empty expected value"),
        ("contains", "x", "  ", {}, "empty expected value"),
        ("number_match", "7", "seven", {}, "the expected value seven holds no number"),
        ("number_match", ["7"], "7", {}, "number_match scores numbers and texts, not a list"),
        ("json_match", {"a": 1}, "plain words", {}, "json_match cannot compare with plain words"),
        ("regex", "x", "a(b", {}, "the pattern a(b is broken at character 2"),
        ("recall", "a text", ["a"], {}, "recall scores a list of passages or ids, not a text"),
        ("recall", ["a"], [], {}, "recall got no expected passages"),
        ("ndcg", ["a"], {"a": -1}, {}, "ndcg cannot take"),
        ("number_match", "7", 7, {"tolerence": 1}, "has no option tolerence: did you mean tolerance?"),
        ("number_match", "7", 7, {"tolerance": -1}, "tolerance = -1 does not fit"),
        ("recall", ["a"], ["a"], {"k": 0}, "k = 0 does not fit: give a whole number from 1"),
    ],
)
def test_what_can_never_apply_is_an_error_with_its_mend(
    name: str, output: Any, expected: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(MetricError) as caught:
        METRICS[name].score(output, expected, **options)
    assert message in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("name", METRICS)
@given(output=JSON, expected=JSON)
@example(output=[], expected={"\n": None})
@example(output={"a": 1, "\n": 2}, expected={"a": 1})
def test_any_values_give_a_score_in_range_or_a_metric_error(name: str, output: Any, expected: Any) -> None:
    try:
        score = METRICS[name].score(output, expected)
    except MetricError:
        return
    assert 0.0 <= score.value <= 1.0
    assert score.reason and "\n" not in score.reason


@pytest.mark.parametrize("name", ["exact_match", "answer_match", "contains", "f1", "fuzzy", "similarity"])
@given(text=st.text().filter(str.strip))
def test_the_expected_text_itself_scores_one(name: str, text: str) -> None:
    assert METRICS[name].score(text, text).value == 1.0


@given(st.dictionaries(st.text(), JSON, min_size=1))
def test_json_match_is_one_for_equal_objects_alone(value: dict[str, Any]) -> None:
    score = METRICS["json_match"]
    assert score.score(json.dumps(value), value).value == 1.0
    name = next(iter(value))
    assert score.score(value | {name: "\x00 something else"}, value).value < 1.0


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1,234,567.89 and 1\u202f234,5 and 1'000", [1234567.89, 1234.5, 1000]),
        ("1.234.567 or 1.234,5 but 1.234", [1234567, 1234.5, 1.234]),
        ("3,5 kg, 12 g; rows 1,2,3", [3.5, 12, 1, 2, 3]),
        ("-5, −5, $-5, -$5, 2-3 and 10:30", [-5, -5, -5, -5, 2, 3, 10, 30]),
        (r"½, 1½, 3/4, \frac{1}{4}, 3/0", [0.5, 1.5, 0.75, 0.25, 3, 0]),
        ("on 12/05/2024 at 5pm", [12, 5, 2024, 5]),
        (r"1e6, 1.5e-3, 3×10^4, 2 \times 10^{3}", [1e6, 0.0015, 3e4, 2000]),
        ("3 million people, 2.5 Billion", [3e6, 2.5e9]),
        ("GPT4 and x2 are names, v1.2 too; 7.", [7]),
        ("٤٢", [42]),
        ("7" * 5_000 + " 8", [8]),
    ],
)
def test_numbers_as_people_write_them(text: str, numbers: list[float]) -> None:
    assert [float(number.value) for number in find_numbers(text)] == pytest.approx(numbers)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**12), max_value=10**12))
def test_formatted_numbers_are_read_back_exactly(number: Any) -> None:
    for text in (f"{number}", f"{number:,}", f"it is {number:,}.", f"a\n${number}"):
        found = final_number(text)
        assert found is not None
        assert found.value == number


@pytest.mark.parametrize(
    ("text", "number"), [("#### 5 (of 9)", 5), (r"\boxed{\frac{3}{4}} or 2", 0.75), ("a 1 b 2", 2)]
)
def test_the_final_number_is_the_marked_or_the_last_one(text: str, number: float) -> None:
    found = final_number(text)
    assert found is not None
    assert found.value == number


@given(st.lists(st.integers(0, 9), unique=True), st.sets(st.integers(0, 9), min_size=1), st.integers(1, 12))
def test_rank_metrics_against_their_definitions(retrieved: list[int], gold: set[int], k: int) -> None:
    top = retrieved[:k]
    assert recall_at(retrieved, gold, k) == len(gold & set(top)) / len(gold)
    ranks = [rank for rank, one in enumerate(top, 1) if one in gold]
    assert METRICS["mrr"].score([str(one) for one in retrieved], [str(one) for one in gold], k=k).value == (
        1 / ranks[0] if ranks else 0
    )
    best = sum(1 / math.log2(rank + 1) for rank in range(1, min(k, len(gold)) + 1))
    expected = sum(1 / math.log2(rank + 1) for rank in ranks) / best
    assert ndcg_at(retrieved, dict.fromkeys(gold, 1.0), k) == pytest.approx(expected)


def test_results_of_users_metrics() -> None:
    assert (as_score(True).value, as_score(0.25).value) == (1.0, 0.25)
    assert as_score({"score": 1, "reason": "kind and right"}).reason == "kind and right"
    for wrong, message in [(7, "go from 0 to 1"), (float("nan"), "go from 0 to 1"), ("good", "return a number"),
                           ({"reason": "x"}, "without a score")]:  # fmt: skip
        with pytest.raises(MetricError, match=message):
            as_score(wrong)
