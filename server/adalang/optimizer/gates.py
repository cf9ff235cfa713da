"""Static gates: what can be said against a proposed value without a single call. Each answers with the reason, or None."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence

from adalang.evaluation.splits import clusters, overlap
from adalang.language.data import Row
from adalang.optimizer.candidate import Demo
from adalang.optimizer.task import Example

Sketch = tuple[tuple[str, ...], ...]
"""What a text says: the words of its lines, without what makes no difference."""

COPIED_WORDS = 8
_LEAST_ROOM, _GROWTH = 4000, 3
_ARTICLES = frozenset({"a", "an", "the", "please"})
# Scripts without spaces between words: a character is about half a word.
_UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
)
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_HALF = re.compile(rf"[{_UNSPACED}]")
_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,200}>")
_PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{[A-Za-z_]\w*\}", re.DOTALL)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_OURS = re.compile(r"^(?:<<<|>>>)$", re.MULTILINE)


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
    if not any(char.isprintable() and not char.isspace() for char in after):
        return "the text would be empty"
    if after == before:
        return "nothing would change"
    cap = most if most is not None else max(_LEAST_ROOM, _GROWTH * len(before))
    if len(after) > cap:
        return f"{len(after)} characters are more than the {cap} allowed"
    if reason := _broken_form(before, after):
        return reason
    if lost := [word for word in words if _holds(before, word) and not _holds(after, word)]:
        return f"the text would lose {', '.join(lost)}"
    new = sketch(after)
    if any(new == sketch(text) for text in tried):
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


def alike(rows: Sequence[Example]) -> list[list[Example]]:
    """The rows, those together that say (nearly) the same; in their order."""
    by_id = {row.id: row for row in rows}
    return [[by_id[row.id] for row in cluster] for cluster in clusters([_row(row) for row in rows])]


def copied_from(rows: Iterable[Example]) -> frozenset[str]:
    """All runs of eight words in the rows, to know a text that repeats the data instead of telling a rule."""
    return frozenset(run for row in rows for text in _texts((row.inputs, row.expected)) for run in runs_of_words(text))


def runs_of_words(text: str) -> list[str]:
    """All runs of eight words, markup and case aside; sixteen characters in scripts that set no spaces between words."""
    words = _words(_TAG.sub(" ", text))
    halves = [1 if _HALF.match(word) else 2 for word in words]
    found, end, held = [], 0, 0
    for start in range(len(words)):
        while end < len(words) and held < 2 * COPIED_WORDS:
            held += halves[end]
            end += 1
        if held < 2 * COPIED_WORDS:
            break
        found.append(" ".join(words[start:end]))
        held -= halves[start]
    return found


def sketch(text: str) -> Sketch:
    """The words of each line without articles, case and punctuation, the lines in order of the alphabet: texts with the same
    sketch say the same."""
    lines = (tuple(word for word in _words(line) if word not in _ARTICLES) for line in text.splitlines())
    return tuple(sorted(line for line in lines if line))


def placeholders(text: str) -> list[str]:
    """What looks like a place to fill in: `{{ x }}`, `{% if x %}`, `{x}`; white space inside does not tell them apart."""
    return ["".join(found.split()) for found in _PLACEHOLDER.findall(text)]


def _broken_form(before: str, after: str) -> str | None:
    """What other readers of the text rely on, and the edit breaks."""
    try:
        after.encode()
    except UnicodeEncodeError:
        return "the text holds half a character, which no file can"
    if "\0" in after:
        return "the text holds a NUL character"
    old, new = set(placeholders(before)), set(placeholders(after))
    if lost := sorted(old - new):
        return f"the text would lose {', '.join(lost)}"
    if added := sorted(one for one in new - old if one.startswith(("{{", "{%"))):
        return f"{', '.join(added)} would be sent as it stands: a param is no template"
    if len(_FENCE.findall(after)) % 2 and not len(_FENCE.findall(before)) % 2:
        return "a code fence would be left open"
    if _OURS.search(after) and not _OURS.search(before):
        return "the teacher's marks <<< or >>> would get into the text"
    return None


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def _holds(text: str, word: str) -> bool:
    text, word = unicodedata.normalize("NFC", text), unicodedata.normalize("NFC", word)
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None or (
        bool(_HALF.search(word)) and word in text
    )


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
