"""A candidate: one setting of everything that the optimizer may change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Demo = Mapping[str, Any]
"""One few-shot example: the prompt's inputs by name, `output`, and `reasoning` when the prompt asks for it."""

Value = str | tuple[Demo, ...]
"""A text param's text, or a demos param's examples in their order."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Values by param id (`classify.instruction`). Equal values make equal candidates, whatever way they came."""

    values: Mapping[str, Value]
    key: str = field(init=False)
    """20 hex digits that name the values."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", dict(sorted(self.values.items())))
        object.__setattr__(self, "key", _key(self.values))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Candidate) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def text(self, param: str) -> str:
        """A text param's value. Raises TypeError for a demos param."""
        value = self.values[param]
        if not isinstance(value, str):
            raise TypeError(f"{param} holds examples, not a text")
        return value

    def demos(self, param: str) -> tuple[Demo, ...]:
        """A demos param's examples. Raises TypeError for a text param."""
        value = self.values[param]
        if isinstance(value, str):
            raise TypeError(f"{param} holds a text, not examples")
        return value

    def with_value(self, param: str, value: Value) -> Candidate:
        return Candidate({**self.values, param: value})

    def changed(self, since: Candidate) -> Sequence[str]:
        """The ids of the params whose values differ from those of `since`."""
        return [param for param, value in self.values.items() if value != since.values[param]]

    def changes(self, since: Candidate) -> Mapping[str, Value]:
        """The values that differ from those of `since`, by param id."""
        return {param: self.values[param] for param in self.changed(since)}


def _key(values: Mapping[str, Value]) -> str:
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]
