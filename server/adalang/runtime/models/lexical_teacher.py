"""How `builtin/lexical` acts as a teacher: it looks for words in the failing examples that tell the answers apart.

It reads the same message that any teacher model gets: the text to improve between `<<<` and `>>>`, and the examples as
one JSON object a line with `inputs`, `output` and, for failing ones, `expected`. What to answer with is recognised from
the schema asked for: `hypotheses`, `edits` or `feedback`. It has no other source; examples whose answers are not short
labels teach it nothing, and then it says so with an empty list.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adalang.runtime.models.wording import FUNCTION_WORDS, ngrams, words

_TEXT = re.compile(r"^<<<\n(.*?)\n?>>>$", re.MULTILINE | re.DOTALL)
_TELL = re.compile(r"Say that (?P<label>.+?) is told by the words (?P<signs>\".+\")\.")
_DROP = re.compile(r"No longer take \"(?P<sign>[^\"]+)\" as a sign of (?P<label>.+)\.")
_QUOTED = re.compile(r"\"([^\"]+)\"")

_LONGEST_LABEL = 40
_LONGEST_PHRASE = 3
_SIGNS_PER_HYPOTHESIS = 3
_MOST_HYPOTHESES = 8


def teach(message: str, schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """The teacher's answer to a message, or None if the schema asks for none of a teacher's works."""
    asked = schema.get("properties", {})
    if "hypotheses" in asked:
        return {"hypotheses": _hypotheses(message)}
    if "edits" in asked:
        return {"edits": _edits(message)}
    if "feedback" in asked:
        return {"feedback": _feedback(message)}
    return None


@dataclass(frozen=True, slots=True)
class _Example:
    words: tuple[str, ...]
    label: str
    got: str
    failed: bool
    number: int | None


def _examples(message: str) -> Iterator[_Example]:
    for line in message.splitlines():
        if not line.startswith("{"):
            continue
        try:
            shown = json.loads(line)
        except ValueError:
            continue
        if not isinstance(shown.get("inputs"), dict):
            continue
        failed = "expected" in shown
        label = shown["expected"] if failed else shown.get("output")
        if isinstance(label, str | int | bool) and len(str(label)) <= _LONGEST_LABEL:
            text = " ".join(value for value in shown["inputs"].values() if isinstance(value, str))
            yield _Example(tuple(words(text)), str(label), str(shown.get("output")), failed, shown.get("example"))


def _hypotheses(message: str) -> list[dict[str, Any]]:
    """Changes that the examples speak for: first, of each label, its strongest signs; then smaller and further ones."""
    examples = list(_examples(message))
    text = _text_to_improve(message)
    wanted = Counter(example.label for example in examples if example.failed)
    signs = {
        label: [sign for sign in _signs(examples, label) if not _says(text, label, sign)] for label in wanted
    }
    by_need = sorted(wanted, key=lambda label: (-wanted[label], label))
    found = []
    for first, last in (
        (0, _SIGNS_PER_HYPOTHESIS),
        (0, 1),
        (1, 2),
        (_SIGNS_PER_HYPOTHESIS, 2 * _SIGNS_PER_HYPOTHESIS),
    ):
        for label in by_need:
            if chosen := signs[label][first:last]:
                change = f"Say that {label} is told by the words {', '.join(json.dumps(sign, ensure_ascii=False) for sign in chosen)}."
                found.append(
                    (
                        f"{wanted[label]} of the failing examples are {label}, and the text does not say how to tell.",
                        change,
                    )
                )
        if first == 0 and last > 1:
            found.extend(_misleading(examples, text))
    unique = dict.fromkeys((cause, change) for cause, change in found if change not in message)
    return [{"cause": cause, "change": change} for cause, change in list(unique)[:_MOST_HYPOTHESES]]


def _misleading(examples: Sequence[_Example], text: str) -> list[dict[str, Any]]:
    """Signs that stand in the text and mislead more often than they lead."""
    wrong: Counter[tuple[str, str]] = Counter()
    for label in {example.got for example in examples if example.failed}:
        for sign in _said_signs(text, label):
            phrase = tuple(words(sign))
            for example in examples:
                if phrase in set(ngrams(example.words, _LONGEST_PHRASE)):
                    wrong[label, sign] += (
                        1 if example.failed and example.got == label else -1 if example.label == label else 0
                    )
    return [
        (
            f'{count} failing examples hold "{sign}" and are not {label}.',
            f'No longer take "{sign}" as a sign of {label}.',
        )
        for (label, sign), count in sorted(wrong.items(), key=lambda item: (-item[1], item[0]))
        if count >= 2
    ]


def _signs(examples: Sequence[_Example], label: str) -> list[str]:
    """Phrases that speak for the label, best first; one that adds no example to a better one is left out."""
    holders: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for at, example in enumerate(examples):
        for phrase in ngrams(example.words, 2):
            holders[phrase].add(at)
        if len(example.words) >= _LONGEST_PHRASE:
            holders[example.words[:_LONGEST_PHRASE]].add(at)
    own = {at for at, example in enumerate(examples) if example.label == label}
    prior = (len(own) + 1) / (len(examples) + 2)
    weights = {}
    for phrase, at in holders.items():
        right = len(at & own)
        purity = (right + 0.5) / (len(at) + 1)
        if right and purity > prior:
            early = any(examples[i].words[: len(phrase)] == phrase for i in at & own)
            empty = all(word in FUNCTION_WORDS for word in phrase)
            # An opening phrase carries over to new texts better than a word that occurred once somewhere.
            weights[phrase] = right * math.log(purity / prior) * (1.5 if early else 0.7 if empty else 1.0)
    chosen: list[str] = []
    covered: list[set[int]] = []
    for phrase in sorted(weights, key=lambda phrase: (-weights[phrase], len(phrase), phrase)):
        mine = holders[phrase] & own
        if not any(mine <= other for other in covered):
            chosen.append(" ".join(phrase))
            covered.append(mine)
    return chosen


def _text_to_improve(message: str) -> str:
    match = _TEXT.search(message)
    return match[1] if match else ""


def _line_of(text: str, label: str) -> str | None:
    return next((line for line in text.splitlines() if line.startswith(f"- {label}: words such as ")), None)


def _said_signs(text: str, label: str) -> list[str]:
    line = _line_of(text, label)
    return line.partition(" such as ")[2].split(", ") if line else []


def _says(text: str, label: str, sign: str) -> bool:
    return sign in _said_signs(text, label)


def _edits(message: str) -> list[dict[str, str]]:
    """The edit that carries out the hypothesis in the message."""
    text = _text_to_improve(message)
    task = message[message.rfind(">>>") :]
    if tell := _TELL.search(task):
        label, signs = tell["label"], _QUOTED.findall(tell["signs"])
        line = _line_of(text, label)
        if line is None:
            return [{"action": "append", "find": "", "text": f"- {label}: words such as {', '.join(signs)}"}]
        return [{"action": "replace", "find": line, "text": f"{line}, {', '.join(signs)}"}]
    if drop := _DROP.search(task):
        line, left = (
            _line_of(text, drop["label"]),
            [s for s in _said_signs(text, drop["label"]) if s != drop["sign"]],
        )
        if line is not None and left:
            return [
                {
                    "action": "replace",
                    "find": line,
                    "text": f"- {drop['label']}: words such as {', '.join(left)}",
                }
            ]
    return []


def _feedback(message: str) -> list[dict[str, Any]]:
    """Blame in equal shares: words alone do not tell which text of a chain was at fault."""
    named = re.findall(r"^(?:PARAM|INPUT) (\S+)", message, re.MULTILINE)
    note = next(
        iter(re.findall(r"^FEEDBACK: (.+)$", message, re.MULTILINE)), "The answer was not the expected one."
    )
    return [{"name": name, "blame": round(1 / len(named), 3), "note": note} for name in dict.fromkeys(named)]
