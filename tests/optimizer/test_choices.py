"""Choices in a search: a third kind of value beside texts and examples."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import pytest

from adalang.optimizer.archive import Entry
from adalang.optimizer.candidate import Candidate, Choice
from adalang.optimizer.edits import Edit
from adalang.optimizer.events import EventLog
from adalang.optimizer.join import joined, on_top
from adalang.optimizer.ledger import Hypothesis
from adalang.optimizer.loop import optimise
from adalang.optimizer.minimise import minimise
from adalang.optimizer.operators.base import Draft
from adalang.optimizer.operators.structure import ChangeStructure
from adalang.optimizer.runs import Runs
from adalang.optimizer.task import Param
from adalang.runtime.models.types import Usage
from adalang.store.records import Change
from tests.optimizer.graph import Graph, run, step
from tests.optimizer.world import TEXT, World, chance

ORDER = Param(
    "solve:fields", "choice", "solve", Choice("a, b"), "the order", family="structure",
    options=("a, b", "b, a"), prices=(1.0, 1.0),
)  # fmt: skip
CHECKED = Param(
    "solve:verify", "choice", "solve", Choice("off"), "a check", family="structure", options=("off", "on"),
    prices=(1.0, 2.0),
)  # fmt: skip
HEAT = Param(
    "solve:temperature", "choice", "solve", Choice("absent"), "the temperature", family="models",
    options=("absent", "0", "0.7"), prices=(1.0, 1.0, 1.0),
)  # fmt: skip
CHOICES = (ORDER, CHECKED, HEAT)


class Switched(World):
    """Texts do nothing here: rows are right by luck, or when a choice is as it has to be."""

    def __init__(self, needs: dict[str, str], harms: dict[str, str] | None = None, **world):
        super().__init__(**world)
        self.needs, self.harms = needs, harms or {}
        self.info = replace(self.info, params=[*self.info.params, *CHOICES])

    def score(self, candidate, example, sample):
        if any(candidate.option(name) == option for name, option in self.harms.items()):
            return 0.0
        met = all(candidate.option(name) == option for name, option in self.needs.items())
        return float(met or chance(self.salt, example.id, "luck") < self.luck)


@pytest.mark.parametrize(
    "needs", [{"solve:fields": "b, a"}, {"solve:verify": "on"}, {"solve:temperature": "0"}], ids=str
)
async def test_the_choice_that_helps_is_found_and_nothing_else_is_changed(needs):
    world = Switched(needs, harms={"solve:temperature": "0.7"})
    outcome = await optimise(world)
    assert outcome.kind == "proposal", outcome.reason
    ((name, option),) = needs.items()
    before = next(param.value.option for param in CHOICES if param.id == name)
    assert outcome.changes == (Change(name, "choice", before, option),)


async def test_a_choice_and_a_text_are_found_together():
    class Both(Switched):
        def score(self, candidate, example, sample):
            ruled = World.score(self, candidate, example, sample)
            return ruled if super().score(candidate, example, sample) else min(ruled, float(chance(example.id) < 0.4))

    outcome = await optimise(Both({"solve:fields": "b, a"}, train=80, val=80, test=80))
    assert outcome.kind == "proposal", outcome.reason
    assert {change.kind for change in outcome.changes} == {"text", "choice"}


async def test_where_no_choice_helps_none_is_proposed_and_each_is_tried_once():
    world = Switched({"solve:fields": "never"}, luck=0.5)
    outcome = await optimise(world)
    assert outcome.kind == "nothing"


async def test_no_family_is_tried_that_the_task_does_not_offer():
    seen = []
    world = World(luck=0.5, advice=lambda text: ["harmless"])
    await optimise(world, on_event=seen.append)
    operators = {event.payload["operator"] for event in seen if event.kind == "round"}
    assert "edit_text" in operators and not operators & {"structure", "models"}


START = Candidate({"solve.text": TEXT, **{param.id: param.value for param in CHOICES}})


def draft(param: str, option: str) -> Draft:
    return Draft(START.with_value(param, Choice(option)), Hypothesis(param, "", option))


def test_equal_choices_make_equal_candidates():
    assert START.with_value("solve:verify", Choice("off")) == START
    assert START.with_value("solve:verify", Choice("on")) != START
    assert START.option("solve:verify") == "off"
    for wrong in (START.text, START.demos):
        with pytest.raises(TypeError):
            wrong("solve:verify")
    with pytest.raises(TypeError):
        START.option("solve.text")


def test_choices_join_with_texts_and_with_each_other_but_not_with_their_like():
    edit = Edit("append", "rule red")
    text = Draft(START.with_value("solve.text", f"{TEXT}\nrule red"), Hypothesis("solve.text", "", "r"), (edit,))
    together = joined(START, [draft("solve:fields", "b, a"), text, draft("solve:verify", "on")])
    assert together is not None and len(together.parts) == 3
    assert together.candidate.changed(START) == ["solve.text", "solve:fields", "solve:verify"]
    assert joined(START, [draft("solve:temperature", "0"), draft("solve:temperature", "0.7")]) is None
    base = draft("solve:fields", "b, a").candidate
    placed = on_top(base, START, draft("solve:verify", "on"))
    assert placed is not None and placed.candidate.changed(START) == ["solve:fields", "solve:verify"]
    assert on_top(base, START, draft("solve:fields", "b, a")) is None


async def test_a_choice_that_carries_no_weight_is_taken_back():
    world = Switched({"solve:fields": "b, a"})
    both = draft("solve:fields", "b, a").candidate.with_value("solve:verify", Choice("on"))
    runs, rows = Runs(world), world.rows("val")
    best = Entry(both, await runs.scores(both, rows))
    log = EventLog(lambda event: None, Usage)
    smaller = await minimise(runs, log, best, START, rows, 10_000)
    assert smaller.candidate.changed(START) == ["solve:fields"]


async def test_a_retriever_that_missed_what_a_row_needed_has_its_turn_before_what_is_cheaper():
    more = Param("search:k", "choice", "search", Choice("4"), "k", family="structure", options=("4", "8"), prices=(1.0, 2.0))  # fmt: skip
    graph = Graph("answer", gold={"r1": ["b.md"]})
    graph.info = replace(graph.info, params=[ORDER, more])
    passages = [{"text": "t", "source": "a.md", "score": 1.0}]
    failed = run(step("search", {"query": "sea"}, passages, kind="retriever"), step("answer", {"docs": passages}, "z"))
    start = Candidate({param.id: param.value for param in graph.info.params})
    search = SimpleNamespace(task=graph, visits=Counter(), settings=SimpleNamespace(hypotheses=4))
    for results, first, cause in (
        ([failed], "search:k", '`search` did not find b.md, which was needed, for {"query": "sea"}.'),
        ([], "solve:fields", "No wording makes up for how the prompt is set up."),
    ):
        search.visits.clear()
        drafts = await ChangeStructure().propose(search, SimpleNamespace(candidate=start), results)
        assert [(one.hypothesis.param, one.hypothesis.cause) for one in drafts] == [(first, cause)]
