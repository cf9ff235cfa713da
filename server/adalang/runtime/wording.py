"""Words that several messages share."""

from __future__ import annotations


def article(kind: str) -> str:
    """The word with its article."""
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
