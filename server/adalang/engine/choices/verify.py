"""A second prompt that checks the first one's answer: `classify(ticket)` becomes `verify_classify(classify(ticket), ticket)`
in the file's pipelines. The prompt that checks has a param of its own; once that is edited, the step is the file's."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from adalang.engine.choices.base import Switch, behind, taken_out, written
from adalang.engine.choices.models import model_now, own_model
from adalang.language.declarations import (
    CallExpression,
    PipelineDeclaration,
    PromptDeclaration,
    Reference,
    walk,
)
from adalang.language.lower import Item
from adalang.language.program import Entity, Program
from adalang.language.reach import statement_expressions
from adalang.language.settings import RESERVED
from adalang.language.text import Edit, Span

OFF, ON = "off", "on"
_ANSWER, _CHECK = "answer", "check"
_PRICE = 2.0


def verify(program: Program, entity: Entity) -> Switch | None:
    """Whether a prompt's answers are checked; only where a pipeline of its file calls it, with plain arguments."""
    declaration = entity.declaration
    if not isinstance(declaration, PromptDeclaration) or _checked_by(program, entity) is not None:
        return None
    if {one.name.text for one in declaration.parameters} & {_ANSWER, _CHECK, *RESERVED}:
        return None
    name = declaration.name.text
    there = program.resolve(f"verify_{name}", entity.module)
    calls = list(_calls(entity, name))
    if there is None:
        if not calls or any(not _is_plain(entity, item, call) for item, call in calls):
            return None
        state, prices = OFF, (1.0, _PRICE)
    else:
        if not _is_ours(entity, there) or any(not _inner(call, name) for _, call in _calls(entity, f"verify_{name}")):
            return None
        state, prices = ON, (1.0, 1 / _PRICE)
    options = (state, ON if state == OFF else OFF)
    doc = "let a second prompt check the answer before it is given"
    write = partial(_written, program, entity, there)
    return Switch(f"{entity.id}:verify", "structure", entity, state, options, prices, doc, write)


def callers_of(entity: Entity) -> set[str]:
    """The names of the pipelines of a prompt's file that call it."""
    return {item.declaration.name.text for item, _ in _calls(entity, entity.declaration.name.text)}


def _written(program: Program, entity: Entity, there: Entity | None, state: str) -> list[Edit]:
    name, source = entity.declaration.name.text, entity.module.source
    if state == ON and there is None:
        place = own_model(program, entity) or entity  # one order, so that either can be taken out and put back
        edits = [behind(place, _declaration(entity, model_now(program, entity), _returns(entity)))]
        for item, call in _calls(entity, name):
            given = _given(entity, item, call)
            span = call.span.shifted(item.start)
            edits.append(Edit(Span(span.start, span.start), f"verify_{name}("))
            edits.append(Edit(Span(span.end, span.end), f", {given})" if given else ")"))
        return edits
    if state == OFF and there is not None:
        edits = [taken_out(there)]
        for item, call in _calls(entity, f"verify_{name}"):
            inner = source.slice(call.arguments[0].span.shifted(item.start))
            edits.append(Edit(call.span.shifted(item.start), inner))
        return edits
    return []


def _checked_by(program: Program, entity: Entity) -> Entity | None:
    """The prompt that this one checks, if it was written by this choice: what checks is not checked again."""
    name = entity.declaration.name.text.removeprefix("verify_")
    first = program.resolve(name, entity.module) if name != entity.declaration.name.text else None
    return first if first is not None and _is_ours(first, entity) else None


def _calls(entity: Entity, name: str) -> Iterator[tuple[Item, CallExpression]]:
    """Where the pipelines of a prompt's file call what has that name there."""
    for item in entity.module.items:
        if isinstance(item.declaration, PipelineDeclaration):
            for expression in statement_expressions(item.declaration.body):
                for part in walk(expression):
                    if isinstance(part, CallExpression) and part.function == Reference(name, part.function.span):
                        yield item, part


def _given(entity: Entity, item: Item, call: CallExpression) -> str:
    """A call's arguments as they are written, on one line."""
    return ", ".join(written(entity.module, item, one.span) for one in call.arguments)


def _is_plain(entity: Entity, item: Item, call: CallExpression) -> bool:
    """Whether the arguments may stand twice: no calls in them, and no comments."""
    nested = any(isinstance(part, CallExpression) for one in call.arguments for part in walk(one.value))
    return not nested and "#" not in written(entity.module, item, call.span)


def _inner(call: CallExpression, name: str) -> bool:
    first = call.arguments[0].value if call.arguments else None
    return isinstance(first, CallExpression) and first.function == Reference(name, first.function.span)


def _is_ours(entity: Entity, there: Entity) -> bool:
    """Whether a prompt is what this choice writes, with whatever model it has."""
    declaration = there.declaration
    if not isinstance(declaration, PromptDeclaration) or there.module is not entity.module:
        return False
    model = next((one for one in declaration.settings if one.name.text == "model"), None)
    chosen = written(there.module, there.item, model.value.span) if model else ""
    text = there.module.source.slice(there.item.span)
    return text == _declaration(entity, chosen, _returns(there))


def _returns(entity: Entity) -> str:
    return written(entity.module, entity.item, entity.returns.span) if entity.returns is not None else "str"


def _declaration(entity: Entity, model: str, returns: str) -> str:
    declaration = entity.declaration
    assert isinstance(declaration, PromptDeclaration)
    inputs = [written(entity.module, entity.item, one.span) for one in declaration.parameters]
    shown = [f"    {one.name.text}: {{{{ {one.name.text} }}}}" for one in declaration.parameters]
    lines = [
        f"prompt verify_{declaration.name.text}({', '.join((f'{_ANSWER}: {returns}', *inputs))}) -> {returns} {{",
        *([f"  model = {model}"] if model else []),
        f'  param {_CHECK} = """',
        "    Check the proposed answer against the input, point by point. If it is right, give it again; if not, give the right one.",
        '    """',
        f'  system = """{{{{ {_CHECK} }}}}"""',
        '  user = """',
        *shown,
        f"    Proposed answer: {{{{ {_ANSWER} }}}}",
        '    """',
        "}",
    ]
    return entity.module.source.newline.join(lines)
