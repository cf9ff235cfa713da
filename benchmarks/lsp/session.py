"""A server with one open document, and what an editor does to it: type, take back, ask. Every answer is looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from client import Client, Message, Received, ServerFailed, notification, result_of
from generate import Place, Sample
from roster import Server

_WHOLE_TEXTS = 1
_TEXT_DOCUMENT = {
    "synchronization": {"didSave": True},
    "publishDiagnostics": {"relatedInformation": True, "versionSupport": True, "codeDescriptionSupport": True},
    "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
    "hover": {"contentFormat": ["markdown"]},
    "definition": {},
    "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
    "semanticTokens": {
        "requests": {"full": {"delta": True}},
        "tokenTypes": ["class", "function", "variable", "parameter", "property", "keyword", "string", "number"],
        "tokenModifiers": [],
        "formats": ["relative"],
    },
    "formatting": {},
    "rename": {"prepareSupport": True},
}


def initialize_params(folder: Path, *, pull: bool, encodings: tuple[str, ...] = ("utf-16",)) -> dict[str, Any]:
    """``pull``: whether the client asks for diagnostics, instead of being sent them."""
    asks = {"diagnostic": {"relatedDocumentSupport": False}} if pull else {}
    return {
        "processId": None,
        "rootUri": folder.as_uri(),
        "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name}],
        "capabilities": {
            "general": {"positionEncodings": list(encodings)},
            "textDocument": _TEXT_DOCUMENT | asks,
            "workspace": {"workspaceEdit": {"documentChanges": True}},
        },
    }


@dataclass(frozen=True)
class Request:
    """``items`` counts what an answer holds, of which there has to be something; ``place`` is where the cursor stands, if it matters;
    ``moves``: an empty line above has to change the answer."""

    name: str
    capability: str
    items: Callable[[Any], int]
    place: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    moves: bool = True

    @property
    def method(self) -> str:
        return f"textDocument/{self.name}"


class Session:
    """One process with one document, of which version, text and the place of the cursor are kept here. ``pull``: the client asks for
    diagnostics, if the server lets it."""

    def __init__(self, server: Server, sample: Sample, folder: Path, *, pull: bool) -> None:
        self.server, self.sample = server, sample
        self.file = folder / f"measured{sample.language.suffix}"
        self.file.write_text(sample.text, encoding="utf-8")
        self.uri = self.file.as_uri()
        self.version = 1
        self.typed = False
        self.shift = 0
        self.tokens_id: str | None = None
        self._lines = sample.text.split("\n")
        self._previous: list[Any] | None = None
        command = server.found()
        assert command is not None
        self.client = Client(command, folder=folder, log=folder / "stderr.log")
        try:
            answer = self.client.ask("initialize", initialize_params(folder, pull=pull))
            self.capabilities: dict[str, Any] = answer["capabilities"]
            self.pull = pull and self.capabilities.get("diagnosticProvider") is not None
            sync = self.capabilities.get("textDocumentSync")
            self._whole = (sync.get("change") if isinstance(sync, dict) else sync) == _WHOLE_TEXTS
            self.client.notify("initialized", {})
        except BaseException:
            self.client.close()
            raise

    def close(self) -> None:
        self.client.close()

    # ---- the document

    def open(self) -> float:
        """Open it and wait for its diagnostics; when they had come."""
        document = {"languageId": self.sample.language.name, "version": self.version, "text": self.sample.text}
        opened = notification("textDocument/didOpen", {"textDocument": {"uri": self.uri, **document}})
        if self.pull:
            request = self.client.request("textDocument/diagnostic", {"textDocument": {"uri": self.uri}})
            self.client.send(opened, request)
            answer = self.client.answer(request)
            self._previous = result_of(answer)["items"]
            return answer.at
        self.client.send(opened)
        return self._published().at

    def place(self, name: str) -> Place:
        found = self.sample.places[name]
        return Place(found.line + self.shift, found.column)

    def toggled(self) -> Message:
        """The change that types the mistake, or takes it back."""
        at = self.place("toggle")
        self.typed = not self.typed
        return self._change(at, at if self.typed else Place(at.line, at.column + 1), self._typo if self.typed else "")

    def take_back(self) -> None:
        """Take the mistake back, if there is one."""
        if self.typed:
            self.diagnosed(self.toggled(), differs=False)

    def typed_letter(self) -> Message:
        """The change that types a letter into prose, at the same place each time."""
        at = self.place("text")
        return self._change(at, at, "n")

    def typed_mistakes(self, letters: str) -> list[Message]:
        """A change for each letter, one behind the other; the diagnostics change with each."""
        at = self.place("toggle")
        places = [Place(at.line, at.column + index) for index in range(len(letters))]
        return [self._change(one, one, letter) for one, letter in zip(places, letters, strict=True)]

    def taken_back(self, count: int) -> Message:
        at = self.place("toggle")
        return self._change(at, Place(at.line, at.column + count), "")

    def moved(self) -> Message:
        """The change that puts an empty line above everything."""
        self.shift += 1
        return self._change(Place(0, 0), Place(0, 0), "\n")

    @property
    def _typo(self) -> str:
        return self.sample.language.typo

    def _change(self, start: Place, end: Place, text: str) -> Message:
        """Within one line."""
        self.version += 1
        line = self._lines[start.line]
        self._lines[start.line : start.line + 1] = (line[: start.column] + text + line[end.column :]).split("\n")
        change: dict[str, Any] = {"range": {"start": _position(start), "end": _position(end)}, "text": text}
        if self._whole:
            change = {"text": "\n".join(self._lines)}
        params = {"textDocument": {"uri": self.uri, "version": self.version}, "contentChanges": [change]}
        return notification("textDocument/didChange", params)

    # ---- diagnostics

    def diagnosed(self, change: Message, *, differs: bool = True) -> float:
        """Seconds from the last byte of the change (and of the request, if the client asks) to the diagnostics of that version."""
        if not self.pull:
            self.client.forget_notifications()
            sent = self.client.send(change)
            return self._published(differs=differs).at - sent
        request = self.diagnostic_request()
        sent = self.client.send(change, request)
        answer = self.client.answer(request)
        self.take_report(answer, differs=differs)
        return answer.at - sent

    def diagnostic_request(self) -> Message:
        return self.client.request("textDocument/diagnostic", {"textDocument": {"uri": self.uri}})

    def take_report(self, answer: Received, *, differs: bool = True) -> None:
        self._look_at(result_of(answer)["items"], differs=differs)

    def _published(self, *, differs: bool = True) -> Received:
        def wanted(message: Message) -> bool:
            """A server that does not say the version is believed when something has changed."""
            params = message.get("params") or {}
            if message["method"] != "textDocument/publishDiagnostics" or params["uri"] != self.uri:
                return False
            if params.get("version") is None:
                return bool(params["diagnostics"] != self._previous)
            return bool(params["version"] == self.version)

        found = self.client.notified(wanted, f"the diagnostics of version {self.version}")
        self._look_at(found.message["params"]["diagnostics"], differs=differs)
        return found

    def _look_at(self, diagnostics: list[Any], *, differs: bool) -> None:
        previous, self._previous = self._previous, diagnostics
        if differs and previous is not None and diagnostics == previous:
            raise ServerFailed(f"the diagnostics did not change with version {self.version}")
        if differs and self.typed and not diagnostics:
            raise ServerFailed(f"the mistake of version {self.version} was not found")

    # ---- requests

    def offers(self, request: Request) -> bool:
        """Whether the server has it, and the file a place for it."""
        offered: Any = self.capabilities
        for name in request.capability.split("."):
            offered = offered.get(name) if isinstance(offered, dict) else None
        # An empty object says yes, too.
        return (
            offered is not None and offered is not False and (not request.place or request.place in self.sample.places)
        )

    def request(self, request: Request) -> Message:
        params: dict[str, Any] = {"textDocument": {"uri": self.uri}, **request.more}
        if request.place:
            place = self.server.hover_at if request.place == "hover" else request.place
            params["position"] = _position(self.place(place))
        if request.name.endswith("/delta"):
            params["previousResultId"] = self.tokens_id or ""
        return self.client.request(request.method, params)

    def asked(self, request: Request, *, behind: Message | None = None) -> tuple[float, Any]:
        """Seconds from the last byte of the request to its answer, and the result, which is something; ``behind`` is a change that
        is written in the same go."""
        message = self.request(request)
        sent = self.client.send(*([behind] if behind else []), message)
        answer = self.client.answer(message)
        result = result_of(answer)
        if not request.items(result):
            raise ServerFailed(f"an empty answer to {request.method}: {str(result)[:100]}")
        if request.name.startswith("semanticTokens"):
            self.tokens_id = result.get("resultId")
        return answer.at - sent, result


def _position(place: Place) -> dict[str, int]:
    return {"line": place.line, "character": place.column}


def _count(result: Any) -> int:
    if isinstance(result, dict) and "items" in result:
        return len(result["items"])
    return len(result or ())


def _tokens(result: Any) -> int:
    found = (result or {}).get("data", ())
    if len(found) % 5:
        raise ServerFailed("semantic tokens are not five numbers each")
    return len(found) // 5


def _edits(result: Any) -> int:
    changed = (result or {}).get("documentChanges", ())
    return sum(len(edits) for edits in (result or {}).get("changes", {}).values()) + sum(
        len(one.get("edits", ())) for one in changed
    )


def _contents(result: Any) -> int:
    return len((result or {}).get("contents", ()))


def _changes(result: Any) -> int:
    """A delta says what it changes, even if that is nothing."""
    return int("edits" in result or "data" in result)


REQUESTS = (
    Request("completion", "completionProvider", _count, "completion", moves=False),
    Request("hover", "hoverProvider", _contents, "hover", moves=False),
    Request("definition", "definitionProvider", _count, "definition"),
    Request("documentSymbol", "documentSymbolProvider", _count),
    Request("semanticTokens/full", "semanticTokensProvider.full", _tokens),
    Request("semanticTokens/full/delta", "semanticTokensProvider.full.delta", _changes, moves=False),
    Request("formatting", "documentFormattingProvider", _count, more={"options": {"tabSize": 2, "insertSpaces": True}}),
    Request("rename", "renameProvider", _edits, "rename", more={"newName": "sorted_anew"}),
)
