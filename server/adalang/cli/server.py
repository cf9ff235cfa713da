"""``adalang server``: the language server."""

from __future__ import annotations

import typer


def server(
    tcp: str = typer.Option("", "--tcp", help="HOST:PORT to listen on, instead of standard input and output."),
    stdio: bool = typer.Option(False, "--stdio", help="Speak over standard input and output (the default)."),
) -> None:
    """Start the language server for editors."""
    from adalang.lsp.server import serve

    if not tcp:
        serve()
        return
    host, _, port = tcp.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise typer.BadParameter("--tcp takes HOST:PORT, such as 127.0.0.1:2087")
    serve(tcp=(host or "127.0.0.1", int(port)))
