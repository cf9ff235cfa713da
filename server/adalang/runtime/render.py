"""From a prompt's templates to messages. Roles are fixed before anything is put in, so no value can forge one."""

from __future__ import annotations

import base64
import mimetypes
import re
import secrets
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Template, TemplateError

from adalang.language.sandbox import LONGEST_TEXT
from adalang.language.templates import environment, without_control_lines
from adalang.runtime.failures import BugFailure
from adalang.runtime.models.types import ImagePart, Part, TextPart

_MARKUP = ("{{", "{%", "{#", "\r")


@lru_cache(maxsize=2048)
def _compiled(text: str) -> Template | None:
    """The template; None for a text without any markup, which renders to itself."""
    if not any(sign in text for sign in _MARKUP) and len(text) <= LONGEST_TEXT:
        return None
    return environment().from_string(without_control_lines(text))


def render(text: str, values: Mapping[str, Any], *, where: str, folder: Path | None = None) -> str | tuple[Part, ...]:
    """Render a message's template; ``image(…)`` makes it a message of several parts.

    Raises:
        BugFailure: a name is undefined, or Jinja refuses; the message says where and why.
    """
    marker = ""
    images: list[str] = []

    def image(source: Any) -> str:
        nonlocal marker
        marker = marker or secrets.token_hex(12)
        images.append(_image_url(str(source), folder, where))
        return f"{marker}:{len(images) - 1};"

    try:
        template = _compiled(text)
        if template is None:
            return text
        pieces: list[str] = []
        size = 0
        for piece in template.generate({**values, "image": image}):
            size += len(piece)
            if size > LONGEST_TEXT:
                raise BugFailure(f"{where}: the text grows beyond {LONGEST_TEXT:,} characters")
            pieces.append(piece)
    except TemplateError as error:
        raise BugFailure(f"{where}: the template cannot be rendered: {error.message or error}") from error
    except (TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
        raise BugFailure(f"{where}: the template cannot be rendered: {error}") from error
    rendered = "".join(pieces)
    return _parts(rendered, marker, images) if images else rendered


def _parts(rendered: str, marker: str, images: list[str]) -> tuple[Part, ...]:
    parts: list[Part] = []
    for index, piece in enumerate(re.split(rf"{marker}:(\d+);", rendered)):
        if index % 2:
            parts.append(ImagePart(images[int(piece)]))
        elif piece.strip():
            parts.append(TextPart(piece))
    return tuple(parts)


def _image_url(source: str, folder: Path | None, where: str) -> str:
    if source.startswith(("http://", "https://", "data:")):
        return source
    path = (folder or Path.cwd()) / source
    if path.exists() and not path.is_file():  # a device or a pipe may never end
        raise BugFailure(f"{where}: the image {source!r} is no file")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BugFailure(f"{where}: the image {source!r} cannot be read: {error.strerror}") from error
    kind = mimetypes.guess_type(path.name)[0] or "image/png"
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
