"""Asks the person at the terminal before a tool is called that needs it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from adalang.report.visible import visible

if TYPE_CHECKING:
    from adalang.runtime.approval import ApprovalRequest, Approver, Decision

NO_TERMINAL = "run it in a terminal to be asked, or from Python with `approve`"


def terminal_approver(unasked: Callable[[str], object] = lambda tool: None) -> Approver:
    """Shows the call and takes yes, no, or other inputs, one question at a time. Without a terminal it refuses, and tells ``unasked``
    which tool."""
    from adalang.runtime.approval import Decision, in_daemon_thread

    turn = asyncio.Lock()
    if not (sys.stdin.isatty() and sys.stderr.isatty()):

        async def refuse(request: ApprovalRequest) -> Decision:
            unasked(request.tool)
            return Decision(False, request.inputs, NO_TERMINAL)

        return refuse

    async def ask(request: ApprovalRequest) -> Decision:
        async with turn:
            return await in_daemon_thread(lambda: _asked(request, Decision))

    return ask


def _asked(request: ApprovalRequest, decision: type[Decision]) -> Decision:
    inputs = dict(request.inputs)
    by = f" (asked by {request.asked_by})" if request.asked_by else ""
    _say(f"\n{request.tool} needs your approval{by}:")
    while True:
        for name, value in inputs.items():
            _say(f"  {name} = {json.dumps(value, ensure_ascii=False)}")
        answer = _line("Call it? [y]es, [n]o, [e]dit: ").lower()
        if answer in ("y", "yes"):
            return decision(True, inputs)
        if answer in ("", "n", "no"):
            return decision(
                False, inputs, _line("Why not? (Enter: no reason) ") or "the person at the terminal said no"
            )
        if answer in ("e", "edit"):
            inputs = _edited(inputs, request.mistake)


def _edited(inputs: dict[str, Any], mistake: Callable[[dict[str, Any]], str]) -> dict[str, Any]:
    """The inputs with those that a JSON object names put in their place, if the tool takes them."""
    text = _line('Other values as JSON, such as {"amount": 10}: ')
    try:
        given = json.loads(text) if text else {}
    except ValueError as error:
        _say(f"  that is no JSON: {error}")
        return inputs
    if not isinstance(given, dict):
        _say("  that is no JSON object")
        return inputs
    if problem := mistake(inputs | given):
        _say(f"  {problem}")
        return inputs
    return inputs | given


def _line(question: str) -> str:
    """A line of the terminal; empty, which is a no, at its end."""
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _say(text: str) -> None:
    print(visible(text), file=sys.stderr, flush=True)
