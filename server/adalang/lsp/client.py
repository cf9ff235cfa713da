"""The client's abilities as named booleans, worked out once at initialize."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from adalang.ide.inlay_hints import Hints
from adalang.ide.lenses import ACTIONS, Action
from adalang.language.text import Encoding

_ENCODINGS: dict[str, Encoding] = {"utf-8": "utf-8", "utf-16": "utf-16", "utf-32": "utf-32"}


@dataclass(frozen=True, slots=True)
class Client:
    """What the client can do. The defaults are those of a client that says nothing."""

    encoding: Encoding = "utf-16"
    pulls_diagnostics: bool = False
    refreshes_diagnostics: bool = False
    refreshes_lenses: bool = False
    refreshes_inline_values: bool = False
    refreshes_hints: bool = False
    refreshes_tokens: bool = False
    folds_lines: bool = False
    most_folds: int | None = None
    shows_references: bool = False
    approves: bool = False
    """Whether it asks a person to approve a tool's call (`adalang/approve`), with inputs that can be changed."""
    opens_traces: bool = False
    reads_contents: bool = False
    related_information: bool = False
    code_descriptions: bool = False
    diagnostic_tags: bool = False
    snippets: bool = False
    shares_edit_ranges: bool = False
    markdown_signatures: bool = False
    signature_offsets: bool = False
    marks_no_parameter: bool = False
    markdown_hover: bool = False
    markdown_docs: bool = False
    nested_symbols: bool = False
    links_definitions: bool = False
    links_declarations: bool = False
    links_type_definitions: bool = False
    links_implementations: bool = False
    prepares_rename: bool = False
    document_changes: bool = False
    creates_files: bool = False
    annotates_edits: bool = False
    action_literals: bool = False
    resolves_edits: bool = False
    shows_disabled: bool = False
    applies_edits: bool = False
    shows_progress: bool = False
    shows_documents: bool = False
    shows_answers: bool = False
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
            refreshes_inline_values=has("workspace.inlineValue.refreshSupport"),
            refreshes_hints=has("workspace.inlayHint.refreshSupport"),
            refreshes_tokens=has("workspace.semanticTokens.refreshSupport"),
            folds_lines=has("textDocument.foldingRange.lineFoldingOnly"),
            most_folds=_count(get("textDocument.foldingRange.rangeLimit")),
            shows_references=lists("experimental.commands", "adalang.showReferences"),
            approves=lists("experimental.requests", "adalang/approve"),
            opens_traces=lists("experimental.commands", "adalang.openTrace"),
            reads_contents=get("workspace.textDocumentContent") is not None,
            related_information=has("textDocument.publishDiagnostics.relatedInformation")
            or has("textDocument.diagnostic.relatedInformation"),
            code_descriptions=has("textDocument.publishDiagnostics.codeDescriptionSupport")
            or has("textDocument.diagnostic.codeDescriptionSupport"),
            diagnostic_tags=has("textDocument.publishDiagnostics.tagSupport")
            or has("textDocument.diagnostic.tagSupport"),
            snippets=has("textDocument.completion.completionItem.snippetSupport"),
            shares_edit_ranges=lists("textDocument.completion.completionList.itemDefaults", "editRange"),
            markdown_signatures=lists(
                "textDocument.signatureHelp.signatureInformation.documentationFormat", "markdown"
            ),
            signature_offsets=has(
                "textDocument.signatureHelp.signatureInformation.parameterInformation.labelOffsetSupport"
            ),
            marks_no_parameter=has("textDocument.signatureHelp.signatureInformation.noActiveParameterSupport"),
            markdown_hover=lists("textDocument.hover.contentFormat", "markdown"),
            markdown_docs=lists("textDocument.completion.completionItem.documentationFormat", "markdown"),
            nested_symbols=has("textDocument.documentSymbol.hierarchicalDocumentSymbolSupport"),
            links_definitions=has("textDocument.definition.linkSupport"),
            links_declarations=has("textDocument.declaration.linkSupport"),
            links_type_definitions=has("textDocument.typeDefinition.linkSupport"),
            links_implementations=has("textDocument.implementation.linkSupport"),
            prepares_rename=has("textDocument.rename.prepareSupport"),
            document_changes=has("workspace.workspaceEdit.documentChanges"),
            creates_files=has("workspace.workspaceEdit.documentChanges")
            and lists("workspace.workspaceEdit.resourceOperations", "create"),
            annotates_edits=has("workspace.workspaceEdit.documentChanges")
            and get("workspace.workspaceEdit.changeAnnotationSupport") is not None,
            action_literals=get("textDocument.codeAction.codeActionLiteralSupport") is not None,
            resolves_edits=has("textDocument.codeAction.dataSupport")
            and lists("textDocument.codeAction.resolveSupport.properties", "edit"),
            shows_disabled=has("textDocument.codeAction.disabledSupport"),
            applies_edits=has("workspace.applyEdit"),
            shows_progress=has("window.workDoneProgress"),
            shows_documents=has("window.showDocument.support"),
            shows_answers=has("experimental.answers"),
            registers_watchers=has("workspace.didChangeWatchedFiles.dynamicRegistration"),
        )


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


@dataclass(frozen=True, slots=True)
class Options:
    """``initializationOptions``, and what settings change of them later. Wrong values are reported and not used."""

    trusted: bool = True
    evaluate_on_save: bool = True
    lenses: frozenset[Action] = frozenset(ACTIONS)
    hints: Hints = field(default_factory=Hints)
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
        lenses, hints, wrong = _shown(given or {}, frozenset(ACTIONS), Hints(), "initializationOptions")
        return cls(**found, lenses=lenses, hints=hints, problems=(*problems, *wrong))

    def changed(self, section: Any) -> Options:
        """With the values of a changed ``adalang`` section; what it does not name stays. Trust is no setting."""
        value = section.get("evaluateOnSave", self.evaluate_on_save) if isinstance(section, dict) else None
        given = section if isinstance(section, dict) else {}
        lenses, hints, problems = _shown(given, self.lenses, self.hints, "adalang")
        changed = replace(self, lenses=lenses, hints=hints)
        if isinstance(value, bool):
            return replace(changed, evaluate_on_save=value, problems=problems)
        problem = f"adalang.evaluateOnSave has to be true or false; it stays {str(self.evaluate_on_save).lower()}."
        return replace(changed, problems=(problem, *problems))


def _shown(
    section: Mapping[str, Any], lenses: frozenset[Action], hints: Hints, where: str
) -> tuple[frozenset[Action], Hints, tuple[str, ...]]:
    """The lenses and hints that ``codeLens`` and ``inlayHints`` ask for: true, false, or an object with such values."""
    problems: list[str] = []
    of_lenses = _switches(section, "codeLens", {one: one in lenses for one in ACTIONS}, where, problems)
    of_hints = _switches(section, "inlayHints", asdict(hints), where, problems)
    return frozenset(one for one in ACTIONS if of_lenses[one]), Hints(**of_hints), tuple(problems)


def _switches(
    section: Mapping[str, Any], name: str, before: Mapping[str, bool], where: str, problems: list[str]
) -> Mapping[str, bool]:
    given = section.get(name, {})
    if isinstance(given, bool):
        return dict.fromkeys(before, given)
    if not isinstance(given, dict):
        problems.append(f"{where}.{name} has to be true, false or an object; it is not used.")
        return before
    wrong = [one for one in before if not isinstance(given.get(one, True), bool)]
    problems += [f"{where}.{name}.{one} has to be true or false; it is not used." for one in wrong]
    return {one: given.get(one, now) if one not in wrong else now for one, now in before.items()}
