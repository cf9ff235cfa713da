"""What code outside the language reads by its name: the rename of such a name would break a file that no rename sees."""

from __future__ import annotations

import os.path
from collections.abc import Iterable, Iterator
from pathlib import Path

from adalang.ide.occurrences import Site, occurrences
from adalang.ide.slots import PartName
from adalang.ide.targets import Names, Target
from adalang.language.checks import Facts
from adalang.language.checks.scope import signature
from adalang.language.declarations import (
    CallExpression,
    EvalDeclaration,
    Expression,
    PipelineDeclaration,
    Text,
    ToolDeclaration,
    dotted,
    setting,
)
from adalang.language.lower import Item
from adalang.language.program import Entity, Module
from adalang.language.types import Field, ListOf, ObjectOf, OptionalOf, Type


def read_by_code(names: Names, module: Module, target: Target, facts: Facts) -> str:
    """Why ``target``, a field or a pipeline's step, keeps its name for what ``module`` declares; empty when it need not."""
    if target.kind not in ("field", "binding"):
        return ""
    reasons = (_by_declaration(names, module, item, target, facts) for item in module.items)
    return next((reason for reason in reasons if reason), "")


def _by_declaration(names: Names, module: Module, item: Item, target: Target, facts: Facts) -> str:
    match item.declaration:
        case ToolDeclaration(name=name):
            known = signature(names.program, names.program.entity(module, item))
            if _is_of(names, target, [known.returns, *(declared for _, declared, _ in known.inputs)]):
                return f"The code behind the tool `{name.text}` knows `{target.name}` by this name."
        case EvalDeclaration() as declaration:
            return _by_metric(names, module, declaration, target, facts)
    return ""


def _by_metric(names: Names, module: Module, declaration: EvalDeclaration, target: Target, facts: Facts) -> str:
    """A Python metric gets of `output` and `steps` what it names, with everything inside."""
    program = names.program
    metric, scored = setting(declaration.settings, "metric"), program.resolve_expression(declaration.target, module)
    written = _python(metric.value) if metric is not None else None
    if written is None or scored is None:
        return ""
    given = _parameters(module, written, facts)
    if _takes(given, "output") and _is_of(names, target, [signature(program, scored).returns]):
        return f"The Python metric of `{declaration.name.text}` may read `{target.name}` of the answer by this name."
    if _takes(given, "steps") and _is_in_steps(names, scored, target):
        return f"The Python metric of `{declaration.name.text}` may read `{target.name}` in `steps` by this name."
    return ""


def _is_in_steps(names: Names, pipeline: Entity, target: Target) -> bool:
    """Whether the target is a step of the pipeline or a field of what one holds."""
    if not isinstance(pipeline.declaration, PipelineDeclaration):
        return False
    site = Site(names.program, pipeline.module, pipeline.item)
    slots = ((one.text, one.slot) for one in occurrences(site))
    steps = [(name, slot.local) for name, slot in slots if isinstance(slot, PartName) and slot.local.what == "binding"]
    if target.kind == "binding":
        return any(names.of_part(pipeline, name, "binding") == target for name, _ in steps)
    return _is_of(names, target, (local.type for _, local in steps))


def _is_of(names: Names, target: Target, types: Iterable[Type]) -> bool:
    """Whether the target is a field of a type, or of one inside it."""
    return any(names.of_origin(one.origin) == target for declared in types for one in _fields(declared))


def _fields(declared: Type) -> Iterator[Field]:
    match declared:
        case ListOf(item=inner) | OptionalOf(item=inner):
            yield from _fields(inner)
        case ObjectOf(fields=fields):
            for one in fields:
                yield one
                yield from _fields(one.type)


def _python(metric: Expression) -> str | None:
    """What stands in ``python("…")``; ``None`` when the metric is another one."""
    if not isinstance(metric, CallExpression) or dotted(metric.function) != "python":
        return None
    first = metric.arguments[0].value if metric.arguments else None
    return first.value if isinstance(first, Text) else ""


def _parameters(module: Module, written: str, facts: Facts) -> tuple[str, ...] | None:
    """What the function takes; ``None`` when it cannot be read."""
    file, _, function = written.rpartition(":")
    known = facts.functions(Path(os.path.normpath(module.path.parent / file))) if file else None
    found = known.functions.get(function) if known is not None else None
    return found.parameters if found is not None else None


def _takes(parameters: tuple[str, ...] | None, name: str) -> bool:
    return parameters is None or name in parameters or any(one.startswith("**") for one in parameters)
