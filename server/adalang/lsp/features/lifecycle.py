"""initialize, initialized, shutdown."""

from __future__ import annotations

from typing import Any

from adalang import __version__
from adalang.language import files
from adalang.lsp import types
from adalang.lsp.capabilities import capabilities
from adalang.lsp.client import Client, Options
from adalang.lsp.server import AdalServer

WATCHED = files.glob(*files.NAMED, ".toml")


def initialize(server: AdalServer, params: types.InitializeParams) -> dict[str, Any]:
    client, options = Client.of(params.capabilities), Options.of(params.initialization_options)
    folders = [folder.uri for folder in params.workspace_folders or []]
    if not folders and params.root_uri:
        folders = [params.root_uri]
    server.begin(client, options, folders, params.process_id)
    return {"capabilities": capabilities(client), "serverInfo": {"name": "adalang", "version": __version__}}


def initialized(server: AdalServer, params: types.InitializedParams) -> None:
    for problem in server.options.problems:
        server.window.warn(problem)
    server.start_watching()
    if server.client.registers_watchers:
        watchers = {"watchers": [types.FileSystemWatcher(glob_pattern=WATCHED)]}
        registration = types.Registration("adalang.files", "workspace/didChangeWatchedFiles", watchers)
        server.keep(server.protocol.ask("client/registerCapability", types.RegistrationParams([registration])))


async def shutdown(server: AdalServer, params: object) -> None:
    await server.wind_down()
