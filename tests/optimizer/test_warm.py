"""A warm start: what an earlier run has found is tried first, has to hold, and passes the same test."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from adalang.optimizer.candidate import Candidate
from adalang.optimizer.earlier import Earlier, read_earlier
from adalang.optimizer.events import RunEvent
from adalang.optimizer.loop import Outcome, optimise
from adalang.optimizer.rebase import likeness, rebased
from adalang.optimizer.settings import Settings
from tests.optimizer.world import TEXT, World

WORDS = st.lists(st.sampled_from(["sort", "the", "red", "blue.", "things,", "\n", "always", "rule"]), max_size=12)


@given(WORDS, WORDS)
def test_a_change_put_on_its_own_text_is_the_change(before: list[str], after: list[str]) -> None:
    old, new = " ".join(before), " ".join(after)
    assert rebased(old, new, old) == new
    assert likeness(old, old) == 1.0


@given(WORDS, WORDS, WORDS)
def test_what_others_wrote_since_stays(before: list[str], after: list[str], current: list[str]) -> None:
    old, new, now = (" ".join(words) for words in (before, after, current))
    merged = rebased(old, new, now)
    assert rebased(old, old, now) == now
    added = set(now.split()) - set(old.split())
    assert all(word in merged for word in added)


def test_words_changed_beside_each_other_are_both_kept() -> None:
    before = "Sort the question. Guess if unsure."
    assert rebased(before, "Sort the question.\nrule red", "Sort each question. Guess if unsure.") == (
        "Sort each question.\nrule red"
    )
    assert rebased("a b c", "a X c", "a Y c") == "a Y c", "the place is gone"


async def run(world: World, seed: int = 1, earlier: tuple[Earlier, ...] = ()) -> tuple[Outcome, list[RunEvent]]:
    events: list[RunEvent] = []
    outcome = await optimise(world, Settings(seed=seed), events.append, earlier=earlier)
    return outcome, events


async def learned(world: World, *, same: bool = True) -> tuple[Outcome, Earlier]:
    outcome, events = await run(world)
    earlier = read_earlier("first", events, same)
    assert earlier is not None and outcome.kind == "proposal"
    return outcome, earlier


async def test_what_was_found_is_put_on_the_edited_text_and_found_again_for_little() -> None:
    first, earlier = await learned(World())
    assert earlier.exhausted and earlier.found[-1].chosen and earlier.incumbent == {"solve.text": TEXT}
    edited = World()
    text = "Answer each question."
    edited.info = replace(edited.info, params=[replace(edited.info.params[0], value=text)])
    again, events = await run(edited, seed=2, earlier=(earlier,))
    assert again.kind == "proposal" and first.candidate is not None and again.candidate is not None
    assert again.candidate.text("solve.text") == first.candidate.text("solve.text").replace(TEXT, text)
    kinds = [event.kind for event in events]
    assert kinds[:3] == ["started", "warm_start", "raced"] and "ship_test" in kinds
    cold = World()
    cold.info = edited.info
    await run(cold, seed=2)
    assert len(edited.paid) < len(cold.paid) - 60
    assert len(edited.asked) <= len(cold.asked)


async def test_a_find_that_does_not_hold_any_more_is_dropped_and_the_search_goes_on_as_ever() -> None:
    _, earlier = await learned(World())
    harmful = replace(earlier.found[-1], values={"solve.text": f"{TEXT}\nharm red\nharm blue\nharm green\nharm black"})
    outcome, events = await run(World(), seed=2, earlier=(replace(earlier, found=[harmful]),))
    raced = next(event for event in events if event.kind == "raced")
    assert not raced.payload["accepted"]
    assert next(event for event in events if event.kind == "warm_started").payload["settled"] is False
    assert outcome.kind == "proposal"


async def test_with_the_find_applied_a_few_rounds_show_that_there_is_no_more() -> None:
    world = World(luck=0.5, advice=lambda text: ["rule red", "rule green"])
    first, earlier = await learned(world)
    assert first.candidate is not None
    applied = World(luck=0.5, advice=lambda text: ["rule red", "rule green"])
    applied.info = replace(
        applied.info, params=[replace(applied.info.params[0], value=first.candidate.text("solve.text"))]
    )
    applied.paid = dict(world.paid)
    again, _ = await run(applied, earlier=(earlier,))
    assert again.kind == "nothing" and again.rounds <= 3
    assert len(applied.paid) - len(world.paid) <= len(world.paid) // 5


async def test_another_task_is_searched_in_full_though_its_finds_are_tried() -> None:
    _, earlier = await learned(World(), same=False)
    _, events = await run(World(), seed=3, earlier=(earlier,))
    started = next(event for event in events if event.kind == "warm_started")
    assert started.payload["settled"] is False


async def test_what_failed_before_is_told_to_the_teacher() -> None:
    _, events = await run(World(advice=lambda text: ["harm red", "rule red"]))
    earlier = read_earlier("first", events, True)
    assert earlier is not None and any(one.hypothesis.change == "harm red" for one in earlier.failed)
    world = World(advice=lambda text: ["rule blue"])
    await run(world, seed=5, earlier=(earlier,))
    assert any("harm red" in text for text in world.asked)


async def test_a_resumed_warm_run_takes_the_same_way() -> None:
    _, earlier = await learned(World())
    world = World()
    outcome, events = await run(world, seed=4, earlier=(earlier,))
    replayed: list[RunEvent] = []
    world.restarted(events[4].spent)
    again = await optimise(world, Settings(seed=4), replayed.append, events[:5], (earlier,))
    assert [(one.kind, one.payload) for one in replayed] == [(one.kind, one.payload) for one in events]
    assert again.candidate == outcome.candidate


def test_a_log_without_values_teaches_nothing() -> None:
    assert read_earlier("old", [RunEvent(1, "started", {"incumbent": Candidate({}).key})], True) is None
