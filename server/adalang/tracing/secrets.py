"""The secrets that a program can get at: nothing that shows its runs may show them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from adalang.language.declarations import CallExpression, Text, dotted
from adalang.language.program import Program

_SECRET_NAME = re.compile(r"(?:^|_)(?:API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|HEADERS)$")
_ADDRESS = re.compile(r"[a-z]+://[^@\s]*")
_LEAST = 8
"""Characters of a variable that is a secret for its name alone."""


def secrets_of(program: Program, environment: Mapping[str, str]) -> set[str]:
    """The values of ``env("…")`` in the program, and of every variable that is named like a secret.

    An address is none, unless it holds a password: traces that hide `localhost` would tell less and protect nothing.
    """
    named = {name for name in environment if _SECRET_NAME.search(name.upper()) and len(environment[name]) >= _LEAST}
    asked = {
        name for module in program.modules.values() for name in _asked_for([item.declaration for item in module.items])
    }
    values = {environment[name] for name in named | asked if name in environment}
    # Of "Bearer abc" and "authorization=abc" also "abc" alone.
    parts = {part for value in values for part in re.split(r"[ ,=]", value) if len(part) >= _LEAST}
    return {value for value in values | parts if not _ADDRESS.fullmatch(value)}


def _asked_for(value: Any) -> Iterator[str]:
    """The names in calls of ``env``, anywhere in a syntax tree."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, CallExpression) and dotted(one.function) == "env":
            yield from (each.value.value for each in one.arguments if isinstance(each.value, Text))
        elif isinstance(one, Mapping):
            waiting.extend(one.values())
        elif isinstance(one, list | tuple):
            waiting.extend(one)
        if is_dataclass(one):
            waiting.extend(getattr(one, each.name) for each in fields(one))
