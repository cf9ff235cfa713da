"""Values as JSON whose long texts are kept once for all runs, by the hash of their content.

In packed JSON a text that begins with NUL stands for the one that is kept under the rest of it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from adalang.store.redaction import HIDDEN, Redactor, is_word, may_name_secrets, names_secret

_MARK = "\0"
_LONG = 80
"""Characters from which a text is kept by itself."""
MOST = 100_000
"""Characters that are kept of one text; a trace is no place for a tool's log of 100 MB."""
_LONGEST_SECRET = 16_000
"""Characters. So many behind the end are looked at too: half a secret is not known for one."""


_FILE = re.compile(r"data:([\w.+/-]+)[^,\s]{0,100};base64,([A-Za-z0-9+/]{64,}={0,2})")
"""An image or a file, written out."""

_SCALARS = frozenset({int, float, bool, type(None)})


def packed(value: Any, redactor: Redactor) -> tuple[str, dict[str, str]]:
    """A value as packed JSON without secrets, and the texts that it stands for by their hashes; what is no JSON is told in words."""
    packer = _Packer(None)
    text = dumped(packer.pack(value))
    if (
        packer.has_cut
        or may_name_secrets(text)
        or redactor.suspects(text)
        or any(map(redactor.suspects, packer.texts.values()))
    ):
        packer = _Packer(redactor)
        text = dumped(packer.pack(value))
    return text, packer.texts


_ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), default=str)


def dumped(value: Any) -> str:
    """As JSON in ASCII, for a model's answer may hold lone surrogates, which SQLite's UTF-8 cannot."""
    return _ENCODER.encode(value)


class _Packer:
    """Sets long texts aside in ``texts``, and hides secrets if it is given who knows them."""

    def __init__(self, redactor: Redactor | None) -> None:
        self._redactor = redactor
        self.texts: dict[str, str] = {}
        self.has_cut = False

    def pack(self, value: Any) -> Any:
        kind = type(value)
        if kind is str:
            return self._text(value)
        if kind in _SCALARS:
            return value if self._redactor is None else _number(value, self._redactor)
        if isinstance(value, Mapping):
            return self._fields(value) if self._redactor is None else self._without_secrets(value, self._redactor)
        if isinstance(value, list | tuple | set | frozenset):
            return [self.pack(one) for one in value]
        return self._text(str(value))

    def _fields(self, fields: Mapping[Any, Any]) -> dict[str, Any]:
        # Most of what a trace holds are short fields: for those nothing of ours is called.
        told: dict[str, Any] = {}
        for name, one in fields.items():
            if type(name) is not str:
                name = str(name)
            kind = type(one)
            is_short = kind in _SCALARS or (kind is str and len(one) < _LONG and one[:1] != _MARK)
            told[name] = one if is_short else self.pack(one)
        return told

    def _without_secrets(self, fields: Mapping[Any, Any], redactor: Redactor) -> dict[str, Any]:
        told = ((str(name), one) for name, one in fields.items())
        return {
            name if is_word(name) else redactor.text(name): HIDDEN if _is_secret(name, one) else self.pack(one)
            for name, one in told
        }

    def _text(self, text: str) -> str:
        if len(text) >= _LONG and ";base64," in text:
            text = _FILE.sub(_told, text)
        if len(text) > MOST:
            self.has_cut = True
            text = f"{self._beginning(text)}\n… ({len(text) - MOST:,} characters more were not kept)"
        elif self._redactor is not None:
            text = self._redactor.text(text)
        if len(text) < _LONG and not text.startswith(_MARK):
            return text
        name = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
        self.texts[name] = text
        return _MARK + name

    def _beginning(self, text: str) -> str:
        looked_at = text[: MOST + _LONGEST_SECRET]
        told = looked_at if self._redactor is None else self._redactor.text(looked_at)
        return told[: MOST if looked_at == text else min(MOST, max(0, len(told) - _LONGEST_SECRET))]


def _told(file: re.Match[str]) -> str:
    """What is kept of a file: its kind, its size, and what tells whether it is the same as another."""
    kind, written = file.groups()
    try:
        data = base64.b64decode(written)
    except ValueError:
        data = written.encode()
    return f"({kind}, {len(data):,} bytes, sha256 {hashlib.sha256(data).hexdigest()})"


def without_secrets(value: Any, redactor: Redactor) -> str:
    """A value as JSON without what must not be shown."""
    text = dumped(value)
    return dumped(hidden(value, redactor)) if redactor.suspects(text) or may_name_secrets(text) else text


def hidden(value: Any, redactor: Redactor) -> Any:
    """A JSON value without what must not be shown: secrets, what looks like one, and fields that are named like one."""
    return _hidden(value, redactor, redactor.text, _is_secret)


def without_known(value: Any, redactor: Redactor) -> Any:
    """A JSON value without the secrets that were learnt, else as it is: for what is used again."""
    return _hidden(value, redactor, redactor.known, lambda name, value: False)


def _hidden(value: Any, redactor: Redactor, hide: Callable[[str], str], is_secret: Callable[[str, Any], bool]) -> Any:
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, Mapping):
        told = ((str(name), one) for name, one in value.items())
        return {
            name if is_word(name) else hide(name): HIDDEN
            if is_secret(name, one)
            else _hidden(one, redactor, hide, is_secret)
            for name, one in told
        }
    if isinstance(value, list | tuple):
        return [_hidden(one, redactor, hide, is_secret) for one in value]
    return _number(value, redactor)


def _is_secret(name: str, value: Any) -> bool:
    return bool(value) and value is not True and names_secret(name)


def _number(value: Any, redactor: Redactor) -> Any:
    """A number, or what stands for it where just that is a secret."""
    return HIDDEN if redactor.known(str(value)) == HIDDEN else value


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
