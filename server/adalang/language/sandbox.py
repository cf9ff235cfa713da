"""The Jinja environment that templates are judged and rendered in. Imports Jinja, so it is imported only when needed.

Immutable and sandboxed, undefined names are errors, and no operator may eat the machine: neither in a run nor, through
Jinja's folding of constants, while somebody types.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined, nodes
from jinja2.exceptions import SecurityError
from jinja2.meta import TrackingCodeGenerator
from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST_TEXT = 4_000_000
"""Characters that one rendered text may have at most."""


class Environment(ImmutableSandboxedEnvironment):
    """Fields come before methods: ``{{ ticket.items }}`` is the field."""

    intercepted_binops = frozenset({"**", "*", "%"})

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False, optimized=False)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" and (not isinstance(right, int | float) or abs(right) > 64):
            raise SecurityError("powers above 64 are not computed in templates")
        if operator == "*":
            for text, times in ((left, right), (right, left)):
                if isinstance(text, str | list | tuple) and isinstance(times, int) and len(text) * times > LONGEST_TEXT:
                    raise SecurityError("this repetition is too long")
        if operator == "%" and isinstance(left, str) and re.search(r"%[^a-zA-Z%]*(\d{5}|\*)", left):
            raise SecurityError("this padding is too wide")
        return super().call_binop(context, operator, left, right)


def undeclared(tree: nodes.Template) -> frozenset[str]:
    """The names that a template takes from outside.

    Raises:
        TemplateSyntaxError: what was parsed can still not be rendered.
    """
    names = _Names(tree.environment)
    names.visit(tree)
    return frozenset(names.undeclared_identifiers)


class _Names(TrackingCodeGenerator):
    """Looks at a template without computing what is constant in it."""

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.optimizer = None

    def _output_child_to_const(self, *_: object) -> str:
        raise nodes.Impossible
