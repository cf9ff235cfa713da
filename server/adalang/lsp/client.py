"""The client's abilities as named booleans, worked out once at initialize."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from adalang.language.text import Encoding

_ENCODINGS: dict[str, Encoding] = {"utf-8": "utf-8", "utf-16": "utf-16", "utf-32": "utf-32"}


@dataclass(frozen=True, slots=True)
class Client:
    """What the client can do. The defaults are those of a client that says nothing."""

    encoding: Encoding = "utf-16"
    pulls_diagnostics: bool = False
    refreshes_diagnostics: bool = False
    refreshes_lenses: bool = False
    related_information: bool = False
    code_descriptions: bool = False
    snippets: bool = False
    markdown_hover: bool = False
    markdown_docs: bool = False
    nested_symbols: bool = False
    links_definitions: bool = False
    document_changes: bool = False
    applies_edits: bool = False
    shows_progress: bool = False
    shows_documents: bool = False
    registers_watchers: bool = False

    @classmethod
    def of(cls, capabilities: Mapping[str, Any]) -> Client:
        def get(path: str) -> Any:
            found: Any = capabilities
            for name in path.split("."):
                found = found.get(name) if isinstance(found, Mapping) else None
            return found

        def has(path: str) -> bool:
            return bool(get(path))

        def lists(path: str, value: str) -> bool:
            found = get(path)
            return isinstance(found, list) and value in found

        offered = get("general.positionEncodings")
        known = [_ENCODINGS[one] for one in offered if one in _ENCODINGS] if isinstance(offered, list) else []
        return cls(
            encoding=known[0] if known else "utf-16",
            pulls_diagnostics=get("textDocument.diagnostic") is not None,
            refreshes_diagnostics=has("workspace.diagnostics.refreshSupport"),
            refreshes_lenses=has("workspace.codeLens.refreshSupport"),
            related_information=has("textDocument.publishDiagnostics.relatedInformation")
            or has("textDocument.diagnostic.relatedInformation"),
            code_descriptions=has("textDocument.publishDiagnostics.codeDescriptionSupport")
            or has("textDocument.diagnostic.codeDescriptionSupport"),
            snippets=has("textDocument.completion.completionItem.snippetSupport"),
            markdown_hover=lists("textDocument.hover.contentFormat", "markdown"),
            markdown_docs=lists("textDocument.completion.completionItem.documentationFormat", "markdown"),
            nested_symbols=has("textDocument.documentSymbol.hierarchicalDocumentSymbolSupport"),
            links_definitions=has("textDocument.definition.linkSupport"),
            document_changes=has("workspace.workspaceEdit.documentChanges"),
            applies_edits=has("workspace.applyEdit"),
            shows_progress=has("window.workDoneProgress"),
            shows_documents=has("window.showDocument.support"),
            registers_watchers=has("workspace.didChangeWatchedFiles.dynamicRegistration"),
        )


@dataclass(frozen=True, slots=True)
class Options:
    """``initializationOptions``, and what settings change of them later. Wrong values are reported and not used."""

    trusted: bool = True
    evaluate_on_save: bool = True
    problems: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: Any) -> Options:
        found: dict[str, bool] = {}
        problems = []
        if given is not None and not isinstance(given, dict):
            return cls(problems=("initializationOptions has to be an object; the defaults are used.",))
        for name, attribute in (("trusted", "trusted"), ("evaluateOnSave", "evaluate_on_save")):
            value = (given or {}).get(name, True)
            if isinstance(value, bool):
                found[attribute] = value
            else:
                # A trust that cannot be read is no trust.
                found[attribute] = name != "trusted"
                problems.append(f"initializationOptions.{name} has to be true or false; {found[attribute]} is used.")
        return cls(**found, problems=tuple(problems))

    def changed(self, section: Any) -> Options:
        """With the values of a changed ``adalang`` section; what it does not name stays. Trust is no setting."""
        value = section.get("evaluateOnSave", self.evaluate_on_save) if isinstance(section, dict) else None
        if isinstance(value, bool):
            return replace(self, evaluate_on_save=value, problems=())
        problem = f"adalang.evaluateOnSave has to be true or false; it stays {str(self.evaluate_on_save).lower()}."
        return replace(self, problems=(problem,))
