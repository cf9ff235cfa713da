"""What `explain` says of a proposal: everything, cut where it is long, and never more than it knows."""

from __future__ import annotations

from adalang.engine.explanation import explanation
from adalang.store.records import Change, Evidence, Proposal


def proposal(evidence: Evidence) -> Proposal:
    change = Change("classify.instruction", "text", "Old ``` text", "New")
    return Proposal.new(run_id="r", file="a.adal", eval="e", fingerprint="f", changes=(change,), evidence=evidence)


def example(text: str, **inputs: str) -> dict[str, object]:
    return {"row": "r", "inputs": {"text": text, **inputs}, "expected": "a", "before": "b", "after": {"label": "a"}}


def test_examples_stand_in_a_table_with_their_number_and_are_cut() -> None:
    evidence = Evidence(
        verified=True,
        holdout_n=100,
        before=0.4,
        after=0.6,
        low=0.1,
        high=0.3,
        p=0.001,
        alpha=0.03,
        mended=24,
        broken=4,
        calls_spent=321,
        usd_spent=1.5,
        hypothesis="Say it | plainly.",
        mended_examples=(example("x" * 500), example("a | b\nc *d*", tone="kind")),
        broken_examples=(example("short"),),
    )
    text = explanation(proposal(evidence), None)
    for part in (
        "**Hypothesis.** Say it | plainly.",
        "[+10, +30] points",
        "| price of the search | 321 calls, 1.50 USD |",
        "| examples mended / broken | 24 / 4 |",
        "## Examples mended: 2 of 24",
        f"| {'x' * 199}… | a | b | a |",
        r'| {"text": "a \| b\\nc \*d\*", "tone": "kind"} | a | b | a |',
        "## Examples broken: 1 of 4",
        "````text\nOld ``` text\n````",
    ):
        assert part in text, (part, text)


def test_a_hint_without_a_test_shows_no_tables_of_examples() -> None:
    text = explanation(proposal(Evidence()), None)
    assert "none: not tested" in text and "## Examples" not in text
