"""Which form a request demands of the answer, and the answer put into that form.

The forms are those that chat models meet everywhere: a JSON Schema, fields between `[[ ## name ## ]]` marks, tags shown as
a template, a fenced block, a list of strings, plain text. What goes into a field is decided by what its name and
description say it is for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_MARK = re.compile(r"\[\[ ## (\w+) ## \]\]")
_TEMPLATE = re.compile(r"format:?\s*(<(\w+)>.*?</\2>)", re.DOTALL | re.IGNORECASE)
_OBJECT = re.compile(r"JSON object in the following order of fields: (.+)")
_LEAF = re.compile(r"<(\w+)>([^<]*)</\1>")
_NEW_TEXT = re.compile(r"variable|instruction|prompt|new_text|rewritten|proposal", re.IGNORECASE)
_OLD = re.compile(r"^(find|old|search|before|original)", re.IGNORECASE)
_NEW = re.compile(r"^(text|new|replace|after|insert)", re.IGNORECASE)


@dataclass(frozen=True)
class Thought:
    """One thing to do: add a sentence, or drop one. `examples` are the numbers of the examples that it speaks of."""

    add: str = ""
    drop: str = ""
    examples: tuple[int, ...] = ()

    @property
    def said(self) -> str:
        return f"Remove the sentence `{self.drop}`" if self.drop else f"Add the sentence `{self.add}`"


@dataclass(frozen=True)
class Content:
    """What there is to say.

    `text` is the new text as a whole; `judged(name)` is the blame of a thing that the request names, 0 to 1, and what
    should differ in it.
    """

    thoughts: Sequence[Thought]
    text: str
    judged: Callable[[str], tuple[float, str]]

    @property
    def feedback(self) -> str:
        return " ".join(f"{one.said}." for one in self.thoughts) or "It has to be what was expected."


def wants_text(body: Mapping[str, Any], asked: str) -> bool:
    """Whether the request asks for a new text (or edits of one) rather than for feedback."""
    if schema := _schema(body, asked):
        names = re.findall(r'"(\w+)": \{', json.dumps(schema))
        return any(_OLD.search(name) or _NEW_TEXT.search(name) for name in names)
    if found := _TEMPLATE.search(asked):
        return any(_NEW_TEXT.search(name) for name, _ in _LEAF.findall(found.group(1)))
    return bool(_fields(asked)) or _fenced(asked)


def filled(body: Mapping[str, Any], asked: str, content: Content) -> str:
    """The answer of a teacher in the form that the request demands."""
    if schema := _schema(body, asked):
        return json.dumps(_value(schema, "", content, None))
    if found := _TEMPLATE.search(asked):
        return _LEAF.sub(lambda leaf: f"<{leaf[1]}>{_string(leaf[1], content)}</{leaf[1]}>", found.group(1))
    if names := _fields(asked):
        return (
            "\n\n".join(f"[[ ## {name} ## ]]\n{_string(name, content)}" for name in names) + "\n\n[[ ## completed ## ]]"
        )
    if _fenced(asked):
        return f"```\n{content.text}\n```"
    if count := re.search(r"Length of the list: (\d+)", asked):
        return json.dumps([content.feedback] + [""] * (int(count[1]) - 1))
    return content.feedback


def answered(body: Mapping[str, Any], asked: str, answer: str) -> str:
    """The answer of a student in the form that the request demands: it stands in the last of its fields."""
    if schema := _schema(body, asked):
        names = list(schema.get("properties", {}))
        return json.dumps({name: answer if name == names[-1] else "" for name in names})
    if names := _fields(asked):
        fields = [f"[[ ## {name} ## ]]\n{answer if name == names[-1] else 'As the rules say.'}" for name in names]
        return "\n\n".join([*fields, "[[ ## completed ## ]]"])
    return answer


def _schema(body: Mapping[str, Any], asked: str) -> Mapping[str, Any] | None:
    """The schema of the answer: as the request gives it, or of the JSON object that its words ask for."""
    form = body.get("response_format") or {}
    schema = form.get("json_schema", {}).get("schema")
    if isinstance(schema, Mapping):
        return schema
    if named := _OBJECT.findall(asked):
        names = re.findall(r"`(\w+)`", named[-1])
        return {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    return None


def _fields(asked: str) -> list[str]:
    """The marked fields of the answer, which the last request for them names in order."""
    at = asked.lower().rfind("respond with")
    names = _MARK.findall(asked[at:]) if at >= 0 else []
    return [name for name in dict.fromkeys(names) if name != "completed"]


def _fenced(asked: str) -> bool:
    return bool(re.search(r"within ```|in a ``` block|inside ```", asked))


def _string(name: str, content: Content) -> str:
    if _NEW_TEXT.search(name):
        return content.text
    return "It follows the feedback."


def _value(schema: Mapping[str, Any], name: str, content: Content, thought: Thought | None) -> Any:
    kind = schema.get("type")
    if kind == "object":
        return _object(schema["properties"], content, thought)
    if kind == "array":
        return _array(schema["items"], name, content, thought)
    if kind in ("number", "integer"):
        return 0
    if kind == "boolean":
        return False
    if "enum" in schema:
        return schema["enum"][0]
    return thought.said if thought else _string(name, content)


def _array(items: Mapping[str, Any], name: str, content: Content, thought: Thought | None) -> list[Any]:
    if items.get("type") == "integer":
        return list(thought.examples) if thought else []
    properties = items.get("properties", {})
    chosen = next((key for key, value in properties.items() if "enum" in value), None)
    numbers = [key for key, value in properties.items() if value.get("type") == "number"]
    if chosen and numbers:
        entries = []
        for one in properties[chosen]["enum"]:
            share, note = content.judged(one)
            entries.append({key: one if key == chosen else share if key in numbers else note for key in properties})
        return entries
    thoughts = [thought] if thought else content.thoughts
    return [_value(items, name, content, one) for one in thoughts]


def _object(properties: Mapping[str, Any], content: Content, thought: Thought | None) -> dict[str, Any]:
    old = next((key for key in properties if _OLD.search(key)), None)
    new = next((key for key in properties if _NEW.search(key)), None)
    if old and new and thought:
        script: dict[str, Any] = {old: thought.drop, new: thought.add}
        wanted = r"replace|delete|remove" if thought.drop else r"append|add|insert"
        for key, value in properties.items():
            if "enum" in value:
                script[key] = next((one for one in value["enum"] if re.search(wanted, str(one))), value["enum"][0])
        return {key: script.get(key, "") for key in properties}
    return {key: _value(value, key, content, thought) for key, value in properties.items()}
