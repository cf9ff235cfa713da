"""Text of others on a terminal: what would steer the terminal is shown, not obeyed."""

from __future__ import annotations

import re

# C0 without tab and line ends, DEL and C1; and the marks that turn the direction of what follows.
_STEERING = re.compile(r"\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """The text with each control character as its escape, such as ``\\x1b``; tabs and line ends stay."""
    return _STEERING.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text)
