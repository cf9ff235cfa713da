"""The commands of ``workspace/executeCommand``, as a table. Those that run something are refused without trust."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adalang.lsp import types
from adalang.lsp.features.graph import show_graph
from adalang.lsp.features.preview import preview
from adalang.lsp.features.proposals import apply_proposal, dismiss_proposal, explain_proposal
from adalang.lsp.features.save_row import save_row
from adalang.lsp.features.tasks import cancel, evaluate, inputs, optimize, run
from adalang.lsp.features.traces import open_trace, traces
from adalang.lsp.protocol import INVALID_PARAMS, RequestError
from adalang.lsp.server import AdalServer

UNTRUSTED = (
    "This workspace is not trusted: nothing is run and nothing is spent. Trust it in the editor, then try again."
)


@dataclass(frozen=True, slots=True)
class More:
    """One more argument that may follow; null means that it does not. ``kinds`` are the types of JSON that it may be."""

    name: str
    kinds: tuple[type, ...]


@dataclass(frozen=True, slots=True)
class Command:
    """``arguments`` are the names of the texts that it takes. ``needs_trust``: it runs something, spends or writes."""

    handler: Callable[..., Awaitable[Any]]
    arguments: tuple[str, ...]
    needs_trust: bool
    more: More | None = None


async def execute(server: AdalServer, params: types.ExecuteCommandParams) -> Any:
    command = COMMANDS.get(params.command)
    if command is None:
        raise RequestError(f"There is no command {params.command}.", INVALID_PARAMS)
    arguments = _arguments(params.command, command, list(params.arguments or []))
    if command.needs_trust and not server.snapshot.trusted:
        raise RequestError(UNTRUSTED)
    return await command.handler(server, *arguments)


def _arguments(name: str, command: Command, given: list[Any]) -> list[Any]:
    """The handler's arguments.

    Raises:
        RequestError: they are not those that the command takes.
    """
    wanted = len(command.arguments)
    texts, rest = given[:wanted], given[wanted:]
    more = command.more
    right = len(texts) == wanted and all(isinstance(one, str) for one in texts) and len(rest) <= (more is not None)
    if more is not None and rest and rest[0] is not None:
        right = right and isinstance(rest[0], more.kinds)
    if not right:
        names = [*command.arguments, *([f"{more.name}?"] if more is not None else [])]
        raise RequestError(f"{name} takes {', '.join(names) or 'nothing'}.", INVALID_PARAMS)
    return texts if more is None else [*texts, rest[0] if rest else None]


_INPUTS = More("inputs", (dict,))
_ROW = More("row", (int, str))
_NAME = More("name", (str,))
_ANYWAY = More("anyway", (bool,))
_SHOW = More("show", (bool,))
_OUTPUT = More("output", (object,))

COMMANDS: Mapping[str, Command] = {
    "adalang.server.run": Command(run, ("uri", "name"), needs_trust=True, more=_INPUTS),
    "adalang.server.evaluate": Command(evaluate, ("uri", "name"), needs_trust=True),
    "adalang.server.optimize": Command(optimize, ("uri", "name"), needs_trust=True, more=_ANYWAY),
    "adalang.server.cancel": Command(cancel, (), needs_trust=False),
    "adalang.server.inputs": Command(inputs, ("uri", "name"), needs_trust=False),
    "adalang.server.preview": Command(preview, ("uri", "name"), needs_trust=False, more=_ROW),
    "adalang.server.showGraph": Command(show_graph, ("uri",), needs_trust=False, more=_NAME),
    "adalang.server.saveRow": Command(save_row, ("uri", "name"), needs_trust=True, more=_OUTPUT),
    "adalang.server.traces": Command(traces, ("uri",), needs_trust=True, more=_NAME),
    "adalang.server.openTrace": Command(open_trace, ("uri", "run"), needs_trust=True, more=_SHOW),
    "adalang.server.applyProposal": Command(apply_proposal, ("id",), needs_trust=True),
    "adalang.server.dismissProposal": Command(dismiss_proposal, ("id",), needs_trust=True),
    "adalang.server.explainProposal": Command(explain_proposal, ("id",), needs_trust=True),
}
"""A preview and a graph call no model, run no Python of the workspace's and write nothing, so they need no trust."""
