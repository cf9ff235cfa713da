"""Values as JSON whose long texts are kept once for all runs, by the hash of their content.

In packed JSON a text that begins with NUL stands for the one that is kept under the rest of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from adalang.store.redaction import HIDDEN, Redactor

_MARK = "\0"
_LONG = 80
"""Characters from which a text is kept by itself."""
MOST = 100_000
"""Characters that are kept of one text; a trace is no place for a tool's log of 100 MB."""


class Packer:
    """Packs plain values: secrets hidden, long texts set aside in ``texts`` by hash."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self.texts: dict[str, str] = {}

    def pack(self, value: Any) -> Any:
        """The value as JSON; what is none is told in words."""
        if isinstance(value, str):
            return self._text(value)
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {str(name): self._field(str(name), one) for name, one in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.pack(one) for one in value]
        return self._text(str(value))

    def _field(self, name: str, value: Any) -> Any:
        if isinstance(value, str) and value and self._redactor.hides_field(name):
            return HIDDEN
        return self.pack(value)

    def _text(self, text: str) -> str:
        if len(text) > MOST:
            text = f"{text[:MOST]}\n… ({len(text) - MOST:,} characters more were not kept)"
        text = self._redactor.text(text)
        if len(text) < _LONG and not text.startswith(_MARK):
            return text
        name = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
        self.texts[name] = text
        return _MARK + name


def hidden(value: Any, redactor: Redactor) -> Any:
    """A JSON value with the secrets in its texts hidden."""
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, Mapping):
        return {name: hidden(one, redactor) for name, one in value.items()}
    return [hidden(one, redactor) for one in value] if isinstance(value, list | tuple) else value


def names_in(value: Any) -> set[str]:
    """The hashes of the texts that a packed value stands for."""
    if isinstance(value, str):
        return {value[1:]} if value.startswith(_MARK) else set()
    if isinstance(value, dict):
        return set().union(*map(names_in, value.values()))
    return set().union(*map(names_in, value)) if isinstance(value, list) else set()


def unpacked(value: Any, text: Callable[[str], str]) -> Any:
    """The value again; ``text`` gives a text by its hash."""
    if isinstance(value, str):
        return text(value[1:]) if value.startswith(_MARK) else value
    if isinstance(value, dict):
        return {name: unpacked(one, text) for name, one in value.items()}
    return [unpacked(one, text) for one in value] if isinstance(value, list) else value
