"""Documents over the wire: what a client tells of them, and what the server says of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from tests.lsp.wire import PULL, Wire

T = TypeVar("T")
ENDS = ("\r\n", "\n", "\r")
TREES = {"documentSymbol": {"hierarchicalDocumentSymbolSupport": True}}
PUSHED: dict[str, Any] = {"textDocument": TREES}
PULLED = {"textDocument": {**TREES, **PULL["textDocument"]}}
URI = "untitled:texts.adal"
LINES = 'param one = "1"\nparam two = "2 😀 2"\nparam three = "3"\n'


def units(text: str, encoding: str) -> int:
    width = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
    name = encoding if width == 1 else f"{encoding}-le"
    return len(text.encode(name, "surrogatepass")) // width


def place(text: str, index: int, encoding: str = "utf-16") -> dict[str, int]:
    """Where a client sees the character at ``index``."""
    line, start, at = 0, 0, 0
    while at < index:
        step = next((len(end) for end in ENDS if text.startswith(end, at)), 0)
        at += step or 1
        if step and at <= index:
            line, start = line + 1, at
    return {"line": line, "character": units(text[start:index], encoding)}


def between(text: str, start: int, end: int, encoding: str = "utf-16") -> dict[str, Any]:
    return {"start": place(text, start, encoding), "end": place(text, end, encoding)}


def at(line: int, character: int) -> dict[str, int]:
    return {"line": line, "character": character}


def change(wire: Wire, uri: str, version: int, *changes: Any) -> None:
    wire.notify(
        "textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": list(changes)}
    )


def close(wire: Wire, uri: str) -> None:
    wire.notify("textDocument/didClose", {"textDocument": {"uri": uri}})


def symbols(wire: Wire, uri: str) -> list[tuple[str, Any]]:
    """The declarations of a document with their places."""
    found = wire.result("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
    return [(one["name"], one["range"]) for one in found or []]


def view(wire: Wire, uri: str) -> Any:
    """What the server says of a document: its declarations with their places, and its diagnostics."""
    return symbols(wire, uri), [(one["range"], one.get("code")) for one in wire.pull(uri)]


def fresh(wire: Wire, text: str) -> Any:
    uri = "untitled:fresh.adal"
    wire.open(uri, text)
    found = view(wire, uri)
    close(wire, uri)
    return found


def eventually(look: Callable[[], T], wanted: T) -> T:
    """What ``look`` finds, once it is as wanted or the patience ends: files are read in the background."""
    end = time.monotonic() + 10
    while (found := look()) != wanted and time.monotonic() < end:
        time.sleep(0.02)
    return found


def edit(start: tuple[int, int], end: tuple[int, int], text: str) -> dict[str, Any]:
    return {"range": {"start": at(*start), "end": at(*end)}, "text": text}
