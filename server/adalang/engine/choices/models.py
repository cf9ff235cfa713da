"""Choices of models: which declared one a prompt takes, and that model's options for this prompt alone.

Options stand in a declaration that builds on the chosen one and that only this prompt names:
`model classify_model = fast { temperature = 0 }`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from adalang.engine.choices.base import (
    ABSENT,
    Switch,
    behind,
    has_body,
    set_to,
    setting_of,
    taken_out,
    value_of,
    written,
)
from adalang.language.declarations import Constant, Expression, ModelDeclaration, Reference, Text
from adalang.language.model_choice import ModelChoice, Unresolved, choose
from adalang.language.models import known_models, price
from adalang.language.program import Entity, Program
from adalang.language.text import Edit, Span

OPTIONS = ("temperature", "top_p", "max_tokens", "reasoning_effort")
_TEMPERATURES, _TOP_P, _EFFORTS = ("0", "0.7"), ("0.5",), ('"low"', '"medium"', '"high"')
_WITHOUT_OPTIONS = frozenset({"builtin", "replay"})


@dataclass(frozen=True)
class _Taken:
    """What a prompt's model is: ``base`` as it is written, and the options of a declaration of the prompt's own (``own``)."""

    base: str
    options: Mapping[str, str]
    own: Entity | None = None


def model_now(program: Program, entity: Entity) -> str:
    """The model that a prompt names, without options of its own, as it is written; "" where it names none."""
    base = _taken(program, entity).base
    return "" if base == ABSENT else base


def own_model(program: Program, entity: Entity) -> Entity | None:
    """The declaration that holds the prompt's own options, which stands right behind the prompt."""
    return _taken(program, entity).own


def model(program: Program, entity: Entity) -> Switch | None:
    """Which of the models that its file declares a prompt takes."""
    if entity.kind not in ("prompt", "agent") or not has_body(entity):
        return None
    taken = _taken(program, entity)
    options = tuple(dict.fromkeys((taken.base, *_declared(program, entity))))
    now = _price(program, entity, taken.base)
    prices = [_price(program, entity, one) for one in options]
    relative = tuple(one / now if one and now else 1.0 for one in prices)
    doc = "the model that answers"
    write = partial(_with_base, program, entity)
    return Switch(f"{entity.id}:model", "models", entity, taken.base, options, relative, doc, write)


def option(name: str, program: Program, entity: Entity) -> Switch | None:
    """One option of a prompt's model, for this prompt alone."""
    if entity.kind not in ("prompt", "agent") or not has_body(entity):
        return None
    taken = _taken(program, entity)
    choice = _choice(program, entity, taken.base)
    if choice is None or choice.id.partition("/")[0] in _WITHOUT_OPTIONS or _is_taken(program, entity, taken):
        return None
    declared = choice.options.get(name)
    state = taken.options.get(name, ABSENT)
    worth = [one for one in _worth(name, choice) if declared is None or one != _plain(declared.value)]
    options = tuple(dict.fromkeys((state, ABSENT, *worth)))
    write = partial(_with_option, program, entity, name)
    prices = (1.0,) * len(options)
    return Switch(f"{entity.id}:{name}", "models", entity, state, options, prices, f"the model's {name}", write)


def _worth(name: str, choice: ModelChoice) -> tuple[str, ...]:
    """Values that may help."""
    declared = choice.options.get(name)
    known = known_models().get(choice.id)
    match name:
        case "temperature":
            return _TEMPERATURES
        case "top_p":
            return _TOP_P
        case "max_tokens":
            most = declared.value.value if declared is not None and isinstance(declared.value, Constant) else None
            return (str(2 * most), str(4 * most)) if isinstance(most, int) and not isinstance(most, bool) else ()
        case _:
            return _EFFORTS if declared is not None or (known is not None and "r" in known.can) else ()


def _declared(program: Program, entity: Entity) -> list[str]:
    """The chat models that the prompt's file declares, but for those that hold one prompt's options."""
    found = []
    for name, item in entity.module.names.items():
        owner = name.removesuffix("_model")
        if not isinstance(item.declaration, ModelDeclaration) or (owner != name and owner in entity.module.names):
            continue
        choice = _choice(program, entity, name)
        known = known_models().get(choice.id) if choice is not None else None
        if choice is not None and (known is None or known.mode == "chat"):
            found.append(name)
    return found


def _choice(program: Program, entity: Entity, base: str) -> ModelChoice | None:
    """What the model is that a prompt names, or would name, as ``base``."""
    own, now = entity.module.names.get(_own_name(entity)), setting_of(entity, "model")
    places = [(own, getattr(own.declaration, "value", None))] if own is not None else []
    places += [(entity.item, now.value)] if now is not None else []
    values = [value for item, value in places if value and written(entity.module, item, value.span) == base]
    try:
        return choose(program, values[0] if values else Reference(base, Span(0, 0)), entity.module)
    except Unresolved:
        return None


def _price(program: Program, entity: Entity, base: str) -> float:
    """USD per million tokens, in and out; 0 where it is not known."""
    choice = _choice(program, entity, base) if base != ABSENT else None
    return sum(price(choice.id) or ()) if choice is not None else 0.0


# ---- a declaration of the prompt's own


def _own_name(entity: Entity) -> str:
    return f"{entity.declaration.name.text}_model"


def _taken(program: Program, entity: Entity) -> _Taken:
    state = value_of(entity, "model")
    own = entity.module.names.get(_own_name(entity))
    if state != _own_name(entity) or own is None or not isinstance(own.declaration, ModelDeclaration):
        return _Taken(state, {})
    settings = own.declaration.settings
    if any(one.name.text not in OPTIONS for one in settings) or _named(program, entity) != 2:
        return _Taken(state, {})
    base = written(entity.module, own, own.declaration.value.span)
    options = {one.name.text: written(entity.module, own, one.value.span) for one in settings}
    if entity.module.source.slice(own.span) != _declaration(entity, base, options):
        return _Taken(state, {})
    return _Taken(base, options, program.entity(entity.module, own))


def _named(program: Program, entity: Entity) -> int:
    """How often the name of the prompt's own model stands in the program, its declaration included."""
    word = re.compile(rf"(?<!\w){re.escape(_own_name(entity))}(?!\w)")
    return sum(len(word.findall(str(module.source))) for module in program.modules.values())


def _is_taken(program: Program, entity: Entity, taken: _Taken) -> bool:
    """Whether something else has the name that a model of the prompt's own would get."""
    return taken.own is None and _named(program, entity) > 0


def _declaration(entity: Entity, base: str, options: Mapping[str, str]) -> str:
    inside = ", ".join(f"{name} = {options[name]}" for name in OPTIONS if name in options)
    return f"model {_own_name(entity)} = {base} {{ {inside} }}"


def _with_base(program: Program, entity: Entity, base: str) -> list[Edit]:
    taken = _taken(program, entity)
    return _rewritten(entity, taken, replace(taken, base=base))


def _with_option(program: Program, entity: Entity, name: str, state: str) -> list[Edit]:
    taken = _taken(program, entity)
    options = {**taken.options, name: state}
    if state == ABSENT:
        del options[name]
    return _rewritten(entity, taken, replace(taken, options=options))


def _rewritten(entity: Entity, before: _Taken, after: _Taken) -> list[Edit]:
    """From one state of a prompt's model to another: its setting, and the declaration that holds the options."""
    edits = []
    if bool(before.options) != bool(after.options) or not after.options:
        edits += set_to(entity, "model", _own_name(entity) if after.options else after.base)
    if before.own is not None:
        text = _declaration(entity, after.base, after.options)
        edits.append(Edit(before.own.item.span, text) if after.options else taken_out(before.own))
    elif after.options:
        edits.append(behind(entity, _declaration(entity, after.base, after.options)))
    return edits


def _plain(value: Expression) -> str:
    match value:
        case Constant(value=constant):
            return f"{constant:g}" if isinstance(constant, float) else str(constant)
        case Text(value=text):
            return f'"{text}"'
        case _:
            return ""
