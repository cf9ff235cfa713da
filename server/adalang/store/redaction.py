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
    r"(?:.*[-_])?(?:api[-_]?key|password|passwd|secret|authorization|access[-_]?token|private[-_]?key)", re.IGNORECASE
)
_VARIABLES = re.compile(r"(?:^|_)(?:API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|HEADERS)$", re.IGNORECASE)
_FIELD_MARKS = (
    "password", "passwd", "secret", "authorization", "api_key", "apikey", "api-key", "access_token", "accesstoken",
    "access-token", "private_key", "privatekey", "private-key",
)  # fmt: skip
_WORD = re.compile(r"[A-Za-z_]{1,40}")


class Redactor:
    """Hides secrets. What is learnt to be one is in nothing that is written; what only looks like one, or is named like one, in
    nothing that is shown."""

    def __init__(self) -> None:
        self._rules: tuple[re.Pattern[str], ...] = ()
        self._secrets: tuple[str, ...] = ()
        self._likely: tuple[str, ...] = ()
        """The secrets, and what is taken for one for its variable's name alone."""
        self._marks: tuple[str, ...] = _MARKS

    def rule(self, rules: Iterable[str]) -> None:
        """Hide what these regular expressions find, too; they have been checked to compile."""
        self._rules = tuple(re.compile(rule) for rule in rules)

    def learn(self, secrets: Iterable[str], likely: Iterable[str] = ()) -> None:
        """From now on these are hidden wherever they stand, longer ones first; the likely ones where something is shown."""
        found = {one for one in secrets if len(one) >= _SHORTEST}.union(self._secrets)
        guessed = found.union(self._likely, (one for one in likely if len(one) >= _SHORTEST))
        if len(found) > len(self._secrets) or len(guessed) > len(self._likely):
            self._secrets, self._likely = _longest_first(found), _longest_first(guessed)
            self._marks = (
                *_MARKS,
                *dict.fromkeys(as_written for one in self._likely for as_written in (one, _escaped(one))),
            )

    def known(self, text: str) -> str:
        """The text without the secrets that were learnt."""
        return _without(text, self._secrets)

    def text(self, text: str) -> str:
        """The text without secrets, keys, and what the rules name."""
        if not self.suspects(text):
            return text
        text = _KEYS.sub(HIDDEN, _without(text, self._likely))
        for rule in self._rules:
            text = rule.sub(HIDDEN, text)
        return text

    def suspects(self, text: str) -> bool:
        """Whether there may be something to hide in a text, or in a JSON text. Quick, for nearly always there is not."""
        return bool(self._rules) or any(map(text.__contains__, self._marks))


def _without(text: str, secrets: Iterable[str]) -> str:
    for one in secrets:
        if one in text:
            text = text.replace(one, HIDDEN)
    return text


def _longest_first(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(values, key=lambda value: (-len(value), value)))


def _escaped(value: str) -> str:
    """As it stands in JSON."""
    return json.dumps(value)[1:-1]


@lru_cache(maxsize=2048)
def names_secret(field: str) -> bool:
    """Whether a field of this name holds a secret whatever it looks like."""
    return _FIELDS.fullmatch(field) is not None


def is_secret_variable(name: str) -> bool:
    """Whether an environment variable of this name holds a secret."""
    return _VARIABLES.search(name) is not None


def may_name_secrets(text: str) -> bool:
    """Whether a JSON text may have a field that :func:`names_secret`."""
    text = text.lower()
    return any(mark in text for mark in _FIELD_MARKS)


def is_word(field: str) -> bool:
    """Whether a field's name is kept as it is: were `output` somebody's password, nothing kept could be read any more."""
    return _WORD.fullmatch(field) is not None
