"""The values of an eval's expressions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adalang.language.declarations import (
    Binary,
    Constant,
    Expression,
    ListExpression,
    Member,
    Not,
    ObjectExpression,
    Reference,
    Text,
    dotted,
)
from adalang.runtime.failures import BugFailure
from adalang.runtime.operators import compare


def value_of(expression: Expression, names: Mapping[str, Any]) -> Any:
    """An eval's expression over ``row``, ``output``, ``steps``.

    Raises:
        BugFailure: a name or column is missing, or the expression calls something.
    """
    match expression:
        case Text(value=value) | Constant(value=value):
            return value
        case Reference(name=name):
            if name not in names:
                raise BugFailure(f"nothing is called `{name}` here; there are {', '.join(names)}")
            return names[name]
        case Member(object=inner, name=name):
            owner = value_of(inner, names)
            if owner is None:
                return None
            if not isinstance(owner, Mapping) or name.text not in owner:
                what = f"column `{name.text}`" if dotted(inner) == "row" else f"field `{name.text}`"
                raise BugFailure(f"there is no {what}")
            return owner[name.text]
        case ListExpression(items=items):
            return [value_of(one, names) for one in items]
        case ObjectExpression(pairs=pairs):
            return {pair.name.text: value_of(pair.value, names) for pair in pairs}
        case Not(value=inner):
            return not value_of(inner, names)
        case Binary(operator="and", left=left, right=right):
            return value_of(left, names) and value_of(right, names)
        case Binary(operator="or", left=left, right=right):
            return value_of(left, names) or value_of(right, names)
        case Binary(operator=operator, left=left, right=right):
            return compare(operator, value_of(left, names), value_of(right, names))
        case _:
            raise BugFailure("this expression has no value here")
