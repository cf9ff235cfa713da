"""Inputs that are turns of a conversation."""

from __future__ import annotations

from adalang.language.declarations import AgentDeclaration, PromptDeclaration
from adalang.language.program import Module, Program
from adalang.language.templates import uses
from adalang.language.types import STR, TURN, ListOf, OptionalOf, Type, Unknown


def is_history(declared: Type) -> bool:
    """Whether a type is a list of the built-in `Turn`."""
    inner = declared.item if isinstance(declared, OptionalOf) else declared
    return isinstance(inner, ListOf) and inner.item == TURN


def shortens(declared: Type) -> bool:
    """Whether a value of the type can be made shorter and stay of it: a list, or a text."""
    inner = declared.item if isinstance(declared, OptionalOf) else declared
    return isinstance(inner, ListOf | Unknown) or inner == STR


def placed_as_turns(
    program: Program, module: Module, declaration: PromptDeclaration | AgentDeclaration
) -> tuple[str, ...]:
    """The inputs of `Turn[]` that no message shows: they become turns before the last message of the user."""
    shown = {use.name for message in declaration.messages for use in uses(message.template)}
    return tuple(
        one.name.text
        for one in declaration.parameters
        if one.name.text not in shown and is_history(program.type_of(one.type, module))
    )
