"""What stands behind a tool's `=`, with its options' values and its settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adalang.language.declarations import (
    CallExpression,
    Constant,
    Expression,
    ListExpression,
    ObjectExpression,
    Text,
    ToolDeclaration,
    dotted,
    setting,
    walk,
)
from adalang.language.models import provider_key_variables
from adalang.language.program import Entity, Program
from adalang.runtime.failures import BugFailure
from adalang.store.redaction import is_secret_variable

SECONDS, MEGABYTES = 60.0, 4096
"""How long a call of a tool may take, and how much address space a Python function's process, unless the file says."""

_LOGINS = frozenset(
    {"AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AZURE_CLIENT_CERTIFICATE_PATH"}
)
"""What logs in somewhere, and is not named like a secret."""


@dataclass(frozen=True, slots=True)
class ToolSource:
    """``kind`` is "python", "mcp" or "http", ``where`` the text in its parentheses. ``secrets`` are the values of `env(…)`
    among the options: nobody may be shown them."""

    kind: str
    where: str
    folder: Path
    options: Mapping[str, Any] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    seconds: float = SECONDS
    megabytes: int = MEGABYTES

    def hidden(self, text: str) -> str:
        """The text without the secrets."""
        for one in self.secrets:
            text = text.replace(one, "…")
        return text


def tool_source(entity: Entity, environment: Mapping[str, str]) -> ToolSource:
    """Read a tool's declaration.

    Raises:
        BugFailure: it names no tool, or a variable that is not set.
    """
    declaration = entity.declaration
    assert isinstance(declaration, ToolDeclaration)
    value = declaration.value
    first = value.arguments[0].value if isinstance(value, CallExpression) and value.arguments else None
    if not isinstance(value, CallExpression) or not isinstance(first, Text):
        raise BugFailure(f'`{entity.id}` is no tool yet: write python("file.py:function"), mcp("…") or http("…")')
    secrets: list[str] = []
    options = {
        one.name.text: _value(entity, one.value, environment, secrets)
        for one in value.arguments[1:]
        if one.name is not None
    }
    return ToolSource(
        dotted(value.function) or "",
        first.value,
        entity.module.path.parent,
        options,
        tuple(secrets),
        float(_number(declaration, "timeout", SECONDS)),
        int(_number(declaration, "memory", MEGABYTES)),
    )


def has_effects(entity: Entity) -> bool:
    """Whether a tool changes something outside. Anything but a plain ``false`` counts as a yes."""
    return _may_be(entity, "effects")


def is_repeatable(entity: Entity) -> bool:
    """Whether a call that may have been made already can be made again without harm."""
    return not has_effects(entity) and not _may_be(entity, "approve")


def _may_be(entity: Entity, name: str) -> bool:
    found = setting(entity.declaration.settings, name)  # type: ignore[union-attr]
    return found is not None and not (isinstance(found.value, Constant) and found.value.value is False)


def python_environment(program: Program, source: ToolSource, environment: Mapping[str, str]) -> dict[str, str]:
    """What a tool's process sees of the environment: all but what is named like a secret and what the program's models read,
    unless its ``env`` names it."""
    withheld = provider_key_variables() | set(_model_variables(program)) | _LOGINS
    own = {str(name): str(value) for name, value in (source.options.get("env") or {}).items()}
    seen = {name: value for name, value in environment.items() if name not in withheld and not is_secret_variable(name)}
    return seen | own


def _model_variables(program: Program) -> Iterator[str]:
    """The variables that the program's models read."""
    for model in program.entities("model"):
        for written in (model.value, *(one.value for one in model.declaration.settings)):  # type: ignore[union-attr]
            for part in walk(written) if written is not None else ():
                if isinstance(part, CallExpression) and dotted(part.function) == "env" and part.arguments:
                    name = part.arguments[0].value
                    if isinstance(name, Text):
                        yield name.value


def _value(entity: Entity, expression: Expression, environment: Mapping[str, str], secrets: list[str]) -> Any:
    match expression:
        case Text(value=value) | Constant(value=value):
            return value
        case ListExpression(items=items):
            return [_value(entity, one, environment, secrets) for one in items]
        case ObjectExpression(pairs=pairs):
            return {pair.name.text: _value(entity, pair.value, environment, secrets) for pair in pairs}
        case CallExpression(arguments=arguments) if dotted(expression.function) == "env" and arguments:
            name = arguments[0].value.value if isinstance(arguments[0].value, Text) else ""
            found = environment.get(str(name))
            if not found:
                raise BugFailure(f"`{entity.id}` needs the environment variable {name}, which is not set")
            secrets.append(found)
            return found
        case _:
            raise BugFailure(f"`{entity.id}` has an option without a value before a run")


def _number(declaration: ToolDeclaration, name: str, default: float) -> float:
    found = setting(declaration.settings, name)
    value = found.value.value if found is not None and isinstance(found.value, Constant) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else default
