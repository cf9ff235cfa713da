"""The commands of ``workspace/executeCommand``, as a table. Those that run something are refused without trust."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adalang.engine.protocol import EvaluateRequest, OptimizeRequest, Request, RunRequest
from adalang.ide.examples import example_inputs
from adalang.language.declarations import COMPONENT_KINDS
from adalang.language.program import Program
from adalang.lsp import types
from adalang.lsp.features.proposals import apply_proposal, dismiss_proposal, explain_proposal
from adalang.lsp.protocol import INVALID_PARAMS, RequestError
from adalang.lsp.server import AdalServer
from adalang.lsp.state import path_of

UNTRUSTED = (
    "This workspace is not trusted: nothing is run and nothing is spent. Trust it in the editor, then try again."
)


@dataclass(frozen=True, slots=True)
class Command:
    """``arguments`` are the names of the texts that it takes; one more object of ``inputs`` may follow for ``run``."""

    handler: Callable[..., Awaitable[Any]]
    arguments: tuple[str, ...]
    needs_trust: bool
    takes_inputs: bool = False


async def execute(server: AdalServer, params: types.ExecuteCommandParams) -> Any:
    command = COMMANDS.get(params.command)
    if command is None:
        raise RequestError(f"There is no command {params.command}.", INVALID_PARAMS)
    given = list(params.arguments or [])
    wanted = len(command.arguments)
    texts, rest = given[:wanted], given[wanted:]
    inputs = rest.pop(0) if command.takes_inputs and rest else None
    if len(texts) < wanted or rest or not all(isinstance(one, str) for one in texts) or _is_no_object(inputs):
        listed = ", ".join(command.arguments) or "nothing"
        raise RequestError(f"{params.command} takes {listed}.", INVALID_PARAMS)
    if command.needs_trust and not server.snapshot.trusted:
        raise RequestError(UNTRUSTED)
    if command.takes_inputs:
        return await command.handler(server, *texts, inputs)
    return await command.handler(server, *texts)


def _is_no_object(inputs: Any) -> bool:
    return inputs is not None and not isinstance(inputs, dict)


# ---- handlers


async def run(server: AdalServer, uri: str, name: str, inputs: Mapping[str, Any] | None) -> Any:
    """Call a component: with the given inputs, or with the first example of an eval of it."""
    path, text, program = await _file(server, uri)
    component = program.resolve(name)
    if component is None or component.kind not in COMPONENT_KINDS:
        raise RequestError(f"{path.name} has no component `{name}`.")
    if inputs is None:
        inputs = example_inputs(program, component, server.snapshot.disk)
    if inputs is None:
        raise RequestError(
            f"`{name}` needs inputs, and no eval of it has an example to take them from. Write one, or run it in a "
            f"terminal: adalang run {path.name}:{name} --set …"
        )
    result = await _do(server, path, f"Running {name}", RunRequest(str(path), name, inputs, text))
    if "output" in result:
        output = result["output"]
        shown = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
        server.log(f"{name}({json.dumps(inputs, ensure_ascii=False)}) ->\n{shown}")
        server.tell(f"{name}: {_short(shown)}")
    return result


async def evaluate(server: AdalServer, uri: str, name: str) -> Any:
    path, text, program = await _file(server, uri)
    _require_eval(path, program, name)
    result = await _do(server, path, f"Evaluating {name}", EvaluateRequest(str(path), name, text=text))
    if "score" in result:
        server.tell(_told(name, result))
    return result


async def optimize(server: AdalServer, uri: str, name: str) -> Any:
    path, text, program = await _file(server, uri)
    _require_eval(path, program, name)
    result = await _do(server, path, f"Optimizing {name}", OptimizeRequest(str(path), name, text=text))
    if result.get("message"):
        server.tell(f"{name}: {result['message']}")
    return result


async def cancel(server: AdalServer) -> Any:
    return {"cancelled": server.work.cancel()}


def _told(name: str, result: Mapping[str, Any]) -> str:
    if result["score"] is None:
        return f"{name}: nothing could be scored."
    score = f"{100 * result['score']:.0f}% [{100 * result['low']:.0f}, {100 * result['high']:.0f}]"
    failing = len(result.get("failing", ()))
    return f"{name}: {score} on {result['n']} examples" + (f", {failing} failing." if failing else ".")


def _short(text: str) -> str:
    return text if len(text) <= 300 else text[:297] + "…"


async def _file(server: AdalServer, uri: str) -> tuple[Path, str | None, Program]:
    """The file that a command is about: as it is in the editor, or else on the disk."""
    document = server.snapshot.documents.get(uri)
    path = document.path if document is not None else path_of(uri)
    if path is None:
        raise RequestError(f"{uri} is not open and no file.")
    await server.look_at(path)
    program = server.snapshot.program(path)
    if program is None:
        raise RequestError(f"{path.name} cannot be read.")
    return path, str(document.source) if document is not None else None, program


def _require_eval(path: Path, program: Program, name: str) -> None:
    entity = program.resolve(name)
    if entity is None or entity.kind != "eval":
        known = ", ".join(one.id for one in program.entities("eval")) or "none"
        raise RequestError(f"{path.name} has no eval `{name}`; there are: {known}.")


async def _do(server: AdalServer, path: Path, title: str, request: Request) -> Mapping[str, Any]:
    workspace = server.workspace_of(path)
    try:
        return await server.work.do(title, workspace.engine, request)
    finally:
        server.keep(server.look_into_store(workspace))


COMMANDS: Mapping[str, Command] = {
    "adalang.server.run": Command(run, ("uri", "name"), needs_trust=True, takes_inputs=True),
    "adalang.server.evaluate": Command(evaluate, ("uri", "name"), needs_trust=True),
    "adalang.server.optimize": Command(optimize, ("uri", "name"), needs_trust=True),
    "adalang.server.cancel": Command(cancel, (), needs_trust=False),
    "adalang.server.applyProposal": Command(apply_proposal, ("id",), needs_trust=True),
    "adalang.server.dismissProposal": Command(dismiss_proposal, ("id",), needs_trust=True),
    "adalang.server.explainProposal": Command(explain_proposal, ("id",), needs_trust=True),
}
