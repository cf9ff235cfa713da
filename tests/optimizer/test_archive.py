"""Which candidates are built on."""

import random
from collections import Counter

from adalang.optimizer.archive import Archive, Entry
from adalang.optimizer.candidate import Candidate


def entry(name, scores):
    return Entry(Candidate({"p": name}), {str(at): float(score) for at, score in enumerate(scores)})


def test_wins_count_the_rows_that_nobody_does_better():
    archive = Archive([entry("a", [1, 0, 0, 0]), entry("b", [0, 1, 1, 0]), entry("c", [1, 1, 0, 0])])
    assert archive.wins() == [1, 2, 2]


def test_parents_are_drawn_by_what_they_win():
    archive = Archive(
        [entry("a", [1] + [0] * 19), entry("b", [0] + [1] * 10 + [0] * 9), entry("c", [0] * 10 + [1] * 10)]
    )
    rng = random.Random(1)
    drawn = Counter(archive.pick_parent(rng).candidate.text("p") for _ in range(3000))
    assert set(drawn) == {"a", "b", "c"} and drawn["a"] < drawn["b"]


def test_rows_that_an_entry_was_not_run_on_count_neither_for_nor_against_others():
    archive = Archive([entry("a", [1, 0, 1, 1]), entry("b", [1, 1])])
    assert archive.wins() == [3, 2]


def test_the_choice_follows_from_the_seed():
    archive = Archive([entry("a", [1, 0, 1]), entry("b", [0, 1, 1])])
    picks = [
        [archive.pick_parent(rng).candidate.key for _ in range(20)] for rng in (random.Random(3), random.Random(3))
    ]
    assert picks[0] == picks[1]


def test_the_safest_is_not_the_luckiest():
    few = entry("few", [1, 1, 1, 0])
    many = Entry(Candidate({"p": "many"}), {str(at): float(at % 10 < 7) for at in range(200)})
    archive = Archive([few, many])
    assert few.mean > many.mean
    assert archive.safest is many


def test_equal_values_are_one_candidate():
    assert Candidate({"a": "x", "b": ()}) == Candidate({"b": (), "a": "x"})
    assert Candidate({"a": "x"}).key != Candidate({"a": "y"}).key
