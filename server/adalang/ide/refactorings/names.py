"""Names that are taken: what a new name must not be, so that nothing is hidden and nothing hides it."""

from __future__ import annotations

from collections.abc import Container

from adalang.language.builtins import METRIC_SIGNATURES
from adalang.language.declarations import (
    AgentDeclaration,
    Comprehension,
    Declaration,
    EvalDeclaration,
    PipelineDeclaration,
    PromptDeclaration,
    Template,
    bindings,
    walk,
)
from adalang.language.lower import Item
from adalang.language.program import Module, Program
from adalang.language.reach import statement_expressions
from adalang.language.settings import FUNCTIONS, RESERVED
from adalang.language.types import BUILT_IN

_EVAL = ("row", "output", "steps")


def file_names(program: Program, module: Module) -> set[str]:
    """What no new top-level name of the module may be: its own names, imported files, words of the language."""
    words = {*RESERVED, *BUILT_IN, *METRIC_SIGNATURES, *FUNCTIONS}
    return {*module.names, *program.imported(module), *words}


def declared_names(declaration: Declaration) -> set[str]:
    """The names that one declaration gives to its inputs, params, demos, bindings and loop variables."""
    names = {one.name.text for one in getattr(declaration, "parameters", ())}
    match declaration:
        case PromptDeclaration(params=params, demos=demos) | AgentDeclaration(params=params, demos=demos):
            names |= {one.name.text for one in params} | {one.name.text for one in demos}
        case PipelineDeclaration(body=body):
            expressions = (part for one in statement_expressions(body) for part in walk(one))
            names |= {one.name.text for one in bindings(body)}
            names |= {one.name.text for one in expressions if isinstance(one, Comprehension)}
        case EvalDeclaration():
            names.update(_EVAL)
        case _:
            pass
    return names


def local_names(declaration: Declaration) -> set[str]:
    """The same with every word in its templates' tags: what a new name in it must not be."""
    names = declared_names(declaration)
    if isinstance(declaration, PromptDeclaration | AgentDeclaration):
        for message in declaration.messages:
            names |= _words(message.template)
    return names


def _words(template: Template) -> set[str]:
    return {token.text for tag in template.tags for token in tag.tokens if token.kind == "name"}


def is_local(module: Module, name: str, but: Item | None = None) -> bool:
    """Whether some declaration (``but`` for one) gives the name to something of its own."""
    word, data = name.encode(), module.source.data
    holding = (one for one in module.items if one is not but and word in data[one.start : one.span.end])
    return any(name in local_names(one.declaration) for one in holding)


def fresh_name(program: Program, module: Module, wanted: str, taken: Container[str] = ()) -> str:
    """``wanted``, or ``wanted_2``, …: the first that means nothing at top level of the module, nor in any declaration."""
    known, name, number = file_names(program, module), wanted, 1
    while name in known or name in taken or is_local(module, name):
        number += 1
        name = f"{wanted}_{number}"
    return name
