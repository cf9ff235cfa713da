"""The secrets that a program can get at: nothing that shows its runs may show them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from adalang.language.declarations import CallExpression, Name, Text, ToolDeclaration, dotted
from adalang.language.models import provider_key_variables
from adalang.language.program import Program
from adalang.store.redaction import is_secret_variable, names_secret

_ADDRESS = re.compile(r"[a-z]+://[^@\s]*")
_LEAST = 8
"""Characters of a variable that is a secret for its name alone, and of a part of one."""


def secrets_of(program: Program, environment: Mapping[str, str]) -> set[str]:
    """The values of ``env("…")`` that log a model or a tool in, and the keys of model providers.

    An address is none, unless it holds a password: traces that hide `localhost` would tell less and protect nothing.
    """
    keys = {name for name in provider_key_variables() if is_secret_variable(name)}
    asked = {
        name for module in program.modules.values() for name in _asked_for([item.declaration for item in module.items])
    }
    return _values(keys | asked, environment)


def likely_secrets(environment: Mapping[str, str]) -> set[str]:
    """The values of the variables that are named like secrets, whoever uses them."""
    return _values(
        {name for name, value in environment.items() if is_secret_variable(name) and len(value) >= _LEAST}, environment
    )


def _values(names: set[str], environment: Mapping[str, str]) -> set[str]:
    values = {environment[name] for name in names if name in environment}
    # Of "Bearer abc" and "authorization=abc" also "abc" alone.
    parts = {part for value in values for part in re.split(r"[ ,=]", value) if len(part) >= _LEAST}
    return {value for value in values | parts if not _ADDRESS.fullmatch(value)}


def _asked_for(tree: Any) -> Iterator[str]:
    """The names in calls of ``env`` in a syntax tree, where they are among a tool's options or set a key, headers or a password."""
    waiting = [(tree, False)]
    while waiting:
        one, secret = waiting.pop()
        if isinstance(one, Mapping):
            waiting += [(each, secret) for each in one.values()]
        elif isinstance(one, list | tuple):
            waiting += [(each, secret) for each in one]
        elif is_dataclass(one):
            name = getattr(one, "name", None)
            named = name.text if isinstance(name, Name) else ""
            secret = secret or isinstance(one, ToolDeclaration) or named == "headers" or names_secret(named)
            if secret and isinstance(one, CallExpression) and dotted(one.function) == "env":
                yield from (each.value.value for each in one.arguments if isinstance(each.value, Text))
            waiting += [(getattr(one, each.name), secret) for each in fields(one)]
