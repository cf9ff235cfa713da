"""What a model is asked to answer with, by type, and how its text is read: leniently, but never by silent guessing."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from adalang.language.types import (
    Labels,
    ListOf,
    ObjectOf,
    OptionalOf,
    Primitive,
    Type,
    Unknown,
    json_schema,
    misfit,
)
from adalang.runtime.failures import UnreadableFailure


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """How a prompt's answer is asked for.

    ``instruction`` ends the system message ("" for plain text); ``schema`` is what a provider with structured output is
    given; ``wrapped`` says that the value stands in a field `answer` of an object.
    """

    type: Type
    instruction: str
    schema: dict[str, Any] | None
    wrapped: bool
    reasoning: bool


def answer_form(returns: Type, *, reasoning: bool = False, reasoning_steps: str = "") -> AnswerForm:
    if reasoning:
        how = reasoning_steps.strip() or "Reason step by step before you answer."
        schema = _object({"reasoning": {"type": "string", "description": how}, "answer": json_schema(returns)})
        return AnswerForm(returns, f"{how}\n{_json_instruction(schema)}", schema, True, True)
    match returns:
        case Labels(labels=labels):
            text = f"Answer with exactly one of these labels and nothing else: {' | '.join(labels)}"
            return AnswerForm(returns, text, None, False, False)
        case Primitive(name="str") | Unknown():
            return AnswerForm(returns, "", None, False, False)
        case Primitive(name="bool"):
            return AnswerForm(returns, "Answer with true or false and nothing else.", None, False, False)
        case Primitive(name="int"):
            return AnswerForm(returns, "Answer with one whole number and nothing else.", None, False, False)
        case Primitive():
            return AnswerForm(returns, "Answer with one number and nothing else.", None, False, False)
        case ObjectOf():
            schema = json_schema(returns)
            return AnswerForm(returns, _json_instruction(schema), schema, False, False)
        case _:
            schema = _object({"answer": json_schema(returns)})
            return AnswerForm(returns, _json_instruction(schema), schema, True, False)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _json_instruction(schema: dict[str, Any]) -> str:
    text = json.dumps(schema, ensure_ascii=False)
    return f"Answer with one JSON object that matches this JSON Schema and nothing else:\n{text}"


def written(value: Any, form: AnswerForm, reasoning: str = "") -> str:
    """A value as the model should have written it; the assistant's turn of an example. Fields come in their type's order."""
    value = _ordered(value, form.type)
    if form.wrapped:
        body = {"reasoning": reasoning, "answer": value} if form.reasoning else {"answer": value}
        return json.dumps(body, ensure_ascii=False)
    if isinstance(value, str) and not isinstance(form.type, ObjectOf):
        return value
    return json.dumps(value, ensure_ascii=False)


def _ordered(value: Any, declared: Type) -> Any:
    match declared:
        case ObjectOf(fields=fields) if isinstance(value, dict):
            known = {one.name: _ordered(value[one.name], one.type) for one in fields if one.name in value}
            return {**known, **{name: one for name, one in value.items() if name not in known}}
        case ListOf(item=item) if isinstance(value, list):
            return [_ordered(one, item) for one in value]
        case OptionalOf(item=item):
            return _ordered(value, item)
        case _:
            return value


def read_answer(text: str, form: AnswerForm) -> tuple[Any, str]:
    """The value and the reasoning in a model's text.

    Raises:
        UnreadableFailure: nothing in the text fits the type; ``raw`` keeps the text.
    """
    if not form.wrapped:
        return _read(text, form.type), ""
    first_misfit = ""
    for candidate in _json_values(text):
        if isinstance(candidate, dict) and "answer" in candidate:
            value, reason = coerced(candidate["answer"], form.type)
            if reason is None:
                return value, str(candidate.get("reasoning") or "")
            first_misfit = first_misfit or reason
    if first_misfit:
        raise UnreadableFailure(f"the answer does not fit: {first_misfit}", raw=text)
    return _read(text, form.type), ""


def _read(text: str, wanted: Type) -> Any:
    match wanted:
        case Unknown() | Primitive(name="str"):
            return text.strip()
        case OptionalOf(item=item):
            if text.strip().strip("`*. ").casefold() in ("null", "none", ""):
                return None
            return _read(text, item)
        case Labels():
            return _read_label(text, wanted)
        case Primitive():
            return _read_primitive(text, wanted)
        case _:
            return _read_json(text, wanted)


# ---- labels


def _read_label(text: str, wanted: Labels) -> str:
    plain = _unwrapped(text)
    by_fold = {label.casefold(): label for label in wanted.labels}
    if plain in wanted.labels:
        return plain
    if plain.casefold() in by_fold:
        return by_fold[plain.casefold()]
    for value in _json_values(text):
        inner = next(iter(value.values())) if isinstance(value, dict) and len(value) == 1 else value
        if isinstance(inner, str) and inner.strip().casefold() in by_fold:
            return by_fold[inner.strip().casefold()]
    last = _unwrapped(re.split(r"[:\n]", text.strip())[-1])
    if last.casefold() in by_fold:
        return by_fold[last.casefold()]
    found = {label for label in wanted.labels if re.search(rf"(?<!\w){re.escape(label)}(?!\w)", text, re.IGNORECASE)}
    longest = {one for one in found if not any(one != other and one.casefold() in other.casefold() for other in found)}
    if len(longest) == 1:
        return longest.pop()
    what = "several labels" if longest else "none of the labels"
    raise UnreadableFailure(f"the answer names {what} {', '.join(wanted.labels)}: {_short(text)}", raw=text)


def _unwrapped(text: str) -> str:
    """Without code fences, quotes, emphasis and a closing full stop."""
    plain = re.sub(r"^```\w*\s*|\s*```$", "", text.strip())
    return plain.strip().strip("\"'`*").rstrip(".!").strip("\"'`* ")


# ---- numbers and bools


def _read_primitive(text: str, wanted: Primitive) -> Any:
    plain = _unwrapped(text)
    value, reason = coerced(plain, wanted)
    if reason is None:
        return value
    for candidate in _json_values(text):
        inner = next(iter(candidate.values())) if isinstance(candidate, dict) and len(candidate) == 1 else candidate
        value, inner_reason = coerced(inner, wanted)
        if inner_reason is None:
            return value
    if wanted.name in ("int", "float"):
        numbers = re.findall(r"-?\d[\d,]*(?:\.\d+)?", plain)
        if len(numbers) == 1:
            value, reason = coerced(numbers[0].replace(",", ""), wanted)
            if reason is None:
                return value
    elif wanted.name == "bool":
        words = set(re.findall(r"\b(true|false)\b", plain.casefold()))
        if len(words) == 1:
            return words.pop() == "true"
    raise UnreadableFailure(f"the answer is no {wanted.name}: {_short(text)}", raw=text)


# ---- JSON


def _read_json(text: str, wanted: Type) -> Any:
    first_misfit = ""
    for candidate in _json_values(text):
        options = [candidate]
        if isinstance(wanted, ListOf) and isinstance(candidate, dict) and len(candidate) == 1:
            options = [next(iter(candidate.values())), candidate]
        for option in options:
            value, reason = coerced(option, wanted)
            if reason is None:
                return value
            first_misfit = first_misfit or reason
    if first_misfit:
        raise UnreadableFailure(f"the answer does not fit: {first_misfit}", raw=text)
    raise UnreadableFailure(f"the answer holds no JSON: {_short(text)}", raw=text)


def read_json(text: str) -> Any:
    """The first JSON object or list in a model's text.

    Raises:
        UnreadableFailure: there is none.
    """
    for value in _json_values(text):
        if isinstance(value, dict | list):
            return value
    raise UnreadableFailure(f"the answer holds no JSON: {_short(text)}", raw=text)


def _json_values(text: str) -> Iterator[Any]:
    """Everything in the text that reads as a JSON (or Python) value: the whole, fenced parts, then outermost brackets."""
    whole = text.strip()
    pieces = [whole, *(match.strip() for match in re.findall(r"```\w*\n?(.*?)```", text, re.DOTALL))]
    for piece in pieces:
        yield from _loads(piece)
    decoder = json.JSONDecoder()
    at = 0
    while (match := re.compile(r"[\[{]").search(text, at)) is not None:
        try:
            value, end = decoder.raw_decode(text, match.start())
        except ValueError:
            piece = _balanced(text, match.start())
            found = list(_loads(piece)) if piece else []
            yield from found
            at = match.start() + (len(piece) if found and piece else 1)
        else:
            yield value
            at = end


def _loads(piece: str) -> Iterator[Any]:
    try:
        yield json.loads(piece)
        return
    except ValueError:
        pass
    if not piece.startswith(("{", "[")):
        return
    without_trailing_commas = re.sub(r",(\s*[}\]])", r"\1", piece)
    try:
        yield json.loads(without_trailing_commas)
        return
    except ValueError:
        pass
    try:
        yield ast.literal_eval(piece)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return


def _balanced(text: str, start: int) -> str | None:
    """The bracketed piece that starts at ``start``, quotes respected."""
    depth, quote, escaped = 0, "", False
    for at in range(start, len(text)):
        character = text[at]
        if quote:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == quote:
                quote = ""
        elif character in "\"'":
            quote = character
        elif character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
            if depth == 0:
                return text[start : at + 1]
    return None


def coerced(value: Any, wanted: Type) -> tuple[Any, str | None]:
    """The value as the type has it, with only those changes that lose nothing; else why it does not fit."""
    shaped = _shaped(value, wanted)
    return shaped, misfit(shaped, wanted)


def _shaped(value: Any, wanted: Type) -> Any:
    match wanted:
        case OptionalOf(item=item):
            return None if value is None else _shaped(value, item)
        case Primitive(name="str"):
            return value
        case Primitive(name="bool"):
            folded = value.strip().casefold() if isinstance(value, str) else None
            return {"true": True, "false": False}.get(folded, value) if folded else value
        case Primitive(name="int"):
            if isinstance(value, str) and re.fullmatch(r"\s*-?\d+(\.0+)?\s*", value):
                return int(float(value)) if "." in value else int(value)
            return int(value) if isinstance(value, float) and value.is_integer() else value
        case Primitive():
            if isinstance(value, str) and re.fullmatch(r"\s*-?\d+(\.\d+)?([eE][+-]?\d+)?\s*", value):
                return float(value)
            return value
        case Labels(labels=labels):
            if isinstance(value, str) and value not in labels:
                return {label.casefold(): label for label in labels}.get(value.strip().casefold(), value)
            return value
        case ListOf(item=item):
            return [_shaped(one, item) for one in value] if isinstance(value, list | tuple) else value
        case ObjectOf(fields=fields):
            if not isinstance(value, dict):
                return value
            return {
                one.name: _shaped(value.get(one.name), one.type)
                for one in fields
                if one.name in value or isinstance(one.type, OptionalOf)
            }
        case _:
            return value


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return repr(plain if len(plain) <= 80 else plain[:77] + "...")


__all__ = ["AnswerForm", "answer_form", "coerced", "read_answer", "read_json", "written"]
