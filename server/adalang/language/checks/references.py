"""Which names a declaration takes from outside itself, as they are written."""

from __future__ import annotations

from collections.abc import Iterator

from adalang.language import templates
from adalang.language.declarations import (
    COMPONENT_KINDS,
    AgentDeclaration,
    Binding,
    Comprehension,
    DatasetDeclaration,
    Declaration,
    EvalDeclaration,
    Expression,
    Member,
    ModelDeclaration,
    OptimizeDeclaration,
    PipelineDeclaration,
    PromptDeclaration,
    Reference,
    Repeat,
    Return,
    Statement,
    Template,
    ToolDeclaration,
    TypeDeclaration,
    TypeExpression,
    bindings,
    dotted,
    named_types,
    walk,
)
from adalang.language.text import Span


def references(declaration: Declaration) -> Iterator[tuple[str, Span]]:
    """Every name with its place, which counts from the declaration's start; ``a.b`` gives both `a.b` and `a`."""
    for written in written_types(declaration):
        for one in named_types(written):
            yield one.name, one.span
    for setting in getattr(declaration, "settings", ()):
        yield from expression_names(setting.value, frozenset())
    match declaration:
        case PromptDeclaration() | AgentDeclaration():
            own = {param.name.text for param in declaration.params} | {demos.name.text for demos in declaration.demos}
            own |= {parameter.name.text for parameter in declaration.parameters}
            for message in declaration.messages:
                for name, span in _template_names(message.template):
                    if name.split(".")[0] not in own:
                        yield name, span
            for param in declaration.params:
                yield from expression_names(param.value, frozenset())
        case PipelineDeclaration():
            bound = {parameter.name.text for parameter in declaration.parameters}
            bound |= {one.name.text for one in bindings(declaration.body)}
            yield from _statement_names(declaration.body, frozenset(bound))
        case ToolDeclaration() | ModelDeclaration() | DatasetDeclaration():
            if declaration.value is not None:
                yield from expression_names(declaration.value, frozenset())
        case EvalDeclaration() | OptimizeDeclaration():
            yield from expression_names(declaration.target, frozenset())
        case _:
            pass


def written_types(declaration: Declaration) -> Iterator[TypeExpression]:
    """The types that a declaration spells out, as wholes."""
    if isinstance(declaration, TypeDeclaration):
        yield declaration.type
    elif declaration.kind in COMPONENT_KINDS:
        for parameter in declaration.parameters:  # type: ignore[union-attr]
            yield parameter.type
        if declaration.returns is not None:  # type: ignore[union-attr]
            yield declaration.returns  # type: ignore[union-attr]


def _template_names(template: Template) -> Iterator[tuple[str, Span]]:
    for use in templates.uses(template):
        if use.fields:
            field, span = use.fields[0]
            yield f"{use.name}.{field}", Span(use.span.start, span.end)
        yield use.name, use.span


def _statement_names(body: tuple[Statement, ...], own: frozenset[str]) -> Iterator[tuple[str, Span]]:
    for statement in body:
        match statement:
            case Binding(value=value) | Return(value=value):
                yield from expression_names(value, own)
            case Repeat(times=times, until=until, body=inner):
                yield from expression_names(times, own)
                yield from expression_names(until, own)
                yield from _statement_names(inner, own)


def expression_names(expression: Expression, own: frozenset[str]) -> Iterator[tuple[str, Span]]:
    """Names that an expression takes from outside ``own``; ``a.b`` gives both `a.b` and `a`."""
    for part in walk(expression):
        if isinstance(part, Comprehension):
            own = own | {part.name.text}
        name = dotted(part)
        if name is None or name.split(".")[0] in own:
            continue
        if isinstance(part, Reference | Member):
            yield name, part.span
