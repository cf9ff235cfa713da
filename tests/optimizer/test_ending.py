"""Why a search ends: a code for programs, a sentence for people, and a price for one more point."""

from __future__ import annotations

import re

import pytest

from adalang.optimizer.earlier import read_earlier
from adalang.optimizer.ending import CODES, End, found_no_more
from adalang.optimizer.events import RunEvent
from adalang.optimizer.loop import optimise
from adalang.optimizer.objective import Prefer
from adalang.optimizer.settings import PointPrice, Settings
from tests.optimizer.test_trials import told
from tests.optimizer.thrift import PricedWorld
from tests.optimizer.world import World


async def events_of(world, settings):
    events = []
    outcome = await optimise(world, settings, events.append)
    return outcome, events


def first_failing(text):
    return re.findall(r'"expected": "(\w+)"', text)[0]


def kindly(text):
    return [f"be kind {len(text)}"]


@pytest.mark.parametrize("code", CODES)
def test_each_end_has_a_sentence_and_the_sentence_decides_nothing(code):
    assert End(code, 7).sentence
    assert found_no_more(code, "budget") == found_no_more(code, "whatever")


@pytest.mark.parametrize(
    ("sentence", "no_more"),
    [
        ("12 rounds brought no gain", True),
        ("the goal is reached on the selection rows", True),
        ("what is left of the budget is kept for the final test", False),
        ("the budget is used up (calls)", False),
        ("the teacher failed 5 times in a row", False),
    ],
)
def test_logs_of_before_there_were_codes_are_read_by_their_sentences(sentence, no_more):
    ended = RunEvent(2, "search_ended", {"reason": sentence, "rounds": 3, "best": 0.5, "runs": 80})
    earlier = read_earlier("old", [RunEvent(1, "started", {"values": {"p": "text"}}), ended], True)
    assert earlier is not None and earlier.exhausted == no_more and earlier.runs == 80


async def test_a_search_that_could_not_go_on_is_known_by_its_code():
    _, events = await events_of(World(advice=kindly, calls=230), Settings())
    (ended,) = told(events, "search_ended")
    earlier = read_earlier("first", events, True)
    assert ended["code"] == "reserve" and earlier is not None and not earlier.exhausted


async def test_a_search_ends_when_a_point_costs_more_than_it_is_worth():
    _, whole = await events_of(World(advice=kindly), Settings())
    _, events = await events_of(World(advice=kindly), Settings(point=PointPrice(calls=5)))
    (ended,) = told(events, "search_ended")
    assert ended["code"] == "price" and ended["rounds"] == 3 < told(whole, "search_ended")[0]["rounds"]
    assert "more than 5 calls" in ended["reason"]


async def test_money_is_counted_like_calls():
    world = PricedWorld(60, 60, 60, text="Answer.", usd=1.0, advice=kindly)
    _, events = await events_of(world, Settings(point=PointPrice(usd=0.2), cheaper=False))
    (ended,) = told(events, "search_ended")
    assert ended["code"] == "price" and "$0.2" in ended["reason"]


async def test_what_is_worth_its_price_is_searched_for_as_ever():
    plain, before = await events_of(World(), Settings())
    priced, after = await events_of(World(), Settings(point=PointPrice(calls=50)))
    assert (plain.kind, plain.candidate) == (priced.kind, priced.candidate)
    assert [event.kind for event in before] == [event.kind for event in after]


async def test_a_priced_search_takes_the_same_way_when_it_goes_on():
    settings = Settings(point=PointPrice(calls=5))
    world = World(advice=kindly)
    _, events = await events_of(world, settings)
    replayed = []
    await optimise(world.restarted(events[9].spent), settings, replayed.append, events[:10])
    assert [(one.kind, one.payload) for one in replayed] == [(one.kind, one.payload) for one in events]


async def test_with_a_preference_people_are_told_scores_and_not_values():
    def world():
        return PricedWorld(60, 60, 60, text="Answer the question.")

    for prefer in (Prefer(cost=0.4), Prefer(cost=0.4, latency=0.2)):
        outcome, events = await events_of(world(), Settings(prefer=prefer))
        (chosen,) = told(events, "chosen")
        best = outcome.candidate
        truth = [
            [world().score(best, row, 0) for row in world().rows("val")],
            [
                world().score(best.with_value("solve.text", "Answer the question."), row, 0)
                for row in world().rows("val")
            ],
        ]
        assert (chosen["mean"], chosen["incumbent"]) == pytest.approx(tuple(sum(each) / 60 for each in truth))
        assert all(0 <= one["mean"] <= 1 for one in told(events, "best"))
        assert all(0 <= one["best"] <= 1 for one in told(events, "search_ended"))
        raced = told(events, "raced")
        assert all(float(one["delta"]).is_integer() for one in raced) and any(
            one["value"] != one["delta"] for one in raced
        )


async def test_a_perfect_text_is_told_as_perfect_whatever_it_costs():
    outcome, _ = await events_of(
        PricedWorld(60, 60, 60, text="Go.", luck=1.0), Settings(prefer=Prefer(cost=0.4), cheaper=False)
    )
    assert outcome.kind == "nothing" and "every selection row is right already" in outcome.reason


async def test_gains_on_train_rows_alone_do_not_keep_a_search_going():
    class Rote(World):
        """The rules help with train rows and no others."""

        def score(self, candidate, example, sample):
            return super().score(candidate, example, sample) if example in self.rows("train") else 0.0

    _, events = await events_of(Rote(luck=0.0, advice=lambda text: [f"rule {first_failing(text)}"]), Settings())
    (ended,) = told(events, "search_ended")
    assert sum(one["accepted"] for one in told(events, "raced")) >= 2
    assert (ended["code"], ended["rounds"]) == ("idle", Settings().patience)
