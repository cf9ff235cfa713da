"""``adalang graph``: the component graph, for people and other tools."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import typer

from adalang.cli.common import load_program


class Format(StrEnum):
    json = "json"
    mermaid = "mermaid"
    dot = "dot"
    svg = "svg"


def graph(
    file: Path = typer.Argument(..., help="A .adal file.", exists=True, dir_okay=False),
    format: Format = typer.Option(Format.json, "--format", "-f", help="How to print it."),
) -> None:
    """Print what a file declares and how it hangs together."""
    from adalang.language.graph import build_graph, to_dot, to_json, to_mermaid, to_svg

    printers = {Format.json: to_json, Format.mermaid: to_mermaid, Format.dot: to_dot, Format.svg: to_svg}
    print(printers[format](build_graph(load_program(file))))
