"""Calls: the one that the cursor stands in, what it takes, and what it has been given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adalang.ide.occurrences import Site
from adalang.ide.words import FUNCTION_PARAMETERS
from adalang.language.builtins import METRIC_SIGNATURES, MetricSignature
from adalang.language.checks.scope import result_type
from adalang.language.declarations import (
    COMPONENT_KINDS,
    CallExpression,
    Component,
    Declaration,
    EvalDeclaration,
    Expression,
    ListType,
    NamedType,
    OptimizeDeclaration,
    OptionalType,
    Parameter,
    PipelineDeclaration,
    Setting,
    ToolDeclaration,
    TypeDeclaration,
    dotted,
    walk,
)
from adalang.language.program import Entity, Program
from adalang.language.reach import statement_expressions
from adalang.language.settings import FUNCTIONS, TOOL_OPTIONS
from adalang.language.text import Span
from adalang.language.types import INT, UNKNOWN, Type, describe


@dataclass(frozen=True, slots=True)
class Taken:
    """One parameter of what is called. ``default`` is written as in the file; "" where a value must be given."""

    name: str
    type: Type
    written: str
    """The type, or the kinds of value, for people."""
    doc: str = ""
    default: str = ""
    only_by_name: bool = False


@dataclass(frozen=True, slots=True)
class Callee:
    """What a call calls: a component, a built-in metric, or one of the language's functions."""

    name: str
    parameters: tuple[Taken, ...]
    returns: str = ""
    doc: str = ""


def call_at(declaration: Declaration, offset: int) -> CallExpression | None:
    """The innermost call between whose parentheses ``offset`` (from the declaration's start) lies."""
    found = [one for one in _calls(declaration) if _holds(one, offset)]
    return min(found, key=lambda one: one.span.end - one.span.start, default=None)


def callee_of(site: Site, call: CallExpression) -> Callee | None:
    name = dotted(call.function) or ""
    entity = site.program.resolve(name, site.module)
    if entity is not None:
        return of_component(site.program, entity) if entity.kind in COMPONENT_KINDS else None
    if name in METRIC_SIGNATURES:
        return _of_metric(METRIC_SIGNATURES[name])
    if name in FUNCTIONS:
        parameter, doc = FUNCTION_PARAMETERS[name]
        options = TOOL_OPTIONS.get(name, {}) if isinstance(site.item.declaration, ToolDeclaration) else {}
        further = [Taken(one.name, UNKNOWN, one.kind, one.doc, "…", only_by_name=True) for one in options.values()]
        return Callee(name, (Taken(parameter, UNKNOWN, "str", doc), *further), doc=FUNCTIONS[name])
    return None


def of_component(program: Program, entity: Entity) -> Callee:
    declaration = entity.declaration
    taken = [_of_parameter(program, entity, one) for one in parameters_of(declaration)]
    if entity.kind == "retriever":
        taken.append(Taken("k", INT, "int", "How many passages to give.", "…", only_by_name=True))
    returns = describe(result_type(program, entity))
    return Callee(declaration.name.text, tuple(taken), returns, declaration.doc)


def parameters_of(declaration: Declaration) -> tuple[Parameter, ...]:
    """The inputs of a component as they are declared; none of anything else."""
    return declaration.parameters if isinstance(declaration, Component) else ()


def _of_parameter(program: Program, entity: Entity, parameter: Parameter) -> Taken:
    declared = program.type_of(parameter.type, entity.module)
    default = ""
    if parameter.default is not None:
        span = parameter.default.span.shifted(entity.item.start)
        default = entity.module.source.slice(span)
    return Taken(parameter.name.text, declared, describe(declared), _type_doc(program, entity, parameter), default)


def _type_doc(program: Program, entity: Entity, parameter: Parameter) -> str:
    """What is said about an input: what is said about its type, as inputs have no text of their own."""
    written = parameter.type
    while isinstance(written, ListType | OptionalType):
        written = written.item
    found = program.resolve(written.name, entity.module) if isinstance(written, NamedType) else None
    return found.declaration.doc if found is not None and isinstance(found.declaration, TypeDeclaration) else ""


def _of_metric(metric: MetricSignature) -> Callee:
    taken = []
    for one in metric.parameters:
        default = {"output": "output", "expect": "the eval's expect"}.get(str(one.default), str(one.default).lower())
        default = "all" if one.default is None else default
        kinds = "anything" if len(one.types) == 7 else " | ".join(one.types)
        taken.append(Taken(one.name, UNKNOWN, kinds, one.meaning, default, one.is_option))
    return Callee(metric.name, tuple(taken), "a score from 0 to 1", metric.meaning)


def given_names(call: CallExpression, callee: Callee, but: Span | None = None) -> frozenset[str]:
    """The parameters that have got a value, by name or by position; the argument at ``but`` is not counted."""
    given = set()
    for index, argument in enumerate(call.arguments):
        if but is not None and argument.span == but:
            continue
        if argument.name is not None:
            given.add(argument.name.text)
        elif index < len(callee.parameters):
            given.add(callee.parameters[index].name)
    return frozenset(given)


def _holds(call: CallExpression, offset: int) -> bool:
    return call.function.span.end < offset < call.span.end or (offset == call.span.end and _is_open(call))


def _is_open(call: CallExpression) -> bool:
    """Whether nothing closes the call: its last argument, or the opening parenthesis, is its end."""
    if not call.arguments:
        return call.span.end == call.function.span.end + 1
    return call.arguments[-1].span.end == call.span.end


def _calls(declaration: Declaration) -> Iterator[CallExpression]:
    for expression in expressions_of(declaration):
        for part in walk(expression):
            if isinstance(part, CallExpression):
                yield part


def expressions_of(declaration: Declaration) -> Iterator[Expression]:
    """Every outermost expression of a declaration but its params' and demos' texts."""
    for parameter in parameters_of(declaration):
        if parameter.default is not None:
            yield parameter.default
    settings: tuple[Setting, ...] = getattr(declaration, "settings", ())
    yield from (one.value for one in settings)
    match declaration:
        case PipelineDeclaration(body=body):
            yield from statement_expressions(body)
        case EvalDeclaration() | OptimizeDeclaration():
            pass
        case _:
            value: Expression | None = getattr(declaration, "value", None)
            if value is not None:
                yield value
