"""The gate that most optimizers have: what does better than the stored score of the selection rows is kept, and told as it stands.

Each step draws train rows, asks the same teacher, runs each proposal on those rows, and on all selection rows if it did not do worse
there; the first that beats the stored selection score becomes the text to go on from. There is no test at the end.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from world import CALLS, PARAM, TEXT, World

from adalang.evaluation.statistics import Comparison, compare
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.task import Example

_BATCH = 8


async def optimise(world: World) -> tuple[str, Comparison | None]:
    """The text that it ends with, and what it would claim: the comparison of stored selection scores. None if nothing was kept."""
    rng = random.Random(world.seed)
    text = TEXT
    first = stored = await _scores(world, text, world.rows("val"))
    while CALLS - world.calls > 5 * _BATCH + len(world.rows("val")):
        batch = rng.sample(list(world.rows("train")), _BATCH)
        before = await _scores(world, text, batch)
        answer = await world.ask((), {}, 0)
        for hypothesis in answer["hypotheses"]:
            proposal = f"{text}\n{hypothesis['edits'][0]['text']}"
            if sum((await _scores(world, proposal, batch)).values()) < sum(before.values()):
                continue
            if CALLS - world.calls < len(world.rows("val")):
                break
            found = await _scores(world, proposal, world.rows("val"))
            if sum(found.values()) > sum(stored.values()):
                text, stored = proposal, found
                break
    return text, compare(first, stored, seed=world.seed) if text != TEXT else None


async def _scores(world: World, text: str, rows: Sequence[Example]) -> dict[str, float]:
    candidate = Candidate({PARAM: text})
    return {row.id: (await world.run(candidate, row, 0)).score or 0.0 for row in rows}
