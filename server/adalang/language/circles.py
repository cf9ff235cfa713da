"""What leads back to itself in a graph."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import TypeVar

_Node = TypeVar("_Node", bound=Hashable)


def circles(edges: Mapping[_Node, Collection[_Node]]) -> dict[_Node, int]:
    """The nodes that lead back to themselves, each with its circle's number (Tarjan's strongly connected components)."""
    order: dict[_Node, int] = {}
    lowest: dict[_Node, int] = {}
    open_nodes: list[_Node] = []
    found: dict[_Node, int] = {}
    closed: set[_Node] = set()
    for root in edges:
        if root in order:
            continue
        order[root] = lowest[root] = len(order)
        open_nodes.append(root)
        trail = [(root, iter(edges[root]))]
        while trail:
            node, targets = trail[-1]
            target = next(targets, None)
            if target is not None:
                if target not in order and target in edges:
                    order[target] = lowest[target] = len(order)
                    open_nodes.append(target)
                    trail.append((target, iter(edges[target])))
                elif target in order and target not in closed:
                    lowest[node] = min(lowest[node], order[target])
                continue
            trail.pop()
            if trail:
                caller = trail[-1][0]
                lowest[caller] = min(lowest[caller], lowest[node])
            if lowest[node] == order[node]:
                circle = [open_nodes.pop()]
                while circle[-1] != node:
                    circle.append(open_nodes.pop())
                closed.update(circle)
                if len(circle) > 1 or node in edges[node]:
                    found |= dict.fromkeys(circle, order[node])
    return found
