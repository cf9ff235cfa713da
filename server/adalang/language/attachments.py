"""Images and files that messages put in, as far as the program itself names them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from adalang.language.data import names_file
from adalang.language.declarations import (
    AgentDeclaration,
    Expression,
    JinjaTag,
    JinjaToken,
    ListExpression,
    ObjectExpression,
    PromptDeclaration,
    Template,
    Text,
)
from adalang.language.templates import PART_FUNCTIONS
from adalang.language.text import Span

_PATTERN = frozenset("*?[")
"""Means many files where a hash is asked for; in a path that is written for an image it hardly ever stands."""


def constant_parts(template: Template) -> Iterator[tuple[JinjaToken, str]]:
    """The paths that stand in a template's `image("…")` and `file("…")`, each with its token; no addresses."""
    for path in _texts_of_calls(template):
        name = path.text[1:-1]
        if name.strip() and ":" not in name[:8] and "\\" not in name:
            yield path, name


def part_at(template: Template, offset: int) -> Span | None:
    """What stands between the quotes of the path of an image or a file at ``offset``, if there is one."""
    inside = (Span(one.span.start + 1, one.span.end - 1) for one in _texts_of_calls(template))
    return next((one for one in inside if one.start <= offset <= one.end), None)


def attached(declaration: PromptDeclaration | AgentDeclaration, shown: Iterable[str]) -> list[str]:
    """The paths that the declaration's messages may put in: those in its templates, and what looks like one among its inputs'
    defaults, its demos, and the texts of the params that are ``shown``. None where no message puts in anything."""
    templates = [one.template for one in declaration.messages]
    if not any(True for template in templates for tag in template.tags for _ in _calls(tag)):
        return []
    values = [one.default for one in declaration.parameters] + [one.value for one in declaration.demos]
    texts = [*shown, *(text for value in values if value is not None for text in _texts(value))]
    found = {name for template in templates for _, name in constant_parts(template)}
    return sorted(found | {one for one in texts if names_file(one) and not set(one) & _PATTERN})


def _texts_of_calls(template: Template) -> Iterator[JinjaToken]:
    for tag in template.tags:
        for at in _calls(tag):
            if at + 2 < len(tag.tokens) and tag.tokens[at + 2].kind == "string":
                yield tag.tokens[at + 2]


def _calls(tag: JinjaTag) -> Iterator[int]:
    for at, (function, bracket) in enumerate(pairwise(tag.tokens)):
        if function.text in PART_FUNCTIONS and bracket.text == "(":
            yield at


def _texts(value: Expression) -> Iterator[str]:
    match value:
        case Text(value=text):
            yield text
        case ListExpression(items=items):
            for one in items:
                yield from _texts(one)
        case ObjectExpression(pairs=pairs):
            for pair in pairs:
                yield from _texts(pair.value)
        case _:
            pass
