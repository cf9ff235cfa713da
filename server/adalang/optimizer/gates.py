"""Static gates: what can be said against a proposed value without a single call. Each answers with the reason, or None."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from adalang.evaluation.splits import overlap
from adalang.language.data import Row
from adalang.optimizer.candidate import Demo
from adalang.optimizer.task import Example

COPIED_WORDS = 8
_LEAST_ROOM, _GROWTH = 4000, 3
_ARTICLES = frozenset({"a", "an", "the", "please"})
_WORD = re.compile(r"\w+")


def refuse_text(
    before: str,
    after: str,
    *,
    tried: Iterable[str],
    data: Collection[str],
    words: Iterable[str],
    most: int | None = None,
) -> str | None:
    """Why a new text may not be tried, or None.

    `tried`: texts of this run; `data`: `copied_from` of the rows; `words`: names that must stay once they are in;
    `most`: the longest text in characters.
    """
    if not after.strip():
        return "the text would be empty"
    if after == before:
        return "nothing would change"
    cap = most if most is not None else max(_LEAST_ROOM, _GROWTH * len(before))
    if len(after) > cap:
        return f"{len(after)} characters are more than the {cap} allowed"
    if lost := [word for word in words if _holds(before, word) and not _holds(after, word)]:
        return f"the text would lose {', '.join(lost)}"
    if any(sketch(after) == sketch(text) for text in tried):
        return "it has been tried"
    there_before = frozenset(runs_of_words(before))
    if copied := next((run for run in runs_of_words(after) if run in data and run not in there_before), None):
        return f'it copies "{copied}" from the data'
    return None


def refuse_demos(
    before: Sequence[Demo], after: Sequence[Demo], *, tried: Iterable[Sequence[Demo]], most: int
) -> str | None:
    """Why new examples may not be tried, or None. That they come from train rows alone is `outside_training`'s matter."""
    if not after:
        return "there would be no examples"
    if list(after) == list(before):
        return "nothing would change"
    if len(after) > most:
        return f"{len(after)} examples are more than the {most} allowed"
    if len({_canonical(demo) for demo in after}) < len(after):
        return "an example stands there twice"
    if any(list(after) == list(demos) for demos in tried):
        return "it has been tried"
    return None


def outside_training(rows: Sequence[Example], kept_out: Sequence[Example]) -> frozenset[str]:
    """The ids of rows that say (nearly) the same as a row of selection or hold-out, and so may never become examples."""
    return frozenset(found.second.id for found in overlap([_row(row) for row in kept_out], [_row(row) for row in rows]))


def copied_from(rows: Iterable[Example]) -> frozenset[str]:
    """All runs of eight words in the rows, to know a text that repeats the data instead of telling a rule."""
    return frozenset(run for row in rows for text in _texts((row.inputs, row.expected)) for run in runs_of_words(text))


def runs_of_words(text: str) -> list[str]:
    words = _WORD.findall(text.casefold())
    return [" ".join(words[at : at + COPIED_WORDS]) for at in range(len(words) - COPIED_WORDS + 1)]


def sketch(text: str) -> tuple[str, ...]:
    """The words without articles, case and punctuation: texts with the same sketch say the same."""
    return tuple(word for word in _WORD.findall(text.casefold()) if word not in _ARTICLES)


def _holds(text: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _row(example: Example) -> Row:
    return Row(example.id, dict(example.inputs), "", 0)


def _canonical(demo: Demo) -> str:
    return json.dumps(demo, sort_keys=True, ensure_ascii=False, default=str)
