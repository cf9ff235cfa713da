"""The form of a readable answer in plain words, as a prompt's own text may state it."""

from __future__ import annotations

from adalang.language.types import Labels, ListOf, ObjectOf, OptionalOf, Primitive, Type, Unknown, describe
from adalang.runtime.answers import AnswerForm

_BARE = "Write nothing before or after it: no explanation, no quotes, no code fence."


def in_words(form: AnswerForm) -> str:
    """What an answer must look like, in one or two sentences; empty where any text can be read."""
    if form.wrapped:
        fields = "`reasoning` (a text) and then `answer`" if form.reasoning else "`answer`"
        return f"Answer with one JSON object with {fields}, where `answer` is {_value(form.type)}. {_BARE}"
    match form.type:
        case Primitive(name="str") | Unknown():
            return ""
        case returns:
            return f"Answer with {_value(returns)}. {_BARE}"


def _value(returns: Type) -> str:
    match returns:
        case Labels(labels=labels):
            return f"exactly one of these labels: {', '.join(labels)}"
        case Primitive(name="bool"):
            return "true or false"
        case Primitive(name="int"):
            return "one whole number in digits"
        case Primitive(name="str"):
            return "a text"
        case Primitive():
            return "one number in digits"
        case ObjectOf(fields=fields):
            named = ", ".join(f"`{one.name}` ({_value(one.type)})" for one in fields)
            return f"one JSON object with the fields {named}"
        case ListOf(item=item):
            return f"a JSON list, each item of it {_value(item)}"
        case OptionalOf(item=item):
            return f"{_value(item)}, or null"
        case _:
            return describe(returns)
