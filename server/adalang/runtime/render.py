"""From a prompt's templates to messages. Roles are fixed before anything is put in, so no value can forge one."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Template, TemplateError

from adalang.language.sandbox import LONGEST_TEXT
from adalang.language.templates import environment, without_control_lines
from adalang.runtime.attachments import PARTS, Attach
from adalang.runtime.failures import BugFailure
from adalang.runtime.models.types import Part, TextPart

_MARKUP = ("{{", "{%", "{#", "\r")


@lru_cache(maxsize=2048)
def _compiled(text: str) -> Template | None:
    """The template; None for a text without any markup, which renders to itself."""
    if not any(sign in text for sign in _MARKUP) and len(text) <= LONGEST_TEXT:
        return None
    return environment().from_string(without_control_lines(text))


def render(
    text: str, values: Mapping[str, Any], *, where: str, folder: Path | None = None, within: Sequence[Path] = ()
) -> str | tuple[Part, ...]:
    """Render a message's template; ``image(…)`` and ``file(…)`` make it a message of several parts. Their paths start at ``folder``;
    one that the template does not write out itself has to be in the workspace, or ``within`` these folders.

    Raises:
        BugFailure: a name is undefined, or Jinja refuses; the message says where and why.
    """
    marker = ""
    found: list[Part] = []

    def function(part: Attach) -> Callable[[object], str]:
        def placed(source: object) -> str:
            nonlocal marker
            marker = marker or secrets.token_hex(12)
            is_own = f'"{source}"' in text or f"'{source}'" in text
            found.append(part(source, folder or Path.cwd(), where, None if is_own else within))
            return f"{marker}:{len(found) - 1};"

        return placed

    try:
        template = _compiled(text)
        if template is None:
            return text
        pieces: list[str] = []
        size = 0
        for piece in template.generate({**values, **{name: function(part) for name, part in PARTS.items()}}):
            size += len(piece)
            if size > LONGEST_TEXT:
                raise BugFailure(f"{where}: the text grows beyond {LONGEST_TEXT:,} characters")
            pieces.append(piece)
    except TemplateError as error:
        raise BugFailure(f"{where}: the template cannot be rendered: {error.message or error}") from error
    except (TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
        raise BugFailure(f"{where}: the template cannot be rendered: {error}") from error
    rendered = "".join(pieces)
    return _parts(rendered, marker, found) if found else rendered


def _parts(rendered: str, marker: str, found: list[Part]) -> tuple[Part, ...]:
    parts: list[Part] = []
    for index, piece in enumerate(re.split(rf"{marker}:(\d+);", rendered)):
        if index % 2:
            parts.append(found[int(piece)])
        elif piece.strip():
            parts.append(TextPart(piece))
    return tuple(parts)
