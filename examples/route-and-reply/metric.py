"""The desk's metric: one third each for the topic, for the urgency, and for the fact that the reply must hold."""

from typing import Any


def score(output: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """A score from 0 to 1, with the reason that an optimizer can learn from."""
    problems = [
        f"{field} should be {expected[field]!r}, not {output[field]!r}"
        for field in ("topic", "urgent")
        if output[field] != expected[field]
    ]
    if expected["says"].casefold() not in output["text"].casefold():
        problems.append(f"the reply does not say {expected['says']!r}")
    return {"score": 1 - len(problems) / 3, "reason": "; ".join(problems) or "all three are right"}
