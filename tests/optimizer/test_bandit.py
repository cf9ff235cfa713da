"""Whose turn it is."""

import random
from collections import Counter
from types import SimpleNamespace

from adalang.optimizer.operators import all_operators
from adalang.optimizer.operators.bandit import Bandit


class Named:
    def __init__(self, name, ready=True):
        self.name, self.ready = name, ready

    def available(self, search):
        return self.ready

    async def propose(self, search, parent, results):
        return []


def search(idle=0, seed=1):
    return SimpleNamespace(idle=idle, rng=random.Random(seed))


def test_the_first_has_its_turn_at_once_and_the_others_when_the_search_stalls():
    first, second, third = Named("first"), Named("second"), Named("third")
    bandit = Bandit([first, second, third])
    assert bandit.pick(search(idle=3)) is first
    bandit.reward("first", 1.0, 10.0)
    assert bandit.pick(search(idle=0)) is first
    for expected in (second, third):
        assert bandit.pick(search(idle=1)) is expected
        bandit.reward(expected.name, 0.0, 10.0)


def test_what_becomes_available_before_all_others_goes_first():
    repair, text = Named("repair", ready=False), Named("text")
    bandit = Bandit([repair, text])
    assert bandit.pick(search()) is text
    bandit.reward("text", 3.0, 10.0)
    repair.ready = True
    assert bandit.pick(search()) is repair


def test_gain_per_cost_decides_most_turns_and_chance_the_rest():
    bandit = Bandit([Named("cheap"), Named("dear"), Named("idle")])
    bandit.reward("cheap", 4.0, 20.0)
    bandit.reward("dear", 4.0, 400.0)
    bandit.reward("idle", 0.0, 20.0)
    one = search()
    turns = Counter(bandit.pick(one).name for _ in range(2000))
    assert turns["cheap"] > 3 * turns["dear"] > 0 and turns["cheap"] > 3 * turns["idle"] > 0


def test_the_same_turns_and_the_same_chance_give_the_same_choice():
    turns = [("a", 2.0, 30.0), ("b", 0.0, 40.0), ("a", 0.0, 10.0)]
    picks = []
    for _ in range(2):
        bandit = Bandit([Named("a"), Named("b")])
        for turn in turns:
            bandit.reward(*turn)
        one = search(seed=7)
        picks.append([bandit.pick(one).name for _ in range(50)])
    assert picks[0] == picks[1] and len(set(picks[0])) == 2


def test_names_are_unique_and_the_form_is_first():
    names = [operator.name for operator in all_operators()]
    assert len(set(names)) == len(names) and names[:2] == ["repair_format", "edit_text"]
