"""Every kind of event with its fields: what other tools may rely on. docs/events.md is written from this table, and a test holds it
against what the code emits and what real runs hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adalang.optimizer.ending import CODES


@dataclass(frozen=True, slots=True)
class Field:
    """`takes` is a JSON type: `text`, `number`, `integer`, `bool`, `any`, `[type]` (a list) or `{type}` (an object by names).

    A field that is not `always` there may be missing, or null.
    """

    takes: str
    meaning: str
    always: bool = True


@dataclass(frozen=True, slots=True)
class Kind:
    """When an event of this kind is kept, and its payload."""

    meaning: str
    fields: Mapping[str, Field]


_CANDIDATE = Field("text", "the candidate's key: equal values of all params have equal keys")
_PARAM = Field("text", "the param's id, such as `classify.instruction`")
_CHANGE = Field("text", "what is changed, in words")

EVENTS: Mapping[str, Kind] = {
    "started": Kind(
        "The run begins: the first event, unless there is nothing that may be changed.",
        {
            "mode": Field("text", "`full` (60 rows or more), `crossfit` (20 to 59) or `hints` (fewer)"),
            "seed": Field("integer", "seed of all random choices"),
            "incumbent": Field("text", "key of what the file holds now"),
            "values": Field("{any}", "all that may be changed, as the file holds it: by param", always=False),
            "estimate": Field("[text]", "what the run should take and what its test can show, in sentences"),
            "expected": Field(
                "{any}",
                "the estimate's numbers: `least` and most `calls`, for all rounds `runs` of the target, `task_calls`, `teacher_calls`; "
                "`parts`: by name the least and most calls of each; calls kept for the final test (`reserve`), rows (`train`, `val`, "
                "`holdout`), and `power`: pairs of a true gain and the chance to confirm it",
            ),
        },
    ),
    "headroom": Kind(
        "Before a search: what selection rows say about how much can be gained. The counts aside, all numbers are shares of the rows.",
        {
            "little": Field("bool", "whether a search is hardly worth its price"),
            "gain": Field("number", "the most that should be hoped for"),
            "rows": Field("integer", "selection rows that were looked at"),
            "failing": Field("number", "rows that the file's text fails"),
            "within_reach": Field(
                "number", "what the mean would rise by if each failing row got the best of four answers"
            ),
            "alike": Field("number", "rows that fail with the same wrong answer where the same was expected"),
            "unreadable": Field("number", "rows of which an answer could not be read"),
            "steady": Field("bool", "whether asking again brings the same answer"),
        },
    ),
    "warm_start": Kind(
        "Earlier runs of the eval have found something: it is tried before the first round.",
        {
            "runs": Field("[text]", "ids of these runs, the newest first"),
            "candidates": Field("[text]", "keys of what is tried, each raced against the file"),
            "failed": Field("integer", "failed hypotheses that are known from them"),
        },
    ),
    "warm_started": Kind(
        "What earlier runs have found was tried.",
        {
            "champion": Field("text", "key of the candidate that the search begins with"),
            "settled": Field("bool", "whether an earlier run has searched from about here to its end already"),
        },
    ),
    "baseline": Kind(
        "What the file holds now was run on all selection rows before the first round.",
        {
            "rows": Field("integer", "selection rows that got an answer"),
            "mean": Field("number", "mean score, 0 to 1"),
        },
    ),
    "round": Kind(
        "A round begins: a parent was run on a batch of train rows, and an operator is asked for changes.",
        {
            "nth": Field("integer", "counts from 1 in each search (a cross-fitted run has two)"),
            "operator": Field("text", "who has the turn, such as `edit_text` or `demos`"),
            "parent": Field("text", "key of the candidate that is to be improved"),
            "batch": Field("[text]", "ids of the train rows that are looked at"),
            "failing": Field("[text]", "ids of those that the parent fails"),
        },
    ),
    "feedback": Kind(
        "The failures of the batch were traced back to the params that had a part in them.",
        {
            "blame": Field("{number}", "by param: the sum of its shares of the blame over the failing rows"),
            "target": Field("text", "the param with most blame, weighed by how seldom it was tried"),
            "targets": Field("[text]", "the params that this round changes"),
            "notes": Field(
                "[any]",
                "what each failing row says about a param: objects with `param`, `row`, `text`, `blame` (0 to 1) and `call` "
                "(the call's place in the run), `when` (that call among several: `step 2` of an agent, `call 2`)",
                always=False,
            ),
        },
    ),
    "hypotheses": Kind(
        "The teacher named causes, and a change for each.",
        {
            "param": _PARAM,
            "hypotheses": Field("[any]", "pairs of texts: cause and change"),
        },
    ),
    "taught": Kind(
        "The teacher's model ran the target on train rows that it fails, to learn from what it gets right.",
        {
            "rows": Field("[text]", "ids of the rows that were run for the first time"),
            "passed": Field(
                "[text]", "ids of all rows asked for that the teacher gets right, those of earlier rounds too"
            ),
        },
    ),
    "gated": Kind(
        "A change was refused before any call.",
        {"param": _PARAM, "change": _CHANGE, "reason": Field("text", "what is wrong with it")},
    ),
    "draft": Kind(
        "A change became a candidate that is worth a trial.",
        {"candidate": _CANDIDATE, "param": _PARAM, "change": _CHANGE},
    ),
    "joined": Kind(
        "Several changes were put together as one candidate.",
        {"candidate": _CANDIDATE, "drafts": Field("[text]", "keys of the candidates that it is made of")},
    ),
    "screened": Kind(
        "A candidate was run on the few train rows that its change speaks of.",
        {
            "candidate": _CANDIDATE,
            "delta": Field("number", "sum of the score differences to its parent"),
            "rows": Field("integer", "on how many rows; 0 where its change speaks of none that are known"),
            "broke": Field("[text]", "ids of rows that must not break and now fail"),
            "passed": Field("bool", "whether it may go on"),
        },
    ),
    "raced": Kind(
        "A candidate met a rival on selection rows, until it was plain which one is better.",
        {
            "candidate": _CANDIDATE,
            "against": Field("text", "key of the rival"),
            "delta": Field("number", "sum of the score differences over the rows"),
            "value": Field(
                "number", "with `prefer`: the same of scores less what it takes off, which decides", always=False
            ),
            "rows": Field("integer", "on how many rows both were run; 0 when the first look was broken off"),
            "accepted": Field("bool", "whether it won"),
        },
    ),
    "best": Kind(
        "A candidate beat the best one so far. Its mean is chosen among many, and so too good: only `ship_test` is evidence.",
        {
            "candidate": _CANDIDATE,
            "mean": Field("number", "mean score on the selection rows that it was run on"),
            "rows": Field("integer", "how many these are"),
            "values": Field("{any}", "the params that differ from the file, with their new values"),
            "hypothesis": Field("text", "the changes that stand in it, in words", always=False),
        },
    ),
    "rewarded": Kind(
        "A round is over: what its operator gained for what it cost decides on later turns.",
        {
            "operator": Field("text", "who had the turn"),
            "gain": Field("number", "rise of the best score, in rows"),
            "cost": Field("number", "calls of the target's models; the teacher's are counted at their price"),
        },
    ),
    "teacher_failed": Kind(
        "A round ended because the teacher gave no usable answer.",
        {"error": Field("text", "what went wrong")},
    ),
    "search_ended": Kind(
        "A search is over.",
        {
            "code": Field("text", f"which stop rule held: {', '.join(f'`{code}`' for code in CODES)}", always=False),
            "reason": Field("text", "the same in a sentence"),
            "rounds": Field("integer", "rounds done"),
            "best": Field("number", "mean of the best candidate on the selection rows that it was run on"),
            "runs": Field("integer", "runs of the target that were begun, cancelled ones too"),
        },
    ),
    "simplified": Kind(
        "A part of the best edit was left out, to see whether it carries its weight.",
        {
            "removed": Field("bool", "whether the edit stays without it"),
            "delta": Field(
                "number", "sum of the differences without it; with `prefer`, of scores less what that takes off"
            ),
            "candidate": _CANDIDATE,
        },
    ),
    "not_simplified": Kind("The budget did not suffice to try leaving out parts of the edit.", {}),
    "cheaper": Kind(
        "Parts of the text were left out that cost and do nothing.",
        {
            "ratio": Field("number", "what a run costs then, as a share of what it costs with the file's text"),
            "candidate": _CANDIDATE,
        },
    ),
    "chosen": Kind(
        "This candidate goes into the final test.",
        {
            "candidate": _CANDIDATE,
            "mean": Field("number", "its mean on the selection rows"),
            "incumbent": Field("number", "the mean of what the file holds now, on the same rows"),
            "values": Field("{any}", "the params that differ from the file, with their new values", always=False),
            "hypothesis": Field("text", "the changes that stand in it, in words", always=False),
        },
    ),
    "ship_test": Kind(
        "The final test, on rows that no decision of the search has seen.",
        {
            "n": Field("integer", "held-out rows that both sides answered"),
            "before": Field("number", "mean score of what the file holds now"),
            "after": Field("number", "mean score of the chosen candidate"),
            "p": Field("number", "one-sided p of the paired test"),
            "alpha": Field("number", "the level that p has to reach"),
        },
    ),
    "guarded": Kind(
        "The final test found something that got worse, which a better score does not excuse.",
        {"reasons": Field("[text]", "what got worse, in words")},
    ),
    "finished": Kind(
        "The run is over; always the last event.",
        {
            "kind": Field("text", "`proposal`, `hint`, `nothing` or `void`"),
            "reason": Field("text", "one sentence for a person"),
        },
    ),
}


def problems(kind: str, payload: Mapping[str, Any]) -> list[str]:
    """Where an event departs from the table; empty for one that keeps to it."""
    told = EVENTS.get(kind)
    if told is None:
        return [f"no event is called {kind}"]
    found = [f"{kind} has no field {name}" for name in payload if name not in told.fields]
    for name, field in told.fields.items():
        if payload.get(name) is None:
            found += [f"{kind}.{name} is missing"] if field.always else []
        elif not _is(payload[name], field.takes):
            found.append(f"{kind}.{name} is not {field.takes}: {payload[name]!r}")
    return found


def _is(value: Any, takes: str) -> bool:
    match takes[0], takes[1:-1]:
        case "[", item:
            return isinstance(value, list) and all(_is(one, item) for one in value)
        case "{", item:
            return isinstance(value, dict) and all(_is(one, item) for one in value.values())
    match takes:
        case "text":
            return isinstance(value, str)
        case "bool":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
    return takes == "any"
