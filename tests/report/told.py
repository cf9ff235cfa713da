"""Events of runs that the tests write down themselves, for what a small real run does not show."""

from __future__ import annotations

from typing import Any

from adalang.optimizer.events import RunEvent
from adalang.optimizer.vocabulary import EVENTS, problems
from adalang.runtime.models.types import Usage


def told(*steps: tuple[str, dict[str, Any]], calls: int = 10, usd: float = 0.01) -> list[RunEvent]:
    """Events of these kinds and payloads, each after ``calls`` further calls; those that Adalang knows keep to the vocabulary."""
    events = []
    for seq, (kind, payload) in enumerate(steps, start=1):
        assert kind not in EVENTS or problems(kind, payload) == []
        spent = Usage(calls=calls * seq, input_tokens=100 * seq, usd=usd * seq)
        events.append(RunEvent(seq, kind, payload, spent, time=1_000_000.0 + seq))
    return events


STARTED = {
    "mode": "full",
    "seed": 0,
    "incumbent": "file0000file",
    "estimate": ["About 900 runs."],
    "expected": {"runs": 900, "task_calls": 900, "teacher_calls": 40, "reserve": 100},
}
TWO_PROMPTS = told(
    ("started", STARTED),
    (
        "round",
        {
            "nth": 1,
            "operator": "edit_text",
            "parent": "file0000file",
            "batch": ["r1", "r2", "r3", "r4"],
            "failing": ["r1", "r2"],
        },
    ),
    (
        "feedback",
        {
            "blame": {"answer.rules": 0.5, "extract.rules": 1.5},
            "target": "extract.rules",
            "targets": ["extract.rules"],
            "notes": [
                {"param": "extract.rules", "row": "r1", "text": "The date\nis <missing>.", "blame": 1.0, "call": 0},
                {"param": "extract.rules", "row": "r2", "text": "It kept the greeting.", "blame": 0.5, "call": 0},
                {"param": "answer.rules", "row": "r2", "text": "It guessed.", "blame": 0.5, "call": 1},
            ],
        },
    ),
    (
        "hypotheses",
        {
            "param": "extract.rules",
            "hypotheses": [
                ["Dates are skipped.", "Say that dates are kept."],
                ["It is not told to be brief.", "Say: be brief."],
                ["Greetings stay.", "Say that greetings go."],
                ["It copies.", "Copy the example."],
            ],
        },
    ),
    ("gated", {"param": "extract.rules", "change": "Copy the example.", "reason": "it copies a row of the data"}),
    ("draft", {"candidate": "cand1", "param": "extract.rules", "change": "Say that dates are kept."}),
    ("draft", {"candidate": "cand2", "param": "extract.rules", "change": "Say: be brief."}),
    ("draft", {"candidate": "cand3", "param": "extract.rules", "change": "Say that greetings go."}),
    ("a_kind_of_a_later_version", {"candidate": "cand1"}),
    ("joined", {"candidate": "all", "drafts": ["cand1", "cand2", "cand3"]}),
    ("screened", {"candidate": "all", "delta": 0.0, "rows": 2, "broke": [], "passed": False}),
    ("screened", {"candidate": "cand1", "delta": 2.0, "rows": 2, "broke": [], "passed": True}),
    ("screened", {"candidate": "cand2", "delta": 1.0, "rows": 2, "broke": ["r4"], "passed": False}),
    ("screened", {"candidate": "cand3", "delta": 1.0, "rows": 1, "broke": [], "passed": True}),
    ("raced", {"candidate": "cand1", "against": "file0000file", "delta": 2.0, "rows": 8, "accepted": True}),
    ("best", {"candidate": "cand1", "mean": 0.75, "rows": 8, "values": {"extract.rules": "Keep dates.\n<b>"}}),
    ("joined", {"candidate": "onTop", "drafts": ["cand1", "cand3"]}),
    ("raced", {"candidate": "onTop", "against": "cand1", "delta": -1.0, "rows": 0, "accepted": False}),
    ("round", {"nth": 2, "operator": "edit_text", "parent": "cand1", "batch": ["r5"], "failing": ["r5"]}),
    ("teacher_failed", {"error": "the answer is no JSON"}),
    ("search_ended", {"reason": "2 rounds are done", "rounds": 2, "best": 0.75, "runs": 60}),
)
