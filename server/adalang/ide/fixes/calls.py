"""Fixes for calls and examples: what is left out, what is too much, and values of a wrong kind that are easily mended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from adalang.ide.fixes.broken import Broken, Mend
from adalang.ide.placeholders import written
from adalang.ide.placement import removal
from adalang.language.checks.scope import signature
from adalang.language.datasets import data_reference, plan
from adalang.language.declarations import (
    COMPONENT_KINDS,
    AgentDeclaration,
    Argument,
    CallExpression,
    Constant,
    Demos,
    EvalDeclaration,
    Expression,
    Member,
    NamedType,
    ObjectExpression,
    Pair,
    Parameter,
    PromptDeclaration,
    Reference,
    RetrieverDeclaration,
    Return,
    Text,
)
from adalang.language.diagnostics import did_you_mean
from adalang.language.program import Entity
from adalang.language.settings import SPLIT_NAMES
from adalang.language.text import Edit, Span
from adalang.language.types import (
    BOOL,
    FLOAT,
    INT,
    STR,
    UNKNOWN,
    Labels,
    ListOf,
    ObjectOf,
    OptionalOf,
    Primitive,
    Type,
    describe,
    fits,
)

# ---- left out


def missing(broken: Broken) -> Iterator[Mend]:
    """The inputs that a call or an example leaves out: what is called so here, or else the plainest value."""
    call, example = broken.part(CallExpression), broken.part(ObjectExpression)
    if call is not None:
        entity = broken.program.resolve_expression(call.function, broken.module)
        if entity is not None:
            given = _arguments(broken, call, entity)
            if given:
                listed = ", ".join(name for name, _ in given)
                text = ", ".join(f"{name} = {value}" for name, value in given)
                yield broken.mend(f"Give {listed}", _inserted(broken, call, text))
    elif example is not None and broken.holder(Demos) is not None:
        yield from _example(broken, example)


def _arguments(broken: Broken, call: CallExpression, entity: Entity) -> list[tuple[str, str]]:
    known = signature(broken.program, entity).inputs
    given = {known[index][0] for index, one in enumerate(call.arguments) if one.name is None and index < len(known)}
    given |= {one.name.text for one in call.arguments if one.name is not None}
    return [
        (name, _value(broken, call, name, declared))
        for name, declared, optional in known
        if name not in given and not optional
    ]


def _value(broken: Broken, call: CallExpression, name: str, wanted: Type) -> str:
    here = broken.names_at(call.span).get(name)
    return name if here is not None and fits(here.type, wanted) else written(wanted)


def _inserted(broken: Broken, call: CallExpression, text: str) -> Edit:
    if call.arguments:
        at = call.arguments[-1].span.end + broken.start
        return Edit(Span(at, at), f", {text}")
    at = call.span.end + broken.start - 1
    return Edit(Span(at, at), text)


def _example(broken: Broken, example: ObjectExpression) -> Iterator[Mend]:
    declaration = broken.item.declaration if broken.item is not None else None
    if broken.item is None or not isinstance(declaration, PromptDeclaration | AgentDeclaration):
        return
    known = signature(broken.program, broken.program.entity(broken.module, broken.item))
    given = {pair.name.text for pair in example.pairs}
    wanted = [(name, declared) for name, declared, optional in known.inputs if not optional]
    lacking = [(name, declared) for name, declared in [*wanted, ("output", known.returns)] if name not in given]
    indent = broken.source.indent_at(broken.span.start)
    text = ", ".join(f"{name} = {written(declared, indent)}" for name, declared in lacking)
    if example.pairs:
        at = example.pairs[-1].span.end + broken.start
        edit = Edit(Span(at, at), f", {text}")
    else:
        edit = Edit(broken.span, f"{{ {text} }}")
    yield broken.mend(f"Give {', '.join(name for name, _ in lacking)}", edit)


# ---- too much


def unwanted(broken: Broken) -> Iterator[Mend]:
    """An argument, or an eval's mapping, that goes nowhere."""
    found = broken.part(Argument, Pair)
    if found is None:
        return
    mapped = isinstance(found, Pair)
    if mapped and not isinstance(broken.item.declaration if broken.item else None, EvalDeclaration):
        return
    place = found.span.shifted(broken.start)
    yield broken.mend(f"Remove `{broken.source.slice(place)}`", removal(broken.source, place))


def no_field(broken: Broken) -> Iterator[Mend]:
    """The split that was meant; what an example has too much."""
    pair, member = broken.part(Pair), broken.part(Member)
    if pair is not None and broken.holder(Demos) is not None:
        place = pair.span.shifted(broken.start)
        yield broken.mend(f"Remove `{pair.name.text}`", removal(broken.source, place))
    if member is not None:
        reference = data_reference(broken.program, broken.module, member)
        if reference is not None:
            planned = plan(reference[0])
            splits = [one for one in SPLIT_NAMES if one in (planned.files or planned.fractions)]
            meant = did_you_mean(broken.word, splits)
            if meant:
                yield broken.replaced(meant)


# ---- of the wrong kind


def mistyped(broken: Broken) -> Iterator[Mend]:
    """A component that is not called, a result of another type than promised, a number or a text written as the other."""
    item = broken.item
    if item is None:
        return
    if isinstance(item.declaration, RetrieverDeclaration):
        if item.declaration.returns is not None and item.declaration.returns.span == broken.local:
            yield broken.replaced("Passage[]")
        return
    value = broken.part(Reference, Member)
    entity = broken.program.resolve_expression(value, broken.module) if value is not None else None
    if entity is not None and entity.kind in COMPONENT_KINDS:
        yield _called(broken, value, entity)
        return
    value = broken.part(Text, Constant)
    meant = _converted(value, _wanted(broken)) if value is not None else None
    if meant is not None:
        yield broken.replaced(meant)
    returning = broken.holder(Return)
    if returning is not None and returning.value.span == broken.local:
        yield from _promised(broken, returning.value)


def _called(broken: Broken, value: Expression, entity: Entity) -> Mend:
    here = broken.names_at(value.span)
    known = signature(broken.program, entity).inputs
    given = ", ".join(
        name if name in here and fits(here[name].type, declared) else written(declared)
        for name, declared, optional in known
        if not optional
    )
    text = f"{broken.word}({given})"
    return broken.mend(f"Call it: `{text}`", Edit(broken.span, text))


def _wanted(broken: Broken) -> Type:
    """The type that the place of the value asks for."""
    trail = next((one for one in broken.trails if isinstance(one[-1], Text | Constant)), ())
    for index in range(len(trail) - 2, -1, -1):
        one = trail[index]
        if isinstance(one, CallExpression):
            return _argument_type(broken, one)
        if isinstance(one, Parameter):
            return broken.program.type_of(one.type, broken.module)
        if isinstance(one, Pair) and any(isinstance(each, Demos) for each in trail):
            return _example_type(broken, one.name.text)
        if isinstance(one, Return):
            return broken.program.type_of(getattr(trail[0], "returns", None), broken.module)
        if not isinstance(one, Argument):
            return UNKNOWN
    return UNKNOWN


def _argument_type(broken: Broken, call: CallExpression) -> Type:
    entity = broken.program.resolve_expression(call.function, broken.module)
    known = signature(broken.program, entity).inputs if entity is not None else ()
    types = {name: declared for name, declared, _ in known}
    for index, argument in enumerate(call.arguments):
        if argument.value.span == broken.local:
            if argument.name is not None:
                return types.get(argument.name.text, UNKNOWN)
            return known[index][1] if index < len(known) else UNKNOWN
    return UNKNOWN


def _example_type(broken: Broken, name: str) -> Type:
    assert broken.item is not None
    known = signature(broken.program, broken.program.entity(broken.module, broken.item))
    types = {one: declared for one, declared, _ in known.inputs} | {"output": known.returns, "reasoning": STR}
    return types.get(name, UNKNOWN)


def _converted(value: Text | Constant, wanted: Type) -> str | None:
    """The value written as one of the wanted type, where it says as much."""
    match wanted:
        case OptionalOf(item=item):
            return _converted(value, item)
        case ListOf(item=item):
            plain = json.dumps(value.value, ensure_ascii=False)
            return f"[{plain}]" if fits(_type(value.value), item) else None
        case Labels(labels=labels):
            plain = json.dumps(value.value)
            if isinstance(value, Constant):
                return f'"{plain}"' if plain in labels else None
            meant = did_you_mean(value.value, labels)
            return json.dumps(meant, ensure_ascii=False) if meant else None
        case _:
            pass
    if wanted == STR and isinstance(value, Constant) and value.value is not None:
        return f'"{json.dumps(value.value)}"'
    if wanted in (INT, FLOAT, BOOL) and isinstance(value, Text):
        return number_or_bool(value.value, wanted)
    return None


def _type(value: Any) -> Type:
    if isinstance(value, str):
        return Labels((value,))
    if isinstance(value, bool):
        return BOOL
    return INT if isinstance(value, int) else FLOAT


def number_or_bool(text: str, wanted: Type) -> str | None:
    """A text that spells a number, or true or false, as that."""
    if wanted == BOOL:
        return text.strip().lower() if text.strip().lower() in ("true", "false") else None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    if isinstance(found, bool) or not isinstance(found, int if wanted == INT else (int, float)):
        return None
    return text.strip()


def _promised(broken: Broken, value: Expression) -> Iterator[Mend]:
    """The pipeline promises what it gives."""
    declared = getattr(broken.item.declaration, "returns", None) if broken.item is not None else None
    found = broken.type_of(value)
    if isinstance(found, Labels) and len(found.labels) == 1:
        found = STR
    text = describe(found)
    if declared is not None and _can_be_written(broken, found):
        yield broken.mend(f"Promise `{text}`", Edit(declared.span.shifted(broken.start), text))


def _can_be_written(broken: Broken, found: Type) -> bool:
    """Whether the type, written as it is called, means the same in this file."""
    match found:
        case ListOf(item=item) | OptionalOf(item=item):
            return _can_be_written(broken, item)
        case ObjectOf(fields=fields, name=""):
            return all(_can_be_written(broken, one.type) for one in fields)
        case Labels(name=""):
            return True
        case Labels(name=name) | ObjectOf(name=name) | Primitive(name=name):
            return broken.program.type_of(NamedType(name, Span(0, 0)), broken.module) == found
        case _:
            return False
