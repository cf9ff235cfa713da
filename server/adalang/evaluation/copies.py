"""Rows that say the same: a copy is no evidence of its own, however often it stands in the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from adalang.language.data import Row, canonical_json

if TYPE_CHECKING:
    from adalang.evaluation.evaluate import Scorer


def examples(scorer: Scorer, rows: Sequence[Row]) -> dict[str, str]:
    """The id of each row with that of the example that it is: the first row that asks and expects the same.

    Where the eval expects nothing, a metric may look at all of a row, and all but its id has to be the same.

    Raises:
        BugFailure: a row lacks a column; the message says where it stands.
    """
    first: dict[str, str] = {}
    found = {}
    for row in rows:
        inputs, expected = scorer.read(row)
        told = [inputs, expected] if scorer.plan.expect is not None else _without_id(row.values)
        found[row.id] = first.setdefault(canonical_json(told), row.id)
    return found


def size(scorer: Scorer, rows: Sequence[Row]) -> dict[str, int]:
    """How many ``rows`` there are, and how many of them are ``copies``; raises what :func:`examples` does."""
    return {"rows": len(rows), "copies": len(rows) - len(set(examples(scorer, rows).values()))}


def _without_id(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if name != "id"}
