"""Completion: what may be written at the cursor.

The cursor's place is understood by writing a stand-in name there and reading the declaration again: what the place asks for
is then the slot of that name (see :mod:`adalang.ide.occurrences`), in whole text as well as in text that is half typed.
Inside texts no stand-in is needed: the text itself says which literal or which Jinja tag the cursor is in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal as Choice

from adalang.ide import jinja
from adalang.ide.meaning import about_model, headline
from adalang.ide.occurrences import (
    ArgumentName,
    FieldName,
    Literal,
    Local,
    Locals,
    ModuleMember,
    Occurrence,
    SettingName,
    Site,
    Slot,
    SplitName,
    TemplateText,
    TrainableName,
    TypeName,
    Value,
    at,
    locals_of,
    occurrences,
    template_names,
)
from adalang.ide.words import DECLARATIONS, MESSAGES, METHODS, OBJECT_KEYS, PRIMITIVES, SNIPPETS, SPLITS
from adalang.language import templates
from adalang.language.builtins import METRIC_SIGNATURES
from adalang.language.checks import NO_FACTS, Facts
from adalang.language.checks.scope import signature
from adalang.language.declarations import COMPONENT_KINDS
from adalang.language.lower import Item
from adalang.language.models import known_models, known_providers
from adalang.language.program import Entity, Module, Program, link
from adalang.language.reach import own_trainable, trainables
from adalang.language.settings import FUNCTIONS, SETTINGS
from adalang.language.text import Edit, Span
from adalang.language.types import PASSAGE, ObjectOf, OptionalOf, Type, describe

Kind = Choice[
    "keyword", "declaration", "setting", "type", "variable", "field", "function", "value", "model", "message", "snippet"
]

_STAND_IN = "adal_cursor"
_WORD_BEFORE = re.compile(rb"[\w]*\Z")
_ASSIGNED = re.compile(rb"[ \t]*=(?!=)")
_ITEMS_LIMIT = 400


@dataclass(frozen=True, slots=True)
class Completion:
    """``insert`` takes the place of ``span`` (the word or text at the cursor); a snippet has ``$1`` stops."""

    label: str
    kind: Kind
    detail: str
    doc: str
    insert: str
    span: Span
    snippet: bool = False
    rank: int = 0


@dataclass(frozen=True, slots=True)
class _Found:
    label: str
    kind: Kind
    detail: str = ""
    doc: str = ""
    insert: str = ""
    snippet: bool = False
    rank: int = 0


def complete(program: Program, offset: int, facts: Facts = NO_FACTS) -> list[Completion]:
    """What may stand at byte ``offset`` of the root file, best first."""
    source = program.root.source
    word = _word_at(source.data, offset)
    if _in_comment(program, offset):
        return []
    inside = _text_at(program, offset, facts)
    if inside is not None:
        site, text = inside
        return _in_text(site, text, offset, word)
    if source.line_start(source.line_of(word.start)) == word.start and not _is_inside(program.root, word.start):
        return _finish(_declarations(), word)
    return _finish(_at_stand_in(program, offset, word, facts), word)


def _finish(found: Iterable[_Found], span: Span) -> list[Completion]:
    unique = {(one.label, one.kind): one for one in found if one.label}
    ranked = sorted(unique.values(), key=lambda one: one.rank)
    return [
        Completion(one.label, one.kind, one.detail, one.doc, one.insert or one.label, span, one.snippet, one.rank)
        for one in ranked[:_ITEMS_LIMIT]
    ]


def _word_at(data: bytes, offset: int) -> Span:
    before = _WORD_BEFORE.search(data[max(0, offset - 200) : offset])
    length = len(before.group()) if before else 0
    after = re.match(rb"\w*", data[offset : offset + 200])
    return Span(offset - length, offset + (len(after.group()) if after else 0))


def _in_comment(program: Program, offset: int) -> bool:
    tree = program.root.tree
    if tree is None or offset == 0:
        return False
    node = tree.root_node.descendant_for_byte_range(offset - 1, offset)
    return node is not None and node.type == "comment"


def _is_inside(module: Module, offset: int) -> bool:
    """Whether the byte lies in the middle of a declaration, not where one starts."""
    item = module.item_at(offset)
    return item is not None and item.start < offset < item.span.end


def _declarations() -> Iterator[_Found]:
    for word, doc in DECLARATIONS.items():
        yield _Found(word, "keyword", "declaration", doc, SNIPPETS[word], snippet=True)


# ---- outside texts


def _at_stand_in(program: Program, offset: int, word: Span, facts: Facts) -> Iterator[_Found]:
    """Write a stand-in for the word and ask what its place wants; then, as a setting's name, what a body may hold."""
    for written in (_STAND_IN, f"{_STAND_IN} = 0", f"{_STAND_IN}: str"):
        site = _with_stand_in(program, word, written, facts)
        found = _stand_in(site) if site is not None else None
        if site is not None and found is not None:
            assigned = _ASSIGNED.match(program.root.source.data, word.end) is not None
            yield from _for_slot(site, found, assigned)
            return


def _with_stand_in(program: Program, word: Span, written: str, facts: Facts) -> Site | None:
    before = program.root
    root = Module.parse(before.path, before.source.apply([Edit(word, written)]), before)
    item = root.item_at(word.start)
    if item is None:
        return None
    return Site(link(root, lambda path: program.modules.get(path)), root, item, facts)


def _stand_in(site: Site) -> Occurrence | None:
    return next((one for one in occurrences(site) if one.text == _STAND_IN), None)


def _for_slot(site: Site, found: Occurrence, assigned: bool) -> Iterator[_Found]:
    """What fits the slot. ``assigned``: a `=` of the file's own follows already."""
    match found.slot:
        case SettingName(kind=kind, given=given):
            yield from _settings(kind, given, "" if assigned else " = ")
        case TypeName():
            yield from _types(site)
        case Value(names=names, wanted=wanted):
            yield from _values(site, names, wanted)
        case FieldName(owner=owner):
            yield from _fields(owner)
        case ModuleMember(module=module, wanted=wanted):
            yield from _declared(site, module, "", wanted)
        case SplitName():
            yield from (_Found(name, "value", "split", doc) for name, doc in SPLITS.items())
        case TrainableName(component=component):
            yield from _trainable_parts(component)
        case ArgumentName(component=component):
            yield from _arguments(site, component)
        case _:
            yield from _statements(site, found.slot)


def _settings(kind: str, given: frozenset[str], sign: str) -> Iterator[_Found]:
    keys = OBJECT_KEYS.get(kind)
    if keys is not None:
        yield from (
            _Found(name, "setting", "", doc, f"{name}{sign}") for name, doc in keys.items() if name not in given
        )
        return
    for name, spec in SETTINGS.get(kind, {}).items():
        if name not in given:
            yield _Found(name, "setting", spec.kind, spec.doc, f"{name}{sign}")
    if kind in ("prompt", "agent"):
        for role, doc in MESSAGES.items():
            insert = f'{role} = """${{1}}"""' if sign else role
            yield _Found(role, "message", "message", doc, insert, snippet=bool(sign), rank=1)
    if kind in ("prompt", "agent") and sign:
        yield _Found("param", "keyword", "param", DECLARATIONS["param"], 'param ${1:instruction} = "${2}"', True, 1)
        doc = "Few-shot examples, chosen by the optimizer and kept in the file."
        yield _Found("demos", "keyword", "demos", doc, "demos ${1:shots} { max = ${2:4} }", snippet=True, rank=1)


def _types(site: Site) -> Iterator[_Found]:
    yield from _declared(site, site.module, "", "type")
    yield from _imported_declarations(site, "type")
    yield from (_Found(name, "type", "built in", doc, rank=1) for name, doc in PRIMITIVES.items())
    yield _Found(PASSAGE.name, "type", "built in", "What a retriever gives: text, source, score.", rank=1)


def _values(site: Site, names: Locals, wanted: str) -> Iterator[_Found]:
    """Names of the wanted kind; local ones first."""
    if wanted == "method":
        yield from (_Found(name, "value", "method", doc) for name, doc in METHODS.items())
        return
    if wanted in ("bool", "condition"):
        yield from (_Found(name, "value") for name in ("true", "false"))
    if wanted == "metric":
        for name, metric in METRIC_SIGNATURES.items():
            yield _Found(name, "function", "metric", metric.meaning)
    if wanted == "params":
        for trainable_id, one in trainables(site.program).items():
            yield _Found(trainable_id, "variable", one.kind)
        return
    if wanted in ("", "columns", "metric", "condition", "any", "call", "argument"):
        for name, local in names.items():
            yield _Found(name, "variable", describe(local.type), local.doc)
    if wanted in _KINDS:
        yield from _declared(site, site.module, "", wanted)
        yield from _imported_declarations(site, wanted)
    for name in _FUNCTIONS.get(wanted, ()):
        yield _Found(name, "function", "function", FUNCTIONS[name], f'{name}("${{1}}")', snippet=True, rank=2)


_KINDS: Mapping[str, tuple[str, ...]] = {
    "model": ("model",),
    "models": ("model",),
    "type": ("type",),
    "dataset": ("dataset",),
    "eval": ("eval",),
    "component": tuple(sorted(COMPONENT_KINDS)),
    "components": tuple(sorted(COMPONENT_KINDS)),
    "metric": ("prompt", "tool", "pipeline"),
    "call": tuple(sorted(COMPONENT_KINDS)),
    "argument": (*sorted(COMPONENT_KINDS), "param"),
    "": (*sorted(COMPONENT_KINDS), "param"),
}
_FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "metric": ("python",),
    "tool": ("python", "mcp", "http"),
    "text": ("env",),
}


def _declared(site: Site, module: Module, prefix: str, wanted: str) -> Iterator[_Found]:
    kinds = _KINDS.get(wanted, ())
    for name, item in module.names.items():
        kind = item.declaration.kind
        if name == _STAND_IN or (kinds and kind not in kinds) or item is site.item:
            continue
        entity = site.program.entity(module, item)
        detail = headline(site.program, entity)
        call = kind in COMPONENT_KINDS and wanted in ("", "call", "argument")
        insert = f"{prefix}{name}(${{1}})" if call and wanted != "call" else f"{prefix}{name}"
        yield _Found(f"{prefix}{name}", "declaration", detail, item.declaration.doc, insert, "$" in insert)


def _imported_declarations(site: Site, wanted: str) -> Iterator[_Found]:
    for prefix, module in site.program.imported(site.module).items():
        yield from (replace(one, rank=1) for one in _declared(site, module, f"{prefix}.", wanted))


def _fields(owner: Type) -> Iterator[_Found]:
    inner = owner.item if isinstance(owner, OptionalOf) else owner
    if isinstance(inner, ObjectOf):
        for one in inner.fields:
            yield _Found(one.name, "field", describe(one.type), one.description)


def _trainable_parts(component: Entity) -> Iterator[_Found]:
    for one in own_trainable(component):
        yield _Found(one.part.name.text, "variable", one.kind)


def _arguments(site: Site, component: Entity) -> Iterator[_Found]:
    for name, declared, _ in signature(site.program, component).inputs:
        yield _Found(name, "variable", describe(declared), "", f"{name} = ")


def _statements(site: Site, slot: Slot) -> Iterator[_Found]:
    """At the start of a pipeline's line."""
    if site.item.declaration.kind == "pipeline" and not isinstance(slot, Literal | TemplateText):
        yield _Found("return", "keyword", "statement", "What the pipeline gives back.", "return ")
        doc = "Again and again, at most so often, until the condition holds."
        body = "repeat ${1:3} until ${2:done} {\n  ${3}\n}"
        yield _Found("repeat", "keyword", "statement", doc, body, snippet=True)


# ---- inside texts


def _text_at(program: Program, offset: int, facts: Facts) -> tuple[Site, Occurrence] | None:
    """The text literal that the cursor is inside of, between its quotes."""
    item: Item | None = program.root.item_at(offset)
    if item is None:
        return None
    site = Site(program, program.root, item, facts)
    found = at(site, offset)
    if found is None or not isinstance(found.slot, Literal | TemplateText):
        return None
    span = found.span.shifted(item.start)
    raw = program.root.source.data[span.start : span.end]
    quotes = len(raw) - len(raw.lstrip(b'"'))
    closing = len(raw) - len(raw.rstrip(b'"')) if len(raw) > quotes else 0
    if quotes in (2, 6) and len(raw) == quotes:
        quotes = closing = quotes // 2
    inside = span.start + quotes <= offset <= span.end - closing
    return (site, found) if inside else None


def _in_text(site: Site, text: Occurrence, offset: int, word: Span) -> list[Completion]:
    if isinstance(text.slot, TemplateText):
        return _finish(_in_template(site, text.slot, offset, word), word)
    assert isinstance(text.slot, Literal)
    quotes = Span(text.span.start + 1, max(text.span.start + 1, text.span.end - 1)).shifted(site.item.start)
    if not site.module.source.slice(text.span.shifted(site.item.start)).endswith('"') or text.span.end < 2:
        quotes = Span(quotes.start, offset)
    match text.slot:
        case Literal(what="label", labels=labels):
            return _finish((_Found(label, "value", "label") for label in labels), quotes)
        case Literal(what="model"):
            typed = site.module.source.slice(Span(quotes.start, offset))
            return _finish(_models(typed), quotes)
        case _:
            return []


def _models(typed: str) -> Iterator[_Found]:
    """The models of the provider that is typed; before that, the providers and the models that begin alike."""
    provider, slash, _ = typed.partition("/")
    for model_id, known in known_models().items():
        if (known.provider == provider) if slash else model_id.startswith(typed[:2] or "openai/gpt-4o"):
            yield _Found(model_id, "model", known.mode, about_model(model_id))
    if not slash:
        yield from (_Found(f"{one}/", "model", "provider", rank=1) for one in known_providers())


_TAG_BEFORE = re.compile(r"(\{\{|\{%)[-+]?((?:(?!\}\}|%\}).)*)\Z", re.DOTALL)
_PATH_BEFORE = re.compile(r"([A-Za-z_]\w*(?:\.\w+)*)\.\w*\Z")


def _in_template(site: Site, slot: TemplateText, offset: int, word: Span) -> Iterator[_Found]:
    span = slot.template.span.shifted(site.item.start)
    before = site.module.source.slice(Span(span.start, offset))
    tag = _TAG_BEFORE.search(before)
    if tag is None:
        return
    opened, inside = tag.groups()
    head = (
        inside[: len(inside) - len(before.encode()[-(offset - word.start) :].decode())]
        if offset > word.start
        else inside
    )
    names = template_names(site, slot)
    path = _PATH_BEFORE.search(inside)
    if path is not None:
        yield from _template_fields(site, names, path.group(1))
    elif re.search(r"\|\s*\Z", head):
        yield from (_Found(name, "function", "filter", doc) for name, doc in jinja.filters().items())
    elif re.search(r"\bis(\s+not)?\s+\Z", head):
        yield from (_Found(name, "function", "test", doc) for name, doc in jinja.tests().items())
    elif opened == "{%" and not head.strip():
        yield from (_Found(name, "keyword", "statement", doc) for name, doc in jinja.STATEMENTS.items())
    else:
        yield from _template_values(site, names, slot)


def _template_values(site: Site, names: Mapping[str, Local], slot: TemplateText) -> Iterator[_Found]:
    own = locals_of(site)
    for name, local in names.items():
        if name == "loop" and not any(token.text == "for" for tag in slot.template.tags for token in tag.tokens):
            continue
        doc = local.doc or jinja.GLOBALS.get(name, "")
        yield _Found(name, "variable", f"{local.what}: {describe(local.type)}", doc, rank=0 if name in own else 1)
    for prefix in site.program.imported(site.module):
        yield _Found(prefix, "variable", "imported file", rank=2)
    yield _Found("image", "function", "function", jinja.GLOBALS["image"], "image(${1})", snippet=True, rank=2)


def _template_fields(site: Site, names: Mapping[str, Local], path: str) -> Iterator[_Found]:
    first, *rest = path.split(".")
    if first in names:
        yield from _fields(templates.field_path(names[first].type, rest))
    elif not rest and first in site.program.imported(site.module):
        module = site.program.imported(site.module)[first]
        for name, item in module.names.items():
            if item.declaration.kind == "param":
                yield _Found(name, "variable", "param", item.declaration.doc)
