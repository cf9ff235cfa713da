"""Inlay hints: what a file does not say and somebody who reads it wants to know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from adalang.ide.occurrences import Site, occurrences
from adalang.ide.slots import PartName
from adalang.ide.token_count import count_template_tokens, count_tokens
from adalang.language.builtins import METRIC_SIGNATURES
from adalang.language.checks import NO_FACTS, Facts
from adalang.language.checks.scope import signature
from adalang.language.declarations import (
    AgentDeclaration,
    CallExpression,
    Declaration,
    EvalDeclaration,
    Expression,
    Member,
    Param,
    ParamDeclaration,
    PipelineDeclaration,
    PromptDeclaration,
    Reference,
    Text,
    dotted,
    walk,
)
from adalang.language.program import Program
from adalang.language.reach import statement_expressions
from adalang.language.text import Span
from adalang.language.types import Labels, ListOf, OptionalOf, Type, Unknown, describe


@dataclass(frozen=True, slots=True)
class Hints:
    """Which kinds of hints are wanted."""

    types: bool = True
    arguments: bool = True
    tokens: bool = True
    scores: bool = True


@dataclass(frozen=True, slots=True)
class Hint:
    """``label`` is shown at byte ``offset`` of the root file."""

    offset: int
    label: str
    kind: Literal["type", "argument", "tokens", "score"]
    tooltip: str = ""


def inlay_hints(
    program: Program,
    span: Span,
    wanted: Hints = Hints(),
    scores: Mapping[str, str] | None = None,
    facts: Facts = NO_FACTS,
) -> list[Hint]:
    """The hints inside ``span``; ``scores`` are the last scores of the file's evals, by their names."""
    found = [
        hint
        for item in program.root.items
        if item.span.touches(span)
        for hint in _of_declaration(Site(program, program.root, item, facts), wanted, scores or {})
    ]
    return sorted((one for one in found if span.contains(one.offset)), key=lambda one: one.offset)


def _of_declaration(site: Site, wanted: Hints, scores: Mapping[str, str]) -> Iterator[Hint]:
    start, declaration = site.item.start, site.item.declaration
    if wanted.types and isinstance(declaration, PipelineDeclaration):
        yield from _types(site)
    if wanted.arguments:
        for expression in _expressions(declaration):
            yield from _arguments(site, expression)
    if wanted.tokens:
        yield from _tokens(declaration, start)
    if wanted.scores and isinstance(declaration, EvalDeclaration) and declaration.name.text in scores:
        score = scores[declaration.name.text]
        yield Hint(declaration.target.span.end + start, score, "score", "The last score of this eval.")


# ---- types


def _types(site: Site) -> Iterator[Hint]:
    """The type of each name where a pipeline binds it first."""
    for one in occurrences(site):
        if not isinstance(one.slot, PartName) or one.slot.local.what not in ("binding", "variable"):
            continue
        local = one.slot.local
        if local.span == one.span and one.text and _tells(local.type):
            yield Hint(one.span.end + site.item.start, f": {describe(local.type)}", "type")


def _tells(declared: Type) -> bool:
    """Whether a type says more than its value, a text or nothing known, does."""
    match declared:
        case ListOf(item=item) | OptionalOf(item=item):
            return _tells(item)
        case Labels(labels=labels, name=name):
            return bool(name) or len(labels) > 1
        case _:
            return not isinstance(declared, Unknown)


# ---- arguments


def _expressions(declaration: Declaration) -> Iterator[Expression]:
    if isinstance(declaration, PipelineDeclaration):
        yield from statement_expressions(declaration.body)
    elif isinstance(declaration, EvalDeclaration):
        for setting in declaration.settings:
            yield setting.value


def _arguments(site: Site, expression: Expression) -> Iterator[Hint]:
    """The input that a positional argument is given to, unless it is called the same."""
    for call in walk(expression):
        if not isinstance(call, CallExpression) or not call.arguments:
            continue
        for name, argument in zip(_inputs(site, call), call.arguments, strict=False):
            if argument.name is None and _last_name(argument.value) != name:
                yield Hint(argument.span.start + site.item.start, f"{name} =", "argument")


def _inputs(site: Site, call: CallExpression) -> list[str]:
    name = dotted(call.function) or ""
    entity = site.program.resolve(name, site.module)
    if entity is not None:
        return [one for one, _, _ in signature(site.program, entity).inputs]
    metric = METRIC_SIGNATURES.get(name)
    return [one.name for one in metric.parameters] if metric is not None else []


def _last_name(expression: Expression) -> str:
    match expression:
        case Reference(name=name):
            return name
        case Member(name=name):
            return name.text
        case _:
            return ""


# ---- tokens

_FEWEST = 10
"""Below this nobody needs to be told."""
_OF_MESSAGE = "About how many tokens this text sends each time, without what its tags put in."
_OF_PARAM = "About how many tokens this text has."


def _tokens(declaration: Declaration, start: int) -> Iterator[Hint]:
    match declaration:
        case PromptDeclaration(messages=messages, params=params) | AgentDeclaration(messages=messages, params=params):
            for message in messages:
                text = message.template.text
                yield from _count(text, count_template_tokens(text.value), start, _OF_MESSAGE)
            for param in params:
                yield from _of_param(param, start)
        case ParamDeclaration(param=param):
            yield from _of_param(param, start)
        case _:
            pass


def _of_param(param: Param, start: int) -> Iterator[Hint]:
    if isinstance(param.value, Text):
        yield from _count(param.value, count_tokens(param.value.value), start, _OF_PARAM)


def _count(text: Text, tokens: int, start: int, tooltip: str) -> Iterator[Hint]:
    if text.closed and tokens >= _FEWEST:
        shown = tokens if tokens < 100 else round(tokens, -1)
        yield Hint(text.span.end + start, f"~{shown:,} tokens", "tokens", tooltip)
