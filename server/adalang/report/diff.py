"""What a text has too much and too little, word by word."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

from markupsafe import Markup, escape

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_MOST_WORDS = 1_000
"""Longer texts stand side by side as they are: comparing them would take seconds."""
_LONGEST = 6_000
"""Characters of one value that a page shows."""


def as_text(value: Any) -> str:
    """A value as a person reads it: texts as they are, all else as JSON with lines of its own."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text) - _LONGEST:,} more characters)"


def inputs_text(inputs: Mapping[str, Any]) -> str:
    """A single text as it is; several inputs by their names."""
    values = list(inputs.values())
    return as_text(values[0] if len(values) == 1 and isinstance(values[0], str) else dict(inputs))


def word_diff(before: Any, after: Any) -> Markup:
    """``after`` with what it has too much as ``<ins>``, and what it lacks of ``before`` as ``<del>``."""
    first, second = as_text(before), as_text(after)
    if first == second:
        return escape(second)
    ours, theirs = _WORDS.findall(first), _WORDS.findall(second)
    if max(len(ours), len(theirs)) > _MOST_WORDS or not ours or not theirs:
        return _marked("del", first) + _marked("ins", second)
    parts = []
    for operation, start, end, start_after, end_after in SequenceMatcher(
        None, ours, theirs, autojunk=False
    ).get_opcodes():
        if operation == "equal":
            parts.append(escape("".join(theirs[start_after:end_after])))
        else:
            parts.append(
                _marked("del", "".join(ours[start:end])) + _marked("ins", "".join(theirs[start_after:end_after]))
            )
    return Markup().join(parts)


def _marked(tag: str, text: str) -> Markup:
    return Markup("<{}>{}</{}>").format(Markup(tag), text, Markup(tag)) if text else Markup()
