"""Before a search: whether there is something to gain, and how many rows a claim would take."""

from dataclasses import replace

import pytest

from adalang.optimizer.headroom import Headroom
from adalang.optimizer.loop import optimise
from adalang.optimizer.mode import more_rows
from adalang.optimizer.settings import Settings
from tests.optimizer.world import KINDS, TEXT, World, chance

RULES = "\n".join([TEXT, *(f"rule {kind}" for kind in KINDS)])


class Hard(World):
    """A few rows are wrong whatever the text says; each answer to them is another one, or with `stuck` the same."""

    def __init__(self, *args, share=0.3, stuck=False, unreadable=0.0, **more):
        super().__init__(*args, **more)
        self.share, self.stuck, self.unreadable = share, stuck, unreadable
        self.info = replace(self.info, params=[replace(self.info.params[0], value=RULES)], deterministic=False)

    async def run(self, candidate, example, sample):
        result = await super().run(candidate, example, sample)
        if chance(example.id, "form") < self.unreadable:
            return replace(result, status="unreadable", score=0.0, output=f"{sample} ?")
        if chance(example.id, "hard") >= self.share:
            return result
        return replace(result, score=0.0, output="the same" if self.stuck else f"guess {example.id} {sample}")


async def events_of(world, settings=None):
    events = []
    outcome = await optimise(world, settings or Settings(), events.append)
    return outcome, {event.kind: event.payload for event in events}


async def test_where_no_answer_helps_it_warns_and_searches_only_when_asked():
    world = Hard()
    outcome, events = await events_of(world)
    assert outcome.kind == "nothing" and "little to gain" in outcome.reason and outcome.little_to_gain
    assert "round" not in events and not world.looked
    assert len(world.paid) <= 40 * 2 + 8 * 2 + 2, "two samples of each row looked at, and two more of eight that fail"
    headroom = events["headroom"]
    assert headroom["little"] and headroom["failing"] >= 0.2 and headroom["gain"] == 0 and not headroom["steady"]

    outcome, events = await events_of(Hard(), Settings(anyway=True))
    assert "round" in events and "little to gain" not in outcome.reason


@pytest.mark.parametrize("more", [{"stuck": True}, {"unreadable": 0.2}, {"noise": 0.2, "share": 0.0}])
async def test_what_fails_alike_what_cannot_be_read_and_what_is_right_now_and_then_can_be_mended(more):
    _, events = await events_of(Hard(**more), Settings(rounds=1))
    assert not events["headroom"]["little"] and "round" in events


async def test_a_model_whose_answers_do_not_vary_may_be_mended_wherever_it_fails():
    world = World()
    _, events = await events_of(world, Settings(rounds=1))
    assert events["headroom"]["gain"] == events["headroom"]["failing"] > 0.3
    assert events["headroom"]["rows"] <= 8, "two failing rows are enough"


async def test_one_failing_row_in_a_hundred_is_little():
    class Nearly(World):
        def score(self, candidate, example, sample):
            return 0.0 if example is self.rows("val")[7] else 1.0

    outcome, events = await events_of(Nearly(60, 100, 60))
    assert outcome.reason.startswith("little to gain: 99 % of 100 selection rows are right")
    assert events["headroom"]["little"]


async def test_a_small_budget_goes_without_the_check():
    world = Hard(calls=60 * 2 * 2 + 60 * 2 + 20)
    _, events = await events_of(world)
    assert "headroom" not in events


async def test_it_changes_nothing_of_the_search_that_follows():
    first, _ = await events_of(Hard(stuck=True, share=0.2))
    again, _ = await events_of(Hard(stuck=True, share=0.2), Settings(anyway=True))
    assert (first.kind, first.candidate, first.reason) == (again.kind, again.candidate, again.reason)


def test_the_warning_says_what_was_measured():
    found = Headroom(40, 0.25, 0.01, 0.0, 0.02, steady=False)
    assert found.little and found.told() == (
        "little to gain: 75 % of 40 selection rows are right, and of the others the best of 4 answers mends 1.0 points"
    )
    assert not replace(found, unreadable=0.05).little and not replace(found, alike=0.03).little


@pytest.mark.parametrize(("rows", "more"), [((10, 5, 5), 328), ((40, 30, 30), 190), ((5, 0, 0), 285)])
def test_it_says_how_many_rows_more_would_let_a_gain_be_confirmed(rows, more):
    assert more_rows(World(*rows)) == f"{more} more rows would let a gain of 10 points be confirmed 1 time in 2"


async def test_with_few_rows_the_hint_says_how_many_more_it_takes():
    for rows in ((5, 5, 5), (20, 10, 10)):
        outcome, _ = await events_of(World(*rows))
        assert outcome.kind == "hint" and "more rows would let a gain of 10 points be confirmed" in outcome.reason
