"""Words that several messages share."""

from __future__ import annotations

SAID_NOTHING = "(no answer)"
"""For an assistant's turn without a text: some providers take no empty one."""


def article(kind: str) -> str:
    """The word with its article."""
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
