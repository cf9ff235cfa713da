"""Splits: rows stay where they are, near-duplicates stay together, and templates are not taken for them."""

import random
import time
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adalang.evaluation.splits import (
    SplitError,
    holdout_hash,
    overlap,
    split_rows,
)
from adalang.language.data import Row, inline_rows

LONG = (
    "My parcel with the green garden chairs arrived yesterday evening but two of the four legs are broken and "
    "nobody answers the phone when I call the number on the invoice that came with it"
)


def rows_of(*texts: str) -> list[Row]:
    return inline_rows([{"question": text} for text in texts])


def random_rows(n: int, words: int = 12, seed: int = 0) -> list[Row]:
    rng = random.Random(seed)
    vocabulary = [f"word{number}" for number in range(5_000)]
    return inline_rows(
        {"question": " ".join(rng.choices(vocabulary, k=words)), "label": rng.choice("abc")} for _ in range(n)
    )


def sides(split: dict[str, list[Row]]) -> dict[str, str]:
    return {row.id: name for name, members in split.items() for row in members}


def kept_together(rows: list[Row], columns: list[str] | None = None) -> list[list[int]]:
    """The line numbers of rows that are on one side under every seed, in groups of two or more."""
    seeds = [sides(split_rows(rows, seed=seed, columns=columns)) for seed in range(30)]
    groups: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for row in rows:
        groups[tuple(side[row.id] for side in seeds)].append(row.line)
    return [lines for lines in groups.values() if len(lines) > 1]


def test_default_split_is_40_30_30() -> None:
    split = split_rows(random_rows(10_000), seed=7)
    assert list(split) == ["train", "val", "test"]
    assert sum(map(len, split.values())) == 10_000
    assert [round(len(members) / 10_000, 1) for members in split.values()] == [0.4, 0.3, 0.3]


def test_the_split_of_a_row_never_changes_between_releases() -> None:
    texts = ["What is an atom ?", "Who was Galileo ?", "How far is it from Denver to Aspen ?", "Why ?"]
    assert sides(split_rows(inline_rows({"id": text[:3], "q": text} for text in texts), seed=7)) == {
        "Wha": "test",
        "Who": "test",
        "How": "train",
        "Why": "train",
    }


@given(st.lists(st.text("ab .!?日", max_size=30), max_size=40), st.randoms(use_true_random=False), st.integers())
def test_order_of_rows_and_fractions_never_matters(texts: list[str], rng: random.Random, seed: int) -> None:
    rows = rows_of(*texts)
    shuffled = rng.sample(rows, len(rows))
    placed = sides(split_rows(rows, seed=seed))
    assert len(placed) == len(rows)
    assert placed == sides(split_rows(shuffled, {"test": 0.3, "val": 0.3, "train": 0.4}, seed))


@given(st.text(min_size=1, max_size=30), st.integers())
def test_twins_share_a_side(text: str, seed: int) -> None:
    rows = rows_of(text, f"\n {text}\t", text.replace(" ", "  "))
    assert len(set(sides(split_rows(rows, seed=seed)).values())) == 1


def test_adding_rows_moves_no_other_row() -> None:
    rows = random_rows(2_000)
    before = sides(split_rows(rows[:1_000], seed=3))
    after = sides(split_rows(rows, seed=3))
    assert before.items() <= after.items()


def test_seeds_give_different_splits() -> None:
    rows = random_rows(500)
    assert sides(split_rows(rows, seed=1)) != sides(split_rows(rows, seed=2))


def test_near_duplicates_are_on_one_side_and_numbers_tell_rows_apart() -> None:
    rows = rows_of(
        LONG,
        LONG.upper() + " !!",
        LONG.replace("yesterday", "this"),
        LONG.replace("the green", "the two 3 green"),
        "Something else entirely that nobody would ever take for it",
    )
    assert kept_together(rows) == [[1, 2, 3]]


def test_other_columns_must_agree_unless_left_out() -> None:
    rows = inline_rows(
        [
            {"ticket": LONG, "persona": "be kind", "label": "a"},
            {"ticket": LONG, "persona": "be kind", "label": "b"},
        ]
    )
    assert kept_together(rows) == []
    assert kept_together(rows, columns=["ticket", "persona"]) == [[1, 2]]


def test_a_template_or_a_shared_context_does_not_glue_rows_together() -> None:
    words = random_rows(300, words=4)
    templated = inline_rows({"prompt": f"{LONG} Question: {row.values['question']}"} for row in words)
    shared = inline_rows({"context": LONG, "question": f"what about {row.values['question']}"} for row in words)
    assert kept_together(templated) == []
    assert kept_together(shared) == []


def test_texts_without_spaces_or_letters_are_compared_too() -> None:
    chinese = "我昨天晚上收到了绿色花园椅子的包裹但是四条腿中有两条断了而且没有人接电话"
    rows = rows_of(chinese, chinese + "。", chinese.replace("绿", "红"), "( [ { } ] )", "( [ ] { } )", "( [ ] )")
    assert kept_together(rows) == [[1, 2, 3]]


def test_ten_thousand_rows_take_seconds() -> None:
    rows = random_rows(10_000, words=40)
    start = time.process_time()
    split_rows(rows)
    assert time.process_time() - start < 8


@pytest.mark.parametrize(
    ("fractions", "message"),
    [
        ({}, "at least one"),
        ({"train": 0.8, "test": 0.3}, "sum to 1.1"),
        ({"train": -0.1}, "not between 0 and 1"),
        ({"train": 40}, "not between 0 and 1"),
        ({"train": float("nan")}, "not between 0 and 1"),
    ],
)
def test_fractions_are_checked(fractions: dict[str, float], message: str) -> None:
    with pytest.raises(SplitError, match=message):
        split_rows(rows_of("a"), fractions)


def test_what_fractions_leave_over_is_unused() -> None:
    split = split_rows(random_rows(2_000), {"dev": 0.1, "test": 0.2})
    assert list(split) == ["dev", "test"]
    assert 150 < len(split["dev"]) < 250
    assert 340 < len(split["test"]) < 460


def test_overlap_names_the_leaking_rows() -> None:
    train = rows_of("What is an atom?", LONG, "Who was Galileo?")
    test = rows_of("what is an  ATOM", LONG.replace("yesterday", "this"), "How far is Denver?")
    found = overlap(train, test)
    assert [(one.first.line, one.second.line) for one in found] == [(1, 1), (2, 2)]
    assert found[0].similarity == 1.0
    assert 0.8 <= found[1].similarity < 1.0
    assert overlap(train, rows_of("How far is Denver?")) == []


def test_holdout_hash_names_the_content_alone() -> None:
    rows = random_rows(50)
    renamed = [Row(f"r{row.id}", row.values | {"id": row.line}, "b.jsonl", 1) for row in reversed(rows)]
    assert holdout_hash(rows) == holdout_hash(renamed)
    assert holdout_hash(rows) != holdout_hash(rows[1:])
    assert len(holdout_hash([])) == 32
