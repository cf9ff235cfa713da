"""What is refused before any call is made."""

import pytest

from adalang.optimizer.gates import copied_from, outside_training, refuse_demos, refuse_text
from adalang.optimizer.task import Example

BEFORE = "Sort into billing or technical."
ROW = Example("1", {"ticket": "my card was charged twice for the same order last week"}, "billing")


def refused(after, **more):
    given = {"tried": [BEFORE], "data": copied_from([ROW]), "words": ["billing", "technical", "other"], **more}
    return refuse_text(BEFORE, after, **given)


def test_a_real_change_passes():
    assert refused("Sort into billing or technical.\n- billing: money, cards, invoices") is None


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (" \n", "empty"),
        (BEFORE, "nothing would change"),
        ("Sort into billing or the rest.", "lose technical"),
        (f"{BEFORE} {'more ' * 1000}", "more than the 4000 allowed"),
        ("sort into a billing, or technical", "been tried"),
        (f"{BEFORE}\nE.g. My card was charged twice for the same order!", "copies"),
    ],
)
def test_what_cannot_help_is_refused_with_its_reason(after, reason):
    assert reason in refused(after)


def test_a_declared_length_is_kept():
    assert "allowed" in refused(f"{BEFORE} Take your time.", most=40)
    assert refused(f"{BEFORE} Take care.", most=60) is None


def test_words_that_the_file_itself_took_from_the_data_may_stay():
    before = "Billing or technical? e.g. my card was charged twice for the same order"
    after = f"{before}\n- billing: money"
    assert refuse_text(before, after, tried=[], data=copied_from([ROW]), words=[]) is None


def test_demos_are_bounded_distinct_and_new():
    one, two = {"ticket": "a", "output": "billing"}, {"ticket": "b", "output": "technical"}
    assert refuse_demos([], [one, two], tried=[], most=2) is None
    assert "no examples" in refuse_demos([one], [], tried=[], most=2)
    assert "nothing would change" in refuse_demos([one], [one], tried=[], most=2)
    assert "more than the 1 allowed" in refuse_demos([], [one, two], tried=[], most=1)
    assert "twice" in refuse_demos([], [one, dict(one)], tried=[], most=2)
    assert "tried" in refuse_demos([], [one], tried=[(one,)], most=2)


def test_rows_like_one_of_the_hold_out_may_not_become_demos():
    kept_out = [Example("t1", {"q": "how many moons does the planet jupiter have in all"})]
    train = [
        Example("a", {"q": "How many moons does the planet Jupiter have in all?"}),
        Example("b", {"q": "how many legs does a spider have"}),
    ]
    assert outside_training(train, kept_out) == {"a"}
