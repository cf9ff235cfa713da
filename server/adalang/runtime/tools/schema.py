"""How a component is offered to a model as a tool: any kind of component, by its signature."""

from __future__ import annotations

from typing import Any

from adalang.language.datasets import NotConstant, constant
from adalang.language.program import Entity, Program
from adalang.language.python_functions import python_function_of
from adalang.language.types import OptionalOf, json_schema


def tool_name(entity: Entity) -> str:
    """The component's id in the letters that providers take for a function's name."""
    return entity.id.replace(".", "__")[:64]


def tool_schema(program: Program, entity: Entity, description: str | None = None) -> dict[str, Any]:
    """The component as a function for a request's ``tools``: ``{"type": "function", "function": {...}}``.

    Its description is the comment above the declaration (or ``description``); a Python tool without one takes its function's
    docstring, and what that says about the inputs.
    """
    function = python_function_of(entity)
    notes = function.notes if function is not None else {}
    properties: dict[str, Any] = {}
    required: list[str] = []
    for one in entity.parameters:
        name, declared = one.name.text, program.type_of(one.type, entity.module)
        properties[name] = json_schema(declared) | ({"description": notes[name]} if name in notes else {})
        if one.default is not None:
            try:
                properties[name]["default"] = constant(one.default)
            except NotConstant:
                pass
        elif not isinstance(declared, OptionalOf):
            required.append(name)
    told = description if description is not None else entity.declaration.doc
    return {
        "type": "function",
        "function": {
            "name": tool_name(entity),
            "description": told or (function.doc if function is not None else ""),
            "parameters": {
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": False,
            },
        },
    }
