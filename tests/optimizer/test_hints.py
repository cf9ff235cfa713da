"""Few rows: what one half has chosen is judged on rows of the other that say something else."""

from __future__ import annotations

from dataclasses import replace

from adalang.optimizer.candidate import Candidate
from adalang.optimizer.earlier import Earlier, Found
from adalang.optimizer.few import halved
from adalang.optimizer.outcome import Finding
from adalang.optimizer.task import Example, Param
from adalang.optimizer.warm import warm_start
from tests.optimizer.test_trials import begun, told
from tests.optimizer.world import TEXT, World

SAYS = "where can I find the station, please tell me soon"


def said(nth: int, text: str) -> Example:
    return Example(str(nth), {"question": text}, "red")


def test_rows_that_say_nearly_the_same_are_in_one_half():
    rows = [said(nth, f"{word} {word}er") for nth, word in enumerate(("fast", "slow", "green", "calm", "young"))]
    twins = [said(nth, f"{SAYS}{end}") for nth, end in ((10, ""), (11, "!"), (12, "."))]
    first, second = halved([*rows[:3], *twins, *rows[3:]])
    assert {row.id for row in twins} <= {row.id for row in first} or {row.id for row in twins} <= {
        row.id for row in second
    }
    assert len(first) == len(second) == 4
    assert halved(rows) == (rows[0::2], rows[1::2])


def test_no_example_is_made_of_a_row_like_one_that_judges():
    world = World(4, 6, 6)
    world.splits["train"] = [said(100, SAYS), *world.splits["train"]]
    world.splits["val"] = [said(101, f"{SAYS}!"), *world.splits["val"]]
    search, _ = begun(world)
    half = type(search).begin(
        search.task, search.settings, search.log, search.runs, search.purse, search.champion.candidate,
        world.rows("train"), world.rows("test"),
    )  # fmt: skip
    assert "100" in search.kept_out and "100" in half.kept_out


async def test_reasoning_does_not_hide_that_an_example_is_held_out_today():
    world = World(demos=2)
    world.splits["test"] = [said(101, f"{SAYS}!"), *world.splits["test"]]
    search, events = begun(world)
    shots = Param("solve.shots", "demos", "solve", (), most=2)
    search.task.info = replace(world.info, params=[world.info.params[0], shots])
    demo = {"question": SAYS, "output": "red", "reasoning": "It asks for the way."}
    start = {"solve.text": TEXT, "solve.shots": ()}
    search.archive.entries[0] = replace(search.archive.incumbent, candidate=Candidate(start))
    found = Found("k", {"solve.shots": (demo,)}, "Show it.")
    await warm_start(search, [Earlier("old", start, [found], [], exhausted=True, same=True)])
    assert told(events, "warm_start")[0]["candidates"] == []


async def test_nothing_found_says_on_how_many_rows():
    search, _ = begun(World(luck=1.0))
    assert Finding.nothing_better(search).reason == "there was no change that could be tried"
    await search.look(search.archive.incumbent, search.val[:4])
    assert "100 % on the 4 of 60 selection rows looked at" in Finding.nothing_better(search).reason
    await search.look(search.archive.incumbent, search.val)
    assert "nothing to gain" in Finding.nothing_better(search).reason
