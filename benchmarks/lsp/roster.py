"""Which servers are measured, and on what. To add one: a line with its command, its language, and a template in ``units/``."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SUBJECT = "adalang"
FLOOR = "pygls"
PEER = "ruff"


@dataclass(frozen=True)
class Server:
    """``hover_at``: the place where this server has something to show; ``command[0]`` is looked for beside this Python, then on PATH."""

    name: str
    language: str
    command: tuple[str, ...]
    hover_at: str = "hover"

    def found(self) -> list[str] | None:
        """The command with the whole path of its program; None when it is not installed."""
        beside = shutil.which(self.command[0], path=str(Path(sys.executable).parent))
        program = beside or shutil.which(self.command[0])
        return [program, *self.command[1:]] if program else None


SERVERS = {
    one.name: one
    for one in (
        Server(SUBJECT, "adal", ("adalang", "server")),
        Server(FLOOR, "adal", ("python", str(HERE / "pygls_floor.py"))),
        # Ruff explains nothing but the codes of its own rules.
        Server(PEER, "python", ("ruff", "server"), hover_at="noqa"),
        Server("ty", "python", ("ty", "server")),
        Server("basedpyright", "python", ("basedpyright-langserver", "--stdio")),
        Server("taplo", "toml", ("taplo", "lsp", "stdio")),
        Server("tombi", "toml", ("tombi", "lsp")),
        Server("baml", "baml", ("baml-cli", "lsp")),
        Server("yaml", "yaml", ("yaml-language-server", "--stdio")),
    )
}
