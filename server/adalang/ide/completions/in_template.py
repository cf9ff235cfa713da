"""Inside a message's Jinja tags: variables, their fields, filters, tests and statements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from adalang.ide import jinja
from adalang.ide.completions.found import ELSEWHERE, FITS, REST, UNSURE, Found
from adalang.ide.completions.names import fields
from adalang.ide.occurrences import Locals, Site, TemplateText, locals_of, template_names
from adalang.language import templates
from adalang.language.declarations import AgentDeclaration, PromptDeclaration
from adalang.language.text import Span
from adalang.language.types import STR, ListOf, OptionalOf, Type, Unknown, describe, fits

_TAG_BEFORE = re.compile(r"(\{\{|\{%)[-+]?((?:(?!\}\}|%\}).)*)\Z", re.DOTALL)
_PATH_BEFORE = re.compile(r"((?<![\w.])[^\W\d]\w*(?:\.\w+)*)\.\Z")
_IS_BEFORE = re.compile(r"\bis(\s+not)?\s+\Z")
_LOOP_BEFORE = re.compile(r"\s*for\s+[\w\s,]+?\s+\Z")
_LOOP_SOURCE = re.compile(r"\s*for\s+[\w\s,]+\s+in\s+\Z")
_NAME_OF_LOOP = re.compile(r"\s*(for|set)\s+\Z")
_WORD = re.compile(r"[^\W\d]\w*\Z")
_OPENED = re.compile(r"\{%[-+]?\s*(if|elif|else|for|endif|endfor)\b")

_LOOP_FIELDS = {
    "index": "int",
    "index0": "int",
    "revindex": "int",
    "first": "bool",
    "last": "bool",
    "length": "int",
    "previtem": "the item before",
    "nextitem": "the item behind",
}


@dataclass(frozen=True, slots=True)
class _Tag:
    """The tag that the cursor is in: `{{` or `{%`, and what stands in it before the word at the cursor."""

    opened: str
    head: str
    before: str
    """What stands in the message before the tag."""
    padded: bool
    """Whether the word needs a space before it, as it stands right behind the opening sign."""
    closed: bool
    """Whether the closing sign follows the word without a space."""


def in_template(site: Site, slot: TemplateText, offset: int, word: Span) -> Iterator[Found]:
    tag = _tag(site, slot, offset, word)
    if tag is None:
        return
    for one in _in_tag(site, slot, tag):
        yield _spaced(one, tag)


def _tag(site: Site, slot: TemplateText, offset: int, word: Span) -> _Tag | None:
    source = site.module.source
    start = slot.template.span.shifted(site.item.start).start
    found = _TAG_BEFORE.search(source.slice(Span(start, word.start)))
    if found is None:
        return None
    behind = source.data[word.end : word.end + 2]
    opened, head = found.groups()
    return _Tag(opened, head, found.string[: found.start()], not head, not head and behind in (b"}}", b"%}"))


def _spaced(found: Found, tag: _Tag) -> Found:
    if not tag.padded:
        return found
    return replace(found, insert=f" {found.insert or found.label}{' ' if tag.closed else ''}")


def _in_tag(site: Site, slot: TemplateText, tag: _Tag) -> Iterator[Found]:
    names = template_names(site, slot)
    path = _PATH_BEFORE.search(tag.head)
    if path is not None:
        yield from _fields(site, names, path.group(1))
    elif tag.head.rstrip().endswith("|"):
        yield from (Found(name, "function", f"filter {name}", "filter") for name in jinja.filters())
    elif _IS_BEFORE.search(tag.head):
        yield from (Found(name, "function", f"test {name}", "test") for name in jinja.tests())
    elif tag.opened == "{%" and not tag.head.strip():
        yield from _statements(tag)
    elif tag.opened == "{%" and _NAME_OF_LOOP.fullmatch(tag.head):
        return
    elif tag.opened == "{%" and _LOOP_BEFORE.fullmatch(tag.head) and not _LOOP_SOURCE.fullmatch(tag.head):
        yield Found("in", "keyword", "", "what it runs over", "in ")
    else:
        yield from _values(site, slot, names, _LOOP_SOURCE.fullmatch(tag.head) is not None)


def _fields(site: Site, names: Locals, path: str) -> Iterator[Found]:
    first, *rest = path.split(".")
    if first == "loop" and not rest:
        yield from (Found(name, "field", "", kind) for name, kind in _LOOP_FIELDS.items())
    elif first in names:
        yield from fields(templates.field_path(names[first].type, rest))
    elif not rest and first in site.program.imported(site.module):
        module = site.program.imported(site.module)[first]
        for name, item in module.names.items():
            if item.declaration.kind == "param":
                prefix = site.program.prefixes.get(module.path, "")
                yield Found(name, "variable", f"declaration {prefix}.{name}", "param")


def _statements(tag: _Tag) -> Iterator[Found]:
    """What closes or continues the innermost open block first."""
    open_blocks: list[str] = []
    for found in _OPENED.finditer(tag.before):
        word = found.group(1)
        if word in ("if", "for"):
            open_blocks.append(word)
        elif word.startswith("end") and open_blocks:
            open_blocks.pop()
    inner = open_blocks[-1] if open_blocks else ""
    first = {"if": ("endif", "else", "elif"), "for": ("endfor", "else")}.get(inner, ())
    for name in jinja.STATEMENTS:
        continues = name in ("elif", "else", "endif", "endfor")
        rank = FITS + first.index(name) if name in first else REST if continues else UNSURE
        yield Found(name, "keyword", f"jinja {name}", "statement", rank=rank)


_NEAR = {"input": 0, "param": 1, "variable": 2, "demos": 5}


def _values(site: Site, slot: TemplateText, names: Locals, loops: bool) -> Iterator[Found]:
    """What the template does not show yet first; where a loop looks for its source, lists first."""
    own, used = locals_of(site), _used(site)
    for name, local in names.items():
        if name == "loop" and not any(token.text == "for" for tag in slot.template.tags for token in tag.tokens):
            continue
        near = _NEAR[local.what] + 3 * (name in used) if name in own or local.what == "variable" else 6
        doc = local.doc or jinja.GLOBALS.get(name, "")
        detail = f"{local.what}: {describe(local.type)}"
        yield Found(name, "variable", "", detail, rank=_fitness(local.type, loops) + near, doc=doc)
    for prefix in site.program.imported(site.module):
        yield Found(prefix, "module", f"import {prefix}", "imported file", rank=UNSURE + ELSEWHERE)
    yield Found("image", "function", "jinja image", "function", "image(${1})", snippet=True, rank=REST)


def _used(site: Site) -> frozenset[str]:
    declaration = site.item.declaration
    if not isinstance(declaration, PromptDeclaration | AgentDeclaration):
        return frozenset()
    return frozenset(use.name for message in declaration.messages for use in templates.uses(message.template))


def _fitness(declared: Type, loops: bool) -> int:
    inner = declared.item if isinstance(declared, OptionalOf) else declared
    if isinstance(inner, Unknown):
        return FITS if not loops else UNSURE
    return FITS if not loops or isinstance(inner, ListOf) else UNSURE + UNSURE * fits(inner, STR)
