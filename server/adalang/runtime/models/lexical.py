"""`builtin/lexical`: a small offline model that answers from the prompt's own text, with no network and no key.

It is no language model. It compares words: those of the input with those that the prompt says about each label,
and with those of the example turns. It knows a short list of English function words and the plain phrases in which
prompts are written ("words such as", "starts with"); it knows nothing about any task or data set. It therefore gets
better only when the prompt gets better, which is what makes it useful for trying, teaching and testing the optimizer.

What it can do, decided by the output instruction that every model gets:
- pick one of a set of labels, true or false, or a number out of the text;
- answer a question with the sentence of the given text that shares most words with it;
- fill a JSON Schema by the same means;
- call tools that the input speaks of, and answer from what they gave (see `lexical_agent`);
- asked for `hypotheses`, `edits` or `feedback`, act as a plain teacher (see `lexical_teacher`).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from adalang.runtime.models import lexical_teacher
from adalang.runtime.models.types import Request, TextPart
from adalang.runtime.models.wording import FUNCTION_WORDS, stem, words

_LABELS = re.compile(r"Answer with exactly one of these labels and nothing else: (.+)\s*$")
_BOOLEAN = "Answer with true or false and nothing else."
_NUMBER = "Answer with one number and nothing else."
_CANNOT_TELL = "I cannot tell from the text."

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_CLAUSE_END = re.compile(r"[;,]\s+(?:and\s+|or\s+)?|\.\s+|\.$")
_NUMERAL = re.compile(r"-?\d+(?:[.,]\d+)*")
_NEGATION = re.compile(r"\b(?:not|never|don't|do not|unless|except|avoid)\b", re.IGNORECASE)
_OTHERWISE = re.compile(
    r"\b(?:otherwise|in doubt|not sure|unsure|by default|nothing else fits|none of the|everything else)\b",
    re.IGNORECASE,
)
_AT_START = re.compile(r"\b(?:start|begin)(?:s|ning|ing)? with\b|\bfirst words?\b", re.IGNORECASE)
_LIST = re.compile(
    r"\b(?:such as|like|including|includes?|e\.g\.|for example|with)\s*:?\s+|\b(?:words?|phrases?|signs?)\s*:\s*",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"“`]([^\"”`\n]{1,60})[\"”`]")
_FIELD_NAME = re.compile(r"^\s*[A-Z][\w ]{0,30}:\s+")

_LISTED_WORD, _LISTED_FUNCTION_WORD, _PROSE_WORD, _AT_START_BONUS = 2.0, 1.5, 0.5, 1.0
_OPENING = 2.0  # what a text opens with tells more about what it wants than what follows
_DEMO_WEIGHT = 2.0
_LONGEST_PHRASE = 4
_LONGEST_LISTED_ITEM = 5


def answer(request: Request) -> str:
    """The model's text for a request: a label, a number, a sentence, or JSON when the request has a schema."""
    dialogue = _Dialogue.of(request)
    if request.schema is None:
        return _plain(dialogue)
    taught = lexical_teacher.teach(dialogue.everything, request.schema)
    return json.dumps(
        taught if taught is not None else _fill(dialogue, request.schema, request.schema), ensure_ascii=False
    )


@dataclass(frozen=True, slots=True)
class _Dialogue:
    """The messages, sorted by their use: what the prompt says, its example turns, the input at the end; in that, what tools gave."""

    system: str
    turns: tuple[tuple[str, str], ...]
    input: str
    seen: str = ""

    @classmethod
    def of(cls, request: Request) -> _Dialogue:
        system, turns, asked, seen = [], [], "", ""
        for message in request.messages:
            text = message.content if isinstance(message.content, str) else _text_of(message.content)
            if message.role == "system":
                system.append(text)
            elif message.tool_calls:
                continue
            elif message.role == "assistant":
                turns.append((asked, text))
                asked = ""
            else:
                asked = f"{asked}\n{text}" if asked else text
                seen = f"{seen}\n{text}" if message.role == "tool" else seen
        return cls("\n".join(system), tuple(turns), asked, seen)

    @property
    def everything(self) -> str:
        return f"{self.system}\n{self.input}"


def _text_of(parts: Sequence[object]) -> str:
    return "\n".join(part.text for part in parts if isinstance(part, TextPart))


def _plain(dialogue: _Dialogue) -> str:
    lines = dialogue.system.rstrip().splitlines()
    order = lines[-1].strip() if lines else ""
    if match := _LABELS.search(order):
        return _choose(dialogue, tuple(match[1].split(" | ")))
    if order == _BOOLEAN:
        return _choose(dialogue, ("true", "false"))
    if order == _NUMBER:
        return _number(dialogue)
    return _best_sentence(dialogue)


# -- labels ---------------------------------------------------------------------------------------------------------


def _choose(dialogue: _Dialogue, labels: tuple[str, ...]) -> str:
    """The label with most evidence. With no evidence, or none that decides, a guess that hangs on the input alone."""
    text = _without_field_name(dialogue.input)
    guide = _guide(dialogue.system, labels)
    scores = dict.fromkeys(labels, 0.0)
    for label, weight in _cue_votes(guide, text):
        scores[label] += weight
    for label, weight in _demo_votes(dialogue.turns, labels, text):
        scores[label] += weight
    best = max(scores.values())
    if best <= 0 and guide.otherwise is not None:
        return guide.otherwise
    tied = [label for label in labels if scores[label] >= best - 1e-9]
    return tied[0] if len(tied) == 1 else tied[_coin(text) % len(tied)]


def _coin(text: str) -> int:
    """A number fixed by the text: the same guess for the same input on every machine, none of them preferred."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:6], "big")


def _without_field_name(text: str) -> str:
    return _FIELD_NAME.sub("", text, count=1).strip()


@dataclass(frozen=True, slots=True)
class _Guide:
    """What a prompt says about each label: phrase -> (label, weight), for anywhere in the input and for its start.

    `otherwise` is the label to fall back on, if the prompt names one.
    """

    anywhere: Mapping[tuple[str, ...], tuple[tuple[str, float], ...]]
    at_start: Mapping[tuple[str, ...], tuple[tuple[str, float], ...]]
    otherwise: str | None


@lru_cache(maxsize=64)
def _guide(prompt: str, labels: tuple[str, ...]) -> _Guide:
    weights: tuple[dict[tuple[str, ...], dict[str, float]], ...] = ({}, {})
    for label in labels:
        own = tuple(stem(word) for word in words(label.replace("_", " ")))
        if own:
            weights[0].setdefault(own, {})[label] = _PROSE_WORD
    otherwise = None
    for line in _without_output_order(prompt).splitlines():
        for segment, label in _segments(line, labels):
            if _OTHERWISE.search(segment):
                otherwise = label
                continue
            for phrase, at_start, weight in _cues(segment, label):
                table = weights[at_start].setdefault(phrase, {})
                table[label] = max(table.get(label, 0.0), weight, key=abs)
    return _Guide(_shared(weights[0]), _shared(weights[1]), otherwise)


def _shared(
    table: Mapping[tuple[str, ...], Mapping[str, float]],
) -> dict[tuple[str, ...], tuple[tuple[str, float], ...]]:
    """A phrase that is said of several labels tells less about each of them."""
    return {
        phrase: tuple((label, weight / len(said)) for label, weight in said.items()) for phrase, said in table.items()
    }


def _without_output_order(prompt: str) -> str:
    """The prompt without what it says about the answer's form: that order, and the JSON Schema on the line below it."""
    kept: list[str] = []
    after_order = False
    for line in prompt.splitlines():
        is_order = line.startswith("Answer with ")
        if not is_order and not (after_order and line.startswith("{")):
            kept.append(line)
        after_order = is_order
    return "\n".join(kept)


def _segments(line: str, labels: tuple[str, ...]) -> list[tuple[str, str]]:
    """The parts of a line that speak of one label: a line that a label heads, else a sentence, else a clause."""
    for label in labels:
        if re.match(rf"\s*(?:[-*•#]+|\d+[.)])?\s*[\"'`*]*{re.escape(label)}[\"'`*]*\s*(?::|=|->|→|–|- )", line):
            return [(line, label)]
    found = []
    for sentence in _SENTENCE_END.split(line):
        named = [label for label in labels if _names(sentence, label)]
        if len(named) == 1:
            found.append((sentence, named[0]))
        elif len(named) > 1:
            found.extend(_clauses(sentence, labels))
    return found


def _clauses(sentence: str, labels: tuple[str, ...]) -> list[tuple[str, str]]:
    """Clauses like `LOC for places` or `LOC means a place` in a sentence that speaks of several labels."""
    found = []
    for clause in _CLAUSE_END.split(sentence):
        for label in labels:
            head = rf"(?:.*\b(?:and|or|answer|use|choose|pick|say)\s+)?[\"'`]?{re.escape(label)}[\"'`]?\s+(?:for|if|when|means|is|are|=)\s"
            others = any(_names(clause, other) for other in labels if other != label)
            if re.match(head, clause, re.IGNORECASE) and not others:
                found.append((clause, label))
    return found


def _names(text: str, label: str) -> bool:
    """Whether the text names the label; labels in capitals are only meant when they stand in capitals."""
    flags = re.NOFLAG if label.isupper() else re.IGNORECASE
    return re.search(rf"(?<!\w){re.escape(label)}(?!\w)", text, flags) is not None


def _cues(segment: str, label: str) -> list[tuple[tuple[str, ...], bool, float]]:
    """The phrases that a segment gives as signs of its label, as (stemmed phrase, at the start only, weight)."""
    sign = -1.0 if _NEGATION.search(segment) else 1.0
    said = re.sub(rf"(?<!\w){re.escape(label)}(?!\w)", " ", segment)
    at_start = bool(_AT_START.search(said))
    listed = [match[1] for match in _QUOTED.finditer(said)]
    rest = _QUOTED.sub(" ", said)
    if not listed and (marks := list(_LIST.finditer(rest))):
        rest, items = rest[: marks[0].start()], rest[marks[0].end() :]
        listed = [item for item in re.split(r"[,;.|]\s*|\s+(?:or|and)\s+", items) if item.strip()]
    cues = []
    for item in listed:
        phrase = tuple(stem(word) for word in words(item))
        if 0 < len(phrase) <= _LONGEST_LISTED_ITEM:
            cues.append((phrase[:_LONGEST_PHRASE], at_start, sign * _listed_weight(phrase, at_start)))
    for word in words(rest):
        if word not in FUNCTION_WORDS:
            cues.append(((stem(word),), False, sign * _PROSE_WORD))
    return cues


def _listed_weight(phrase: Sequence[str], at_start: bool) -> float:
    each = [_LISTED_FUNCTION_WORD if word in FUNCTION_WORDS else _LISTED_WORD for word in phrase]
    return max(each) + 0.5 * (len(each) - 1) + (_AT_START_BONUS if at_start else 0.0)


def _cue_votes(guide: _Guide, text: str) -> list[tuple[str, float]]:
    """Votes of the phrases found in the text; a word that a longer phrase has covered does not vote again."""
    tokens = [stem(word) for word in words(text)]
    covered: set[int] = set()
    votes: list[tuple[str, float]] = []
    for size in range(_LONGEST_PHRASE, 0, -1):
        for start in range(len(tokens) - size + 1):
            span = range(start, start + size)
            phrase = tuple(tokens[start : start + size])
            said = guide.anywhere.get(phrase, ()) + (guide.at_start.get(phrase, ()) if start == 0 else ())
            if said and covered.isdisjoint(span):
                covered.update(span)
                votes.extend((label, weight * (_OPENING if start == 0 else 1.0)) for label, weight in said)
    return votes


def _demo_votes(turns: tuple[tuple[str, str], ...], labels: tuple[str, ...], text: str) -> list[tuple[str, float]]:
    """Votes of the example turns: each by the share of its telling words that the text has too."""
    demos = _demo_features(turns, labels)
    if not demos:
        return []
    found = _features(text)
    spread = _document_frequency(turns, labels)
    votes: dict[str, float] = {}
    for label, features in demos:
        shared = sum(math.log1p(len(demos) / spread[feature]) for feature in features & found)
        total = sum(math.log1p(len(demos) / spread[feature]) for feature in features)
        votes[label] = max(votes.get(label, 0.0), shared / math.sqrt(total) if total else 0.0)
    return [(label, _DEMO_WEIGHT * vote) for label, vote in votes.items()]


@lru_cache(maxsize=64)
def _demo_features(
    turns: tuple[tuple[str, str], ...], labels: tuple[str, ...]
) -> tuple[tuple[str, frozenset[str]], ...]:
    known = {label.casefold(): label for label in labels}
    said = ((known.get(output.strip().strip("\"'`.").casefold()), asked) for asked, output in turns)
    return tuple((label, _features(asked)) for label, asked in said if label is not None)


@lru_cache(maxsize=64)
def _document_frequency(turns: tuple[tuple[str, str], ...], labels: tuple[str, ...]) -> Counter[str]:
    return Counter(feature for _, features in _demo_features(turns, labels) for feature in features)


def _features(text: str) -> frozenset[str]:
    tokens = [stem(word) for word in words(_without_field_name(text))]
    first = [f"^{' '.join(tokens[:size])}" for size in (1, 2) if len(tokens) >= size]
    return frozenset(tokens) | frozenset(first)


# -- questions ------------------------------------------------------------------------------------------------------


def _best_sentence(dialogue: _Dialogue, topic: str = "") -> str:
    """The sentence of the given text that shares most telling words with the question; honest when none does."""
    if dialogue.seen:
        question, sentences = dialogue.input.removesuffix(dialogue.seen), _sentences(dialogue.seen)
    else:
        question, sentences = _question_and_sentences(dialogue.input)
    asked = {stem(word) for word in words(f"{question} {topic}") if word not in FUNCTION_WORDS}
    found = [frozenset(stem(word) for word in words(sentence)) for sentence in sentences]
    spread = Counter(word for sentence in found for word in sentence)
    scores = [
        sum(math.log1p(len(found) / spread[word]) for word in asked & sentence) / (1.0 + 0.02 * len(sentence))
        for sentence in found
    ]
    best = max(range(len(scores)), key=scores.__getitem__, default=None)
    if best is not None and scores[best] > 0:
        return sentences[best]
    return sentences[-1] if dialogue.seen and sentences else _CANNOT_TELL


def _question_and_sentences(text: str) -> tuple[str, list[str]]:
    parts = _sentences(text)
    asked = max((at for at, part in enumerate(parts) if part.endswith("?")), default=len(parts) - 1)
    return (parts[asked], parts[:asked] + parts[asked + 1 :]) if parts else ("", [])


def _sentences(text: str) -> list[str]:
    return [part for one in _SENTENCE_END.split(text) if (part := _without_field_name(one))]


def _number(dialogue: _Dialogue) -> str:
    """A numeral of the sentence that answers the question, else the first of the input, else 0."""
    for text in (_best_sentence(dialogue), dialogue.input):
        if match := _NUMERAL.search(text):
            return match[0].replace(",", "")
    return "0"


# -- JSON -----------------------------------------------------------------------------------------------------------


def _fill(dialogue: _Dialogue, schema: Mapping[str, Any], root: Mapping[str, Any], topic: str = "") -> Any:
    """A value of the schema's shape; `topic` is the name and description of the field that is filled."""
    schema = _resolved(schema, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return _choice(dialogue, schema["enum"])
    kind = schema.get("type")
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: _fill(dialogue, field, root, _topic(name, field)) for name, field in fields.items()}
    if kind == "array":
        return [_fill(dialogue, schema.get("items", {"type": "string"}), root, topic)]
    if kind == "boolean":
        return _choose(dialogue, ("true", "false")) == "true"
    if kind in ("number", "integer"):
        number = float(_number(dialogue))
        number = min(max(number, schema.get("minimum", number)), schema.get("maximum", number))
        return round(number) if kind == "integer" else number
    return None if kind == "null" else _best_sentence(dialogue, topic)


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema behind a reference, and of several forms the first."""
    for _ in range(8):
        if "$ref" in schema:
            target: Any = root
            for step in str(schema["$ref"]).removeprefix("#/").split("/"):
                target = target[step]
            schema = target
        elif forms := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
            consts = [form["const"] for form in forms if "const" in form]
            schema = {"enum": consts} if consts and len(consts) == len(forms) else forms[0]
        else:
            break
    return schema


def _choice(dialogue: _Dialogue, options: Sequence[Any]) -> Any:
    by_name = {str(option): option for option in options}
    return by_name[_choose(dialogue, tuple(by_name))]


def _topic(name: str, field: Mapping[str, Any]) -> str:
    return f"{name.replace('_', ' ')} {field.get('description', '')}"
