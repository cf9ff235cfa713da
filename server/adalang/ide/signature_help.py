"""Signature help: what the call at the cursor takes, and which of it is being written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from adalang.ide import jinja
from adalang.ide.calls import Callee, call_at, callee_of, given_names
from adalang.ide.occurrences import Site, at
from adalang.ide.slots import TemplateText
from adalang.ide.stand_in import STAND_IN, read_with, word_at
from adalang.language.checks import NO_FACTS, Facts
from adalang.language.declarations import CallExpression, Reference
from adalang.language.program import Program
from adalang.language.text import Span


@dataclass(frozen=True, slots=True)
class Parameter:
    """``start`` and ``end`` are character positions in the signature's label."""

    start: int
    end: int
    doc: str


@dataclass(frozen=True, slots=True)
class SignatureHelp:
    """One signature, as there is no overloading. ``active`` counts its parameters; ``None`` behind the last one."""

    label: str
    doc: str
    parameters: tuple[Parameter, ...]
    active: int | None


def signature_help(program: Program, offset: int, facts: Facts = NO_FACTS) -> SignatureHelp | None:
    """The call whose parentheses byte ``offset`` of the root file lies between; ``None`` where there is none."""
    item = program.root.item_at(offset)
    whole = Site(program, program.root, item, facts) if item is not None else None
    touched = at(whole, offset) if whole is not None else None
    if whole is not None and touched is not None and isinstance(touched.slot, TemplateText):
        start = touched.span.start + whole.item.start
        return _of_filter(program.root.source.slice(Span(start, offset)))
    word = word_at(program.root.source, offset)
    typed = read_with(program, word, STAND_IN, facts) if touched is None or touched.text != STAND_IN else None
    return _of_call(typed, word.start + 1, offset - word.start, program) or _of_call(whole, offset, 0, program)


def _of_call(site: Site | None, offset: int, typed: int, program: Program) -> SignatureHelp | None:
    """``typed`` is how much of the word at the cursor, for which a stand-in may stand, is there already, in bytes."""
    if site is None:
        return None
    local = offset - site.item.start
    call = call_at(site.item.declaration, local)
    callee = callee_of(site, call) if call is not None else None
    if call is None or callee is None:
        return None
    before = program.root.source.slice(Span(offset - 1, offset - 1 + typed)) if typed else ""
    return _shown(callee, _active(call, callee, local, before))


def _active(call: CallExpression, callee: Callee, local: int, typed: str) -> int | None:
    """The parameter that the cursor's argument gives a value to: by its name, else by its position; behind a named argument,
    where only names may follow, the first one that is missing and begins as what is ``typed``."""
    index = sum(one.span.end < local for one in call.arguments)
    current = next((one for one in call.arguments[index : index + 1] if one.span.contains(local)), None)
    names = [one.name for one in callee.parameters]
    if current is not None and current.name is not None:
        return names.index(current.name.text) if current.name.text in names else None
    by_position = all(one.name is None for one in call.arguments[:index])
    if by_position and index < len(names) and not callee.parameters[index].only_by_name:
        return index
    given = given_names(call, callee, but=current.span if current is not None else None)
    word = typed if current is not None and isinstance(current.value, Reference) else ""
    missing = (number for number, name in enumerate(names) if name not in given and name.startswith(word))
    return next(missing, None)


def _shown(callee: Callee, active: int | None) -> SignatureHelp:
    pieces = [
        (f"{one.name}: {one.written}" + (f" = {one.default}" if one.default else "")) for one in callee.parameters
    ]
    arrow = f" -> {callee.returns}" if callee.returns else ""
    return _laid_out(callee.name, pieces, [one.doc for one in callee.parameters], arrow, callee.doc, active)


def _laid_out(
    name: str, pieces: Sequence[str], docs: Sequence[str], arrow: str, doc: str, active: int | None
) -> SignatureHelp:
    label, parameters = f"{name}(", []
    for number, (piece, about) in enumerate(zip(pieces, docs, strict=True)):
        label += ", " if number else ""
        parameters.append(Parameter(len(label), len(label) + len(piece), about))
        label += piece
    return SignatureHelp(f"{label}){arrow}", doc, tuple(parameters), active)


# ---- in templates

_TAG = re.compile(r"(?:\{\{|\{%)((?:(?!\}\}|%\}).)*)\Z", re.DOTALL)
_TOKEN = re.compile(
    r"""(?P<text>"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?)|(?P<filter>\|\s*\w+\s*\()|(?P<sign>[()\[\]{},])"""
)
_NAMED = re.compile(r"\s*(\w+)\s*=(?!=)")


def _of_filter(before: str) -> SignatureHelp | None:
    """The filter that the cursor at the end of ``before`` gives arguments to: `{{ text | truncate(`."""
    tag = _TAG.search(before)
    if tag is None:
        return None
    opened: list[
        tuple[str, int, int]
    ] = []  # the filter ("" for other brackets), its arguments so far, where the last starts
    for found in _TOKEN.finditer(tag.group(1)):
        sign = found.group()
        if found["filter"]:
            opened.append((sign.strip("|( \t\r\n"), 0, found.end()))
        elif sign in "([{":
            opened.append(("", 0, found.end()))
        elif sign in ")]}" and opened:
            opened.pop()
        elif sign == "," and opened:
            name, count, _ = opened[-1]
            opened[-1] = (name, count + 1, found.end())
    name, index, start = next((one for one in reversed(opened) if one[0]), ("", 0, 0))
    parameters = jinja.filter_parameters(name) if name else None
    if parameters is None:
        return None
    named = _NAMED.match(tag.group(1), start)
    names = [one.name for one in parameters]
    active = (names.index(named.group(1)) if named.group(1) in names else None) if named else index
    pieces = [one.name + (f"={one.default}" if one.default else "") for one in parameters]
    last = active if active is not None and active < len(parameters) else None
    return _laid_out(name, pieces, [""] * len(pieces), "", jinja.filters().get(name, ""), last)
