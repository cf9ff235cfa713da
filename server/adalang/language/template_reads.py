"""What the tags of a template read and bind, in the order of the text, each with the type that it has at its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from adalang.language import template_types as types
from adalang.language.declarations import JinjaTag, JinjaToken, Template
from adalang.language.program import Module
from adalang.language.template_expressions import Binding, MemberRead, NameBound, NameRead, Read, Reader, Scope
from adalang.language.template_types import Held
from adalang.language.types import STR, UNKNOWN

__all__ = ["Binding", "Held", "MemberRead", "NameBound", "NameRead", "Read", "Scope", "reads"]

_Bound = tuple[JinjaToken, Held]


def reads(template: Template, names: Mapping[str, Held]) -> Iterator[Read]:
    """The names and fields in all tags. ``names`` are those that can be seen from outside; spans are those of the tokens."""
    walk = _Walk({name: Binding(held, "outer") for name, held in names.items()})
    for tag in template.tags:
        yield from walk.tag(tag)


@dataclass(slots=True)
class _Frame:
    """A statement that is open, and what can be seen inside it."""

    head: str
    names: Scope


class _Walk:
    def __init__(self, names: Scope) -> None:
        self._open = [_Frame("", names)]

    def tag(self, tag: JinjaTag) -> list[Read]:
        is_recursive = len(tag.tokens) > 1 and tag.tokens[0].text == "for" and tag.tokens[-1].text == "recursive"
        reader = Reader(tag.tokens[:-1] if is_recursive else tag.tokens, self._open[-1].names)
        if tag.kind == "interpolation":
            reader.rest()
        else:
            self._statement(reader.next().text, reader)
        return sorted(reader.found, key=lambda one: one.span.start)

    def _statement(self, head: str, reader: Reader) -> None:
        match head:
            case "for":
                self._for(reader)
            case "set":
                self._set(reader)
            case "with":
                self._push(reader, head, [*_assignments(reader)])
            case "macro":
                name = reader.name()
                if name is not None:
                    self._bind(reader, name, UNKNOWN)
                self._push(reader, head, [*_parameters(reader)])
            case "call":
                bound = [*_parameters(reader)]
                reader.rest()
                self._push(reader, head, bound)
            case "filter":
                reader.postfix(reader.filtered(STR))
                self._push(reader, head)
            case "if" | "autoescape":
                reader.rest()
                self._push(reader, head)
            case "block":
                self._push(reader, head)
            case "include" | "import" | "from" | "extends":
                reader.expression()
            case "raw":
                pass
            case _ if head == "else" or head.startswith("end"):
                self._close(head)
            case _:
                reader.rest()

    def _push(self, reader: Reader, head: str, bound: Iterable[_Bound] = ()) -> None:
        self._open.append(_Frame(head, self._open[-1].names))
        for token, held in bound:
            self._bind(reader, token, held)

    def _close(self, head: str) -> None:
        opened = self._open[-1].head
        if opened and head == f"end{opened}":
            closed = self._open.pop()
            if opened == "if":  # what it sets can be seen behind it
                self._open[-1].names = closed.names
        elif opened == "for" and head == "else":
            self._open[-1] = _Frame("for", self._open[-2].names)

    def _for(self, reader: Reader) -> None:
        targets = _targets(reader, "in")
        reader.take("in")
        source = reader.listed(reader.unconditional)
        item = types.items_of(source[0] if len(source) == 1 else types.all_of(source))
        self._push(reader, "for", zip(targets, types.unpacked(item, len(targets)), strict=True))
        inside = self._open[-1]
        reader.scope = inside.names  # of the condition, which sees no `loop`
        reader.take("if")
        reader.rest()
        inside.names = {**inside.names, "loop": Binding(types.loop_over(item), "loop")}

    def _set(self, reader: Reader) -> None:
        targets = _targets(reader, "=", "|")
        # without a value of its own it is the text up to `endset`
        source = reader.listed(reader.expression) if reader.take("=") else [reader.postfix(STR)]
        whole = source[0] if len(source) == 1 else types.all_of(source)
        held = source if len(source) == len(targets) else types.unpacked(whole, len(targets))
        for token, one in zip(targets, held, strict=True):
            self._bind(reader, token, one, keep=True)
        reader.rest()

    def _bind(self, reader: Reader, token: JinjaToken, held: Held, *, keep: bool = False) -> None:
        """``keep``: a name that had a value stays what it was. Under a condition it may have the old value still."""
        frame = self._open[-1]
        known = frame.names.get(token.text) if keep else None
        if known is None or known.what == "loop" or isinstance(known.held, Module):
            binding = Binding(held, "variable", token.span)
        else:
            held = types.either(known.held, held) if frame.head == "if" else held
            binding = Binding(held, known.what, known.span)
        reader.found.append(NameBound(token.text, token.span, frame.names, binding))
        frame.names = {**frame.names, token.text: binding}


def _targets(reader: Reader, *ends: str) -> list[JinjaToken]:
    """The names that are bound up to a token; where a field is set, its owner is read."""
    found: list[JinjaToken] = []
    while reader.more and reader.text not in ends:
        if reader.token.kind == "name" and reader.behind == ".":
            reader.forward(reader.operand)
        else:
            token = reader.next()
            found += [token] if token.kind == "name" else []
    return found


def _parameters(reader: Reader) -> Iterator[_Bound]:
    """What a macro or a caller takes: it may be called with anything."""
    is_open = reader.take("(")
    while is_open and reader.more and not reader.take(")"):
        name = reader.name()
        if name is not None:
            yield name, UNKNOWN
        elif reader.take("="):
            reader.expression()
        else:
            reader.next()


def _assignments(reader: Reader) -> Iterator[_Bound]:
    while reader.more:
        if reader.token.kind == "name" and reader.behind == "=":
            name = reader.next()
            reader.take("=")
            yield name, reader.expression()
        else:
            reader.forward(reader.expression)
