"""Quick fixes, fixes of all at once, refactorings. Answers in a thread: what a name means may stand in any file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from adalang.ide.actions import Offers
from adalang.ide.changes import Change
from adalang.ide.refactorings import KINDS as REFACTORINGS
from adalang.ide.refactorings import Kind
from adalang.language.checks import DiskFacts
from adalang.language.diagnostics import Diagnostic
from adalang.language.text import Span
from adalang.lsp import from_lsp, to_lsp, types
from adalang.lsp.capabilities import FIX_ALL
from adalang.lsp.convert_changes import can_apply, workspace_edit
from adalang.lsp.everywhere import Everywhere
from adalang.lsp.features.proposals import proposal_actions
from adalang.lsp.features.traces import trace_actions
from adalang.lsp.protocol import CONTENT_MODIFIED, INVALID_PARAMS, RequestError
from adalang.lsp.server import AdalServer
from adalang.lsp.state import Analysis

_INVOKED = 1
"""The trigger kind of a request that a person has made, not a cursor that moved."""


def code_actions(
    server: AdalServer, params: types.CodeActionParams
) -> Callable[[], Sequence[types.CodeAction | types.Command] | None]:
    analysis = server.snapshot.analysis(params.text_document.uri)
    if analysis is None:
        return lambda: None
    span = from_lsp.span(analysis.source, params.range, server.client.encoding)
    proposed = [*proposal_actions(server.snapshot, analysis.document, span), *trace_actions(analysis, span)]
    if not server.client.action_literals:  # it knows commands only
        commands = [one.command for one in proposed if one.command is not None]
        return lambda: commands
    asked = _Asked.of(server, analysis, span, analysis.diagnostics)

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
    asked = _Asked.of(server, analysis, Span(start, end), ())
    return lambda: asked.resolved(params)


def _wants(only: Sequence[str] | None, kind: str) -> bool:
    """Whether a filter (none, or kinds with their sub-kinds) lets a kind through."""
    return only is None or any(kind == one or kind.startswith(f"{one}.") or one == "" for one in only)


@dataclass(frozen=True)
class _Asked:
    """What can be done at a range of an open document, as the client can show and do it."""

    analysis: Analysis
    offers: Offers
    everywhere: Everywhere

    @classmethod
    def of(cls, server: AdalServer, analysis: Analysis, span: Span, diagnostics: Sequence[Diagnostic]) -> _Asked:
        everywhere = Everywhere.of(server)
        offers = Offers(analysis.program, span, diagnostics, DiskFacts(), lambda: everywhere.programs)
        return cls(analysis, offers, everywhere)

    def fixes(self) -> Iterator[types.CodeAction]:
        for one in self.offers.fixes():
            if can_apply(self.analysis.snapshot, one.change):
                yield types.CodeAction(
                    one.title,
                    kind=types.CodeActionKind.QuickFix,
                    diagnostics=[to_lsp.diagnostic(self.analysis.snapshot, self.analysis.source, one.diagnostic)],
                    is_preferred=one.preferred or None,
                    edit=self._edit(one.change),
                )

    def fixes_of_kind(self) -> Iterator[types.CodeAction]:
        for title, change in self.offers.fixes_of_kind():
            yield types.CodeAction(title, kind=types.CodeActionKind.QuickFix, edit=self._edit(change))

    def fixes_of_all(self) -> Iterator[types.CodeAction]:
        change = self.offers.fix_of_all()
        if change is not None:
            yield types.CodeAction("Apply all safe fixes of Adalang", kind=FIX_ALL, edit=self._edit(change))

    def refactorings(self, kinds: Sequence[Kind], with_disabled: bool) -> Iterator[types.CodeAction]:
        """What may be done, worked out later where the client can wait; what may not, and why, for those who have asked."""
        client = self.analysis.snapshot.client
        for one in self.offers.refactorings(kinds, later=client.resolves_edits):
            if one.change is None:
                if with_disabled and client.shows_disabled:
                    yield types.CodeAction(one.title, kind=one.kind, disabled=types.CodeActionDisabled(one.disabled))
            elif one.creates and not client.creates_files:
                continue
            elif client.resolves_edits:
                yield types.CodeAction(one.title, kind=one.kind, data=self._place())
            else:
                yield types.CodeAction(one.title, kind=one.kind, edit=self._edit(one.change()))

    def resolved(self, action: types.CodeAction) -> types.CodeAction:
        found = self.offers.refactoring(action.kind or "", action.title)
        if found is None or found.change is None:
            raise RequestError(found.disabled if found is not None else f"It is no longer possible: {action.title}.")
        return types.CodeAction(action.title, kind=action.kind, edit=self._edit(found.change()), data=action.data)

    def _place(self) -> Mapping[str, object]:
        document, span = self.analysis.document, self.offers.span
        return {"uri": document.uri, "version": document.version, "span": [span.start, span.end]}

    def _edit(self, change: Change) -> types.WorkspaceEdit:
        sources = {path: self.everywhere.source(path) for path in change.edits}
        return workspace_edit(self.analysis.snapshot, sources, change)
