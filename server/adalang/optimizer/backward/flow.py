"""What fed what in one run, as its trace tells it: the graph on which feedback goes back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adalang.evaluation.results import RowResult
from adalang.optimizer.backward.facts import faultless
from adalang.optimizer.task import Param, TaskInfo
from adalang.runtime.provenance import Origin, Origins
from adalang.runtime.trace import Call, Trace

_WITHOUT_MODEL = ("tool", "retriever")
RESULT = -1
"""The place of the node that stands for the run's result, where several calls gave it."""


@dataclass(frozen=True, slots=True)
class Link:
    """A way from a node back to an earlier call. `value` is what came along it; `leads`: the params that lie behind it."""

    name: str
    call: int
    value: Any
    leads: frozenset[str]
    path: tuple[str | int, ...] = ()
    decides: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A call with the texts that it showed to its model, and the ways back from it. Only ways that lead to a param are kept."""

    at: int
    own: tuple[Param, ...]
    links: tuple[Link, ...]

    @property
    def leads(self) -> Mapping[str, frozenset[str]]:
        """Whatever may be blamed at this node, by name, with the params behind each."""
        return {
            **{param.id: frozenset((param.id,)) for param in self.own},
            **{link.name: link.leads for link in self.links},
        }


@dataclass(slots=True)
class Flow:
    """The nodes of one run by place, and where the way back begins."""

    calls: Sequence[Call]
    start: Node
    nodes: Mapping[int, Node] = field(default_factory=dict)

    @property
    def params(self) -> frozenset[str]:
        """The texts that had a part in the result."""
        return frozenset(one for leads in self.start.leads.values() for one in leads)

    def backwards(self) -> Iterator[Node]:
        """The nodes that lead to the start, each after all that it fed."""
        order: list[Node] = []
        _visit(self.start, self.nodes, order, set())
        return reversed(order)


def _visit(node: Node, nodes: Mapping[int, Node], order: list[Node], seen: set[int]) -> None:
    seen.add(node.at)
    for link in node.links:
        if link.call not in seen:
            _visit(nodes[link.call], nodes, order, seen)
    order.append(node)


def flow(info: TaskInfo, result: RowResult, gold: Any = None) -> Flow | None:
    """The flow of a failing run; None without a trace, or if no text had a part in the result."""
    if result.trace is None or not result.trace.calls:
        return None
    found = _Reading(info, result.trace, gold)
    start = found.start(result)
    return Flow(result.trace.calls, start, found.nodes) if start.leads else None


class _Reading:
    def __init__(self, info: TaskInfo, trace: Trace, gold: Any) -> None:
        self._info, self._trace, self._gold = info, trace, gold
        self._texts = {param.id: param for param in info.params if param.kind == "text"}
        self.nodes: dict[int, Node] = {}

    def start(self, result: RowResult) -> Node:
        """The call that gave the result, together with what chose it; else a node of its own that joins those that did."""
        ends = self._ends()
        given = {one.call for one in ends if not one.decides}
        if len(given) == 1:
            at = given.pop()
            deciding = self._links(at, (one for one in ends if one.decides), {})
            node = self._node(at)
            more = [link for link in deciding if link.call not in {at, *(known.call for known in node.links)}]
            return Node(at, node.own, _distinct([*node.links, *more], _names(node)))
        links = self._links(RESULT, ends, {"result": result.output})
        wrong = [link for link in links if link.decides or not _as_expected(link, result.expected)]
        return Node(RESULT, (), _distinct(wrong or links, ()))

    def _ends(self) -> Origins:
        """Where what the metric looked at came from. Of a run that failed: the call that failed, not one whose error an agent saw."""
        calls = self._trace.calls
        failed = [at for at, call in enumerate(calls) if call.error and call.kind not in ("pipeline", "agent")]
        if calls[0].error and failed:
            return (Origin(next((at for at in failed if calls[at].error == calls[0].error), failed[0])),)
        ends: dict[Origin, None] = {}
        for name in self._info.judged:
            origins = self._trace.step_origins.get(name, ()) if name else calls[0].returned or (Origin(0),)
            ends.update((Origin(one.call, ("result", *one.path), one.part, one.decides), None) for one in origins)
        return tuple(ends)

    def _node(self, at: int) -> Node:
        if at not in self.nodes:
            call = self._trace.calls[at]
            self.nodes[at] = Node(at, (), ())  # should a trace ever run in a circle, it ends here
            own = self._own(call)
            links = self._links(at, call.origins, call.inputs)
            self.nodes[at] = Node(at, own, _distinct(links, [param.id for param in own]))
        return self.nodes[at]

    def _own(self, call: Call) -> tuple[Param, ...]:
        if call.kind in _WITHOUT_MODEL:  # what is told of a tool is read by the agents that may call it
            return ()
        component = self._info.components.get(call.component)
        shared = component.shared if component is not None else ()
        return tuple(param for param in self._texts.values() if param.component == call.component or param.id in shared)

    def _links(self, at: int, origins: Iterable[Origin], values: Mapping[str, Any]) -> list[Link]:
        found = []
        for one in dict.fromkeys(origins):
            if one.call == at or faultless(self._trace.calls[one.call], self._gold):
                continue
            leads = frozenset(name for each in self._node(one.call).leads.values() for name in each)
            source = self._trace.calls[one.call]
            if one.decides:
                found.append(Link(f"choice by {source.component}", one.call, source.output, leads, one.path, True))
            else:
                found.append(Link(_name(one.path), one.call, _at(values, one.path), leads, one.path))
        return [link for link in found if link.leads]


def _as_expected(link: Link, expected: Any) -> bool:
    """Whether a part of the result is what is right in its place."""
    return expected is not None and link.value is not None and bool(link.value == _at(expected, link.path[1:]))


def _names(node: Node) -> list[str]:
    return [param.id for param in node.own]


def _name(path: Sequence[str | int]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def _at(values: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        try:
            values = values[step]
        except (KeyError, IndexError, TypeError):
            return None
    return values


def _distinct(links: Sequence[Link], taken: Collection[str]) -> tuple[Link, ...]:
    """The links with names of their own, so that an answer says which is meant."""
    names = set(taken)
    found = []
    for link in links:
        name, nth = link.name, 1
        while name in names:
            nth += 1
            name = f"{link.name} ({nth})"
        names.add(name)
        found.append(Link(name, link.call, link.value, link.leads, link.path, link.decides))
    return tuple(found)
