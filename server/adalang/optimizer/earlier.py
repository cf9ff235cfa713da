"""What an earlier optimization of the same eval has learned, read from its event log.

Only what its search saw is read, never how a final test ended: rows that are to judge once more must not have had a say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adalang.optimizer.candidate import Value
from adalang.optimizer.ending import found_no_more
from adalang.optimizer.events import RunEvent
from adalang.optimizer.ledger import Failed, Hypothesis


@dataclass(frozen=True, slots=True)
class Found:
    """Values of the params that a candidate changed. `rows`: ids of the train rows that it was run on. `chosen`: whether the run
    has put it to the final test, on what all selection rows said."""

    key: str
    values: Mapping[str, Value]
    hypothesis: str
    rows: tuple[str, ...] = ()
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Earlier:
    """`incumbent` are the values that it began with, `found` what beat them, the last one best, and `failed` what did not help.

    `exhausted`: its search ended because it found no more, not because it could not go on. `same`: its models, messages,
    metric and params are those of today, and only texts and rows may differ. `runs`: how many its search has begun.
    """

    run_id: str
    incumbent: Mapping[str, Value]
    found: Sequence[Found]
    failed: Sequence[Failed]
    exhausted: bool
    same: bool
    runs: int = 0


def read_earlier(run_id: str, events: Iterable[RunEvent], same: bool) -> Earlier | None:
    """The experience of one run; None where its log does not say with which values it began."""
    incumbent: Mapping[str, Value] | None = None
    hypotheses: dict[str, Hypothesis] = {}
    found: dict[str, Found] = {}
    failed: list[Failed] = []
    rows: dict[str, dict[str, None]] = {}
    exhausted, runs = False, 0
    for event in events:
        told = event.payload
        match event.kind:
            case "started" if "values" in told:
                incumbent = _values(told["values"])
            case "round":
                rows.setdefault(told["parent"], {}).update(dict.fromkeys(told["batch"]))
            case "draft":
                hypotheses[told["candidate"]] = Hypothesis(told["param"], "", told["change"])
            case "gated":
                failed.append(Failed(Hypothesis(told["param"], "", told["change"]), str(told["reason"]), 0.0))
            case "screened" if not told["passed"] and told["candidate"] in hypotheses:
                failed.append(Failed(hypotheses[told["candidate"]], "screen", told["delta"]))
            case "raced" if not told["accepted"] and told["candidate"] in hypotheses:
                failed.append(Failed(hypotheses[told["candidate"]], "val", told["delta"]))
            case "best" | "chosen" if "values" in told:
                found.pop(told["candidate"], None)
                found[told["candidate"]] = Found(
                    told["candidate"],
                    _values(told["values"]),
                    str(told.get("hypothesis", "")),
                    chosen=event.kind == "chosen",
                )
            case "search_ended":
                exhausted = found_no_more(told.get("code"), told["reason"])
                runs = int(told["runs"])
    if incumbent is None:
        return None
    known = [replace(one, rows=tuple(rows.get(one.key, ()))) for one in found.values()]
    return Earlier(run_id, incumbent, known, failed, exhausted, same, runs)


def _values(told: Mapping[str, Any]) -> dict[str, Value]:
    return {name: value if isinstance(value, str) else tuple(value) for name, value in told.items()}
