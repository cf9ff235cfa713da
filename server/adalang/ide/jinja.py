"""Jinja2's filters, tests and globals with a line about each; imported from Jinja itself only when first asked for."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
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


def _first_sentence(function: object) -> str:
    text = inspect.getdoc(function) or ""
    paragraph = " ".join(text.split("\n\n")[0].split()).replace("``", "`")
    return paragraph.partition(". ")[0].rstrip(".:") + "." if paragraph else ""
