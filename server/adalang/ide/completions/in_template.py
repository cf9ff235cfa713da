"""Inside a message's Jinja tags: variables, their fields, filters, tests and statements.

As outside texts, a stand-in is written for the word at the cursor, and the tag up to there is read: what is read where the
stand-in stands is what the place asks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from adalang.ide import jinja
from adalang.ide.completions.found import ELSEWHERE, FITS, REST, UNSURE, Found
from adalang.ide.completions.names import fields
from adalang.ide.occurrences import Site, locals_of
from adalang.ide.slots import Local, TemplateText
from adalang.ide.stand_in import STAND_IN
from adalang.ide.template_words import locals_in, template_reads
from adalang.language import templates
from adalang.language.declarations import AgentDeclaration, JinjaTag, JinjaToken, PromptDeclaration, Template
from adalang.language.program import Module
from adalang.language.template_reads import MemberRead, NameRead, Read, Scope
from adalang.language.template_types import bare, type_of
from adalang.language.text import Span
from adalang.language.types import STR, ListOf, Type, Unknown, describe, fits

_QUOTE = re.compile(r"""\\?["']""")


@dataclass(frozen=True, slots=True)
class _Place:
    """The tag that the cursor is in, up to the word there. ``before`` are the tags before it."""

    before: Sequence[JinjaTag]
    tag: JinjaTag
    quoted: str
    """The text that the cursor is in, with its opening quotation mark."""
    padded: bool
    """Whether the word needs a space before it, as it stands right behind the opening sign."""
    closed: bool
    """Whether the closing sign follows the word without a space."""

    @property
    def words(self) -> list[str]:
        return [token.text for token in self.tag.tokens]


def in_template(site: Site, slot: TemplateText, word: Span) -> Iterator[Found]:
    """What may stand in the place of ``word``; nothing in what is no tag: plain text, comments, raw blocks."""
    place = _place(site, slot, word)
    if place is None:
        return
    for one in _offered(site, slot, place):
        yield _spaced(one, place)


def _place(site: Site, slot: TemplateText, word: Span) -> _Place | None:
    source, start = site.module.source, site.item.start
    at, tags = word.start - start, slot.template.tags
    number = next((number for number in reversed(range(len(tags))) if tags[number].span.start + 2 <= at), -1)
    if number < 0:
        return None
    tag = tags[number]
    behind = source.slice(Span(tag.span.end, at).shifted(start)) if at > tag.span.end else ""
    if at > tag.span.end - 2 if tag.closed else behind.strip():
        return None
    tokens = tuple(token for token in tag.tokens if token.span.start < at)
    opening = next((token for token in tokens if token.kind != "name" and _is_around(token, at)), None)
    if opening is not None:
        tokens = tuple(token for token in tokens if token.span.start < opening.span.start)
    quoted = source.slice(Span(opening.span.start, at).shifted(start)) if opening is not None else ""
    padded = not tokens and not quoted and source.data[word.start - 1 : word.start] in (b"{", b"%", b"-", b"+")
    closed = padded and source.data[word.end : word.end + 2] in (b"}}", b"%}")
    return _Place(tags[:number], replace(tag, tokens=tokens), quoted, padded, closed)


def _is_around(token: JinjaToken, at: int) -> bool:
    """Whether a token is a text that goes on at ``at``, closed or not."""
    return _QUOTE.match(token.text) is not None and (token.kind == "operator" or at < token.span.end)


def _spaced(found: Found, place: _Place) -> Found:
    if not place.padded:
        return found
    return replace(found, insert=f" {found.insert or found.label}{' ' if place.closed else ''}")


def _offered(site: Site, slot: TemplateText, place: _Place) -> Iterator[Found]:
    words, is_statement = place.words, place.tag.kind == "statement"
    last, is_for = words[-1] if words else "", is_statement and words[:1] == ["for"]
    if place.quoted:
        yield from _fields(site, _asked(site, slot, place))
    elif last == "|" or (is_statement and words == ["filter"]):
        yield from (Found(name, "function", f"filter {name}", "filter") for name in jinja.filters())
    elif last == "is" or words[-2:] == ["is", "not"]:
        yield from (Found(name, "function", f"test {name}", "test") for name in jinja.tests())
    elif is_statement and not words:
        yield from _statements(place.before)
    elif is_for and "in" not in words and len(words) > 1 and last != ",":
        yield Found("in", "keyword", "", "what it runs over", "in ")
    else:
        asked = _asked(site, slot, place)
        if isinstance(asked, NameRead):
            yield from _values(site, slot, asked.scope, loops=is_for and last == "in")
        yield from _fields(site, asked)


def _asked(site: Site, slot: TemplateText, place: _Place) -> Read | None:
    """What is read where the stand-in stands."""
    mark = _QUOTE.match(place.quoted)
    text = f"{place.quoted}{STAND_IN}{mark[0]}" if mark is not None else STAND_IN
    written = JinjaToken("string" if mark is not None else "name", text, place.tag.span)
    tag = replace(place.tag, tokens=(*place.tag.tokens, written))
    template = Template(slot.template.text, (*place.before, tag))
    return next((one for one in template_reads(site, slot, template) if one.text == STAND_IN), None)


def _fields(site: Site, asked: Read | None) -> Iterator[Found]:
    match asked:
        case MemberRead(owner=Module() as module):
            prefix = site.program.prefixes.get(module.path, "")
            params = (name for name, item in module.names.items() if item.declaration.kind == "param")
            yield from (Found(name, "variable", f"declaration {prefix}.{name}", "param") for name in params)
        case MemberRead(owner=owner):
            yield from fields(type_of(owner))
        case _:
            pass


_CONTINUING = {"if": ("endif", "else", "elif"), "for": ("endfor", "else")}


def _statements(before: Sequence[JinjaTag]) -> Iterator[Found]:
    """What closes or continues the innermost open block first."""
    open_blocks: list[str] = []
    for tag in before:
        head = tag.tokens[0].text if tag.kind == "statement" and tag.tokens else ""
        if head in _CONTINUING:
            open_blocks.append(head)
        elif head in ("endif", "endfor") and open_blocks:
            open_blocks.pop()
    first = _CONTINUING[open_blocks[-1]] if open_blocks else ()
    for name in jinja.STATEMENTS:
        continues = name in ("elif", "else", "endif", "endfor")
        rank = FITS + first.index(name) if name in first else REST if continues else UNSURE
        yield Found(name, "keyword", f"jinja {name}", "statement", rank=rank)


_NEAR = {"input": 0, "param": 1, "variable": 2, "demos": 5, "loop": 7}
_SHARED = 6


def _values(site: Site, slot: TemplateText, scope: Scope, *, loops: bool) -> Iterator[Found]:
    """What the template does not show yet first; where a loop looks for its source, lists first."""
    known, own, used = locals_in(slot, scope), locals_of(site), _used(site)
    for name, binding in scope.items():
        if binding.what == "outer" and isinstance(binding.held, Module):
            yield Found(name, "module", f"import {name}", "imported file", rank=UNSURE + ELSEWHERE)
            continue
        local = known.get(name) or Local(STR, "param", None, site.module.names[name].declaration.doc)
        near = _NEAR[local.what] + 3 * (name in own and name in used) if name in known else _SHARED
        doc = local.doc or jinja.GLOBALS.get(name, "")
        detail = describe(local.type) if local.what == "loop" else f"{local.what}: {describe(local.type)}"
        yield Found(name, "variable", "", detail, rank=_fitness(local.type, loops) + near, doc=doc)
    for name in sorted(templates.PART_FUNCTIONS):
        yield Found(name, "function", f"jinja {name}", "function", f"{name}(${{1}})", snippet=True, rank=REST)


def _used(site: Site) -> frozenset[str]:
    declaration = site.item.declaration
    if not isinstance(declaration, PromptDeclaration | AgentDeclaration):
        return frozenset()
    return frozenset(use.name for message in declaration.messages for use in templates.uses(message.template))


def _fitness(declared: Type, loops: bool) -> int:
    inner = bare(declared)
    if isinstance(inner, Unknown):
        return FITS if not loops else UNSURE
    return FITS if not loops or isinstance(inner, ListOf) else UNSURE + UNSURE * fits(inner, STR)
