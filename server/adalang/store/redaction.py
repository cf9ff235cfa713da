"""What must not be written down or shown: known secrets, whatever looks like a key, and what the workspace's rules name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache

HIDDEN = "[redacted]"
_SHORTEST = 6
"""A shorter secret is a word like any other: to hide it would hide those too."""

_KEYS = re.compile(
    r"\b(?:sk|rk|pk)-[A-Za-z0-9_-]{16,}|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[oprsu]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{30,}"
    r"|\bglpat-[\w-]{20,}|\bxox[abeoprs]-[\w-]{10,}|\bAIza[\w-]{35}|\bhf_[A-Za-z0-9]{30,}"
    r"|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+"
    r"|(?<=earer )[\w.~+/-]{16,}=*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)",
    re.DOTALL,
)
_MARKS = (
    "sk-", "rk-", "pk-", "AKIA", "ASIA", "ghp_", "gho_", "ghr_", "ghs_", "ghu_", "github_pat_", "glpat-", "xox", "AIza", "hf_",
    "eyJ", "earer ", "PRIVATE KEY", "://",
)  # fmt: skip
"""A text without any of them holds no key. To look for them is far quicker than the expression."""
_FIELDS = re.compile(
    r"(?:.*[-_])?(?:api_?key|password|passwd|secret|authorization|access_?token|private_?key)", re.IGNORECASE
)


class Redactor:
    """Hides secrets in texts."""

    def __init__(self) -> None:
        self._rules: tuple[re.Pattern[str], ...] = ()
        self._values: tuple[str, ...] = ()
        self._escaped: tuple[str, ...] = ()
        """The same as they stand in JSON."""

    def rule(self, rules: Iterable[str]) -> None:
        """Hide what these regular expressions find, too; they have been checked to compile."""
        self._rules = tuple(re.compile(rule) for rule in rules)

    def learn(self, values: Iterable[str]) -> None:
        """From now on these texts are hidden wherever they stand, longer ones first."""
        known = {value for value in values if len(value) >= _SHORTEST}.union(self._values)
        if len(known) > len(self._values):
            self._values = tuple(sorted(known, key=lambda value: (-len(value), value)))
            self._escaped = tuple(dict.fromkeys(json.dumps(value)[1:-1] for value in self._values))

    def known(self, text: str) -> str:
        """The text without the secrets that were learnt."""
        for value in self._values:
            if value in text:
                text = text.replace(value, HIDDEN)
        return text

    def json(self, text: str) -> str:
        """:meth:`known` of a JSON text, which stays JSON."""
        for value in self._escaped:
            if value in text:
                text = text.replace(value, HIDDEN)
        return text

    def suspects(self, text: str) -> bool:
        """Whether there may be something to hide in a text, or in a JSON text. Quick, for nearly always there is not."""
        if self._rules:
            return True
        for mark in _MARKS:
            if mark in text:
                return True
        return any(value in text for value in self._values) or any(value in text for value in self._escaped)

    def text(self, text: str) -> str:
        """The text without secrets, keys, and what the rules name."""
        if not self.suspects(text):
            return text
        text = _KEYS.sub(HIDDEN, self.known(text))
        for rule in self._rules:
            text = rule.sub(HIDDEN, text)
        return text


@lru_cache(maxsize=2048)
def names_secret(field: str) -> bool:
    """Whether a field of this name holds a secret whatever it looks like."""
    return _FIELDS.fullmatch(field) is not None
