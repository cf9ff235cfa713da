"""The way to the crown: a candidate that beats its rivals, one after the other, is the champion."""

from __future__ import annotations

from collections.abc import Sequence

from adalang.optimizer.archive import Entry
from adalang.optimizer.duel import Duel, duel
from adalang.optimizer.state import Search


async def contest(search: Search, child: Entry, rivals: Sequence[Entry], start: Sequence[float] = ()) -> Duel | None:
    """The last duel: the one that was lost, or that made `child` the champion. None if one of them could not be paid for.

    `start`: differences known from train rows (`duel`).
    """
    result: Duel | None = None
    for rival in rivals:
        if not search.purse.affords(2 * len(search.val) * search.runs.samples):
            return None
        result = await duel(search.runs, child, rival, search.val, start)
        met = [row.id for row in search.val[: result.rows]]
        by_value = {"value": result.delta} if search.settings.prefer else {}
        search.log.add(
            "raced",
            candidate=child.candidate.key,
            against=rival.candidate.key,
            delta=search.runs.known_gain(child.candidate, rival.candidate, met) if by_value else result.delta,
            rows=result.rows,
            accepted=result.won,
            **by_value,
        )
        if not result.won:
            search.beaten.add(child.candidate.key)
            return result
        if result.broken:
            # Answers that vary have favoured the winner on these rows: its next rivals meet it on others.
            search.val.sort(key=lambda row: row.id in child.scores)
    _crown(search, child)
    return result


def _crown(search: Search, child: Entry) -> None:
    search.archive.add(child)
    incumbent = search.archive.incumbent.candidate
    search.log.add(
        "best",
        candidate=child.candidate.key,
        mean=search.score(child),
        rows=len(child.scores),
        values=child.candidate.changes(incumbent),
        hypothesis=child.why(incumbent),
    )
