"""Texts inside Markdown."""

from __future__ import annotations

import re

_BACKTICKS = re.compile("`+")


def fenced(text: str, language: str = "text") -> str:
    """A text between fences that are longer than any run of backticks in it."""
    fence = "`" * max(3, 1 + max((len(run) for run in _BACKTICKS.findall(text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"
