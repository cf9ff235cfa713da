"""What the teacher does on rows that the student fails: runs of the target with the teacher's model, of which only those
that the metric passes are learned from."""

from __future__ import annotations

from collections.abc import Sequence

from adalang.evaluation.results import RowResult
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.runs import PASS, concurrently
from adalang.optimizer.state import Search
from adalang.runtime.trace import Call

MOST_AT_ONCE = 6


async def taught(
    search: Search, candidate: Candidate, rows: Sequence[str], most: int = MOST_AT_ONCE
) -> list[RowResult]:
    """The teacher's passing runs on these train rows, in their order. A row is bought once in a search; `most` new ones at a
    time. Rows like one of selection or hold-out are left out, for what is learned here may come to stand in the prompt."""
    by_id = {row.id: row for row in search.train if row.id not in search.kept_out}
    new = [row for row in rows if row in by_id and row not in search.taught][:most]
    # A sample that no run of the search has, for the teacher may be the student's own model.
    sample = search.settings.repeats
    runs = await concurrently(search.task.run_with_teacher(candidate, by_id[row], sample) for row in new)
    # What got no answer says nothing, and may be asked again.
    search.taught.update({result.row_id: result for result in runs if result.score is not None})
    found = [search.taught[row] for row in rows if row in search.taught]
    passed = [result for result in found if (result.score or 0.0) >= PASS]
    search.log.add("taught", rows=new, passed=[result.row_id for result in passed])
    return passed


def first_call(result: RowResult, component: str) -> Call | None:
    """A component's first call in a run, if it gave an output."""
    calls = result.trace.calls if result.trace else []
    return next((call for call in calls if call.component == component and not call.error), None)
