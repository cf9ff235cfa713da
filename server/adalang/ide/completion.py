"""Completion: what may be written at the cursor.

The cursor's place is understood by writing a stand-in name there and reading the declaration again: what the place asks for
is then the slot of that name (see :mod:`adalang.ide.occurrences`), in whole text as well as in text that is half typed.
Inside texts no stand-in is needed: the text itself says which literal or which Jinja tag the cursor is in.

Candidates are cheap; what is said about one is looked up by :func:`resolve` when somebody looks at it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from adalang.ide.completions import names, settings, texts
from adalang.ide.completions.explain import Explanation, explain
from adalang.ide.completions.found import Completion, Completions, Found, finish
from adalang.ide.completions.in_template import in_template
from adalang.ide.occurrences import Site, at
from adalang.ide.slots import (
    ArgumentName,
    FieldName,
    Literal,
    ModuleMember,
    Occurrence,
    PartName,
    SettingName,
    SplitName,
    TemplateText,
    TrainableName,
    TypeName,
    Value,
)
from adalang.ide.stand_in import STAND_IN, occurrence_of_stand_in, read_with, word_at
from adalang.ide.surroundings import NOTHING_AROUND, Surroundings
from adalang.ide.words import SPLITS
from adalang.language.attachments import part_at
from adalang.language.checks import NO_FACTS, Facts
from adalang.language.literal import quote
from adalang.language.program import Program
from adalang.language.text import Span

__all__ = ["Completion", "Completions", "Explanation", "complete", "resolve"]

_ASSIGNED = re.compile(rb"[ \t]*=(?!=)")
_EQUALS_BEFORE = re.compile(rb"(?<![=!<>])=\Z")
_UNION = re.compile(rb"\|\s*\Z")

# How the stand-in may be written: as a name, as a whole setting, as a field, in quotes; where an arm of a match may
# start, as one before all others, because the parser makes something of any name there.
_FORMS = (STAND_IN, f"{STAND_IN} = 0", f"{STAND_IN}: str", f'"{STAND_IN}"')
_ARM = f'"{STAND_IN}" => 0'
_ARM_GOES_ON = re.compile(rb"[ \t]*(?:=>|\|)")
_ARM_STARTS = re.compile(rb"(?:^|[{,|])[ \t]*\Z")


def complete(
    program: Program, offset: int, facts: Facts = NO_FACTS, around: Surroundings = NOTHING_AROUND
) -> Completions:
    """What may stand at byte ``offset`` of the root file, best first."""
    source = program.root.source
    word = word_at(source, offset)
    typed = source.slice(Span(word.start, offset))
    text = _text_at(program, offset, facts)
    if text is not None:
        return _in_text(*text, offset, word, around)
    line = source.line_span(source.line_of(offset))
    if source.data[line.start : offset].lstrip(b"\xef\xbb\xbf \t").startswith(b"#"):
        return Completions()
    at_start = not source.data[line.start : word.start].lstrip(b"\xef\xbb\xbf")
    found: list[Found] = []
    if not at_start or _is_inside(program, word.start):
        found += _at_stand_in(program, word, typed, facts, around)
    if at_start:
        later = 90 if found else 0
        found += [replace(one, rank=later) for one in settings.declarations()]
    return finish(found, word, typed)


def resolve(
    program: Program, about: str, facts: Facts = NO_FACTS, around: Surroundings = NOTHING_AROUND
) -> Explanation:
    """What there is to say about the candidate whose ``about`` this is, as far as the program (still) has it."""
    return explain(program, about, facts, around)


def _is_inside(program: Program, offset: int) -> bool:
    """Whether the byte lies in the middle of a declaration, not where one starts."""
    item = program.root.item_at(offset)
    return item is not None and item.start < offset < item.span.end


# ---- outside texts


def _at_stand_in(program: Program, word: Span, typed: str, facts: Facts, around: Surroundings) -> Iterator[Found]:
    """Write a stand-in for the word, in one form after the other, until its place asks for something."""
    data = program.root.source.data
    line = program.root.source.line_span(program.root.source.line_of(word.start)).start
    forms = (_ARM, *_FORMS) if _ARM_STARTS.search(data[line : word.start]) else _FORMS
    for form in forms:
        site = read_with(program, word, form, facts)
        found = occurrence_of_stand_in(site) if site is not None else None
        is_arm = found is not None and isinstance(found.slot, Literal) and found.slot.what == "arm"
        if site is not None and found is not None and is_arm == (form is _ARM):
            assigned = _ASSIGNED.match(data, word.end) is not None
            padded = _EQUALS_BEFORE.search(data, max(0, word.start - 2), word.start) is not None
            for one in _for_slot(site, found, assigned, typed, around, word):
                yield replace(one, insert=f" {one.insert or one.label}") if padded else one
            return


def _for_slot(
    site: Site, found: Occurrence, assigned: bool, typed: str, around: Surroundings, word: Span
) -> Iterator[Found]:
    """What fits the slot. ``assigned``: a `=` of the file's own follows already."""
    match found.slot:
        case SettingName(kind=kind, given=given):
            yield from settings.settings(kind, given, "" if assigned else " = ")
        case TypeName():
            if not _UNION.search(site.module.source.data, site.item.start, word.start):  # a union is one of texts
                yield from names.types(site, around, typed)
        case Value() as slot:
            called = site.module.source.data[word.end : word.end + 1] == b"("
            for one in names.values(site, found, slot, typed, around):
                yield replace(one, insert=one.label, snippet=False) if called and one.snippet else one
        case FieldName(owner=owner, given=None):
            yield from names.fields(owner)
        case FieldName(owner=owner, given=frozenset() as given):
            yield from settings.keys(owner, given, assigned)
        case ModuleMember(module=module, wanted=wanted):
            yield from names.members(site, module, wanted)
        case SplitName():
            yield from (Found(name, "value", f"setting split {name}", "split") for name in SPLITS)
        case TrainableName(component=component):
            yield from names.trainable_parts(component)
        case ArgumentName(component=component, given=given):
            yield from names.inputs(site, component, given, assigned)
        case Literal() as slot:
            arrow = "" if slot.what != "arm" or _ARM_GOES_ON.match(site.module.source.data, word.end) else " => "
            for one in texts.inside(site, slot, "", word, around):
                yield replace(one, label=quote(one.label), insert=f"{quote(one.insert or one.label)}{arrow}", span=None)
            if slot.what == "arm":
                yield Found("_", "value", "", "the rest", f"_{arrow}", rank=50)
        case PartName():
            yield from settings.statements(site)
        case _:
            pass


# ---- inside texts


def _text_at(program: Program, offset: int, facts: Facts) -> tuple[Site, Occurrence] | None:
    """The text literal that the cursor is inside of, between its quotes."""
    item = program.root.item_at(offset)
    if item is None:
        return None
    site = Site(program, program.root, item, facts)
    found = at(site, offset)
    if found is None or not isinstance(found.slot, Literal | TemplateText):
        return None
    span = _between_quotes(site, found)
    return (site, found) if span.start <= offset <= span.end else None


def _between_quotes(site: Site, text: Occurrence) -> Span:
    """The literal without its quotes; of one that nothing closes, all that follows its opening ones."""
    span = text.span.shifted(site.item.start)
    raw = site.module.source.data[span.start : span.end]
    quotes = len(raw) - len(raw.lstrip(b'"'))
    closing = len(raw) - len(raw.rstrip(b'"')) if len(raw) > quotes else 0
    if quotes in (2, 6) and len(raw) == quotes:
        quotes = closing = quotes // 2
    return Span(span.start + quotes, max(span.start + quotes, span.end - min(quotes, closing)))


def _in_text(site: Site, text: Occurrence, offset: int, word: Span, around: Surroundings) -> Completions:
    source = site.module.source
    if isinstance(text.slot, TemplateText):
        path = part_at(text.slot.template, offset - site.item.start)
        if path is not None:
            span = path.shifted(site.item.start)
            typed = source.slice(Span(span.start, offset))
            return finish(texts.files(site, "attached", typed, around, span=span), span, typed)
        return finish(in_template(site, text.slot, word), word, source.slice(Span(word.start, offset)))
    assert isinstance(text.slot, Literal)
    line, span = source.line_span(source.line_of(offset)), _between_quotes(site, text)
    closed = source.data[span.end : span.end + 1] == b'"'
    span = Span(max(span.start, line.start), min(span.end, line.end) if closed else offset)
    typed = source.slice(Span(span.start, offset))
    found = texts.inside(site, text.slot, typed, span, around)
    if not source.data.startswith(b'"""', text.span.start + site.item.start):
        found = (replace(one, insert=quote(one.insert or one.label)[1:-1]) for one in found)
    return finish(found, span, typed)
