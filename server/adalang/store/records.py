"""The rows of the store as values.

Times are seconds since 1970 (UTC); files are relative to the workspace, with `/`.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, Self

ProposalStatus = Literal["open", "applied", "dismissed"]
OptimizationStatus = Literal["running", "finished", "failed"]
JsonObject = Mapping[str, Any]


def new_id() -> str:
    """A short random id for a row."""
    return secrets.token_hex(6)


@dataclass(frozen=True, slots=True)
class ResponseRecord:
    """One model answer by its cache key.

    `request` and `response` are JSON; `usd` and `tokens` were paid for it.
    """

    key: str
    model: str
    request: JsonObject
    response: JsonObject
    usd: float = 0.0
    tokens: int = 0
    created: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One component called on one input, with its trace.

    `origin` says who asked: `run`, `python`, `eval` or `optimize`; with `eval`, the id of the `evaluation`, `row`, `sample` and
    `score` (0..1; None: not scored) where there are such. `error` is why there is no answer, or what went wrong on the way.
    `calls` are JSON objects, each with the place of its `parent` among them; the root comes first, and a metric's calls have a
    root of their own behind it. They are empty where a query did not ask for them; `components` are those that were called.
    """

    file: str
    component: str
    usage: JsonObject
    calls: tuple[JsonObject, ...] = ()
    steps: JsonObject = field(default_factory=dict)
    components: tuple[str, ...] = ()
    origin: str = "run"
    eval: str = ""
    evaluation: str = ""
    row: str = ""
    sample: int = 0
    score: float | None = None
    error: str = ""
    seconds: float = 0.0
    id: str = field(default_factory=new_id)
    created: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class ObservationRecord:
    """What a tool answered; `error` is what it said instead of an output, "" when it gave one. `key` is made of all that
    decides the answer: the tool, its code, the inputs."""

    key: str
    tool: str
    inputs: JsonObject
    output: Any
    error: str = ""
    created: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A run with a name, which can be stopped and gone on with; it belongs to a file's component.

    `inputs` are those of the run that is open, or was the last; `turns` is what was said in the runs that are finished, each
    `{"role": "user" | "assistant", "text": …}`. `fingerprint` is of the component as that run was begun, but for the content of
    files that it names.
    """

    file: str
    component: str
    name: str
    inputs: JsonObject
    status: Literal["open", "finished"] = "open"
    turns: tuple[JsonObject, ...] = ()
    fingerprint: str = ""
    id: str = field(default_factory=new_id)
    created: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class EvaluationRecord:
    """An eval's score on one split.

    `score`, `low` and `high` are in 0..1; None when no row could be scored.

    `n` counts the scored examples, each drawn `repeats` times; `params` are the values that were scored;
    `rows` holds a JSON object per row result and is empty where a query did not ask for it.
    """

    file: str
    eval: str
    split: str
    fingerprint: str
    n: int
    score: float | None
    low: float | None
    high: float | None
    usage: JsonObject = field(default_factory=dict)
    params: JsonObject = field(default_factory=dict)
    rows: tuple[JsonObject, ...] = ()
    repeats: int = 1
    id: str = field(default_factory=new_id)
    created: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of an optimization's log; `seq` counts from 1 without gaps.

    `spent` is what the optimization had spent by then, over all processes that worked on it.
    """

    run_id: str
    seq: int
    kind: str
    payload: JsonObject
    created: float
    spent: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OptimizationRecord:
    """One optimization.

    `plan_key` names what it does (file, eval, settings, data): an equal plan that still runs is resumed. `ground` names what its
    experience hangs on besides texts and rows, and `used` the set of rows that its search could look at (`Store.row_set`).
    """

    run_id: str
    file: str
    eval: str
    plan_key: str
    status: OptimizationStatus
    created: float
    ground: str = ""
    used: str = ""


@dataclass(frozen=True, slots=True)
class PaymentRecord:
    """One attempt at a call on the account of an optimization.

    It is written before anything is sent, with the most that it may cost, and once more with what it did cost (`settled`: when).
    One that was never settled was under way when its process died: nobody knows whether it was billed, so the most counts.
    """

    run_id: str
    calls: int
    input_tokens: int
    output_tokens: int
    usd: float
    priced: bool = True
    settled: float | None = None
    id: str = field(default_factory=new_id)
    created: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class Paid:
    """What an optimization's account holds over all its processes; `open` of the calls were never settled."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0
    priced: bool = True
    open: int = 0


@dataclass(frozen=True, slots=True)
class HoldoutLook:
    """One test of a candidate on a hold-out set, which uses up part of what that set can prove."""

    holdout_hash: str
    eval: str
    run_id: str
    candidate: str
    p: float
    alpha: float
    created: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class Change:
    """New contents for one param.

    A text's `before` and `after` are strings, demos' are lists of JSON objects, a choice's are two of its options. `hunks` are the parts that
    differ, as the optimizer found them useful: `{"before": …, "after": …}`.
    """

    param: str
    kind: Literal["text", "demos", "choice"]
    before: Any
    after: Any
    hunks: tuple[JsonObject, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: JsonObject) -> Self:
        return cls(**_known(cls, data))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a proposal rests on.

    `before` and `after` are mean scores in 0..1 on `holdout_n` held-out examples; `low` and `high` bound the
    difference (95 %); `p` is of the one-sided paired test, held against `alpha`. `mended` and `broken` count
    examples, `mended_examples` and `broken_examples` show a few. Tokens and USD are per call of the target;
    `calls_spent` and `usd_spent` are the price of the search. Only a `verified` proposal may be called an
    improvement.
    """

    verified: bool = False
    holdout_n: int = 0
    before: float = 0.0
    after: float = 0.0
    low: float = 0.0
    high: float = 0.0
    p: float | None = None
    alpha: float | None = None
    mended: int = 0
    broken: int = 0
    mended_examples: tuple[JsonObject, ...] = ()
    broken_examples: tuple[JsonObject, ...] = ()
    tokens_before: float = 0.0
    tokens_after: float = 0.0
    usd_before: float = 0.0
    usd_after: float = 0.0
    calls_spent: int = 0
    usd_spent: float = 0.0
    hypothesis: str = ""
    notes: tuple[str, ...] = ()
    extra: JsonObject = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: JsonObject) -> Self:
        return cls(**_known(cls, data))


@dataclass(frozen=True, slots=True)
class Proposal:
    """An edit that the optimizer offers, made against the component whose fingerprint it names."""

    id: str
    run_id: str
    file: str
    eval: str
    fingerprint: str
    changes: tuple[Change, ...]
    evidence: Evidence
    status: ProposalStatus = "open"
    created: float = field(default_factory=time.time)

    @classmethod
    def new(
        cls,
        *,
        run_id: str,
        file: str,
        eval: str,
        fingerprint: str,
        changes: tuple[Change, ...],
        evidence: Evidence,
    ) -> Self:
        """A proposal whose id follows from what it changes: found twice, it is the same proposal."""
        named = [file, eval, fingerprint, [(change.param, change.after) for change in changes]]
        digest = hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()
        return cls(digest[:8], run_id, file, eval, fingerprint, changes, evidence)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: JsonObject) -> Self:
        changes = tuple(Change.from_json(change) for change in data["changes"])
        evidence = Evidence.from_json(data["evidence"])
        return cls(**_known(cls, data) | {"changes": changes, "evidence": evidence})


_TUPLES = frozenset({"hunks", "mended_examples", "broken_examples", "notes"})


def _known(kind: type[Any], data: JsonObject) -> dict[str, Any]:
    """The fields of `kind` in `data`: what a newer version wrote besides does no harm."""
    names = {item.name for item in fields(kind)}
    return {name: tuple(value) if name in _TUPLES else value for name, value in data.items() if name in names}
