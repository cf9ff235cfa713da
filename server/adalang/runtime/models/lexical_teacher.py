"""How `builtin/lexical` acts as a teacher: it looks for words in the examples that tell the answers apart.

It reads the same message that any teacher model gets: the text to improve between `<<<` and `>>>`, the change to carry
out after `Change:`, and the examples as one JSON object a line with `inputs`, `output` and `expected`. What to answer
with is recognised from the schema asked for: `hypotheses`, `edits`, `new_text` or `feedback`. It has no other source; examples whose
answers are not short labels teach it nothing, and then it says so with an empty list.
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
_TELL = re.compile(r"Say that (?P<label>\S.*?) is told by the words (?P<signs>\"[^\"]+\"(?:, \"[^\"]+\")*)\.")
_DROP = re.compile(r"No longer take \"(?P<sign>[^\"]+)\" as a sign of (?P<label>.+)\.")
_OTHERWISE = re.compile(r"Say that (?P<label>.+) is right otherwise\.")
_QUOTED = re.compile(r"\"([^\"]+)\"")
_OTHERWISE_LINE = "- Otherwise answer "

_LONGEST_LABEL = 40
_LONGEST_PHRASE = 3
_SIGNS_AT_ONCE = 3
_MOST_HYPOTHESES = 8
_LEAST_MISLED = 2
_LEAST_SILENT = 3


def teach(message: str, schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """The teacher's answer to a message, or None if the schema asks for none of a teacher's works."""
    asked = schema.get("properties", {})
    if "hypotheses" in asked:
        return {"hypotheses": _hypotheses(message)}
    if "new_text" in asked:
        return {"new_text": _fresh_text(message)}
    if "edits" in asked:
        return {"edits": _edits(message)}
    if "feedback" in asked:
        return {"feedback": _feedback(message)}
    return None


# -- what to change -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Example:
    """`label` is the right answer, `got` the model's; `number` is how the message names a failing example."""

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
        label = shown.get("expected", shown.get("output"))
        if isinstance(label, str | int | bool) and len(str(label)) <= _LONGEST_LABEL:
            text = " ".join(value for value in shown["inputs"].values() if isinstance(value, str))
            failed = "expected" in shown and "output" in shown
            yield _Example(tuple(words(text)), str(label), str(shown.get("output")), failed, shown.get("example"))


def _hypotheses(message: str) -> list[dict[str, Any]]:
    """Changes that the examples speak for: all signs at once, then by label, then what misleads, then single signs."""
    examples = list(_examples(message))
    text = _text_to_improve(message)
    wanted = Counter(example.label for example in examples if example.failed)
    signs: dict[str, list[str]] = {}
    for label in sorted(wanted, key=lambda label: (-wanted[label], label)):
        said = _said_signs(text, label)
        if unsaid := [sign for sign in _signs(examples, label) if sign not in said]:
            signs[label] = unsaid
    first = {label: own[:_SIGNS_AT_ONCE] for label, own in signs.items()}
    found = []
    if len(first) > 1:
        found.append(_telling("The text does not say how to tell the answers apart.", examples, first))
    found += [*_misleading(examples, text), *_no_fallback(examples, text)]
    for label, own in first.items():
        cause = f"{wanted[label]} of the failing examples are {label}, and the text does not say how to tell."
        found.append(_telling(cause, examples, {label: own}))
    for nth in range(2 * _SIGNS_AT_ONCE):
        for label, own in signs.items():
            if nth < len(own):
                found.append(_telling(f"The text does not speak of all {label}.", examples, {label: [own[nth]]}))
    unique = {hypothesis["change"]: hypothesis for hypothesis in reversed(found)}
    new = [hypothesis for hypothesis in found if unique[hypothesis["change"]] is hypothesis]
    return [hypothesis for hypothesis in new if hypothesis["change"] not in message][:_MOST_HYPOTHESES]


def _telling(cause: str, examples: Sequence[_Example], signs: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The hypothesis that the text should give these signs of these labels."""
    change = " ".join(
        f"Say that {label} is told by the words {', '.join(json.dumps(sign, ensure_ascii=False) for sign in own)}."
        for label, own in signs.items()
    )
    meant = [
        example.number
        for example in examples
        if example.failed and any(_holds(example, sign) for sign in signs.get(example.label, ()))
    ]
    return {"cause": cause, "change": change, "examples": [number for number in meant if number is not None]}


def _misleading(examples: Sequence[_Example], text: str) -> list[dict[str, Any]]:
    """Signs that stand in the text and mislead more often than they lead."""
    wrong: Counter[tuple[str, str]] = Counter()
    for label in sorted({example.got for example in examples if example.failed}):
        for sign in _said_signs(text, label):
            for example in examples:
                if _holds(example, sign):
                    misled = example.failed and example.got == label
                    wrong[label, sign] += 1 if misled else -1 if example.label == label else 0
    return [
        {
            "cause": f'{count} failing examples hold "{sign}" and are not {label}.',
            "change": f'No longer take "{sign}" as a sign of {label}.',
            "examples": [],
        }
        for (label, sign), count in sorted(wrong.items(), key=lambda item: (-item[1], item[0]))
        if count >= _LEAST_MISLED
    ]


def _no_fallback(examples: Sequence[_Example], text: str) -> list[dict[str, Any]]:
    """What to answer where no sign of the text is found: the most frequent answer of the examples without any."""
    labels = sorted({example.label for example in examples})
    known = {tuple(words(sign)) for label in labels for sign in _said_signs(text, label)}
    silent = [example for example in examples if known.isdisjoint(ngrams(example.words, _LONGEST_PHRASE))]
    if not known or len(silent) < _LEAST_SILENT or not any(example.failed for example in silent):
        return []
    counts = Counter(example.label for example in silent)
    label = max(labels, key=lambda label: counts[label])
    meant = [example.number for example in silent if example.label == label and example.number is not None]
    cause = f"{len(silent)} examples show no sign that the text speaks of."
    return [{"cause": cause, "change": f"Say that {label} is right otherwise.", "examples": meant}]


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
    for phrase, holding in holders.items():
        right = len(holding & own)
        purity = (right + prior) / (len(holding) + 1)
        opens = any(examples[at].words[: len(phrase)] == phrase for at in holding & own)
        # How a text opens carries over to new ones better than a word that occurred somewhere; a function word in the
        # middle tells nothing.
        if purity > prior and (opens or not all(word in FUNCTION_WORDS for word in phrase)):
            weights[phrase] = right * math.log(purity / prior) * (1.5 if opens else 1.0)
    chosen: list[str] = []
    covered: list[set[int]] = []
    for phrase in sorted(weights, key=lambda phrase: (-weights[phrase], len(phrase), phrase)):
        mine = holders[phrase] & own
        if (len(mine) > 1 or not chosen) and not any(mine <= other for other in covered):
            chosen.append(" ".join(phrase))
            covered.append(mine)
    return chosen


def _holds(example: _Example, sign: str) -> bool:
    phrase = tuple(words(sign))
    return any(example.words[at : at + len(phrase)] == phrase for at in range(len(example.words) - len(phrase) + 1))


# -- how to change it -----------------------------------------------------------------------------------------------


def _text_to_improve(message: str) -> str:
    match = _TEXT.search(message)
    return match[1] if match else ""


def _edits(message: str) -> list[dict[str, str]]:
    """The edits that carry out the change that the message asks for."""
    text = _text_to_improve(message)
    change = message[message.rfind("Change: ") :]
    edits = []
    for tell in _TELL.finditer(change):
        label = tell["label"]
        signs = dict.fromkeys([*_said_signs(text, label), *_QUOTED.findall(tell["signs"])])
        edits.append(_set_line(text, _signs_line(label, []), _signs_line(label, list(signs))))
    if drop := _DROP.search(change):
        label = drop["label"]
        left = [sign for sign in _said_signs(text, label) if sign != drop["sign"]]
        edits.append(_set_line(text, _signs_line(label, []), _signs_line(label, left) if left else ""))
    if otherwise := _OTHERWISE.search(change):
        edits.append(_set_line(text, _OTHERWISE_LINE, f"{_OTHERWISE_LINE}{otherwise['label']}."))
    return edits


def _fresh_text(message: str) -> str:
    """The text without the lines of signs that it has, and with those that the examples speak for."""
    examples = list(_examples(message))
    kept = [line for line in _text_to_improve(message).splitlines() if not line.startswith("- ")]
    lines = [
        _signs_line(label, signs[:_SIGNS_AT_ONCE])
        for label in sorted({example.label for example in examples})
        if (signs := _signs(examples, label))
    ]
    return "\n".join([*kept, *lines])


def _set_line(text: str, start: str, line: str) -> dict[str, str]:
    """Replaces the line that starts so, or adds it."""
    old = _line_of(text, start)
    if old is None:
        return {"action": "append", "find": "", "text": line}
    return {"action": "replace", "find": old, "text": line}


def _line_of(text: str, start: str) -> str | None:
    return next((line for line in text.splitlines() if line.startswith(start)), None)


def _said_signs(text: str, label: str) -> list[str]:
    line = _line_of(text, _signs_line(label, []))
    return line.partition(" such as ")[2].split(", ") if line else []


def _signs_line(label: str, signs: Sequence[str]) -> str:
    return f"- {label}: words such as {', '.join(signs)}"


# -- who is to blame ------------------------------------------------------------------------------------------------


def _feedback(message: str) -> list[dict[str, Any]]:
    """Blame in equal shares: words alone do not tell which text of a chain was at fault."""
    named = list(dict.fromkeys(re.findall(r"^(?:PARAM|INPUT) ([^\s:]+)", message, re.MULTILINE)))
    note = next(iter(re.findall(r"^FEEDBACK: (.+)$", message, re.MULTILINE)), "The answer was not the expected one.")
    return [{"name": name, "blame": round(1 / len(named), 3), "note": note} for name in named]
