"""Completion and signature help as the protocol has them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from adalang.ide.completion import Completion, Completions, Explanation
from adalang.ide.signature_help import SignatureHelp
from adalang.language.text import SourceText
from adalang.lsp import types
from adalang.lsp.client import Client
from adalang.lsp.to_lsp import range_, text_edit

_KINDS: Mapping[str, int] = {
    "keyword": types.CompletionItemKind.Keyword,
    "declaration": types.CompletionItemKind.Function,
    "setting": types.CompletionItemKind.Property,
    "type": types.CompletionItemKind.Class,
    "variable": types.CompletionItemKind.Variable,
    "field": types.CompletionItemKind.Field,
    "function": types.CompletionItemKind.Function,
    "value": types.CompletionItemKind.EnumMember,
    "model": types.CompletionItemKind.Constant,
    "message": types.CompletionItemKind.Keyword,
    "snippet": types.CompletionItemKind.Snippet,
    "file": types.CompletionItemKind.File,
    "folder": types.CompletionItemKind.Folder,
    "module": types.CompletionItemKind.Module,
}


def completion_list(
    source: SourceText, found: Completions, uri: str, client: Client, *, complete: bool
) -> types.CompletionList:
    """What most items share, their range, stands once where the client knows how to read that."""
    shared = found.items[0].span if client.shares_edit_ranges and found.items else None
    ranges = {span: range_(source, span, client.encoding) for span in {one.span for one in found.items}}
    items = []
    for index, one in enumerate(found.items):
        insert, is_snippet = _insert(one, client)
        alone = one.span != shared
        place = types.TextEdit(ranges[one.span], insert) if alone else None
        items.append(
            types.CompletionItem(
                label=one.label,
                kind=_KINDS[one.kind],
                detail=one.detail or None,
                documentation=_markup(one.doc, markdown=client.markdown_docs),
                sort_text=f"{index:03d}",
                filter_text=one.label.strip('"') if one.label.startswith('"') else None,
                insert_text_format=types.InsertTextFormat.Snippet if is_snippet else None,
                text_edit=place,
                text_edit_text=insert if not alone and insert != one.label else None,
                additional_text_edits=[text_edit(source, edit, client.encoding) for edit in one.edits] or None,
                data={"uri": uri, "about": one.about} if one.about else None,
            )
        )
    defaults = types.CompletionItemDefaults(edit_range=ranges[shared]) if shared else None
    return types.CompletionList(is_incomplete=not complete, items=items, item_defaults=defaults)


def _insert(one: Completion, client: Client) -> tuple[str, bool]:
    return (one.insert, one.snippet) if client.snippets or not one.snippet else (one.plain, False)


def resolved(item: types.CompletionItem, said: Explanation, client: Client) -> types.CompletionItem:
    """The item with what there is to say about it; all else stays as the client has it."""
    documentation = _markup(said.doc, markdown=client.markdown_docs)
    return replace(item, detail=said.detail or item.detail, documentation=documentation or item.documentation)


def signature_help(found: SignatureHelp, client: Client) -> types.SignatureHelp:
    markdown = client.markdown_signatures
    parameters = [
        types.ParameterInformation(_label(found.label, one.start, one.end, client), _markup(one.doc, markdown=markdown))
        for one in found.parameters
    ]
    signature = types.SignatureInformation(found.label, _markup(found.doc, markdown=markdown), parameters)
    if found.active is None and client.marks_no_parameter:
        return _NoneActive([signature], 0, None)
    return types.SignatureHelp([signature], 0, found.active)


class _NoneActive(types.SignatureHelp, frozen=True, omit_defaults=False):
    """Says with a null that no parameter is active; where it says nothing, the first one is."""


def _label(label: str, start: int, end: int, client: Client) -> str | list[int]:
    """Where a parameter stands in the signature, in UTF-16 units whatever the positions' encoding; else its text."""
    if not client.signature_offsets:
        return label[start:end]
    return [len(label[:place].encode("utf-16-le")) // 2 for place in (start, end)]


def _markup(text: str, *, markdown: bool) -> types.MarkupContent | None:
    kind = types.MarkupKind.Markdown if markdown else types.MarkupKind.PlainText
    return types.MarkupContent(kind, text) if text else None
