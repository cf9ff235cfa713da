"""What a server tells of a document, of one that was edited and of the same text opened anew; and where the two differ."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from client import Client, Message, ServerFailed
from editing import Change, position
from measure import patched
from roster import Server
from session import initialize_params

View = dict[str, Any]
_INTERNAL_ERROR = -32603
_SETTLING_SECONDS = 1.0
_LOOK_AGAIN_SECONDS = 0.05

OF_DOCUMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "diagnostic": ("diagnosticProvider", {}),
    "documentSymbol": ("documentSymbolProvider", {}),
    "semanticTokens/full": ("semanticTokensProvider", {}),
    "formatting": ("documentFormattingProvider", {"options": {"tabSize": 2, "insertSpaces": True}}),
    "foldingRange": ("foldingRangeProvider", {}),
    "documentLink": ("documentLinkProvider", {}),
    "codeLens": ("codeLensProvider", {}),
}
OF_PLACES: dict[str, tuple[str, dict[str, Any]]] = {
    "hover": ("hoverProvider", {}),
    "definition": ("definitionProvider", {}),
    "completion": ("completionProvider", {}),
    "documentHighlight": ("documentHighlightProvider", {}),
    "references": ("referencesProvider", {"context": {"includeDeclaration": True}}),
}


@dataclass(frozen=True)
class Difference:
    """``what`` the server answers otherwise for the edited document than for the same text opened anew; or that it failed."""

    what: str
    edited: Any
    fresh: Any

    def __str__(self) -> str:
        path, edited, fresh = _first_difference(self.what, self.edited, self.fresh)
        return f"{path}\n  edited: {_short(edited)}\n  fresh:  {_short(fresh)}"


def _first_difference(path: str, edited: Any, fresh: Any) -> tuple[str, Any, Any]:
    """As deep inside as the two are of one make."""
    pairs: list[tuple[str, Any, Any]] = []
    if isinstance(edited, dict) and isinstance(fresh, dict):
        pairs = [(f".{key}", edited.get(key), fresh.get(key)) for key in edited | fresh]
    elif isinstance(edited, list) and isinstance(fresh, list):
        both = itertools.zip_longest(edited, fresh)
        pairs = [(f"[{index} of {len(edited)} and {len(fresh)}]", *pair) for index, pair in enumerate(both)]
    for step, one, other in pairs:
        if one != other:
            return _first_difference(path + step, one, other)
    return path, edited, fresh


class Probe:
    """A server process with one open document, always of the same name."""

    def __init__(self, server: Server, encoding: str, folder: Path, log: Path, without: frozenset[str]) -> None:
        self._encoding = encoding
        self._uri = (folder / "fuzz.adal").as_uri()
        self._client = Client(server.found() or [], folder=folder, log=log)
        try:
            answer = self._client.ask("initialize", initialize_params(folder, pull=True, encodings=(encoding,)))
            self._capabilities = answer["capabilities"]
            if self._capabilities.get("positionEncoding", "utf-16") != encoding:
                raise ServerFailed(f"the server does not speak {encoding}")
            self._client.notify("initialized", {})
        except ServerFailed:
            self._client.close()
            raise
        self._of_documents = {name: more for name, (offer, more) in OF_DOCUMENTS.items() if self._offers(offer)}
        self._of_places = {name: more for name, (offer, more) in OF_PLACES.items() if self._offers(offer)}
        for name in without:
            self._of_documents.pop(name, None)
            self._of_places.pop(name, None)
        self.text, self._version = "", 0

    def __enter__(self) -> Probe:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def open(self, text: str) -> None:
        """Close the document, if there is one, and open it with another text."""
        if self._version:
            self._client.notify("textDocument/didClose", {"textDocument": {"uri": self._uri}})
        self.text, self._version = text, 1
        self._last_diagnostics: tuple[str, list[Any]] | None = None
        self._last_tokens: tuple[str, list[int]] | None = None
        document = {"uri": self._uri, "languageId": "adal", "version": 1, "text": text}
        self._client.notify("textDocument/didOpen", {"textDocument": document})

    def change(self, changes: list[Change]) -> None:
        """One notification; the answer is not waited for, as there is none."""
        sent = []
        for change in changes:
            fitted = change.fitted(self.text)
            sent.append(fitted.as_lsp(self.text, self._encoding))
            self.text = fitted.applied(self.text)
        self._version += 1
        document = {"uri": self._uri, "version": self._version}
        self._client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": sent})

    def look(self, places: list[int]) -> View:
        """What is told now. Diagnostics and tokens are asked for as changes of what was told last.

        Raises:
            InternalError: a request was answered with one.
        """
        answers = self._ask(places)
        report = answers["diagnostic"]
        items = report["items"] if report["kind"] == "full" else (self._last_diagnostics or ("", []))[1]
        self._last_diagnostics = (report["resultId"], items) if report.get("resultId") else None
        view = answers | {"diagnostic": items}
        if tokens := answers.get("semanticTokens/full"):
            view["semanticTokens/full"] = data = patched((self._last_tokens or ("", []))[1], tokens)
            deltas = tokens.get("resultId") and self._offers("semanticTokensProvider.full.delta")
            self._last_tokens = (tokens["resultId"], data) if deltas else None
        return view

    def _offers(self, path: str) -> bool:
        found = self._capabilities
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return found is not None and found is not False

    def _ask(self, places: list[int]) -> View:
        """All answers, by what was asked."""
        previous = {}
        if self._last_diagnostics:
            previous["diagnostic"] = {"previousResultId": self._last_diagnostics[0]}
        if self._last_tokens:
            previous["semanticTokens/full"] = {"previousResultId": self._last_tokens[0]}
        document = {"textDocument": {"uri": self._uri}}
        wanted: dict[str, Message] = {}
        for name, more in self._of_documents.items():
            method = "semanticTokens/full/delta" if name == "semanticTokens/full" and name in previous else name
            wanted[name] = self._client.request(f"textDocument/{method}", document | more | previous.get(name, {}))
        for place in places:
            at = {"position": position(self.text, place, self._encoding)}
            for name, more in self._of_places.items():
                wanted[f"{name} at {place}"] = self._client.request(f"textDocument/{name}", document | more | at)
        self._client.send(*wanted.values())
        return {name: _result(name, self._client.answer(request).message) for name, request in wanted.items()}


def compare(edited: Probe, fresh: Probe, places: list[int]) -> Difference | None:
    """The edited document with a fresh open of its text; hovers and the like at ``places``. Files that either names are read in the
    background, so that both are looked at again for a while before they count as different."""
    fresh.open(edited.text)
    deadline = time.monotonic() + _SETTLING_SECONDS
    while True:
        try:
            ours, theirs = edited.look(places), fresh.look(places)
        except InternalError as error:
            return Difference(str(error), None, None)
        what = next((what for what, answer in ours.items() if answer != theirs[what]), None)
        if what is None:
            return None
        if time.monotonic() > deadline:
            return Difference(what, ours[what], theirs[what])
        time.sleep(_LOOK_AGAIN_SECONDS)


class InternalError(Exception):
    """A request was answered with one."""


def _result(name: str, message: Message) -> Any:
    error = message.get("error")
    if error is None:
        return message.get("result")
    if error["code"] == _INTERNAL_ERROR:
        raise InternalError(f"{name}: {error['message']}")
    return {"error": error}


def _short(found: Any) -> str:
    shown = json.dumps(found, ensure_ascii=True)
    return shown if len(shown) <= 1000 else f"{shown[:1000]}…"
