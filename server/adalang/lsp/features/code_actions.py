"""Quick fixes, fixes of all at once, refactorings. Answers in a thread: what a name means may stand in any file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from adalang.ide.actions import Action, fix_all, fix_kind, quick_fixes
from adalang.ide.changes import Change
from adalang.ide.fixes import LOOKS_ELSEWHERE
from adalang.ide.refactorings import KINDS as REFACTORINGS
from adalang.ide.refactorings import Kind, Refactoring, Selection, refactorings
from adalang.language.checks import DiskFacts
from adalang.language.diagnostics import Diagnostic
from adalang.language.program import Module, Program
from adalang.language.text import SourceText, Span
from adalang.lsp import from_lsp, to_lsp, types
from adalang.lsp.capabilities import FIX_ALL
from adalang.lsp.convert_changes import can_apply, workspace_edit
from adalang.lsp.everywhere import Everywhere
from adalang.lsp.features.proposals import proposal_actions
from adalang.lsp.protocol import CONTENT_MODIFIED, INVALID_PARAMS, RequestError
from adalang.lsp.server import AdalServer
from adalang.lsp.state import Analysis

_INVOKED = 1
"""The trigger kind of a request that a person has made, not a cursor that moved."""


def code_actions(server: AdalServer, params: types.CodeActionParams) -> Callable[[], list[types.CodeAction] | None]:
    analysis = server.snapshot.analysis(params.text_document.uri)
    if analysis is None:
        return lambda: None
    span = from_lsp.span(analysis.source, params.range, server.client.encoding)
    proposed = proposal_actions(server.snapshot, analysis.document, span)
    touched = [one for one in analysis.diagnostics if one.span.start <= span.end and span.start <= one.span.end]
    elsewhere = not server.client.resolves_edits or any(one.code in LOOKS_ELSEWHERE for one in touched)
    asked = _Asked(analysis, span, touched, Everywhere.of(server) if elsewhere else None)

    def answer() -> list[types.CodeAction]:
        only, invoked = params.context.only, params.context.trigger_kind in (None, _INVOKED)
        found: list[types.CodeAction] = []
        if _wants(only, types.CodeActionKind.QuickFix):
            found += [*asked.fixes(), *proposed, *asked.fixes_of_kind()]
        if _wants(only, FIX_ALL):
            found += asked.fixes_of_all()
        kinds = [kind for kind in REFACTORINGS if _wants(only, kind)]
        return [*found, *asked.refactorings(kinds, with_disabled=only is not None and invoked)]

    return answer


def resolve(server: AdalServer, params: types.CodeAction) -> Callable[[], types.CodeAction]:
    """The edit of a refactoring that was offered without one."""
    if params.command is not None:  # complete as it is; some clients ask for the edit of every action without one
        return lambda: params
    match params.data:
        case {"uri": str(uri), "version": int(version), "span": [int(start), int(end)]}:
            analysis = server.snapshot.analysis(uri)
        case _:
            analysis = None
    if analysis is None:
        raise RequestError("This action is none of the server's, or its document is not open.", INVALID_PARAMS)
    if analysis.document.version != version:
        raise RequestError("the document has changed since", CONTENT_MODIFIED)
    asked = _Asked(analysis, Span(start, end), [], Everywhere.of(server))
    return lambda: asked.resolved(params)


def _wants(only: Sequence[str] | None, kind: str) -> bool:
    """Whether a filter (none, or kinds with their sub-kinds) lets a kind through."""
    return only is None or any(kind == one or kind.startswith(f"{one}.") or one == "" for one in only)


@dataclass(frozen=True)
class _Asked:
    """A range of an open document with the diagnostics there, and all other files where they matter."""

    analysis: Analysis
    span: Span
    touched: Sequence[Diagnostic]
    everywhere: Everywhere | None

    # ---- quick fixes

    def fixes(self) -> Iterator[types.CodeAction]:
        for one in quick_fixes(self.analysis.program, self.touched, self.span, DiskFacts(), self._others):
            if can_apply(self.analysis.snapshot, one.change):
                yield self._fix(one)

    def _fix(self, found: Action) -> types.CodeAction:
        return types.CodeAction(
            found.title,
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[to_lsp.diagnostic(self.analysis.snapshot, self.analysis.source, found.diagnostic)],
            is_preferred=found.preferred or None,
            edit=self._edit(found.change),
        )

    def fixes_of_kind(self) -> Iterator[types.CodeAction]:
        """All of the kind of what is wrong here, where more of the kind is wrong in the file."""
        found = self.analysis.diagnostics
        for code in sorted({one.code for one in self.touched}):
            fixed = fix_kind(self.analysis.program, found, code, DiskFacts())
            if fixed is not None:
                title, edits = fixed
                edit = self._edit(Change({self.analysis.document.path: edits}))
                yield types.CodeAction(title, kind=types.CodeActionKind.QuickFix, edit=edit)

    def fixes_of_all(self) -> Iterator[types.CodeAction]:
        edits = fix_all(self.analysis.diagnostics)
        if edits:
            edit = self._edit(Change({self.analysis.document.path: edits}))
            yield types.CodeAction("Apply all safe fixes of Adalang", kind=FIX_ALL, edit=edit)

    # ---- refactorings

    def refactorings(self, kinds: Sequence[Kind], with_disabled: bool) -> Iterator[types.CodeAction]:
        """What may be done, worked out later where the client can wait; what may not, and why, for those who have asked."""
        client = self.analysis.snapshot.client
        selected = self._selection(() if client.resolves_edits else self._importers)
        for one in refactorings(selected, kinds):
            if one.change is None:
                if with_disabled and client.shows_disabled:
                    yield types.CodeAction(one.title, kind=one.kind, disabled=types.CodeActionDisabled(one.disabled))
            elif not one.creates or client.creates_files:
                yield self._offered(one)

    def _offered(self, one: Refactoring) -> types.CodeAction:
        if not self.analysis.snapshot.client.resolves_edits:
            assert one.change is not None
            return types.CodeAction(one.title, kind=one.kind, edit=self._edit(one.change()))
        document = self.analysis.document
        place = {"uri": document.uri, "version": document.version, "span": [self.span.start, self.span.end]}
        return types.CodeAction(one.title, kind=one.kind, data=place)

    def resolved(self, action: types.CodeAction) -> types.CodeAction:
        offered = refactorings(self._selection(self._importers), [kind for kind in REFACTORINGS if kind == action.kind])
        found = next((one for one in offered if one.title == action.title), None)
        if found is None or found.change is None:
            raise RequestError(found.disabled if found is not None else f"It is no longer possible: {action.title}.")
        return types.CodeAction(action.title, kind=action.kind, edit=self._edit(found.change()), data=action.data)

    def _selection(self, importers: tuple[Program, ...]) -> Selection:
        return Selection(self.analysis.program, self.span, DiskFacts(), importers)

    # ---- other files

    @cached_property
    def _others(self) -> tuple[Program, ...]:
        programs = self.everywhere.programs if self.everywhere is not None else ()
        return tuple(one for one in programs if one.path != self.analysis.document.path)

    @cached_property
    def _importers(self) -> tuple[Program, ...]:
        return tuple(one for one in self._others if self.analysis.document.path in one.modules)

    def _edit(self, change: Change) -> types.WorkspaceEdit:
        return workspace_edit(self.analysis.snapshot, self._sources(change), change)

    def _sources(self, change: Change) -> dict[Path, SourceText]:
        modules: dict[Path, Module] = dict(self.everywhere.modules) if self.everywhere is not None else {}
        modules |= self.analysis.program.modules
        return {path: modules[path].source for path in change.edits}
