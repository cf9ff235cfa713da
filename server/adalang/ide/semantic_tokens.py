"""Semantic tokens: what every word of a file is, by its place in the syntax and by what it means.

Most of it the tree says alone. What a name means that is declared elsewhere in the file, or in an imported one, is asked for
by name; a piece's tokens say which names they asked for, so that they can be kept for as long as the answers stay the same.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from tree_sitter import Node, Query, QueryCursor

from adalang.ide.words import METHODS
from adalang.language.builtins import METRIC_SIGNATURES
from adalang.language.declarations import COMPONENT_KINDS, AgentDeclaration, JinjaTag, PromptDeclaration, Template
from adalang.language.pieces import Piece
from adalang.language.program import Program
from adalang.language.settings import FUNCTIONS
from adalang.language.syntax import grammar
from adalang.language.templates import GLOBALS


@dataclass(frozen=True, slots=True)
class Style:
    type: str
    modifiers: tuple[str, ...] = ()


class Token(NamedTuple):
    """Bytes ``start`` to ``end``, which may lie on several lines."""

    start: int
    end: int
    style: Style


class PieceTokens(NamedTuple):
    """The tokens of a piece in their order, counted from its start, and the names of others that they were made with."""

    tokens: list[Token]
    names: Mapping[str, str]


KindOf = Callable[[str], str]
"""The kind of declaration that a name (plain or dotted) means; "module" for an imported file, "" for what is unknown."""


def semantic_tokens(program: Program) -> list[Token]:
    """The tokens of the root file."""
    kind_of = names_of(program)
    return [
        Token(start + token.start, start + token.end, token.style)
        for start, piece in program.root.pieces
        for token in piece_tokens(piece, kind_of).tokens
    ]


def names_of(program: Program) -> KindOf:
    """What the root file's names mean. Cheap: made anew for each version of a program."""
    own, imported = program.root.names, program.imported(program.root)

    def kind_of(name: str) -> str:
        item = own.get(name)
        if item is not None:
            return item.declaration.kind
        prefix, dot, rest = name.partition(".")
        module = imported.get(prefix) if prefix not in own else None
        if module is None:
            return ""
        found = module.names.get(rest) if dot else None
        return found.declaration.kind if found is not None else "" if dot else "module"

    return kind_of


def piece_tokens(piece: Piece, kind_of: KindOf) -> PieceTokens:
    """The tokens of one piece."""
    return _Painter(piece, kind_of).painted()


# ---- styles

_KEYWORD, _MACRO, _DECORATOR = Style("keyword"), Style("macro"), Style("decorator")
_FUNCTION, _BUILT_IN = Style("function"), Style("function", ("defaultLibrary",))
_VARIABLE, _CONSTANT = Style("variable"), Style("variable", ("readonly",))
_GIVEN = Style("variable", ("readonly", "defaultLibrary"))
_TRAINABLE = Style("variable", ("trainable",))
_PARAMETER, _PROPERTY, _NAMESPACE = Style("parameter"), Style("property"), Style("namespace")
_TYPE, _BUILT_IN_TYPE = Style("type"), Style("type", ("defaultLibrary",))
_LABEL, _METHOD = Style("enumMember"), Style("enumMember", ("readonly", "defaultLibrary"))
_STRING, _NUMBER, _OPERATOR = Style("string"), Style("number"), Style("operator")
_COMMENT, _DOCUMENTATION = Style("comment"), Style("comment", ("documentation",))
_BINDING, _BOUND_AGAIN = Style("variable", ("declaration",)), Style("variable", ("modification",))

_BY_KIND: Mapping[str, Style] = {
    **dict.fromkeys(COMPONENT_KINDS, _FUNCTION),
    **dict.fromkeys(("model", "dataset", "eval"), _CONSTANT),
    "type": _TYPE,
    "param": _TRAINABLE,
    "module": _NAMESPACE,
}

_FIXED: Mapping[str, Style] = {
    "keyword": _KEYWORD,
    "comment": _COMMENT,
    "string": _STRING,
    "label": _LABEL,
    "number": _NUMBER,
    "operator": _OPERATOR,
    "given": _GIVEN,
    "delimiter": _DECORATOR,
    "property": _PROPERTY,
    "argument": _PARAMETER,
    "field": Style("property", ("declaration",)),
    "function": Style("function", ("declaration",)),
    "constant": Style("variable", ("declaration", "readonly")),
    "type": Style("type", ("declaration",)),
    "parameter": Style("parameter", ("declaration",)),
    "trainable": Style("variable", ("declaration", "trainable")),
}
"""The captures that mean the same wherever they stand; where two capture the same, the later one here counts."""

_QUERY = """
["import" "model" "type" "param" "prompt" "retriever" "tool" "agent" "pipeline" "dataset" "eval" "of" "optimize" "demos"
 "return" "repeat" "until" "for" "match" "if" "and" "or" "not" "in" (role)] @keyword
(comment) @comment
(jinja_comment) @comment
(string) @string
(template [(string_start) (string_end) (escape_sequence)] @string)
(template_content) @content
(union_type (string) @label)
(arm pattern: (string) @label)
(number) @number
[(true) (false) (null) (wildcard)] @given
["=" "=>" "->" "==" "!=" "<" "<=" ">" ">=" "|" "?" (mistyped)] @operator
[(interpolation_start) (interpolation_end) (statement_start) (statement_end)] @delimiter
[(setting name: (_) @property) (pair name: (_) @property) (member name: (identifier) @property)]
(named_argument name: (identifier) @argument)
(object_field name: (identifier) @field)
[(prompt_declaration name: (identifier) @function) (retriever_declaration name: (identifier) @function)
 (tool_declaration name: (identifier) @function) (agent_declaration name: (identifier) @function)
 (pipeline_declaration name: (identifier) @function)]
[(model_declaration name: (identifier) @constant) (dataset_declaration name: (identifier) @constant)
 (eval_declaration name: (identifier) @constant)]
(type_declaration name: (identifier) @type)
(parameter name: (identifier) @parameter)
[(param_declaration name: (identifier) @trainable) (demos name: (identifier) @trainable)]
[(binding name: (identifier) @binding) (comprehension name: (identifier) @binding)]
(named_type (identifier) @type_name)
(named_type (member object: (identifier) @type_owner name: (identifier) @type_member))
(expression/identifier) @name
[(eval_declaration target: (identifier) @name) (optimize_declaration target: (identifier) @name)]
(call function: (identifier) @called)
[(expression/member object: (identifier) @owner name: (identifier) @member)
 (call function: (member object: (identifier) @owner name: (identifier) @member))
 (eval_declaration target: (member object: (identifier) @owner name: (identifier) @member))
 (optimize_declaration target: (member object: (identifier) @owner name: (identifier) @member))]
"""


@cache
def _query() -> Query:
    return Query(grammar(), _QUERY)


# ---- one piece


class _Painter:
    """``_locals``: for each item of the piece the names that it declares inside itself."""

    def __init__(self, piece: Piece, kind_of: KindOf) -> None:
        self._piece, self._data = piece, piece.source.data
        self._kind_of = kind_of
        self._asked: dict[str, str] = {}
        self._captures = QueryCursor(_query()).captures(piece.tree.root_node)
        self._found: dict[int, Token] = {}
        self._starts = [item.start for item in piece.items]
        self._locals: list[dict[str, Style]] = [{} for _ in range(len(piece.items) + 1)]

    def painted(self) -> PieceTokens:
        for capture, style in _FIXED.items():
            for node in self._nodes(capture):
                self._put(node, style)
        for node in self._nodes("content"):
            if not self._data[node.start_byte : node.end_byte].isspace():
                self._put(node, _STRING)
        self._documentation()
        self._declared_names()
        self._types()
        self._values()
        for item in self._piece.items:
            if isinstance(item.declaration, PromptDeclaration | AgentDeclaration):
                for message in item.declaration.messages:
                    self._template(message.template, item.start)
        tokens = [token for _, token in sorted(self._found.items()) if token.end > token.start]
        return PieceTokens(tokens, self._asked)

    def _nodes(self, capture: str) -> list[Node]:
        """The nodes of a capture, in no order."""
        return self._captures.get(capture, [])

    def _in_order(self, capture: str) -> list[Node]:
        return sorted(self._nodes(capture), key=lambda one: one.start_byte)

    def _put(self, node: Node, style: Style) -> None:
        start = node.start_byte
        self._found[start] = Token(start, node.end_byte, style)

    def _text(self, node: Node) -> str:
        return self._data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def _meant(self, name: str) -> str:
        if name not in self._asked:
            self._asked[name] = self._kind_of(name)
        return self._asked[name]

    def _locals_at(self, offset: int) -> dict[str, Style]:
        return self._locals[bisect_right(self._starts, offset)]

    # ---- what is declared here

    def _documentation(self) -> None:
        """The comments on the lines right above a declaration or a param, and those above them."""
        line_of = self._piece.source.line_of
        below = {line_of(start) for start in self._starts} | {
            line_of(node.start_byte) for node in self._nodes("trainable")
        }
        for node in reversed(self._in_order("comment")):
            line = line_of(node.start_byte)
            before = self._data[self._piece.source.line_start(line) : node.start_byte]
            if line + 1 in below and not before.strip():
                below.add(line)
                self._put(node, _DOCUMENTATION)

    def _declared_names(self) -> None:
        for capture, style in (("parameter", _PARAMETER), ("trainable", _TRAINABLE)):
            for node in self._nodes(capture):
                self._locals_at(node.start_byte)[self._text(node)] = style
        for node in self._in_order("binding"):
            names, name = self._locals_at(node.start_byte), self._text(node)
            self._put(node, _BOUND_AGAIN if name in names else _BINDING)
            names.setdefault(name, _VARIABLE)
        for number, item in enumerate(self._piece.items, 1):
            if item.declaration.kind == "eval":
                self._locals[number].update(dict.fromkeys(("row", "output", "steps"), _GIVEN))

    # ---- what names mean

    def _types(self) -> None:
        for node in self._nodes("type_name"):
            self._put(node, _TYPE if self._meant(self._text(node)) == "type" else _BUILT_IN_TYPE)
        for owner, member in zip(self._in_order("type_owner"), self._in_order("type_member"), strict=True):
            self._put(owner, _NAMESPACE)
            self._put(member, _TYPE)

    def _values(self) -> None:
        for node in self._nodes("name"):
            self._put(node, self._value(self._text(node), node.start_byte, _VARIABLE))
        for node in self._nodes("called"):
            self._put(node, self._value(self._text(node), node.start_byte, _FUNCTION))
        for owner, member in zip(self._in_order("owner"), self._in_order("member"), strict=True):
            name = self._text(owner)
            self._put(owner, self._value(name, owner.start_byte, _VARIABLE))
            if name not in self._locals_at(owner.start_byte):
                self._put(member, self._member(name, self._text(member)))

    def _value(self, name: str, offset: int, otherwise: Style) -> Style:
        local = self._locals_at(offset).get(name)
        if local is not None:
            return local
        style = _BY_KIND.get(self._meant(name))
        if style is not None:
            return style
        if name in FUNCTIONS or name in METRIC_SIGNATURES:
            return _BUILT_IN
        return _METHOD if name in METHODS else otherwise

    def _member(self, owner: str, name: str) -> Style:
        """What stands behind the dot of a name that is no local one."""
        match self._meant(owner):
            case "module":
                return _BY_KIND.get(self._meant(f"{owner}.{name}"), _PROPERTY)
            case "dataset":
                return _LABEL
            case "prompt" | "agent":
                return _TRAINABLE
            case _:
                return _PROPERTY

    # ---- templates

    def _template(self, template: Template, start: int) -> None:
        names = dict(self._locals_at(start))
        for tag in template.tags:
            for index, style in _tag_styles(tag, names, self._outer):
                span = tag.tokens[index].span
                self._found[span.start + start] = Token(span.start + start, span.end + start, style)

    def _outer(self, name: str) -> Style | None:
        """What a name means that only the file, or another, declares: a template sees params and imported files."""
        kind = self._meant(name)
        return _BY_KIND[kind] if kind in ("param", "module") else None


_TAG_WORDS = frozenset(
    {"if", "else", "for", "in", "is", "not", "and", "or", "recursive", "as", "with", "without", "context"}
)
_CONSTANTS = frozenset({"true", "false", "none", "True", "False", "None"})
_PUNCTUATION = frozenset(".,:;()[]{}")


def _tag_styles(
    tag: JinjaTag, names: dict[str, Style], outer: Callable[[str], Style | None]
) -> Iterator[tuple[int, Style]]:
    """The style of each token of a Jinja tag, by its index. ``names`` grows with what the tag declares."""
    words = [token.text for token in tag.tokens]
    first = next((index for index, token in enumerate(tag.tokens) if token.kind == "name"), len(words))
    head = words[first] if tag.kind == "statement" and first < len(words) else ""
    declares = head in ("for", "set", "with", "macro")
    for index, token in enumerate(tag.tokens):
        before = words[index - 1] if index else ""
        after = words[index + 1] if index + 1 < len(words) else ""
        if token.kind == "operator":
            declares = declares and token.text not in ("=", "(")
            if token.text not in _PUNCTUATION:
                yield index, _OPERATOR
        elif token.kind != "name":
            yield index, _STRING if token.kind == "string" else _NUMBER
        elif head and index == first:
            yield index, _MACRO
        elif before == ".":
            owner = words[index - 2] if index > 1 and words[index - 3 : index - 2] != ["."] else ""
            style = outer(f"{owner}.{token.text}") if owner and owner not in names else None
            yield index, style or _PROPERTY
        elif before == "|" or before == "is" or words[max(0, index - 2) : index] == ["is", "not"]:
            yield index, _KEYWORD if token.text == "not" else _BUILT_IN
        elif token.text in _TAG_WORDS:
            declares = False
            yield index, _KEYWORD
        elif token.text in _CONSTANTS:
            yield index, _GIVEN
        elif declares:
            names[token.text] = _VARIABLE
            yield index, _BINDING
        elif after == "=" and head != "set":
            yield index, _PARAMETER
        else:
            yield index, _template_name(token.text, names, outer)


def _template_name(name: str, names: Mapping[str, Style], outer: Callable[[str], Style | None]) -> Style:
    found = names.get(name) or outer(name)
    if found is not None:
        return found
    if name == "loop":
        return _GIVEN
    return _BUILT_IN if name in GLOBALS else _VARIABLE
