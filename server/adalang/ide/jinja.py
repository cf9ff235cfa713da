"""Jinja2's filters, tests and globals with a line about each; imported from Jinja itself only when first asked for."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

STATEMENTS: Mapping[str, str] = {
    "if": "Only when the condition holds; `elif`, `else`, `endif` follow.",
    "elif": "Otherwise, when this condition holds.",
    "else": "Otherwise.",
    "endif": "Ends `if`.",
    "for": "Once for each item: `{% for p in passages %}`; `loop.index` counts.",
    "endfor": "Ends `for`.",
    "set": "Gives a value a name: `{% set name = value %}`.",
}
GLOBALS: Mapping[str, str] = {
    "loop": "Inside a `for`: `loop.index`, `loop.index0`, `loop.first`, `loop.last`, `loop.length`.",
    "image": "`{{ image(path_or_url) }}` in a `user` text becomes an image part of the message.",
    "file": "`{{ file(path_or_url) }}` in a `user` text becomes a file part of the message, such as a PDF; text is put in as it is.",
}


@cache
def filters() -> Mapping[str, str]:
    """The filters that a template may use, each with the first sentence of its documentation."""
    from adalang.language.templates import environment

    return {name: _first_sentence(function) for name, function in sorted(environment().filters.items())}


@cache
def tests() -> Mapping[str, str]:
    """The tests that may stand behind `is`."""
    from adalang.language.templates import environment

    named = {name: function for name, function in environment().tests.items() if name.isidentifier()}
    return {name: _first_sentence(function) for name, function in sorted(named.items())}


@cache
def documented() -> Mapping[str, str]:
    """Everything in a tag that has a line of its own, by its name."""
    return {**tests(), **filters(), **STATEMENTS, **GLOBALS}


@dataclass(frozen=True, slots=True)
class FilterParameter:
    """What a filter takes between its parentheses. ``default`` is written as in a template; "" where it must be given."""

    name: str
    default: str


@cache
def filter_parameters(name: str) -> tuple[FilterParameter, ...] | None:
    """The parameters of a filter without the value that it is put on; ``None`` for what is no filter or does not tell."""
    from adalang.language.templates import environment

    function = environment().filters.get(name)
    if function is None:
        return None
    try:
        found = list(inspect.signature(function).parameters.values())
    except ValueError:  # a built-in of Python that does not tell
        return None
    passed = 2 if hasattr(function, "jinja_pass_arg") else 1
    return tuple(_parameter(one) for one in found[passed:])


def _parameter(found: inspect.Parameter) -> FilterParameter:
    star = "*" if found.kind is found.VAR_POSITIONAL else "**" if found.kind is found.VAR_KEYWORD else ""
    if star or found.default is inspect.Parameter.empty:
        return FilterParameter(star + found.name, "")
    constant = found.default is None or isinstance(found.default, bool)
    return FilterParameter(found.name, str(found.default).lower() if constant else repr(found.default))


def _first_sentence(function: object) -> str:
    text = inspect.getdoc(function) or ""
    paragraph = " ".join(text.split("\n\n")[0].split()).replace("``", "`")
    plain = re.sub(r":\w+:(?=`)|(?<=`)_(?=\W)", "", paragraph)
    return re.split(r"[.:] (?=[A-Z])", plain)[0].rstrip(".:") + "." if plain else ""
