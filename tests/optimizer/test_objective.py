"""What counts as better besides the score, and what may leave the house as the same for less."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adalang.evaluation.results import RowResult
from adalang.optimizer.loop import optimise
from adalang.optimizer.objective import Objective, Prefer, Price, mean_price
from adalang.optimizer.operators.shorten import pieces
from adalang.optimizer.runs import Runs
from adalang.optimizer.savings import cost_ratio, least_rows, no_worse
from adalang.optimizer.settings import Settings
from adalang.runtime.models.types import Usage
from adalang.runtime.trace import Call, Trace
from tests.optimizer.thrift import BALLAST, RULES, PricedWorld
from tests.optimizer.world import TEXT, World


def result(score=1.0, tokens=100, usd=0.0, seconds=1.0, row="r", **more):
    usage = Usage(1, 0, tokens, 0, usd, seconds)
    return RowResult(row, 0, "ok", score, answer_usage=usage, **more)


async def events_of(world, settings=None):
    events = []
    outcome = await optimise(world, settings or Settings(), events.append)
    return outcome, events


# -- values ------------------------------------------------------------------------------------------------------------


def test_a_value_is_the_score_less_what_is_preferred():
    objective = Objective(Prefer(cost=0.2, latency=0.1), Price(tokens=100, seconds=2))
    assert objective.value([result(1.0, 100, seconds=2)]) == pytest.approx(1.0)
    assert objective.value([result(1.0, 200, seconds=2)]) == pytest.approx(0.8)
    assert objective.value([result(1.0, 50, seconds=2)]) == pytest.approx(1.1)
    assert objective.value([result(0.0, 100, seconds=4)]) == pytest.approx(-0.1)
    assert objective.value([RowResult("r", 0, "transport", None)]) is None


def test_money_counts_where_there_is_a_price_and_tokens_where_there_is_none():
    in_money = Objective(Prefer(cost=1.0), Price(usd=0.01, tokens=100))
    assert in_money.value([result(1.0, 300, 0.005)]) == pytest.approx(1.5)
    in_tokens = Objective(Prefer(cost=1.0), Price(tokens=100))
    assert in_tokens.value([result(1.0, 300, 0.005)]) == pytest.approx(-1.0)


def test_what_a_judge_took_is_not_the_targets_price():
    judged = result(tokens=5000, trace=Trace([Call("solve", "prompt", {}, answer_usage=Usage(1, 0, 40, 2))]))
    assert mean_price([[judged]]).tokens == 42


def test_a_price_that_is_not_known_is_none():
    unpriced = RowResult("r", 0, "ok", 1.0, answer_usage=Usage(1, 0, 10, 2, 0.1, priced=False))
    assert mean_price([[unpriced]]) == Price(0.0, 12, 10, 0.0, 1)


@given(st.floats(0, 1), st.floats(1, 10_000), st.floats(0, 1), st.floats(0, 1))
def test_no_value_is_above_the_most(score, tokens, cost, latency):
    objective = Objective(Prefer(cost, latency), Price(tokens=100, seconds=1))
    assert objective.value([result(score, int(tokens))]) <= objective.most + 1e-9


def test_without_a_preference_scores_are_compared():
    runs = Runs(World())
    assert runs.value([result(0.5, 10_000)]) == 0.5 and runs.most == 1.0


# -- the same for less: the figures ------------------------------------------------------------------------------------


def test_no_worse_needs_rows_enough_even_if_nothing_changed():
    assert least_rows(0.05, 0.03) == 69
    assert no_worse([0.0] * 40, 0.05) > 0.05 > no_worse([0.0] * 100, 0.05)
    assert no_worse([], 0.05) == 1.0


@pytest.mark.parametrize(("rows", "both"), [(70, 0.0), (100, 0.03), (150, 0.1)])
def test_no_worse_is_wrong_less_often_than_it_says(rows, both):
    """At the margin itself: 5 % more rows break than are mended."""
    rng = random.Random(rows)
    wrong = 0
    for _ in range(1500):
        draws = [rng.random() for _ in range(rows)]
        changes = [-1.0 if one < both + 0.05 else 1.0 if one < 2 * both + 0.05 else 0.0 for one in draws]
        wrong += no_worse(changes, 0.05) <= 0.03
    assert wrong / 1500 <= 0.035


@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]), min_size=1, max_size=80), st.data())
def test_one_more_loss_never_makes_it_look_better(changes, data):
    at = data.draw(st.integers(0, len(changes) - 1))
    if changes[at] == 0.0:
        worse = [*changes[:at], -1.0, *changes[at + 1 :]]
        assert no_worse(worse, 0.05) >= no_worse(changes, 0.05) - 1e-12


def test_the_ratio_of_prices_has_an_interval_and_counts_answered_pairs_alone():
    before = [[result(tokens=100 + nth, row=str(nth))] for nth in range(50)]
    after = [[result(tokens=60 + nth % 7, row=str(nth))] for nth in range(50)]
    ratio = cost_ratio(before, after, 0.95)
    assert ratio.low < ratio.value < ratio.high < 1 and ratio.unit == "tokens"
    assert ratio.value == pytest.approx(sum(one[0].answer_usage.tokens for one in after) / sum(range(100, 150)))
    lost = [[RowResult(str(nth), 0, "transport", None)] for nth in range(50)]
    assert cost_ratio(before, lost, 0.95) is None


# -- the same for less: texts ------------------------------------------------------------------------------------------


def test_pieces_are_lines_or_sentences_and_a_fenced_block_is_one():
    assert pieces("One. Two! Three?") == ["One.", "Two!", "Three?"]
    assert pieces("第一。第二。") == ["第一。", "第二。"]
    assert pieces("One. Two.\n\nThree.") == ["One. Two.", "Three."]
    fenced = "Answer so:\n```json\n{\n\n}\n```\nNothing else."
    assert pieces(fenced) == ["Answer so:", "```json\n{\n\n}\n```", "Nothing else."]
    assert pieces("") == [] and pieces(" \n ") == []


@given(st.text(alphabet="ab. !?\n`~。", max_size=60))
def test_pieces_stand_in_the_text_in_their_order(text):
    at = 0
    for piece in pieces(text):
        at = text.index(piece, at) + len(piece)


async def test_ballast_is_taken_out_where_no_gain_is_found_and_the_claim_is_that_the_score_is_the_same():
    world = PricedWorld(60, 60, 100, text=f"{TEXT}\n{RULES}\n{BALLAST}")
    outcome, events = await events_of(world)
    assert outcome.kind == "proposal", outcome.reason
    (change,) = outcome.changes
    assert BALLAST.splitlines()[0] not in change.after and len(change.after.split()) < 20
    evidence = outcome.evidence
    cheaper = evidence.extra["cheaper"]
    assert evidence.verified and evidence.p <= evidence.alpha and evidence.before == evidence.after == 1.0
    assert cheaper["unit"] == "tokens" and cheaper["high"] < 0.5 and cheaper["margin"] == 0.05
    assert evidence.low > -cheaper["margin"]
    assert re.match(r"same score \(\+0 \[-\d, \+\d\]\), \d+ % fewer tokens on 100 held-out", outcome.reason)
    assert len(world.looked) == 1
    kinds = [event.kind for event in events]
    assert kinds.index("cheaper") < kinds.index("chosen") < kinds.index("ship_test")


async def test_a_hold_out_too_small_to_show_it_is_not_spent():
    world = PricedWorld(60, 60, 60, text=f"{TEXT}\n{RULES}\n{BALLAST}")
    outcome, _ = await events_of(world)
    assert outcome.kind == "nothing" and not world.looked


async def test_it_is_not_looked_for_where_it_is_not_wanted():
    world = PricedWorld(60, 60, 100, text=f"{TEXT}\n{RULES}\n{BALLAST}")
    outcome, _ = await events_of(world, Settings(cheaper=False))
    assert outcome.kind == "nothing" and not world.looked


async def test_a_preference_takes_the_ballast_out_of_what_was_found():
    world = PricedWorld(60, 60, 100, text=f"{TEXT}\n{BALLAST}")
    plain, _ = await events_of(world)
    frugal, _ = await events_of(PricedWorld(60, 60, 100, text=world.text), Settings(prefer=Prefer(cost=0.2)))
    assert plain.kind == frugal.kind == "proposal"
    assert frugal.evidence.after > 0.9 and "First" in plain.candidate.text("solve.text")
    assert not any(word in frugal.candidate.text("solve.text") for word in ("First", "Second", "Third", "Fourth"))
    assert frugal.evidence.tokens_after < plain.evidence.tokens_after
    assert "points" in frugal.reason, "what rose is claimed as a rise"


async def test_values_do_not_leak_into_claims():
    outcome, events = await events_of(PricedWorld(60, 60, 60, text=TEXT), Settings(prefer=Prefer(cost=0.2)))
    assert outcome.kind == "proposal"
    assert outcome.evidence.after <= 1.0
    _, replayed = await events_of(PricedWorld(60, 60, 60, text=TEXT), Settings(prefer=Prefer(cost=0.2)))
    assert [(event.kind, event.payload) for event in events] == [(event.kind, event.payload) for event in replayed]
