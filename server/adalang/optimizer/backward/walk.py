"""The way back through one failing run: from what the metric said to the texts that had a part in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from adalang.evaluation.results import RowResult
from adalang.optimizer.backward.blame import Share, ask_for_blame
from adalang.optimizer.backward.facts import fact
from adalang.optimizer.backward.flow import RESULT, Flow, Node, flow
from adalang.optimizer.backward.loss import diagnosis
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.task import Task
from adalang.runtime.trace import Call

LEAST_BLAME = 0.1
DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Note:
    """What one failing row says about one param. `call` is the place of the component's call in the run (time order), `when` names it
    where there are several: `step 2` of an agent, `call 2`."""

    param: str
    row: str
    text: str
    blame: float
    call: int = 0
    when: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One answer of the teacher: the share of each name, and the params that lie behind it."""

    shares: Mapping[str, float]
    leads: Mapping[str, frozenset[str]]


@dataclass(slots=True)
class Walked:
    """What the way back through one row gave. `params` had a part in its result; `judgements` are the answers on the way."""

    row: str
    loss: str
    params: frozenset[str]
    notes: list[Note] = field(default_factory=list)
    judgements: list[Judgement] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Received:
    text: str
    blame: float
    depth: int


async def walk(task: Task, candidate: Candidate, result: RowResult, gold: Any = None) -> Walked:
    """Notes for the params behind a row's failure. Where the way has no fork the metric's words go straight to the text.

    A share below `LEAST_BLAME` is not followed, nor is a way of more than `DEEPEST` calls: such feedback says nothing any more.
    """
    loss = await diagnosis(task, result)
    found = flow(task.info, result, gold)
    if found is None:
        return _without_trace(task, result, loss)
    walked = Walked(result.row_id, loss, found.params)
    if len(found.params) == 1:
        [param] = found.params
        nodes = list(found.backwards())
        calls = [found.calls[node.at] for node in nodes if param in _own(node)]
        known = [fact(found.calls[node.at], gold) for node in reversed(nodes) if node.at != RESULT and not node.own]
        text = "\n".join([*(one for one in known if one), loss])
        last = max(calls, key=lambda call: call.index, default=found.calls[0])
        walked.notes.append(Note(param, result.row_id, text, 1.0, last.index, _when(last)))
        return walked
    pending: dict[int, list[_Received]] = {found.start.at: [_Received(loss, 1.0, 0)]}
    for node in found.backwards():
        received = [one for one in pending.get(node.at, []) if one.depth <= DEEPEST]
        if not received:
            continue
        blame, depth = min(1.0, sum(one.blame for one in received)), max(one.depth for one in received) + 1
        text = _told(found, node, received, gold)
        for share in await _shares(task, candidate, found, node, text, result, walked):
            if blame * share.share < LEAST_BLAME:
                continue
            if share.name in _own(node):
                call = found.calls[node.at]
                told = Note(share.name, result.row_id, share.note, blame * share.share, call.index, _when(call))
                walked.notes.append(told)
            else:
                link = next(link for link in node.links if link.name == share.name)
                pending.setdefault(link.call, []).append(_Received(share.note, blame * share.share, depth))
    walked.notes.reverse()
    return walked


def _without_trace(task: Task, result: RowResult, loss: str) -> Walked:
    """A run that nothing is known of: every text may have had a part."""
    params = [param.id for param in task.info.params if param.kind == "text"]
    seen = result.trace is not None and bool(result.trace.calls)
    if seen or not params:
        return Walked(result.row_id, loss, frozenset())
    notes = [Note(param, result.row_id, loss, 1 / len(params)) for param in params]
    return Walked(result.row_id, loss, frozenset(params), notes)


def _own(node: Node) -> list[str]:
    return [param.id for param in node.own]


def _when(call: Call) -> str:
    if call.kind == "step":
        return f"step {call.index + 1}"
    return f"call {call.index + 1}" if call.index else ""


def _told(found: Flow, node: Node, received: Sequence[_Received], gold: Any) -> str:
    """The feedback that reached a node, in the order of time; what is known of the call itself comes first."""
    texts = list(dict.fromkeys(one.text for one in reversed(received)))
    known = fact(found.calls[node.at], gold) if node.at != RESULT and not node.own else ""
    return "\n".join([known, *texts] if known else texts)


async def _shares(
    task: Task, candidate: Candidate, found: Flow, node: Node, text: str, result: RowResult, walked: Walked
) -> list[Share]:
    """Who has what share of the blame that reached a node; without a fork it passes through unchanged, and nobody is asked."""
    names = list(node.leads)
    if len(names) <= 1:
        return [Share(name, 1.0, text) for name in names]
    if node.at != RESULT and not node.own and found.calls[node.at].kind not in ("prompt", "step"):
        return [Share(name, 1 / len(names), text) for name in names]
    answer = await ask_for_blame(task, candidate, found, node, text, result.expected)
    if answer is None:
        return [Share(name, 1 / len(names), text) for name in names]
    walked.judgements.append(Judgement({one.name: one.share for one in answer}, node.leads))
    return [replace(one, note=one.note or text) for one in answer]
