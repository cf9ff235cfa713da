"""What a component is called with: defaults filled in, types checked."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from adalang.language.datasets import constant
from adalang.language.program import Entity, Program
from adalang.language.types import ListOf, ObjectOf, OptionalOf, Type, misfit
from adalang.runtime.failures import BugFailure


def checked_inputs(program: Program, entity: Entity, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs with defaults filled in.

    Raises:
        BugFailure: one is missing, unknown, or of another type.
    """
    parameters = entity.declaration.parameters  # type: ignore[union-attr]
    known = [one.name.text for one in parameters]
    for name in inputs:
        if name not in known:
            raise BugFailure(f"`{entity.id}` has no input `{name}`; it takes {', '.join(known) or 'none'}")
    values: dict[str, Any] = {}
    for one in parameters:
        name = one.name.text
        declared = program.type_of(one.type, entity.module)
        if name in inputs:
            values[name] = inputs[name]
        elif one.default is not None:
            values[name] = constant(one.default)
        elif misfit(None, declared) is None:
            values[name] = None
        else:
            raise BugFailure(f"`{entity.id}` needs the input `{name}`")
        reason = misfit(values[name], declared, name)
        if reason:
            raise BugFailure(f"`{entity.id}`: {reason}")
        values[name] = _filled(values[name], declared)
    return values


def refuse_no_numbers(entity: Entity, inputs: Mapping[str, Any]) -> None:
    """A NaN is neither above nor below any limit, so no condition would hold it back, and JSON knows none.

    Raises:
        BugFailure: an input is, or holds, no finite number.
    """
    for name, value in inputs.items():
        if _holds_no_number(value):
            raise BugFailure(
                f"`{entity.id}`: `{name}` {'is not' if isinstance(value, float) else 'holds what is not'} a finite number"
            )


def _holds_no_number(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_no_number, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_holds_no_number, value))
    return isinstance(value, float) and not isfinite(value)


def checked_call(program: Program, entity: Entity, inputs: Mapping[str, Any]) -> tuple[dict[str, Any], int | None]:
    """The inputs as :func:`checked_inputs` gives them, and how many passages a retriever is asked for, if the call says so.

    Raises:
        BugFailure: one is missing, unknown, or of another type.
    """
    known = [one.name.text for one in entity.declaration.parameters]  # type: ignore[union-attr]
    given = dict(inputs)
    count = given.pop("k", None) if entity.kind == "retriever" and "k" not in known else None
    values = checked_inputs(program, entity, given)
    count = values.get("k", count) if entity.kind == "retriever" else None
    if count is not None and (isinstance(count, bool) or not isinstance(count, int)):
        raise BugFailure(f"`{entity.id}`: k is a whole number, not {count!r}")
    return values, count


def _filled(value: Any, declared: Type) -> Any:
    """A value that fits, with the optional fields that it leaves out set to ``None``: templates may name them."""
    match declared:
        case OptionalOf(item=item):
            return None if value is None else _filled(value, item)
        case ListOf(item=item):
            return [_filled(one, item) for one in value]
        case ObjectOf(fields=fields):
            return {**value, **{one.name: _filled(value.get(one.name), one.type) for one in fields}}
        case _:
            return value
