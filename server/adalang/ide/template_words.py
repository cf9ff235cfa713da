"""Every name in a message's template, in its scope: inputs and params, loop variables, fields.

The occurrences that come out have the slots that names outside templates have: a :class:`Value` sees what can be seen at its
place, a loop variable is a :class:`PartName` where it is bound. A name that a template sets again stays the name that it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from adalang.ide.occurrences import (
    FieldName,
    Local,
    Locals,
    ModuleMember,
    Occurrence,
    PartName,
    Site,
    TemplateText,
    Value,
)
from adalang.language import templates
from adalang.language.declarations import JinjaTag, JinjaToken, Template
from adalang.language.text import Span
from adalang.language.types import UNKNOWN, ListOf, OptionalOf, Type

IN_TEMPLATE = "template"
"""What a :class:`Value` in a template wants: of the file's own names only params can be seen there."""

_QUOTED = re.compile(r"""(\\?["'])(\w+)\1""")
_KEEPING = frozenset({"sort", "unique", "selectattr", "rejectattr", "reverse", "list", "select", "reject"})
_BY_ATTRIBUTE = frozenset({"map", "sort", "unique", "sum", "min", "max", "join"})
_BY_FIRST_ARGUMENT = frozenset({"selectattr", "rejectattr", "groupby"})
_SCOPES = frozenset({"for", "macro", "call", "with", "filter", "block", "if"})


def template_occurrences(site: Site, slot: TemplateText) -> Iterator[Occurrence]:
    """The names of a template in the order of the text; spans count from the declaration's start."""
    return _TemplateWalk(site, slot).template(slot.template)


class _TemplateWalk:
    def __init__(self, site: Site, slot: TemplateText) -> None:
        self._site, self._text = site, slot.template.text
        self._imported = site.program.imported(site.module)
        self._open: list[tuple[str, dict[str, Local]]] = [("", dict(slot.names))]
        """The statements that are open, with the names that can be seen inside each."""

    def template(self, template: Template) -> Iterator[Occurrence]:
        for tag in template.tags:
            head = next((token.text for token in tag.tokens if token.kind == "name"), "")
            if tag.kind == "statement" and (head.startswith("end") or head in ("else", "elif")):
                self._close(head)
            if tag.kind == "interpolation" or not head.startswith("end"):
                yield from self._tag(tag, head if tag.kind == "statement" else "")

    @property
    def _names(self) -> dict[str, Local]:
        return self._open[-1][1]

    def _close(self, head: str) -> None:
        opened = self._open[-1][0]
        if opened and head == f"end{opened}":
            self._open.pop()
        elif opened == "for" and head == "else":
            self._open[-1] = ("for", self._open[-2][1])

    # ---- tags

    def _tag(self, tag: JinjaTag, head: str) -> Iterator[Occurrence]:
        bound = _bound(tag, head)
        reads = templates.uses(Template(self._text, (tag,)))
        uses = [use for use in reads if all(use.span != token.span for token in bound)]
        if head == "set":
            for use in uses:
                yield from self._path(tag, use.span, self._names)
            yield from self._bind(bound, self._names, keep=True)
        elif head == "for":
            yield from self._for(tag, bound, uses)
        else:
            inside = dict(self._names)
            before = inside if head in ("macro", "call") else self._names
            if head in _SCOPES:
                self._open.append((head, self._names if head == "if" else inside))
            yield from self._bind(bound, inside)
            for use in uses:
                yield from self._path(tag, use.span, before)

    def _for(self, tag: JinjaTag, bound: list[JinjaToken], uses: list[templates.Use]) -> Iterator[Occurrence]:
        outside = self._names
        over, condition = _parts_of_for(tag)
        declared = self._type_over(tag, over, outside) if len(bound) == 1 else UNKNOWN
        inside = {**outside, "loop": Local(UNKNOWN, "loop")}
        yield from self._bind(bound, inside, declared)
        for use in uses:
            yield from self._path(tag, use.span, inside if use.span.start >= condition else outside)
        self._open.append(("for", inside))

    def _bind(
        self, bound: list[JinjaToken], names: dict[str, Local], declared: Type = UNKNOWN, *, keep: bool = False
    ) -> Iterator[Occurrence]:
        for token in bound:
            known = names.get(token.text) if keep else None
            if known is None and keep and self._is_shared(token.text):
                yield Occurrence(token.span, token.text, Value(dict(names), IN_TEMPLATE))
                continue
            local = known or Local(declared, "variable", token.span)
            names[token.text] = local
            yield Occurrence(token.span, token.text, PartName(local))

    def _is_shared(self, name: str) -> bool:
        item = self._site.module.names.get(name)
        return item is not None and item.declaration.kind == "param"

    # ---- paths: a name with the fields and filters that follow it

    def _path(self, tag: JinjaTag, start: Span, names: Locals) -> Iterator[Occurrence]:
        tokens = tag.tokens
        at = next(index for index, token in enumerate(tokens) if token.span == start)
        first = tokens[at]
        yield Occurrence(first.span, first.text, Value(dict(names), IN_TEMPLATE))
        local = names.get(first.text)
        module = self._imported.get(first.text) if local is None and not self._is_shared(first.text) else None
        declared, at = local.type if local is not None else UNKNOWN, at + 1
        while at + 1 < len(tokens):
            found = _field(tokens, at)
            if found is None:
                break
            name, span, at = found
            if module is not None:
                yield Occurrence(span, name, ModuleMember(module, "param"))
                declared, module = UNKNOWN, None
            elif name:
                yield Occurrence(span, name, FieldName(_bare(declared)))
                declared = templates.field_path(declared, [name])
            else:
                declared = _item(declared)
        yield from self._filters(tokens, at, declared)

    def _filters(self, tokens: tuple[JinjaToken, ...], at: int, declared: Type) -> Iterator[Occurrence]:
        """The fields that filters name in quotes: ``| map(attribute="text")``, ``| selectattr("ok")``."""
        while at + 1 < len(tokens) and tokens[at].text == "|" and tokens[at + 1].kind == "name":
            name, end = tokens[at + 1].text, _end_of_call(tokens, at + 2)
            token = _attribute(tokens[at + 2 : end], name)
            quoted = _QUOTED.fullmatch(token.text) if token is not None else None
            owner = declared if name == "attr" else _item(declared)
            if token is not None and quoted is not None:
                start = token.span.start + len(quoted[1])
                span = Span(start, start + len(quoted[2].encode()))
                yield Occurrence(span, quoted[2], FieldName(_bare(owner)))
            declared, at = _filtered(name, declared, quoted[2] if quoted is not None else ""), end

    def _type_over(self, tag: JinjaTag, over: int, names: Locals) -> Type:
        """The type of one item of what a ``for`` runs over, where that is a plain path, with filters that keep its items."""
        tokens, at = tag.tokens, over + 1
        local = names.get(tokens[over].text) if over < len(tokens) else None
        declared = local.type if local is not None else UNKNOWN
        while (found := _field(tokens, at)) is not None:
            name, _, at = found
            declared = templates.field_path(declared, [name]) if name else _item(declared)
        while at + 1 < len(tokens) and tokens[at].text == "|":
            declared, at = _filtered(tokens[at + 1].text, declared, ""), _end_of_call(tokens, at + 2)
        ends = at >= len(tokens) or tokens[at].text in ("if", "recursive")
        return _item(declared) if ends else UNKNOWN


# ---- tokens


def _bound(tag: JinjaTag, head: str) -> list[JinjaToken]:
    """The tokens that a statement binds as names."""
    tokens = tag.tokens
    names = [(index, token) for index, token in enumerate(tokens) if token.kind == "name"]
    if head not in ("for", "set", "with", "macro", "call") or not names:
        return []
    first = names[0][0] + 1
    behind = [*(token.text for token in tokens[1:]), ""]
    if head in ("for", "set"):
        end = "in" if head == "for" else "="
        stop = next((index for index in range(first, len(tokens)) if tokens[index].text in (end, "|")), len(tokens))
        return [
            token
            for index, token in names
            if first <= index < stop and behind[index] != "." and tokens[index - 1].text != "."
        ]
    found, depth = [], 0
    for index in range(first, len(tokens)):
        token = tokens[index]
        is_assigned = head == "with" and depth == 0 and behind[index] == "="
        is_input = head != "with" and depth == 1 and tokens[index - 1].text in ("(", ",")
        if token.kind == "name" and (is_assigned or is_input):
            found.append(token)
        depth += _depth(token)
        if depth == 0 and token.text == ")" and head != "with":
            break
    return found


def _parts_of_for(tag: JinjaTag) -> tuple[int, int]:
    """The index of the token behind ``in``, and the byte from which on the loop's condition stands."""
    texts = [token.text for token in tag.tokens]
    over = texts.index("in") + 1 if "in" in texts else len(texts)
    depth = 0
    for token in tag.tokens[over:]:
        depth += _depth(token)
        if depth == 0 and token.kind == "name" and token.text == "if":
            return over, token.span.start
    return over, tag.span.end


def _depth(token: JinjaToken) -> int:
    """By how much the nesting of brackets grows at a token."""
    return (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))


def _field(tokens: tuple[JinjaToken, ...], at: int) -> tuple[str, Span, int] | None:
    """``.name`` or ``["name"]`` at a token: the name, where it stands, what follows. ``[0]`` has no name."""
    texts = [token.text for token in tokens[at : at + 3]]
    if len(texts) >= 2 and texts[0] == "." and tokens[at + 1].kind == "name":
        return texts[1], tokens[at + 1].span, at + 2
    if len(texts) == 3 and texts[0] == "[" and texts[2] == "]":
        token = tokens[at + 1]
        if token.kind == "number":
            return "", token.span, at + 3
        quoted = _QUOTED.fullmatch(token.text) if token.kind == "string" else None
        if quoted is not None:
            start = token.span.start + len(quoted[1])
            return quoted[2], Span(start, start + len(quoted[2].encode())), at + 3
    return None


def _end_of_call(tokens: tuple[JinjaToken, ...], at: int) -> int:
    """What follows the arguments that begin at a token; the token itself where none do."""
    if at >= len(tokens) or tokens[at].text != "(":
        return at
    depth = 0
    for index in range(at, len(tokens)):
        depth += (tokens[index].text == "(") - (tokens[index].text == ")")
        if depth == 0:
            return index + 1
    return len(tokens)


def _attribute(arguments: tuple[JinjaToken, ...], name: str) -> JinjaToken | None:
    """The text among a filter's arguments that names a field."""
    if name in _BY_ATTRIBUTE:
        for index, token in enumerate(arguments[:-2]):
            if token.text == "attribute" and arguments[index + 1].text == "=":
                return arguments[index + 2]
    if (name in _BY_FIRST_ARGUMENT or name == "attr") and len(arguments) > 2:
        return arguments[1]
    return None


def _filtered(name: str, declared: Type, field: str) -> Type:
    """What a filter makes of a type."""
    if name in _KEEPING:
        return declared
    if name in ("first", "last", "random"):
        return _item(declared)
    if name == "map" and field:
        return ListOf(templates.field_path(_item(declared), [field]))
    return templates.field_path(declared, [field]) if name == "attr" and field else UNKNOWN


def _item(declared: Type) -> Type:
    inner = _bare(declared)
    return inner.item if isinstance(inner, ListOf) else UNKNOWN


def _bare(declared: Type) -> Type:
    return declared.item if isinstance(declared, OptionalOf) else declared
