"""initialize, initialized, shutdown."""

from __future__ import annotations

from lsprotocol import types

from adalang.lsp.client import Client, Options
from adalang.lsp.features import code_actions, code_lenses, commands, completion, diagnostics, sync
from adalang.lsp.server import AdalServer

WATCHED = "**/*.{adal,jsonl,json,csv,py,md,txt,toml}"


def initialize(server: AdalServer, params: types.InitializeParams) -> types.InitializeResult:
    client, options = Client.of(params.capabilities), Options.of(params.initialization_options)
    folders = [folder.uri for folder in params.workspace_folders or []]
    if not folders and params.root_uri:
        folders = [params.root_uri]
    server.begin(client, options, folders, params.process_id)
    return types.InitializeResult(
        capabilities=_capabilities(client), server_info=types.ServerInfo(server.name, server.version)
    )


def _capabilities(client: Client) -> types.ServerCapabilities:
    return types.ServerCapabilities(
        position_encoding=types.PositionEncodingKind(client.encoding),
        text_document_sync=sync.OPTIONS,
        completion_provider=completion.OPTIONS,
        hover_provider=True,
        definition_provider=True,
        document_symbol_provider=True,
        document_formatting_provider=True,
        code_action_provider=code_actions.OPTIONS,
        code_lens_provider=code_lenses.OPTIONS,
        diagnostic_provider=diagnostics.OPTIONS if client.pulls_diagnostics else None,
        execute_command_provider=types.ExecuteCommandOptions(commands=list(commands.COMMANDS)),
        workspace=types.WorkspaceOptions(
            workspace_folders=types.WorkspaceFoldersServerCapabilities(supported=True, change_notifications=True)
        ),
    )


def initialized(server: AdalServer, params: types.InitializedParams) -> None:
    for problem in server.options.problems:
        server.warn(problem)
    server.start_watching()
    if server.client.registers_watchers:
        watcher = types.FileSystemWatcher(glob_pattern=WATCHED)
        registration = types.Registration(
            id="adalang.files",
            method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
            register_options=types.DidChangeWatchedFilesRegistrationOptions(watchers=[watcher]),
        )
        server.keep(server.client_register_capability_async(types.RegistrationParams([registration])))


async def shutdown(server: AdalServer, params: object) -> None:
    await server.wind_down()
