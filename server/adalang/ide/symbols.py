"""Document symbols: a file's declarations with their parts, in the order of the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adalang.ide.meaning import headline
from adalang.ide.occurrences import Site, locals_of
from adalang.language.declarations import Binding, ObjectType, PipelineDeclaration, Repeat, Statement, TypeDeclaration
from adalang.language.program import Program
from adalang.language.text import Span
from adalang.language.types import describe


@dataclass(frozen=True, slots=True)
class Symbol:
    """``kind`` is the declaration's word, or "input", "demos", "binding" or "field" for a part of one."""

    name: str
    kind: str
    detail: str
    span: Span
    name_span: Span
    children: tuple[Symbol, ...] = ()


def symbols(program: Program) -> list[Symbol]:
    """The symbols of the root file; a declaration without a name yet is called by its keyword."""
    found = []
    for item in program.root.items:
        declaration = item.declaration
        if declaration.kind == "import":
            continue
        site = Site(program, program.root, item)
        name = declaration.name
        name_span = name.span.shifted(item.start) if name.text else Span(item.start, item.start + len(declaration.kind))
        detail = headline(program, site.entity)
        children = tuple(sorted(_parts(site), key=lambda one: one.span))
        found.append(Symbol(name.text or declaration.kind, declaration.kind, detail, item.span, name_span, children))
    return found


def _parts(site: Site) -> Iterator[Symbol]:
    start = site.item.start
    for name, local in locals_of(site).items():
        assert local.span is not None
        span = local.span.shifted(start)
        yield Symbol(name, local.what, describe(local.type) if local.what == "input" else "", span, span)
    match site.item.declaration:
        case PipelineDeclaration(body=body):
            for binding in _bindings(body):
                span = binding.name.span.shifted(start)
                yield Symbol(binding.name.text, "binding", "", binding.span.shifted(start), span)
        case TypeDeclaration(type=ObjectType(fields=fields)):
            for one in fields:
                declared = describe(site.program.type_of(one.type, site.module))
                span = one.span.shifted(start)
                if one.name.text:
                    yield Symbol(one.name.text, "field", declared, span, one.name.span.shifted(start))
        case _:
            pass


def _bindings(body: tuple[Statement, ...]) -> Iterator[Binding]:
    for statement in body:
        if isinstance(statement, Binding) and statement.name.text:
            yield statement
        elif isinstance(statement, Repeat):
            yield from _bindings(statement.body)
