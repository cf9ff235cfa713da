"""What a rename does to evals: inputs come from the column of their name unless a mapping says otherwise.

When an input, or the column of rows that are written out, gets another name, the mapping has to say from then on what the
equal names said before.
"""

from __future__ import annotations

from dataclasses import dataclass

from adalang.ide.occurrences import Site, dataset_of
from adalang.ide.rename_code import read_by_code
from adalang.ide.targets import Names, Target
from adalang.language.checks import Facts
from adalang.language.checks.scope import result_type
from adalang.language.datasets import DatasetPlan, plan
from adalang.language.declarations import (
    CallExpression,
    EvalDeclaration,
    Expression,
    ObjectExpression,
    Parameter,
    dotted,
    setting,
)
from adalang.language.lower import Item
from adalang.language.program import Entity, Module
from adalang.language.text import Edit, Span
from adalang.language.types import ObjectOf

_SCORE = frozenset({"score", "reason"})


@dataclass(frozen=True, slots=True)
class Refused:
    """Why something cannot be renamed, in one line for people."""

    reason: str


def row_edits(names: Names, module: Module, target: Target, name: str, facts: Facts) -> list[Edit] | Refused:
    """The mappings that the evals of a module need when ``target``, an input or a column, is called ``name``."""
    reason = read_by_code(names, module, target, facts)
    if reason:
        return Refused(reason)
    edits: list[Edit] = []
    evals = [(item, item.declaration) for item in module.items if isinstance(item.declaration, EvalDeclaration)]
    if target.kind == "field" and {target.name, name} & _SCORE:
        told = next((one.name.text for _, one in evals if _is_scored_by(names, module, one, target)), None)
        return Refused(f"The eval `{told}` reads `score` and `reason` of its metric by these names.") if told else edits
    if target.kind in ("input", "column"):
        for item, declaration in evals:
            found = _eval_edit(names, module, item, declaration, target, name, facts)
            if isinstance(found, Refused):
                return found
            edits += found
    return edits


def _is_scored_by(names: Names, module: Module, declaration: EvalDeclaration, target: Target) -> bool:
    """Whether a field is one of what the eval's metric gives."""
    metric = setting(declaration.settings, "metric")
    function = metric.value if metric is not None else None
    function = function.function if isinstance(function, CallExpression) else function
    entity = names.program.resolve_expression(function, module) if function is not None else None
    returns = result_type(names.program, entity) if entity is not None else None
    fields = returns.fields if isinstance(returns, ObjectOf) else ()
    return any(names.of_origin(one.origin) == target for one in fields)


def _eval_edit(
    names: Names, module: Module, item: Item, declaration: EvalDeclaration, target: Target, name: str, facts: Facts
) -> list[Edit] | Refused:
    program, old = names.program, target.name
    component = program.resolve_expression(declaration.target, module)
    dataset = dataset_of(Site(program, module, item), declaration)
    by_name = _metric_by_name(names, module, declaration, target, dataset, {old, name})
    if by_name:
        return Refused(by_name)
    owner = dataset if target.kind == "column" else component
    if component is None or dataset is None or owner is None or not _is(owner, target):
        return []
    inputs: tuple[Parameter, ...] = getattr(component.declaration, "parameters", ())
    mapping = setting(declaration.settings, "inputs")
    pairs = mapping.value.pairs if mapping is not None and isinstance(mapping.value, ObjectExpression) else ()
    mapped = {pair.name.text for pair in pairs}
    by_input = {one.name.text: one for one in inputs if one.name.text not in mapped}
    label = declaration.name.text
    if target.kind == "column":
        if name in by_input:
            return Refused(f"`{label}` would give the column `{name}` to the input of that name.")
        return [_mapping(module, item, declaration, old, name)] if old in by_input else []
    if old not in by_input:
        return []
    columns = _columns(plan(dataset), facts)
    if columns is None or old in columns:
        return [_mapping(module, item, declaration, name, old)]
    return Refused(f"`{label}` would give the column `{name}` to the input of that name.") if name in columns else []


def _is(entity: Entity, target: Target) -> bool:
    owner = target.entity
    return owner is not None and entity.module.path == owner.module.path and entity.name_span == owner.name_span


def _columns(planned: DatasetPlan, facts: Facts) -> set[str] | None:
    """The columns of all rows; ``None`` when a file is not known."""
    if planned.rows is not None:
        return {name for row in planned.rows for name in row}
    known = [facts.data(path) for path in ([planned.file] if planned.file else planned.files.values())]
    found: set[str] = set()
    for one in known:
        if one is None or one.error:
            return None
        found |= one.columns.keys()
    return found


def _metric_by_name(
    names: Names,
    module: Module,
    declaration: EvalDeclaration,
    target: Target,
    dataset: Entity | None,
    spellings: set[str],
) -> str:
    """Why the metric stands against it: without arguments a metric takes what its inputs are called."""
    found = setting(declaration.settings, "metric")
    if found is None:
        return ""
    function: Expression = found.value
    if isinstance(function, CallExpression):
        is_python = dotted(function.function) == "python"
        if is_python and target.kind == "column" and dataset is not None and _is(dataset, target):
            return f"The Python metric of `{declaration.name.text}` may take the column by its name."
        if function.arguments:
            return ""
        function = function.function
    metric = names.program.resolve_expression(function, module)
    if metric is None:
        return ""
    inputs = {one.name.text for one in getattr(metric.declaration, "parameters", ())}
    concerned = _is(metric, target) if target.kind == "input" else dataset is not None and _is(dataset, target)
    if concerned and inputs & spellings:
        return (
            f"`{declaration.name.text}` gives its metric `{metric.id}` what the inputs are called; "
            f"write `metric = {metric.id}(…)` with its inputs first."
        )
    return ""


# ---- where the mapping is written


def _mapping(module: Module, item: Item, declaration: EvalDeclaration, given: str, column: str) -> Edit:
    """The edit that maps an input to a column: into the mapping that is there, or as a new one behind ``data``."""
    source, pair = module.source, f"{given} = row.{column}"
    newline = source.newline
    mapping = setting(declaration.settings, "inputs")
    if mapping is not None and isinstance(mapping.value, ObjectExpression):
        brace = mapping.value.span.start + item.start
        if not mapping.value.pairs:
            return _insert(brace + 1, f" {pair} ")
        first = mapping.value.pairs[0].span.shifted(item.start)
        if source.line_of(brace) == source.line_of(first.start):
            return _insert(first.start, f"{pair}, ")
        comma = "," if source.data[first.end : first.end + 1] == b"," else ""
        return _insert(first.start, f"{pair}{comma}{newline}{_indent(module, first.start)}")
    data = setting(declaration.settings, "data")
    assert data is not None, "an eval with a data set has the setting"
    span = data.span.shifted(item.start)
    line = source.line_of(span.end)
    behind = [one.span.start + item.start for one in declaration.settings if one.span.start > data.span.start]
    if line < source.line_of(min(behind, default=item.span.end - 1)):
        end = source.line_span(line).end
        return _insert(end, f"{newline}{_indent(module, span.start)}inputs = {{ {pair} }}")
    return _insert(span.end, f", inputs = {{ {pair} }}")


def _indent(module: Module, offset: int) -> str:
    start = module.source.line_start(module.source.line_of(offset))
    line = module.source.data[start:offset].decode("utf-8", "replace")
    return line[: len(line) - len(line.lstrip(" \t"))]


def _insert(offset: int, text: str) -> Edit:
    return Edit(Span(offset, offset), text)
