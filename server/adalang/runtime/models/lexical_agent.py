"""How `builtin/lexical` uses tools: one after the other, each at most once, and only where a word of the input speaks for it.

A tool is called when the input has a word of its name, or one of its description or inputs that no other tool has, or when the
prompt says in so many words that it comes always or first; and when all that it has to be given can be taken from the input or from what other
tools gave: identifiers, numbers, sums, labels, or the input itself as a query. Then the model answers as it always does, from the input
and from what the tools gave.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from adalang.runtime.models.types import Request, ToolCall
from adalang.runtime.models.wording import FUNCTION_WORDS, stem, words

_ALWAYS = re.compile(r"\b(?:always|first|every time|begin by|start by)\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_IDENTIFIER = re.compile(r"\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z-])[A-Za-z0-9][\w-]*\b|#\d+\b")
_NUMBER = re.compile(r"(?<![\w.-])-?\d+(?:\.\d+)?(?![\w-])")
_SUM = re.compile(r"\(*-?\d[\d.]*\)*(?:\s*[-+*/]\s*\(*-?\d[\d.]*\)*)+")
_NAMES_IDENTIFIER = re.compile(r"(?:^|_)(?:id|code|key|no|number|ref|reference|sku)$", re.IGNORECASE)
_NAMES_SUM = re.compile(r"expression|formula|calculation|sum$", re.IGNORECASE)


def calls(request: Request) -> tuple[ToolCall, ...]:
    """The next tool to call, or none: then it is time to answer."""
    system = "\n".join(one.text for one in request.messages if one.role == "system")
    asked = "\n".join(one.text for one in request.messages if one.role == "user")
    seen = "\n".join(one.text for one in request.messages if one.role == "tool")
    done = [call.name for one in request.messages for call in one.tool_calls]
    found = []
    functions = [tool["function"] for tool in request.tools]
    for nth, function in enumerate(functions):
        arguments = _arguments(function["parameters"], asked, seen)
        others = {word for one in functions if one is not function for word in _about(one)}
        if arguments is not None and function["name"] not in done and _wanted(function, others, asked, system):
            found.append((_named_at(function, system), nth, function["name"], arguments))
    if not found:
        return ()
    _, _, name, arguments = min(found, key=lambda one: one[:2])
    return (ToolCall(f"call_{len(done)}", name, json.dumps(arguments, ensure_ascii=False)),)


def _wanted(function: Mapping[str, Any], others: set[str], asked: str, system: str) -> bool:
    """Whether the prompt orders a tool, or the input has a word of its name, or of its description that no other tool has."""
    own = _telling(_name_words(function))
    ordered = any(own and own <= _telling([one]) and _ALWAYS.search(one) for one in _SENTENCE_END.split(system))
    return ordered or bool((own | (_about(function) - others)) & _telling([asked]))


def _about(function: Mapping[str, Any]) -> set[str]:
    """The telling words of a tool's name, description and inputs."""
    inputs = function["parameters"].get("properties", {})
    notes = (str(one.get("description", "")) for one in inputs.values())
    return _telling([*_name_words(function), str(function.get("description") or ""), *inputs, *notes])


def _named_at(function: Mapping[str, Any], system: str) -> int:
    """Where the prompt first speaks of a tool; what it does not speak of comes after all that it does."""
    own = _telling(_name_words(function))
    sentences = _SENTENCE_END.split(system)
    return next((at for at, one in enumerate(sentences) if own and own <= _telling([one])), len(sentences))


def _name_words(function: Mapping[str, Any]) -> list[str]:
    return [str(function["name"]).replace("_", " ")]


def _telling(texts: Iterable[str]) -> set[str]:
    return {stem(word) for text in texts for word in words(text.replace("_", " ")) if word not in FUNCTION_WORDS}


def _arguments(schema: Mapping[str, Any], asked: str, seen: str) -> dict[str, Any] | None:
    """What a tool has to be given, from the input first and then from what tools gave; None where something is not there."""
    found = {}
    for name in schema.get("required", ()):
        value = _value(name, schema["properties"][name], asked, seen)
        if value is None:
            return None
        found[name] = value
    return found


def _value(name: str, schema: Mapping[str, Any], asked: str, seen: str) -> Any:
    if "enum" in schema:
        return next(
            (one for one in schema["enum"] if re.search(rf"\b{re.escape(str(one))}\b", asked, re.IGNORECASE)), None
        )
    match schema.get("type"):
        case "number" | "integer" as kind:
            number = _first(_NUMBER, asked, seen)
            return None if number is None else float(number) if kind == "number" else int(float(number))
        case "string" if _NAMES_IDENTIFIER.search(name):
            return _first(_IDENTIFIER, asked, seen)
        case "string" if _NAMES_SUM.search(name):
            return _first(_SUM, asked, seen)
        case "string":
            return asked.strip() or None
        case _:
            return None


def _first(pattern: re.Pattern[str], *texts: str) -> str | None:
    return next((match[0] for text in texts if (match := pattern.search(text))), None)
