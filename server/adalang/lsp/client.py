"""The client's abilities as named booleans, worked out once at initialize."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from lsprotocol import types

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
    def of(cls, capabilities: types.ClientCapabilities) -> Client:
        def has(*path: str) -> bool:
            found: Any = capabilities
            for name in path:
                found = getattr(found, name, None)
            return bool(found)

        def formats(*path: str) -> Any:
            found: Any = capabilities.text_document
            for name in path:
                found = getattr(found, name, None)
            return found or ()

        offered = getattr(capabilities.general, "position_encodings", None) or []
        encoding = next((_ENCODINGS[str(_plain(one))] for one in offered if str(_plain(one)) in _ENCODINGS), "utf-16")
        return cls(
            encoding=encoding,  # type: ignore[arg-type]
            pulls_diagnostics=getattr(capabilities.text_document, "diagnostic", None) is not None,
            refreshes_diagnostics=has("workspace", "diagnostics", "refresh_support"),
            refreshes_lenses=has("workspace", "code_lens", "refresh_support"),
            related_information=has("text_document", "publish_diagnostics", "related_information")
            or has("text_document", "diagnostic", "related_information"),
            code_descriptions=has("text_document", "publish_diagnostics", "code_description_support")
            or has("text_document", "diagnostic", "code_description_support"),
            snippets=has("text_document", "completion", "completion_item", "snippet_support"),
            markdown_hover=types.MarkupKind.Markdown in formats("hover", "content_format"),
            markdown_docs=types.MarkupKind.Markdown in formats("completion", "completion_item", "documentation_format"),
            nested_symbols=has("text_document", "document_symbol", "hierarchical_document_symbol_support"),
            links_definitions=has("text_document", "definition", "link_support"),
            document_changes=has("workspace", "workspace_edit", "document_changes"),
            applies_edits=has("workspace", "apply_edit"),
            shows_progress=has("window", "work_done_progress"),
            shows_documents=has("window", "show_document", "support"),
            registers_watchers=has("workspace", "did_change_watched_files", "dynamic_registration"),
        )


def _plain(value: Any) -> Any:
    return getattr(value, "value", value)


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
