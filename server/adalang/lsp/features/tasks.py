"""Commands that the worker carries out: run, evaluate, optimize; with progress and cancel."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from adalang.engine.protocol import EvaluateRequest, OptimizeRequest, Request, RunRequest
from adalang.engine.scores import told
from adalang.ide.data_rows import InputsRefused, asked_inputs, data_rows, inputs_to_run
from adalang.lsp.protocol import RequestError
from adalang.lsp.server import AdalServer
from adalang.lsp.targets import Target, target_at
from adalang.lsp.work import ANSWER, LastRun

_ROWS_LISTED = 1000
_ANYWAY = "Search anyway"


async def run(server: AdalServer, uri: str, name: str, given: Mapping[str, Any] | None) -> Any:
    """Call a component: with the given inputs, with those of a row (``{"row": n}``, from 1), or with the first row's."""
    target = await target_at(server, uri)
    component = target.component(name)
    find = partial(inputs_to_run, target.program, component, given, server.snapshot.disk)
    try:
        row = await server.in_thread(find)
    except InputsRefused as error:
        raise RequestError(str(error)) from error
    inputs, row_of = row.inputs, str(row.path or "")
    token, end = str(uuid.uuid4()), {"error": "stopped"}
    try:
        request = RunRequest(str(target.path), name, inputs, target.texts, row_of)
        result = await _do(server, target, f"Running {name}", request, token)
        if "output" in result:
            end = {"value": result["output"], "run": result["run"]}
    except RequestError as error:
        end = {"error": str(error)}
        raise
    finally:
        if server.client.shows_answers:
            server.protocol.notify(ANSWER, {"id": token, "component": name, "uri": uri, "done": True, **end})
    if "output" in result:
        output = result["output"]
        server.keep_run(target.path, name, LastRun(inputs, output, result["bindings"]))
        shown = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
        server.window.log(f"{name}({json.dumps(inputs, ensure_ascii=False)}) ->\n{shown}")
        if not server.client.shows_answers:
            server.window.tell(f"{name}: {_short(shown)}")
    return result


async def inputs(server: AdalServer, uri: str, name: str) -> Any:
    """What a component takes, and the inputs of the rows that it can be run with: for editors that let the user choose."""
    target = await target_at(server, uri)
    component = target.component(name)
    find = partial(data_rows, target.program, component, server.snapshot.disk, _ROWS_LISTED)
    found = await server.in_thread(find)
    return {
        "inputs": [asdict(one) for one in asked_inputs(target.program, component)],
        "eval": found.eval.id if found is not None else None,
        "rows": [one.inputs for one in found.rows] if found is not None else [],
    }


async def evaluate(server: AdalServer, uri: str, name: str) -> Any:
    target = await target_at(server, uri)
    _require_eval(target, name)
    request = EvaluateRequest(str(target.path), name, texts=target.texts)
    result = await _do(server, target, f"Evaluating {name}", request)
    if "score" in result:
        server.window.tell(told(name, result))
    return result


async def optimize(server: AdalServer, uri: str, name: str, anyway: bool | None = None) -> Any:
    """Search; where little can be gained only with ``anyway``, which the user is then asked about."""
    target = await target_at(server, uri)
    _require_eval(target, name)
    request = OptimizeRequest(str(target.path), name, anyway=bool(anyway), texts=target.texts)
    result = await _do(server, target, f"Optimizing {name}", request)
    if result.get("little_to_gain"):
        server.keep(_offer_anyway(server, uri, name, result["message"]))
    elif result.get("message"):
        server.window.tell(f"{name}: {result['message']}")
    return result


async def _offer_anyway(server: AdalServer, uri: str, name: str, why_not: str) -> None:
    """The command has been answered by now, so what goes wrong here is a message."""
    if await server.window.choose(f"{name}: {why_not}.", [_ANYWAY]) != _ANYWAY:
        return
    try:
        await optimize(server, uri, name, anyway=True)
    except RequestError as error:
        server.window.warn(str(error))


async def cancel(server: AdalServer) -> Any:
    return {"cancelled": server.work.cancel()}


def _short(text: str) -> str:
    return text if len(text) <= 300 else text[:297] + "…"


def _require_eval(target: Target, name: str) -> None:
    entity = target.program.resolve(name)
    if entity is None or entity.kind != "eval":
        known = ", ".join(one.id for one in target.program.entities("eval")) or "none"
        raise RequestError(f"{target.path.name} has no eval `{name}`; there are: {known}.")


async def _do(
    server: AdalServer, target: Target, title: str, request: Request, token: str | None = None
) -> Mapping[str, Any]:
    workspace = server.workspaces.of(target.path)
    await server.workspaces.look_at_settings()
    try:
        return await server.work.do(title, workspace.engine, request, token)
    finally:
        server.keep(server.workspaces.look_into_store(workspace))
