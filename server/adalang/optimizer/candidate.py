"""A candidate: one setting of everything that the optimizer may change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Demo = Mapping[str, Any]
"""One few-shot example: the prompt's inputs by name, `output`, and `reasoning` when the prompt asks for it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a choice param's options, by its name."""

    option: str

    def __str__(self) -> str:
        return self.option


Value = str | tuple[Demo, ...] | Choice
"""A text param's text, a demos param's examples in their order, or the option that a choice param has."""


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
        """A text param's value. Raises TypeError for another kind of param."""
        value = self.values[param]
        if not isinstance(value, str):
            raise TypeError(f"{param} holds no text")
        return value

    def demos(self, param: str) -> tuple[Demo, ...]:
        """A demos param's examples. Raises TypeError for another kind of param."""
        value = self.values[param]
        if not isinstance(value, tuple):
            raise TypeError(f"{param} holds no examples")
        return value

    def option(self, param: str) -> str:
        """The option that a choice param has. Raises TypeError for another kind of param."""
        value = self.values[param]
        if not isinstance(value, Choice):
            raise TypeError(f"{param} is no choice")
        return value.option

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
