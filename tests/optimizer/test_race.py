"""Cheap trials: what is clearly worse ends early and stops paying; no outcome hangs on which call ends first."""

import random

import pytest

from adalang.optimizer.candidate import Candidate
from adalang.optimizer.race import allowed_loss, race, screen
from adalang.optimizer.runs import Runs, TooManyFailures
from tests.optimizer.world import TEXT, World

OLD = Candidate({"solve.text": TEXT})


def with_line(line):
    return Candidate({"solve.text": f"{TEXT}\n{line}"})


async def baseline(runs, world):
    return await runs.scores(OLD, world.rows("val"))


async def test_a_better_child_finishes_with_the_exact_sum_of_differences():
    world = World()
    runs = Runs(world)
    parent = await baseline(runs, world)
    result = await race(runs, with_line("rule red"), world.rows("val"), parent)
    truth = sum(world.score(with_line("rule red"), row, 0) - parent[row.id] for row in world.rows("val"))
    assert result.finished and result.delta == truth > 0
    assert set(result.scores) == {row.id for row in world.rows("val")}


async def test_a_harmful_child_is_given_up_in_its_first_chunks():
    world = World(luck=0.9)
    runs = Runs(world)
    parent = await baseline(runs, world)
    made = runs.made
    worse = with_line("harm red\nharm green\nharm blue\nharm black")
    result = await race(runs, worse, world.rows("val"), parent)
    assert not result.finished
    assert runs.made - made <= 15


async def test_pending_calls_of_a_lost_chunk_are_cancelled():
    slow = iter([0.0] * 12 + [60.0] * 3)
    world = World(luck=1.0)
    runs = Runs(world)
    parent = await baseline(runs, world)
    world.latency = lambda: next(slow)
    worse = with_line("harm red\nharm green\nharm blue\nharm black")
    result = await race(runs, worse, world.rows("val"), parent)  # would take a minute if it waited
    assert not result.finished
    assert not any(row.id for row in world.rows("val")[12:15] if (worse.key, row.id, 0) in world.paid)


@pytest.mark.parametrize("line", ["rule red", "harm red", "harm red\nrule blue", "noop"])
async def test_the_result_does_not_depend_on_the_order_of_answers(line):
    results = []
    for seed in range(5):
        rng = random.Random(seed)
        world = World(latency=lambda rng=rng: rng.random() / 200)
        runs = Runs(world)
        parent = await baseline(runs, world)
        results.append(await race(runs, with_line(line), world.rows("val"), parent))
    assert all(result == results[0] for result in results)


def test_the_allowed_loss_grows_slowly_with_the_rows_done():
    assert allowed_loss(15) == pytest.approx(-1.8)
    assert allowed_loss(60) == pytest.approx(-2.7)


async def test_a_screen_passes_only_a_gain_that_breaks_no_anchor():
    world = World()
    runs = Runs(world)
    rows = world.rows("train")[:12]
    parent = await runs.scores(OLD, rows)
    assert (await screen(runs, with_line("rule red\nrule blue\nrule green"), rows, parent, frozenset())).passed
    assert not (await screen(runs, with_line("noop"), rows, parent, frozenset())).passed
    passing = next(row for row in rows if parent[row.id])
    harmful = with_line("\n".join(f"rule {kind}" for kind in ("red", "green", "blue", "black") if kind != passing.expected)
                        + f"\nharm {passing.expected}")  # fmt: skip
    broken = await screen(runs, harmful, rows, parent, {passing.id})
    assert passing.id in broken.broke and not broken.passed


async def test_the_same_run_is_never_made_twice_and_losses_are_never_scored():
    world = World(lost=0.1)
    runs = Runs(world)
    first = await runs.scores(OLD, world.rows("val"))
    assert await runs.scores(OLD, world.rows("val")) == first
    assert len(world.runs) == len(set(world.runs)) == 60
    assert len(first) == 60 - runs.failed and runs.failed > 0


async def test_more_than_a_fifth_of_losses_is_void():
    world = World(lost=0.4)
    with pytest.raises(TooManyFailures, match="connection lost"):
        await Runs(world).scores(OLD, world.rows("val"))


async def test_whether_a_run_is_void_does_not_depend_on_the_order_of_answers():
    ends = set()
    for seed in range(12):
        rng = random.Random(seed)
        world = World(luck=0.9, lost=0.3, latency=lambda rng=rng: rng.random() / 200)
        runs, rows = Runs(world), world.rows("val")
        parent = dict.fromkeys((row.id for row in rows), 1.0)
        try:
            for nth in range(8):
                worse = with_line("\n".join(f"harm {kind}" for kind in ("red", "green", "blue", "black")) + f"\n{nth}")
                await race(runs, worse, rows, parent)
            ends.add((runs.failed, runs.begun))
        except TooManyFailures as failures:
            ends.add(str(failures))
    assert len(ends) == 1, ends
