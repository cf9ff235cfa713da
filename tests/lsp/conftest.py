"""The real server, and an editor that talks to it."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_lsp
from pytest_lsp import ClientServerConfig, LanguageClient
from tests.lsp.editor import Editor

# The superuser may write files that nobody may write; the server of the tests may not, whoever runs them.
AS_A_USER = (
    ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.name == "posix" and os.getuid() == 0 else []
)


@pytest_lsp.fixture(config=ClientServerConfig(server_command=[*AS_A_USER, sys.executable, "-m", "adalang.lsp"]))
async def server(lsp_client: LanguageClient) -> AsyncIterator[None]:
    """Started, not initialized: the test says what the editor can do. Shut down in order at the end."""
    yield
    await lsp_client.shutdown_session()


@pytest.fixture
def editor(server: LanguageClient) -> Editor:
    return Editor(server).attach()
