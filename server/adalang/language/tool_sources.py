"""What the texts in a tool's parentheses mean."""

from __future__ import annotations

import re

from adalang.language.declarations import CallExpression, Expression, Text, dotted

_METHOD_AND_PATH = re.compile(r"^(.+?):((?:GET|PUT|POST|DELETE|OPTIONS|HEAD|PATCH|TRACE) /.*)$")
_OPERATION = re.compile(r"^(.+):([A-Za-z_][\w.-]*)$", re.DOTALL)


def python_source(expression: Expression | None) -> tuple[str, str] | None:
    """The file and the function that `python("file.py:function")` names."""
    if (
        not isinstance(expression, CallExpression)
        or dotted(expression.function) != "python"
        or not expression.arguments
    ):
        return None
    first = expression.arguments[0].value
    file, colon, function = first.value.rpartition(":") if isinstance(first, Text) else ("", "", "")
    return (file, function) if colon and file else None


def http_source(text: str) -> tuple[str, str]:
    """The description (a file, or an address) and the operation's id, or its method and path ("": not given), of
    `http("openapi.json:operation")`, `http("openapi.json:GET /orders/{id}")`."""
    found = _METHOD_AND_PATH.match(text) or _OPERATION.match(text)
    return (found[1], found[2]) if found else (text, "")
