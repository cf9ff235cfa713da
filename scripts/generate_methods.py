"""Write docs/methods.md: every method of the protocol, what we make of it, and who else has it; or check that it is current.

    python scripts/generate_methods.py            writes
    python scripts/generate_methods.py --check    exits with 1 when the page is not current

The methods are lsprotocol's, what is supported is read from the server's own table and sources, the fixtures and tests from
their folders, the peers from benchmarks/lsp/peers.json. A method without support needs a reason here.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from lsprotocol import types

from adalang.lsp.methods import METHODS

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "methods.md"
PEERS: Mapping[str, list[str]] = json.loads((ROOT / "benchmarks" / "lsp" / "peers.json").read_text(encoding="utf-8"))

_NAMES = {"yaml": "yaml-language-server", "json": "vscode-json", "jedi": "jedi-language-server"}
_EXAMPLES = 2

IN_PROTOCOL = {"exit": "state", "$/cancelRequest": "state"}
"""Handled before the table is asked."""

_NO_COLOURS = "there are no colours in the language"
_NO_NOTEBOOKS = "there are no notebooks of `.adal`"
_NO_SUPERTYPES = "types have no supertypes"
_COMPLETE = "answers are complete at once"
_OWN_REFRESH = "follows from the text alone, which the client knows to have changed"
REASONS: Mapping[str, str] = {
    "textDocument/documentColor": _NO_COLOURS,
    "textDocument/colorPresentation": _NO_COLOURS,
    "notebookDocument/didOpen": _NO_NOTEBOOKS,
    "notebookDocument/didChange": _NO_NOTEBOOKS,
    "notebookDocument/didSave": _NO_NOTEBOOKS,
    "notebookDocument/didClose": _NO_NOTEBOOKS,
    "textDocument/prepareTypeHierarchy": _NO_SUPERTYPES,
    "typeHierarchy/subtypes": _NO_SUPERTYPES,
    "typeHierarchy/supertypes": _NO_SUPERTYPES,
    "textDocument/moniker": "names are known inside a workspace only",
    "textDocument/inlineCompletion": "nothing costs money unless asked for, and nothing is guessed",
    "textDocument/willSave": "nothing has to happen before a save",
    "textDocument/willSaveWaitUntil": "formatting on save is the editor's setting",
    "documentLink/resolve": _COMPLETE,
    "inlayHint/resolve": _COMPLETE,
    "workspaceSymbol/resolve": _COMPLETE,
    "workspace/willCreateFiles": "a new file changes no other",
    "workspace/willDeleteFiles": "an import that leads nowhere is a diagnostic, not an edit",
    "workspace/configuration": "the few settings come with `initialize` and `workspace/didChangeConfiguration`",
    "workspace/workspaceFolders": "the client tells its folders, and each change of them",
    "client/unregisterCapability": "what is registered stays",
    "telemetry/event": "there is no telemetry",
    "$/logTrace": "the log goes to standard error",
    "workspace/foldingRange/refresh": _OWN_REFRESH,
    "$/progress": "the server asks for no partial results",
}


def supported() -> list[str]:
    """Every method of the protocol that the server handles or sends."""
    return [one for one in types.METHOD_TO_TYPES if _latency(one) is not None or _is_sent(one)]


def rows(direction: str) -> Iterator[str]:
    """The table's lines of what ``direction`` ("client" or "server") sends."""
    for method in sorted(types.METHOD_TO_TYPES, key=lambda one: (one.startswith("$"), one.casefold())):
        directions = types.message_direction(method)
        if direction not in {"clientToServer": "client", "serverToClient": "server"}.get(directions, "client server"):
            continue
        latency = _latency(method) if direction == "client" else ("sent" if _is_sent(method) else None)
        if latency is None:
            yield f"| `{method}` | no: {REASONS[method]} | | {_peers(method)} |"
        else:
            yield f"| `{method}` | {latency} | {_shown_by(method)} | {_peers(method)} |"


def _latency(method: str) -> str | None:
    found = METHODS.get(method)
    return found.latency if found is not None else IN_PROTOCOL.get(method)


@cache
def _sources() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "server" / "adalang" / "lsp").rglob("*.py"))


def _is_sent(method: str) -> bool:
    return f'"{method}"' in _sources()


@cache
def _tests() -> Mapping[str, str]:
    """The texts of the tests by their paths; helpers of tests show nothing themselves, nor does the test of this."""
    folders = (ROOT / "tests" / "lsp", ROOT / "tests" / "editors")
    found = [path for folder in folders for path in sorted(folder.rglob("test_*.py")) if path.name != "test_methods.py"]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in found}


def fixtures_of(method: str) -> Path | None:
    """The folder with the fixtures of a method's feature, if it has one."""
    feature = METHODS[method].name.partition(".")[0] if method in METHODS else ""
    folder = ROOT / "tests" / "fixtures" / feature
    return folder if feature and folder.is_dir() else None


def tests_of(method: str) -> list[Path]:
    """The tests that speak of a method by one of its names: the protocol's, that of pytest-lsp's client, or, where a test asks
    about a document (``ask(wire, "foldingRange", …)``), the short one."""
    snake = re.sub(r"(?<=[a-z])([A-Z])", r"_\1", method.replace("$/", "")).replace("/", "_").lower()
    short = method.removeprefix("textDocument/")
    names = rf'"{re.escape(method)}"|\b{snake}(_async)?\(|types\.{snake.upper()}\b|\bask\((\w+, )?"{re.escape(short)}"'
    return [ROOT / path for path, text in _tests().items() if re.search(names, text)]


def _shown_by(method: str) -> str:
    fixtures = fixtures_of(method)
    shown = [f"[fixtures/{fixtures.name}](../tests/fixtures/{fixtures.name})"] if fixtures is not None else []
    shown += [f"[{path.name}](../{path.relative_to(ROOT).as_posix()})" for path in tests_of(method)]
    return ", ".join(shown[:_EXAMPLES])


def _peers(method: str) -> str:
    return ", ".join(_NAMES.get(name, name) for name, offered in PEERS.items() if method in offered)


def page() -> str:
    return "\n".join(
        [
            "<!-- Written by scripts/generate_methods.py. -->",
            "# Methods of the language server protocol",
            "",
            "What the server does with each method. *state* changes what the server knows, in the order of arrival; *query* answers in",
            "milliseconds from the newest state; *thread* works over many files beside the rest; *worker* waits for work in another",
            "process, with progress and cancel. The last column names the servers that offer the same (as they say at `initialize`; answers to",
            "what every server has are not listed).",
            "",
            "## From the editor",
            "",
            "| method | runs as | shown by | also in |",
            "| --- | --- | --- | --- |",
            *rows("client"),
            "",
            "## From the server",
            "",
            "| method | | shown by | |",
            "| --- | --- | --- | --- |",
            *rows("server"),
            "",
        ]
    )


def main() -> int:
    wanted = page()
    is_current = PAGE.exists() and PAGE.read_text(encoding="utf-8") == wanted
    if "--check" in sys.argv[1:]:
        if not is_current:
            sys.stderr.write("docs/methods.md is not current: run python scripts/generate_methods.py\n")
        return 0 if is_current else 1
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
