"""What a proposal may not make worse."""

import pytest

from adalang.evaluation.results import RowResult
from adalang.optimizer.guards import refusals
from adalang.optimizer.loop import optimise
from adalang.optimizer.objective import Prefer
from adalang.optimizer.settings import Settings
from adalang.runtime.models.types import Usage
from tests.optimizer.thrift import PricedWorld
from tests.optimizer.world import TEXT


def side(score=1.0, tokens=1000, output=100, usd=0.0, seconds=1.0, status="ok", wobble=0.0, rows=60):
    return [
        [
            RowResult(
                str(nth),
                0,
                status,
                score,
                answer_usage=Usage(1, 0, tokens, output, usd, seconds * (1 + wobble * (nth % 5 - 2))),
            )
        ]
        for nth in range(rows)
    ]


_NOTHING = Prefer()


def refused(before, after, prefer=_NOTHING, anchors=None):
    return refusals(before, after, prefer, anchors or {})


def test_what_stays_within_bounds_passes():
    assert refused(side(0.0), side(tokens=1150, seconds=1.15)) == []


def test_answers_that_can_no_longer_be_read():
    worse = [*side(status="unreadable", rows=3), *side(rows=57)]
    assert refused(side(0.0), worse) == ["5 % more answers cannot be read"]
    assert refused(worse, worse) == []


def test_a_call_that_costs_a_fifth_more():
    (reason,) = refused(side(tokens=4000, usd=0.01), side(tokens=4000, usd=0.02))
    assert "2.0 times [2.0, 2.0] as much (USD)" in reason and "prefer = { cost = 0 }" in reason
    (reason,) = refused(side(), side(output=900))
    assert "(tokens)" in reason
    assert refused(side(0.0), side(output=900), Prefer(cost=0)) == []


def test_a_short_prompt_may_grow_by_some_hundred_tokens_but_not_become_dearer():
    assert refused(side(tokens=40, usd=1.4e-4), side(tokens=400, usd=5e-4)) == []
    assert refused(side(tokens=40, output=5), side(tokens=2000, output=5))
    assert refused(side(tokens=40, usd=4e-5), side(tokens=40, usd=4e-4)), "another model"


def test_a_call_that_takes_longer_by_more_than_its_wobble():
    (reason,) = refused(side(), side(seconds=1.5, wobble=0.1))
    assert "1.5 times" in reason and "latency" in reason
    assert refused(side(wobble=0.4, rows=6), side(seconds=1.3, wobble=0.4, rows=6)[::-1]) == []
    assert refused(side(seconds=0.001), side(seconds=0.05)) == [], "no model takes so little"
    assert refused(side(0.0), side(seconds=1.5), Prefer(latency=0.1)) == []


def test_what_always_worked_must_go_on_working():
    anchors = {str(nth): (1.0, 1.0) for nth in range(17)} | {str(nth): (1.0, 0.0) for nth in range(17, 20)}
    assert refused(side(0.0), side(), anchors=anchors) == ["3 of 20 examples that always worked fail now"]
    assert refused(side(0.0), side(), anchors=dict(list(anchors.items())[:18])) == []
    few = {str(nth): (1.0, float(nth > 0)) for nth in range(4)}
    assert refused(side(0.0), side(), anchors=few) == [], "one row of four may have worked by luck"


def test_what_is_preferred_must_be_worth_its_price_in_points():
    prefer = Prefer(cost=0.2)
    assert refused(side(0.4), side(0.5, tokens=2100), prefer) == [
        "by what `prefer` says of cost and latency it is no gain"
    ]
    assert refused(side(0.4), side(0.7, tokens=2100), prefer) == []


async def test_a_gain_that_breaks_a_guard_is_a_hint_that_says_why():
    def slow_with_rules(text):
        return 1.0 + text.count("rule")

    outcome = await optimise(PricedWorld(text=TEXT, seconds=slow_with_rules), Settings())
    assert outcome.kind == "hint" and not outcome.evidence.verified
    assert "points" in outcome.reason and "a call takes" in outcome.reason
    assert any("prefer = { latency = 0 }" in note for note in outcome.evidence.notes)

    allowed = await optimise(PricedWorld(text=TEXT, seconds=slow_with_rules), Settings(prefer=Prefer(latency=0.0)))
    assert allowed.kind == "proposal"


@pytest.mark.parametrize("usd", [0.0, 0.001])
async def test_few_words_more_are_no_reason_to_refuse(usd):
    assert (await optimise(PricedWorld(text=TEXT, usd=usd), Settings())).kind == "proposal"
