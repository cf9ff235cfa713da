"""Values, types and what stands behind a dot: what fits the place first, what is declared nearer before what is far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from adalang.ide.calls import call_at, callee_of, given_names, parameters_of
from adalang.ide.completions import imports
from adalang.ide.completions.found import (
    ELSEWHERE,
    FILE,
    FITS,
    IMPORTED,
    MISFIT,
    OWN,
    REST,
    UNSURE,
    Found,
)
from adalang.ide.completions.settings import in_snippet, pairs
from adalang.ide.completions.texts import environment, files, models, usual_variables
from adalang.ide.meaning import target_of
from adalang.ide.occurrences import Site
from adalang.ide.slots import Locals, Occurrence, Value
from adalang.ide.stand_in import STAND_IN
from adalang.ide.surroundings import Surroundings
from adalang.ide.words import METHODS, PRIMITIVES
from adalang.language.builtins import METRIC_SIGNATURES
from adalang.language.checks.evaluations import gives_score, metric_kind
from adalang.language.checks.scope import result_type
from adalang.language.declarations import (
    COMPONENT_KINDS,
    EvalDeclaration,
    Expression,
    ListExpression,
    Member,
    ModelDeclaration,
    OptimizeDeclaration,
    Reference,
    setting,
)
from adalang.language.literal import quote
from adalang.language.lower import Item
from adalang.language.program import Entity, Module
from adalang.language.reach import own_trainable, trainable, trainables
from adalang.language.settings import FUNCTIONS
from adalang.language.types import (
    BOOL,
    OBJECTS,
    STR,
    UNKNOWN,
    Labels,
    ObjectOf,
    OptionalOf,
    Type,
    Unknown,
    describe,
    fits,
)

_COMPONENTS = tuple(sorted(COMPONENT_KINDS))
_KINDS: Mapping[str, tuple[str, ...]] = {
    "model": ("model",),
    "models": ("model",),
    "type": ("type",),
    "dataset": ("dataset",),
    "eval": ("eval",),
    "component": _COMPONENTS,
    "components": _COMPONENTS,
    "metric": ("prompt", "tool", "pipeline"),
    "call": _COMPONENTS,
    "argument": (*_COMPONENTS, "param"),
    "any": ("prompt", "model"),
    "": (*_COMPONENTS, "param"),
}
_CALLED = ("", "argument")
"""Where a component is wanted for what it gives, and so has to be called."""
_LOCALS = ("", "columns", "condition", "inputs", "any", "call", "argument")
_FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "metric": ("python",),
    "tool": ("python", "mcp", "http"),
    "text": ("env",),
    "model": ("env",),
}


def values(site: Site, found: Occurrence, slot: Value, typed: str, around: Surroundings) -> Iterator[Found]:
    """What may stand as a value."""
    match slot.wanted:
        case "method":
            yield from (Found(name, "value", f"method {name}", "method") for name in METHODS)
            return
        case "params":
            yield from _trainables(site)
            return
        case "row":
            yield from _row(slot.expected)
            return
        case "bool":
            yield from _constants("true", "false")
            return
        case "constant":
            yield from _row(slot.expected)
            yield from _labels(slot.expected)
            return
        case "file":
            yield from files(site, "file", "", around, quoted=True)
            return
        case "model" | "models" | "embedding" if typed:
            yield from models(typed, embedding=slot.wanted == "embedding", quoted=True)
        case "text":
            yield from _usual_keys(site, found)
        case "metric":
            yield from _metrics(site)
        case _:
            pass
    if slot.wanted in _LOCALS:
        yield from _locals(slot.names, slot.expected, slot.wanted)
    yield from _arguments(site, found, around)
    yield from _labels(slot.expected)
    yield from named(site, slot.wanted, slot.expected, around, typed)
    for name in _FUNCTIONS.get(slot.wanted, ()):
        yield Found(
            name, "function", f"function {name}", "function", f'{name}("${{1}}")', snippet=True, rank=UNSURE + IMPORTED
        )
    if slot.wanted == "condition":
        yield from _constants("true", "false")
    if slot.wanted in ("", "argument"):
        yield from _anywhere(site, slot.names)


def types(site: Site, around: Surroundings, typed: str) -> Iterator[Found]:
    yield from named(site, "type", UNKNOWN, around, typed)
    for name in (*PRIMITIVES, *OBJECTS):
        yield Found(name, "type", f"type {name}", "built in", rank=UNSURE + ELSEWHERE)


def fields(owner: Type) -> Iterator[Found]:
    """The fields behind a dot."""
    inner = owner.item if isinstance(owner, OptionalOf) else owner
    for one in inner.fields if isinstance(inner, ObjectOf) else ():
        detail = describe(one.type) + (f": {one.description}" if one.description else "")
        yield Found(one.name, "field", "", detail)


def trainable_parts(component: Entity) -> Iterator[Found]:
    for one in own_trainable(component):
        yield Found(one.part.name.text, "variable", f"declaration {component.id}", one.kind)


def inputs(site: Site, component: Entity, given: frozenset[str], assigned: bool) -> Iterator[Found]:
    """The inputs of a component by name, where a name is being written."""
    for one in parameters_of(component.declaration):
        if one.name.text not in given:
            declared = site.program.type_of(one.type, component.module)
            rank = int(one.default is not None)
            insert = one.name.text if assigned else f"{one.name.text} = "
            yield Found(one.name.text, "variable", "", describe(declared), insert, rank=rank)


def members(site: Site, module: Module, wanted: str) -> Iterator[Found]:
    """The declarations of an imported file, behind its name and a dot."""
    yield from _declared(site, module, "", wanted, UNKNOWN, FILE)


def named(site: Site, wanted: str, expected: Type, around: Surroundings, typed: str) -> Iterator[Found]:
    """Declarations of the wanted kind: of this file, of imported ones, and of files that could be imported."""
    if wanted not in _KINDS:
        return
    yield from _declared(site, site.module, "", wanted, expected, FILE)
    for prefix, module in site.program.imported(site.module).items():
        yield from _declared(site, module, f"{prefix}.", wanted, expected, IMPORTED)
    yield from imports.candidates(site, partial(_is_wanted, site, wanted), around, typed)


def _is_wanted(site: Site, wanted: str, module: Module, item: Item) -> bool:
    """Whether the declaration is of a kind that can stand here, and as a metric gives a score."""
    if item.declaration.kind not in _KINDS.get(wanted, ()):
        return False
    return wanted != "metric" or gives_score(result_type(site.program, site.program.entity(module, item)))


def _declared(site: Site, module: Module, prefix: str, wanted: str, expected: Type, distance: int) -> Iterator[Found]:
    own = site.item.start if module is site.module else -1
    path = _prefix_of(site, module)
    for name, item in module.names.items():
        kind = item.declaration.kind
        if item.start == own or name == STAND_IN or not _is_wanted(site, wanted, module, item):
            continue
        called = kind in COMPONENT_KINDS and wanted in _CALLED
        insert = f"{prefix}{call_snippet(name, item)}" if called else f"{prefix}{name}"
        fitness = _fitness_of(site, module, item, wanted, expected)
        yield Found(
            f"{prefix}{name}",
            "declaration",
            f"declaration {path}{name}",
            kind,
            insert,
            called,
            fitness + distance,
        )


def _prefix_of(site: Site, module: Module) -> str:
    prefix = site.program.prefixes.get(module.path, "")
    return f"{prefix}." if prefix else ""


def call_snippet(name: str, item: Item) -> str:
    """A call with a stop for each input that must be given: the first by position, the others by name."""
    needed = [one.name.text for one in parameters_of(item.declaration) if one.default is None and one.name.text]
    stops = [f"{'' if number == 1 else f'{one} = '}${{{number}:{one}}}" for number, one in enumerate(needed, 1)]
    return f"{name}({', '.join(stops) or '${1}'})"


# ---- how well something fits


def _fitness(declared: Type, expected: Type) -> int:
    if isinstance(expected, Unknown) or isinstance(declared, Unknown):
        return UNSURE
    return FITS if fits(declared, expected) else MISFIT


def _fitness_of(site: Site, module: Module, item: Item, wanted: str, expected: Type) -> int:
    if wanted == "metric":
        return FITS
    if isinstance(expected, Unknown) or wanted not in _CALLED:
        return UNSURE
    if item.declaration.kind == "param":
        return _fitness(STR, expected)
    return _fitness(result_type(site.program, site.program.entity(module, item)), expected)


# ---- values


def _constants(*names: str) -> Iterator[Found]:
    yield from (Found(name, "value", "", "", rank=FITS) for name in names)


def _locals(names: Locals, expected: Type, wanted: str) -> Iterator[Found]:
    for name, local in names.items():
        if name == STAND_IN or (wanted == "columns" and name != "row"):
            continue
        yield Found(
            name, "variable", "", describe(local.type), rank=_fitness(local.type, expected) + OWN, doc=local.doc
        )
        if local.what == "the example" and wanted in ("columns", "argument", ""):
            yield from _columns(local.type, expected)


def _columns(row: Type, expected: Type) -> Iterator[Found]:
    """The example's columns. Any text may be a label, so that what is wider fits as well as what is narrower."""
    for one in row.fields if isinstance(row, ObjectOf) else ():
        fit = _fitness(one.type, expected)
        rank = FITS if fit == MISFIT and fits(expected, one.type) else fit
        yield Found(f"row.{one.name}", "field", "", describe(one.type), rank=rank + OWN)


def _labels(expected: Type) -> Iterator[Found]:
    inner = expected.item if isinstance(expected, OptionalOf) else expected
    if isinstance(inner, Labels):
        yield from (Found(quote(one), "value", "", "label", rank=FITS + FILE) for one in inner.labels)
    if inner == BOOL:
        yield from _constants("true", "false")
    if isinstance(expected, OptionalOf):
        yield Found("null", "value", "", "nothing", rank=UNSURE + FILE)


def _usual_keys(site: Site, found: Occurrence) -> Iterator[Found]:
    """For a model's key the variable that usually holds it."""
    declaration = site.item.declaration
    own = declaration.settings if isinstance(declaration, ModelDeclaration) else ()
    if any(one.name.text == "api_key" and one.value.span == found.span for one in own):
        for name in usual_variables(site):
            yield Found(f'env("{name}")', "function", "function env", "", rank=FITS)


def _arguments(site: Site, found: Occurrence, around: Surroundings) -> Iterator[Found]:
    """What a function takes; names of arguments that the call around the cursor has not been given yet."""
    call = call_at(site.item.declaration, found.span.end)
    if call is None or not any(one.value.span == found.span and one.name is None for one in call.arguments):
        return
    callee = callee_of(site, call)
    if callee is not None and callee.name == "env":
        for variable in environment(site, around):
            yield replace(variable, label=quote(variable.label))
    if callee is None or (callee.name in FUNCTIONS and call.arguments[0].value.span == found.span):
        return
    given = given_names(call, callee, but=found.span)
    for one in callee.parameters:
        if one.name not in given:
            rank = (UNSURE if one.default else FITS) + FILE
            yield Found(f"{one.name} =", "variable", "", one.written, f"{one.name} = ", rank=rank, doc=one.doc)


def _anywhere(site: Site, names: Locals) -> Iterator[Found]:
    """A `match` over what is known here; with its arms where its labels are known."""
    if site.item.declaration.kind != "pipeline":
        return
    for name, local in names.items():
        inner = local.type.item if isinstance(local.type, OptionalOf) else local.type
        if isinstance(inner, Labels):
            patterns = [in_snippet(quote(label)) for label in inner.labels]
            arms = "".join(f"\n  {pattern} => ${{{number}}}" for number, pattern in enumerate(patterns, 1))
            yield Found(f"match {name}", "snippet", "keyword match", "", f"match {name} {{{arms}\n}}", True, rank=REST)
    yield Found("match", "keyword", "keyword match", "", "match ${1:value} {\n  ${2:_} => ${3}\n}", True, rank=REST)


def _row(expected: Type) -> Iterator[Found]:
    """A whole example, or a whole row."""
    if isinstance(expected, ObjectOf) and expected.fields:
        optional = all(isinstance(one.type, OptionalOf) for one in expected.fields)
        if not optional:
            names = ", ".join(one.name for one in expected.fields if not isinstance(one.type, OptionalOf))
            yield Found(f"{{ {names} }}", "snippet", "", expected.name, f"{{ {pairs(expected)} }}", snippet=True)


def _metrics(site: Site) -> Iterator[Found]:
    """Built-in metrics that can score what the target gives; others as calls, where there is a part that they may score."""
    target = target_of(site.program, site.entity) if isinstance(site.item.declaration, EvalDeclaration) else None
    kind = metric_kind(result_type(site.program, target)) if target is not None else None
    has_parts = kind == "object" or (target is not None and target.kind == "pipeline")
    for name, metric in METRIC_SIGNATURES.items():
        about = f"metric {name}"
        if kind is None or kind in metric.scored.types:
            yield Found(name, "function", about, "metric", rank=UNSURE if kind is None else FITS)
        elif has_parts:
            call = f"{name}(${{1}}, expected = row.${{2}})"
            yield Found(name, "function", about, "metric", call, snippet=True, rank=MISFIT)


def _trainables(site: Site) -> Iterator[Found]:
    """What the optimization may change: what its target reaches, without what stands there already."""
    declaration = site.item.declaration
    target = target_of(site.program, site.entity) if isinstance(declaration, OptimizeDeclaration) else None
    reached = trainable(site.program, target) if target is not None else list(trainables(site.program).values())
    found = setting(declaration.settings, "params") if isinstance(declaration, OptimizeDeclaration) else None
    items = found.value.items if found is not None and isinstance(found.value, ListExpression) else ()
    written = {_path(one) for one in items}
    for one in reached:
        if one.id not in written:
            yield Found(one.id, "variable", f"trainable {one.id}", one.kind)


def _path(expression: Expression) -> str:
    match expression:
        case Reference(name=name):
            return name
        case Member(object=inner, name=name):
            return f"{_path(inner)}.{name.text}"
        case _:
            return ""
