"""The expressions of Jinja tags, read forgivingly: which names and fields they read, and the type of what they give.

The grammar gives a tag as loose tokens, so that half-typed ones are tokens, too. What makes no sense is passed over, and what
follows it is still read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from adalang.language import template_types as types
from adalang.language.declarations import JinjaToken
from adalang.language.template_types import Held
from adalang.language.templates import GLOBALS, PART_FUNCTIONS, WORDS
from adalang.language.text import Span
from adalang.language.types import BOOL, FLOAT, INT, STR, UNKNOWN, Field, ListOf, ObjectOf, OptionalOf, Type


@dataclass(frozen=True, slots=True)
class Binding:
    """What a name stands for at a place. ``span`` is where a variable is bound first."""

    held: Held
    what: Literal["outer", "variable", "loop"]
    span: Span | None = None


Scope = Mapping[str, Binding]


@dataclass(frozen=True, slots=True)
class NameRead:
    """A name where a value is wanted, whether ``scope``, what can be seen there, has it or not."""

    text: str
    span: Span
    scope: Scope


@dataclass(frozen=True, slots=True)
class NameBound:
    """A name that gets a value. One that had a value before keeps its identity: ``binding`` has the span of the first.

    ``scope`` is what could be seen before."""

    text: str
    span: Span
    scope: Scope
    binding: Binding


@dataclass(frozen=True, slots=True)
class MemberRead:
    """A field, behind a dot or in quotes, of a value of the type ``owner``. ``text`` is "" where it is computed."""

    text: str
    span: Span
    owner: Held


Read = NameRead | NameBound | MemberRead


_QUOTED = re.compile(r"""(\\?["'])(.*)\1""", re.DOTALL)
_PATH_PART = re.compile(r"[^.,]+")
_UNCLOSED = frozenset({'"', "'", '\\"', "\\'"})
_CONSTANTS: Mapping[str, Type] = {
    **dict.fromkeys(("true", "false", "True", "False"), BOOL),
    **dict.fromkeys(("none", "None"), OptionalOf(types.NOTHING)),
}
_LEVELS = (
    ("or",),
    ("and",),
    ("==", "!=", "<", "<=", ">", ">=", "in"),
    ("+", "-"),
    ("~",),
    ("*", "/", "//", "%"),
    ("**",),
)
_STRENGTH = {operator: strength for strength, operators in enumerate(_LEVELS, 1) for operator in operators}
_DEEPEST = 40
"""How deep brackets may nest; what is deeper is read as if it stood side by side."""

_ATTRIBUTE_AT = {
    **dict.fromkeys(("attr", "groupby", "rejectattr", "selectattr", "sum"), 0),
    **dict.fromkeys(("join", "max", "min", "unique"), 1),
    "sort": 2,
    "map": -1,
}
"""Which argument of a filter names a field, if it is not given by name; -1 where it always is."""


@dataclass(frozen=True, slots=True)
class _Argument:
    """``span`` is where its value starts; ``quoted`` is the token of an argument that is nothing but a text."""

    name: str
    span: Span
    held: Held
    quoted: JinjaToken | None


@dataclass(slots=True)
class Reader:
    """Goes through the tokens of one tag, to the one that ends them. ``scope`` is what can be seen where it reads, ``found`` what it has read."""

    tokens: tuple[JinjaToken, ...]
    scope: Scope
    found: list[Read] = field(default_factory=list)
    _at: int = 0
    _depth: int = 0

    def __post_init__(self) -> None:
        self.tokens = (*_whole(self.tokens), _END)

    # ---- tokens

    @property
    def more(self) -> bool:
        return self.token is not _END

    @property
    def token(self) -> JinjaToken:
        return self.tokens[self._at]

    @property
    def text(self) -> str:
        return self.tokens[self._at].text

    @property
    def behind(self) -> str:
        """The text of the token behind this one."""
        return self.tokens[self._at + 1].text if self.more else ""

    def next(self) -> JinjaToken:
        token = self.token
        self._at += self.more
        return token

    def take(self, text: str) -> bool:
        """Go past a token if it is this one."""
        taken = self.tokens[self._at].text == text
        self._at += taken
        return taken

    def name(self) -> JinjaToken | None:
        """Go past a name."""
        return self.next() if self.token.kind == "name" else None

    def rest(self) -> None:
        """Whatever is left of the tag."""
        while self.more:
            self.forward(self.expression)

    def forward(self, read: Callable[[], Held]) -> Held:
        """What is read next, or past a token where nothing is."""
        before = self._at
        held = read()
        if self._at == before:
            self.next()
        return held

    # ---- expressions

    def listed(self, read: Callable[[], Held]) -> list[Held]:
        """What stands between commas."""
        found = [read()]
        while self.take(","):
            found.append(read())
        return found

    def expression(self) -> Held:
        if self._depth == _DEEPEST:
            token = self.next()
            if token.kind == "name" and token.text not in WORDS:
                self.found.append(NameRead(token.text, token.span, self.scope))
            return UNKNOWN
        self._depth += 1
        held = self.unconditional()
        while self.take("if"):
            self.unconditional()
            if self.take("else"):
                held = types.either(held, self.unconditional())
        self._depth -= 1
        return held

    def unconditional(self, weakest: int = 0) -> Held:
        """An expression without an ``if``, of operators that bind more than the ``weakest``."""
        held = self._unary()
        while True:
            is_negated = self.text == "not" and self.behind == "in"
            operator = self.behind if is_negated else self.text
            strength = _STRENGTH.get(operator, 0)
            if strength <= weakest:
                return held
            self._at += 1 + is_negated
            held = types.operated(operator, held, self.unconditional(strength))

    def _unary(self) -> Held:
        is_negated = False
        while self.text in ("not", "-", "+"):
            is_negated = self.next().text == "not" or is_negated
        held = self.operand()
        return BOOL if is_negated else held

    def operand(self) -> Held:
        return self.postfix(self._primary())

    def _primary(self) -> Held:
        match self.token.kind:
            case "string":
                while self.token.kind == "string":
                    self.next()
                return STR
            case "number":
                return INT if self.next().text.isdigit() else FLOAT
            case "name":
                return self._value()
            case "operator":
                return self._bracketed()

    def _value(self) -> Held:
        if self.text in _CONSTANTS:
            return _CONSTANTS[self.next().text]
        if self.text in WORDS:
            return UNKNOWN
        token = self.next()
        known = self.scope.get(token.text)
        if token.text in PART_FUNCTIONS and self.text == "(" and (known is None or known.what == "outer"):
            self._arguments()
            return STR  # the renderer's own, whatever else is called so
        self.found.append(NameRead(token.text, token.span, self.scope))
        if known is not None:
            return known.held
        if token.text in GLOBALS and self.text == "(":
            return types.called(token.text, [(one.name, one.held) for one in self._arguments()])
        return UNKNOWN

    def _bracketed(self) -> Held:
        if self.take("("):
            inside, is_tuple = self._items(")")
            return inside[0] if len(inside) == 1 and not is_tuple else types.all_of(inside)
        if self.take("["):
            return types.all_of(self._items("]")[0])
        return self._object() if self.take("{") else UNKNOWN

    def _items(self, close: str) -> tuple[list[Held], bool]:
        """What stands up to a closing bracket, and whether commas part it."""
        found: list[Held] = []
        is_tuple = False
        while self.more and not self.take(close):
            found.append(self.forward(self.expression))
            is_tuple = self.take(",") or is_tuple
        return found, is_tuple

    def _object(self) -> Type:
        fields: dict[str, Type] = {}
        is_known = True
        while self.more and not self.take("}"):
            key = _QUOTED.fullmatch(self.text) if self.behind == ":" else None
            self.forward(self.expression)
            held = self.expression() if self.take(":") else UNKNOWN
            self.take(",")
            is_known = is_known and key is not None
            if key is not None:
                fields[key[2]] = types.type_of(held)
        return ObjectOf(tuple(Field(name, declared) for name, declared in fields.items())) if is_known else UNKNOWN

    # ---- what follows a value

    def postfix(self, held: Held) -> Held:
        while True:
            if self.take("."):
                held = self._member(held)
            elif self.take("["):
                held = self._subscript(held)
            elif self.text == "(":
                self._arguments()
                held = UNKNOWN
            elif self.take("|"):
                held = self.filtered(held)
            elif self.take("is"):
                held = self._test()
            else:
                return held

    def _member(self, owner: Held) -> Held:
        if self.token.kind == "number":
            self.next()
            return types.at_index(owner)
        token = self.name()
        if token is None:
            return UNKNOWN
        self.found.append(MemberRead(token.text, token.span, owner))
        if self.text == "(" and types.is_text(owner):
            self._arguments()
            return types.method(token.text)
        return types.field_of(owner, token.text)

    def _subscript(self, owner: Held) -> Held:
        if self.token.kind == "string" and self.behind in ("]", ""):
            token = self.next()
            self.take("]")
            return self._path(token, owner, is_dotted=False)
        start, is_slice = self.token, self.take(":")
        while self.more and not self.take("]"):
            self.forward(self.expression)
            is_slice = self.take(":") or is_slice
        if is_slice:
            return owner
        if start.kind != "number":
            self.found.append(MemberRead("", start.span, owner))
            return UNKNOWN if types.is_text(owner) else types.at_index(owner)
        return types.at_index(owner)

    def _path(self, token: JinjaToken, start: Held, *, is_dotted: bool = True) -> Type:
        """The fields that a text names: one, or several with dots between them; commas part several such paths."""
        quoted = _QUOTED.fullmatch(token.text)
        parts = list(_PATH_PART.finditer(quoted[2])) if quoted is not None else []
        if quoted is None or not (is_dotted or len(parts) == 1):
            return UNKNOWN
        held, begin = start, token.span.start + len(quoted[1])
        for part in parts:
            name, before = part[0], quoted[2][: part.start()]
            if before.endswith(","):
                held = start
            if name.isdigit():
                held = types.at_index(held)
            elif name.isidentifier():
                at = begin + len(before.encode())
                self.found.append(MemberRead(name, Span(at, at + len(name.encode())), held))
                held = types.field_of(held, name)
            else:
                held = UNKNOWN
        return types.type_of(held)

    def _arguments(self) -> list[_Argument]:
        found: list[_Argument] = []
        is_open = self.take("(")
        while is_open and self.more and not self.take(")"):
            named = self.next().text if self.token.kind == "name" and self.behind == "=" else ""
            self.take("=")
            token, start = self.token, self._at
            held = self.forward(self.expression)
            is_quoted = token.kind == "string" and self._at == start + 1
            found.append(_Argument(named, token.span, held, token if is_quoted else None))
            self.take(",")
        return found

    # ---- filters and tests

    def filtered(self, held: Held) -> Held:
        """What the filter that stands here makes of it."""
        name = self._dotted()
        arguments = self._arguments()
        if name == "map" and arguments and not arguments[0].name:
            return ListOf(self._mapped(types.items_of(held), arguments))
        picked = self._picked(name, held if name == "attr" else types.items_of(held), arguments)
        return types.filtered(name, held, picked, arguments[0].held if arguments else None)

    def _mapped(self, item: Type, arguments: list[_Argument]) -> Type:
        """What ``map("filter", …)`` makes of each item."""
        token, rest = arguments[0].quoted, arguments[1:]
        quoted = _QUOTED.fullmatch(token.text) if token is not None else None
        if quoted is None:
            return UNKNOWN
        picked = self._picked(quoted[2], item if quoted[2] == "attr" else types.items_of(item), rest)
        return types.filtered(quoted[2], item, picked, rest[0].held if rest else None)

    def _picked(self, name: str, owner: Held, arguments: list[_Argument]) -> Type | None:
        """The type of the field that a filter's arguments name; ``None`` where they name none."""
        at = _ATTRIBUTE_AT.get(name)
        if at is None:
            return None
        wanted = "name" if name == "attr" else "attribute"
        unnamed = [one for one in arguments if not one.name]
        chosen = next((one for one in arguments if one.name == wanted), unnamed[at] if 0 <= at < len(unnamed) else None)
        if chosen is None:
            return None
        if chosen.quoted is not None:
            return self._path(chosen.quoted, owner, is_dotted=name != "attr")
        self.found.append(MemberRead("", chosen.span, owner))
        return UNKNOWN

    def _test(self) -> Type:
        """What stands behind ``is``: the test's name, and what it takes, with or without parentheses."""
        self.take("not")
        self._dotted()
        is_value = self.token.kind != "operator" or self.text in ("[", "{")
        if self.text == "(":
            self._arguments()
        elif is_value and (self.text not in WORDS or self.text in _CONSTANTS):
            self._primary()
        return BOOL

    def _dotted(self) -> str:
        """The name of a filter or a test."""
        name = self.name()
        parts = [name.text if name is not None else ""]
        while self.take("."):
            parts.append(self.next().text)
        return ".".join(parts)


_END = JinjaToken("operator", "", Span(0, 0))


def _whole(tokens: tuple[JinjaToken, ...]) -> tuple[JinjaToken, ...]:
    """The tokens before a quotation mark that nothing closes: what follows it is text."""
    end = next((index for index, token in enumerate(tokens) if token.text in _UNCLOSED), len(tokens))
    return tokens[:end]
