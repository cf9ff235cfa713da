"""Proof that two templates give the same message for all inputs: their syntax trees, params put in, are one and the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from adalang.language.templates import environment, without_control_lines

if TYPE_CHECKING:
    from jinja2 import nodes


def renders_same(before: str, after: str, values: Mapping[str, str]) -> bool:
    """Whether the template ``after``, whose ``{{ name }}`` stand for these ``values``, gives what ``before`` gives."""
    from jinja2 import TemplateSyntaxError

    try:
        trees = [environment().parse(without_control_lines(text)) for text in (before, after)]
    except (TemplateSyntaxError, RecursionError, ValueError):
        return False
    _put_in(trees[0], {})
    _put_in(trees[1], values)
    return bool(trees[0] == trees[1])


def _put_in(tree: nodes.Template, values: Mapping[str, str]) -> None:
    """Write the values into the tree's texts, and texts that follow each other as one."""
    from jinja2 import nodes

    for output in tree.find_all(nodes.Output):
        joined: list[nodes.Expr] = []
        for one in output.nodes:
            text = _text(one, values)
            last = joined[-1] if joined else None
            if text is None:
                joined.append(one)
            elif isinstance(last, nodes.TemplateData):
                joined[-1] = nodes.TemplateData(last.data + text)
            elif text:
                joined.append(nodes.TemplateData(text))
        output.nodes = joined


def _text(node: nodes.Expr, values: Mapping[str, str]) -> str | None:
    from jinja2 import nodes

    if isinstance(node, nodes.Name):
        return values.get(node.name)
    return node.data if isinstance(node, nodes.TemplateData) else None
