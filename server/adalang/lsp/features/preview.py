"""Previews of prompts and agents: the messages for one row, with no model call; a page that follows the text."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from adalang.engine.client import EngineClient, EngineError, WorkerDied
from adalang.engine.protocol import RenderRequest
from adalang.ide.preview import Chosen, Rendered, as_rendered, choose_inputs, preview_page, row_asked_for, why_no_run
from adalang.language.checks import checked
from adalang.lsp.protocol import INVALID_PARAMS, RequestError
from adalang.lsp.server import AdalServer
from adalang.lsp.shown import Page
from adalang.lsp.targets import target_at, target_of

RENDER_SECONDS = 10.0
"""For a template that never ends, a cold start of the worker included."""
_PREVIEWED = ("prompt", "agent")


async def preview(server: AdalServer, uri: str, name: str, row: int | str | None) -> dict[str, Any]:
    """Show a prompt's messages, or an agent's first ones with its tools, for a row: a number from 1, ``"next"``, ``"previous"``, or the one that was shown last.
    ``uri`` may be that of a page that is shown; ``name`` is not looked at then."""
    page = Page.of(uri)
    if page is None:
        page = Page("preview", (await target_at(server, uri)).path, name)
    wanted = row_asked_for(row, server.shown.row(page))
    if wanted is None:
        raise RequestError('A row is a number from 1 on, "next" or "previous".', INVALID_PARAMS)
    server.shown.set_row(page, wanted)
    chosen, rendered = await _render(server, page)
    text = preview_page(page.name, chosen, rendered)
    shown = await server.shown.show(page, text)
    return {
        "markdown": text,
        "uri": page.uri if shown and server.client.reads_contents else None,
        "row": chosen.row,
        "rows": chosen.rows,
        "inputs": chosen.inputs,
        "messages": [
            {"role": turn.role, "text": "".join(one.text for one in turn.parts if one.kind == "text")}
            for turn in rendered.turns
        ],
        "schema": rendered.schema,
        "tools": rendered.tools,
    }


async def preview_text(server: AdalServer, page: Page) -> str:
    return preview_page(page.name, *await _render(server, page))


async def _render(server: AdalServer, page: Page) -> tuple[Chosen, Rendered]:
    target = await target_of(server, page.path)
    component = target.component(page.name)
    if component.kind not in _PREVIEWED:
        there_are = ", ".join(one.id for one in target.program.components() if one.kind in _PREVIEWED) or "none"
        raise RequestError(
            f"Only prompts and agents have messages, and `{page.name}` is another kind; there are: {there_are}."
        )
    snapshot, row = server.snapshot, server.shown.row(page)
    chosen = await server.in_thread(partial(choose_inputs, target.program, component, row, snapshot.disk))
    if server.shown.row(page) == row:  # nobody has paged on
        server.shown.set_row(page, max(1, chosen.row))
    row_of = str(chosen.path or "")
    request = RenderRequest(str(target.path), page.name, chosen.inputs, target.texts, row_of)
    worker = server.workspaces.of(target.path).renderer
    try:
        async with asyncio.timeout(RENDER_SECONDS):
            answer = await _answer(worker, request)
    except TimeoutError as error:
        raise RequestError(f"The messages of `{page.name}` take more than {RENDER_SECONDS:g} s to render.") from error
    except EngineError as error:
        raise RequestError(str(error)) from error
    known = checked(target.program, facts=snapshot.disk, previous=snapshot.checked.get(page.path))
    return chosen, as_rendered(answer, why_no_run(target.program, known.diagnostics))


async def _answer(worker: EngineClient, request: RenderRequest) -> Mapping[str, Any]:
    """A render costs nothing and changes nothing: one whose worker died is asked for once more."""
    try:
        return await worker.call(request)
    except WorkerDied:
        return await worker.call(request)
