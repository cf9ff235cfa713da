"""What a text is indexed by: its words without endings; scripts without spaces by single letters and pairs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from adalang.runtime.models.wording import FUNCTION_WORDS, stem

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_ENDINGS = (
    "ization",
    "ational",
    "fulness",
    "ations",
    "ation",
    "ments",
    "ingly",
    "edly",
    "ment",
    "ness",
    "ings",
    "ing",
    "ed",
    "ly",
)
_LONGEST = 64


def terms(text: str) -> list[str]:
    """The terms of a text in their order, each as often as it stands there."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    found: list[str] = []
    for word in _WORD.findall(plain):
        if word.isascii() or not _UNSPACED.search(word):
            found.append(_term(word))
        else:
            found.extend(_unspaced(word))
    return found


def asked(text: str) -> list[str]:
    """The terms of a query, each once; words that stand in every text are left out where others remain."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    kept = " ".join(word for word in _WORD.findall(plain) if word not in FUNCTION_WORDS)
    return list(dict.fromkeys(terms(kept) or terms(text)))


@lru_cache(maxsize=1 << 17)
def _term(word: str) -> str:
    word = word.replace("’", "'").removesuffix("'s")[:_LONGEST]
    if not word.isascii() or not word.isalpha():
        return word
    word = stem(word)
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word[: -len(ending)]
            # "running" and "run", "stopped" and "stop"
            if ending in ("ing", "ed") and word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            break
    return word.removesuffix("e") if len(word) > 4 else word


def _unspaced(word: str) -> Iterator[str]:
    """Letters and pairs of neighbours; runs of other scripts inside stay whole."""
    run = ""
    before = ""
    for letter in word:
        if _UNSPACED.match(letter):
            if run:
                yield _term(run)
                run = ""
            yield letter
            if before:
                yield before + letter
            before = letter
        else:
            run += letter
            before = ""
    if run:
        yield _term(run)
