"""Evals and optimize blocks: a target, data that fits it, a metric that can score it, something to optimize."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from adalang.language.builtins import METRIC_SIGNATURES, MetricKind
from adalang.language.checks import values
from adalang.language.checks.components import numbers, python_function, settings_values
from adalang.language.checks.data import Rows, data_of, telling
from adalang.language.checks.rows import LACKS, joined, spelled
from adalang.language.checks.scope import Scope, Signature, article
from adalang.language.datasets import DatasetPlan, data_reference, plan
from adalang.language.declarations import (
    COMPONENT_KINDS,
    Binding,
    CallExpression,
    EvalDeclaration,
    Expression,
    Hole,
    ListExpression,
    Member,
    ObjectExpression,
    OptimizeDeclaration,
    PipelineDeclaration,
    Reference,
    Repeat,
    Setting,
    Statement,
    dotted,
    setting,
    walk,
)
from adalang.language.diagnostics import did_you_mean, replace, suggestion
from adalang.language.lower import Item
from adalang.language.program import Entity
from adalang.language.reach import allowed, trainable
from adalang.language.settings import NUMBERS, SPLIT_NAMES
from adalang.language.types import (
    BOOL,
    FLOAT,
    INT,
    PASSAGE,
    UNKNOWN,
    AnyOf,
    Field,
    Labels,
    ListOf,
    ObjectOf,
    OptionalOf,
    Primitive,
    Type,
    Unknown,
    describe,
    fits,
    misfit,
)

SMALL_SPLIT = 20
"""Fewer rows than this prove nothing (see the optimizer's reference)."""


def check(scope: Scope, item: Item) -> None:
    match item.declaration:
        case EvalDeclaration() as declaration:
            _eval(scope, item, declaration)
        case OptimizeDeclaration() as declaration:
            _optimize(scope, item, declaration)
        case _:
            pass


# ---- evals


def _eval(scope: Scope, item: Item, declaration: EvalDeclaration) -> None:
    settings_values(scope, item, declaration.settings, "eval")
    target = scope.require(item, declaration.target, tuple(sorted(COMPONENT_KINDS)), "component")
    rows = _data(scope, item, declaration)
    row_type = _row_type(rows)
    signature = scope.signature(target) if target else Signature((), UNKNOWN)
    names: dict[str, Type] = {"row": row_type, "output": signature.returns, "steps": _steps(scope, target)}
    if target:
        _inputs(scope, item, declaration, target, signature, rows, row_type)
    expect = setting(declaration.settings, "expect")
    written = expect.value if expect is not None else None
    if written and not isinstance(written, Hole) and not _bare_columns(scope, item, written, row_type):
        _columns(scope, item, written, row_type)
        values.infer(scope, item, written, {"row": UNKNOWN if _is_open(row_type) else row_type})
        metric = _metric_name(setting(declaration.settings, "metric"))
        _expected_fits(scope, item, written, signature.returns, rows, metric)
    _metric(scope, item, declaration, names, signature)


def _is_open(row_type: Type) -> bool:
    return isinstance(row_type, ObjectOf | Unknown)  # unknown columns are reported as columns, not as fields


def _data(scope: Scope, item: Item, declaration: EvalDeclaration) -> Rows | None:
    found = setting(declaration.settings, "data")
    if found is None:
        if not declaration.problems:
            scope.report.add("ADL512", item, declaration.name.span, "An eval needs rows: `data = tickets`.")
        return None
    if isinstance(found.value, Hole):
        return None
    reference = data_reference(scope.program, scope.module, found.value)
    if reference is None:
        known = scope.visible_names("dataset")
        name = dotted(found.value) or ""
        hint, fixes = suggestion(item, found.value.span, name, known)
        scope.report.add(
            "ADL101",
            item,
            found.value.span,
            f"No data set is called `{name}`." + (hint or ' Declare it: dataset name = "file.jsonl".')
            if name
            else "`data` names a data set, or one split of it: `tickets.val`.",
            fixes=fixes,
        )
        return None
    entity, split = reference
    planned = plan(entity)
    if split and split not in _splits(planned):
        assert isinstance(found.value, Member)
        listed = ", ".join(_splits(planned)) or "none"
        scope.report.add(
            "ADL206",
            item,
            found.value.name.span,
            f"`{entity.id}` has no split `{split}`; it has {listed}.",
            related=[scope.declared_at(entity)],
        )
    return data_of(scope, planned)


def _splits(planned: DatasetPlan) -> list[str]:
    return [name for name in SPLIT_NAMES if name in (planned.files or planned.fractions)]


def _row_type(rows: Rows | None) -> Type:
    """An object of all columns; a column that some rows lack is optional."""
    filled = [one for one in rows or () if one.count]
    if not filled:
        return UNKNOWN
    fields = []
    for name in dict.fromkeys(name for one in filled for name in one.columns):
        columns = [one.columns.get(name) for one in filled]
        declared = joined(one.type for one in columns if one is not None)
        whole = all(one is not None and one.is_whole for one in columns)
        fields.append(Field(name, declared if whole else OptionalOf(declared)))
    return ObjectOf(tuple(fields), "the data")


def _steps(scope: Scope, target: Entity | None) -> Type:
    if target is None or not isinstance(target.declaration, PipelineDeclaration):
        return ObjectOf((), "a pipeline's steps")
    found: dict[str, None] = {}

    def collect(body: tuple[Statement, ...]) -> None:
        for statement in body:
            if isinstance(statement, Binding):
                found.setdefault(statement.name.text)
            elif isinstance(statement, Repeat):
                collect(statement.body)

    collect(target.declaration.body)
    return ObjectOf(tuple(Field(name, UNKNOWN) for name in found), "the pipeline")


def _columns(scope: Scope, item: Item, expression: Expression, row_type: Type) -> bool:
    """Whether every ``row.x`` in the expression is a column; reports those that are not."""
    if not isinstance(row_type, ObjectOf):
        return True
    right = True
    for part in walk(expression):
        if isinstance(part, Member) and isinstance(part.object, Reference) and part.object.name == "row":
            known = [one.name for one in row_type.fields]
            if part.name.text and part.name.text not in known:
                meant = did_you_mean(part.name.text, known)
                scope.report.add(
                    "ADL511",
                    item,
                    part.name.span,
                    f"The data has no column `{part.name.text}`."
                    + (f" Did you mean `{meant}`?" if meant else f" It has {', '.join(f'`{one}`' for one in known)}."),
                    fixes=[replace(item, part.name.span, meant)] if meant else (),
                )
                right = False
    return right


def _bare_columns(scope: Scope, item: Item, expression: Expression, row_type: Type) -> bool:
    """Whether the expression names a column without `row.`; reports it."""
    columns = {one.name for one in row_type.fields} if isinstance(row_type, ObjectOf) else set()
    for part in walk(expression):
        if isinstance(part, Reference) and part.name in columns - {"row"} and scope.resolve(part) is None:
            meant = f"row.{part.name}"
            message = f"Nothing here is called `{part.name}`. Did you mean `{meant}`?"
            scope.report.add("ADL101", item, part.span, message, fixes=[replace(item, part.span, meant)])
            return True
    return False


def _inputs(
    scope: Scope,
    item: Item,
    declaration: EvalDeclaration,
    target: Entity,
    signature: Signature,
    rows: Rows | None,
    row_type: Type,
) -> None:
    """Each input of the target comes from the mapping or from the column of its name, in every row."""
    mapping = setting(declaration.settings, "inputs")
    mapped: dict[str, Expression] = {}
    if mapping is not None and isinstance(mapping.value, ObjectExpression):
        known = [name for name, _, _ in signature.inputs]
        for pair in mapping.value.pairs:
            if pair.name.text not in known:
                hint, fixes = suggestion(item, pair.name.span, pair.name.text, known)
                scope.report.add(
                    "ADL203",
                    item,
                    pair.name.span,
                    f"`{target.id}` has no input `{pair.name.text}`.{hint}",
                    fixes=fixes,
                    related=[scope.declared_at(target)],
                )
            elif _columns(scope, item, pair.value, row_type):
                values.infer(scope, item, pair.value, {"row": row_type})
            mapped[pair.name.text] = pair.value
    if rows is None:
        return
    data = setting(declaration.settings, "data")
    assert data is not None
    for name, wanted, optional in signature.inputs:
        column = name
        if name in mapped:
            value = mapped[name]
            if not (isinstance(value, Member) and isinstance(value.object, Reference) and value.object.name == "row"):
                continue
            column = value.name.text
        if not any(column in one.columns for one in rows):
            if name not in mapped and not optional and any(one.count for one in rows):
                columns = list(dict.fromkeys(name for one in rows for name in one.columns))
                listed = ", ".join(f"`{one}`" for one in columns)
                scope.report.add(
                    "ADL503",
                    item,
                    data.value.span,
                    f"No column gives `{target.id}` its input `{name}`. The data has {listed}: "
                    f"write `inputs = {{ {name} = row.{columns[0] if columns else '…'} }}`.",
                )
            continue
        _rows_fit(scope, item, data.value, column, name, wanted, optional, rows)


def _rows_fit(
    scope: Scope,
    item: Item,
    place: Expression,
    column: str,
    name: str,
    wanted: Type,
    optional: bool,
    rows: Rows,
) -> None:
    for number, value in telling(rows, column):
        if value is LACKS:
            if optional or isinstance(wanted, OptionalOf):
                continue
            reason: str | None = f"has no `{column}`"
        else:
            reason = misfit(value, wanted, column)
        if reason:
            scope.report.add(
                "ADL503",
                item,
                place.span,
                f"Row {number} of the data does not fit the input `{name}`: {reason}.",
            )
            return


def _metric_name(found: Setting | None) -> str:
    """The metric that compares the whole output with `expect`; empty for any other."""
    match found.value if found else None:
        case Reference(name=name) | CallExpression(function=Reference(name=name), arguments=()):
            return name
        case _:
            return ""


def _expected_fits(
    scope: Scope,
    item: Item,
    expect: Expression,
    returns: Type,
    rows: Rows | None,
    metric: str,
) -> None:
    """Whether each row's expected value, or any of a list of accepted ones, is one that the target can give."""
    plain = isinstance(expect, Member) and isinstance(expect.object, Reference) and expect.object.name == "row"
    compared = (
        isinstance(returns, Labels) or metric == "exact_match" or (metric == "json_match" and _is_object(returns))
    )
    if not plain or rows is None or not compared:
        return
    assert isinstance(expect, Member)
    column = expect.name.text
    for number, value in telling(rows, column):
        if value is LACKS:
            continue
        reason = never_right(value, returns, column, metric)
        if reason:
            message = (
                f"Row {number} expects {value!r}, which is not one of {', '.join(returns.labels)}"
                if isinstance(returns, Labels)
                else f"Row {number} expects what the target never gives: {reason}"
            )
            scope.report.add("ADL504", item, expect.span, f"{message}; it can never be right.")
            return


def never_right(expected: Any, declared: Type, at: str, metric: str) -> str | None:
    """Why no answer of the type is what is expected, or any of a list of what is accepted; ``None`` when one can be."""
    partly = metric == "json_match"
    accepted = expected if isinstance(expected, list) and expected and not partly else [expected]
    reasons = [_never_equal(one, declared, at, partly=partly) for one in accepted]
    return reasons[0] if all(reasons) else None


def _is_object(declared: Type) -> bool:
    return isinstance(declared.item if isinstance(declared, OptionalOf) else declared, ObjectOf)


def _never_equal(value: Any, declared: Type, at: str, *, partly: bool) -> str | None:
    """Why no answer of the type equals the value, as metrics compare: a text equals the number or bool that it spells.

    ``partly``: only the fields that the value has are compared, and it may be the JSON text of an object.
    """
    match declared:
        case OptionalOf(item=inner):
            return None if value is None else _never_equal(value, inner, at, partly=partly)
        case Labels() | Primitive(name="bool" | "int" | "float"):
            return None if _spells(value, declared) else misfit(value, declared, at)
        case ObjectOf(fields=fields):
            if partly and isinstance(value, str):
                try:
                    value = json.loads(value)
                except (ValueError, RecursionError):
                    return misfit(value, declared, at)
            if not isinstance(value, Mapping):
                return misfit(value, declared, at)
            known = {one.name: one.type for one in fields}
            extra = next((name for name in value if name not in known), None)
            if extra is not None:
                return f"`{at}.{extra}` is no field of {describe(declared)}"
            lacks = next(
                (one.name for one in fields if one.name not in value and not isinstance(one.type, OptionalOf)), None
            )
            if lacks is not None and not partly:
                return f"`{at}.{lacks}` is missing"
            inside = (_never_equal(one, known[name], f"{at}.{name}", partly=partly) for name, one in value.items())
            return next((reason for reason in inside if reason), None)
        case _:
            return None


def _spells(value: Any, declared: Type) -> bool:
    if isinstance(value, float) and declared == INT:
        return value.is_integer()
    if not isinstance(value, str) or isinstance(declared, Labels):
        return False
    return spelled(value) == ("bool" if declared == BOOL else "number")


# ---- metrics


def _metric(
    scope: Scope, item: Item, declaration: EvalDeclaration, names: dict[str, Type], signature: Signature
) -> None:
    found = setting(declaration.settings, "metric")
    if found is None:
        if not declaration.problems:
            scope.report.add(
                "ADL505", item, declaration.name.span, "An eval needs a way to score: `metric = exact_match`."
            )
        return
    value = found.value
    match value:
        case Hole():
            return
        case Reference(name=name) if name in METRIC_SIGNATURES and scope.resolve(value) is None:
            _built_in(scope, item, declaration, value, name, (), names, signature)
        case CallExpression(function=Reference(name=name)) if (
            name in METRIC_SIGNATURES and scope.resolve(value.function) is None
        ):
            given = tuple(argument.name.text for argument in value.arguments if argument.name)
            for argument in value.arguments:
                if _columns(scope, item, argument.value, names["row"]):
                    values.infer(scope, item, argument.value, names)
            _built_in(scope, item, declaration, value, name, given, names, signature, len(value.arguments))
        case CallExpression() if dotted(value.function) == "python":
            python_function(scope, item, value)
        case CallExpression():
            if _columns(scope, item, value, names["row"]):
                values.infer(scope, item, value, names)
            _judge(scope, item, value.function)
        case Reference() | Member():
            known = [*METRIC_SIGNATURES, *scope.visible_names("prompt", "tool", "pipeline")]
            name = dotted(value) or ""
            if scope.resolve(value) is None:
                hint, fixes = suggestion(item, value.span, name, known)
                begun = next((one for one in METRIC_SIGNATURES if len(name) > 2 and one.startswith(name)), None)
                if begun and not hint:
                    hint, fixes = f" Did you mean `{begun}`?", (replace(item, value.span, begun),)
                listed = f" Built in are {', '.join(METRIC_SIGNATURES)}."
                scope.report.add(
                    "ADL101", item, value.span, f"No metric is called `{name}`.{hint or listed}", fixes=fixes
                )
            else:
                _judge(scope, item, value)
        case _:
            scope.report.add(
                "ADL212",
                item,
                value.span,
                'A metric is a name such as exact_match, a call, or python("file.py:function").',
            )


def _judge(scope: Scope, item: Item, function: Expression) -> None:
    """A component as metric gives a number, or an object with a `score`."""
    entity = scope.resolve(function)
    if entity is None:
        return
    if entity.kind not in COMPONENT_KINDS:
        scope.report.add(
            "ADL111",
            item,
            function.span,
            f"`{entity.id}` is {article(entity.kind)}; a metric is wanted here.",
            related=[scope.declared_at(entity)],
        )
        return
    returns = scope.signature(entity).returns
    if not gives_score(returns):
        scope.report.add(
            "ADL506",
            item,
            function.span,
            "A metric gives a bool or a number from 0 to 1, or { score: float, reason: str }; "
            f"`{entity.id}` gives {describe(returns)}.",
            related=[scope.declared_at(entity)],
        )


def gives_score(returns: Type) -> bool:
    """Whether a component with this result can be a metric."""
    score = returns.field("score") if isinstance(returns, ObjectOf) else None
    found = returns if score is None else score.type
    return found == BOOL or fits(found, FLOAT)


def _built_in(
    scope: Scope,
    item: Item,
    declaration: EvalDeclaration,
    value: Expression,
    name: str,
    given: tuple[str, ...],
    names: dict[str, Type],
    signature: Signature,
    count: int = 0,
) -> None:
    spec = METRIC_SIGNATURES[name]
    known = [one.name for one in spec.parameters]
    for one in given:
        if one not in known:
            hint, _ = suggestion(item, value.span, one, known)
            scope.report.add(
                "ADL203",
                item,
                value.span,
                f"`{name}` has no input `{one}`.{hint} It takes {', '.join(known)}.",
            )
    if count > len(known):
        scope.report.add("ADL204", item, value.span, f"`{name}` takes {', '.join(known)}; this call gives more.")
    if setting(declaration.settings, "expect") is None and "expected" not in given and count < 2:
        scope.report.add(
            "ADL506",
            item,
            value.span,
            f"`{name}` compares with the right answer; add `expect = row.…`, or `{name}(output, expected = row.…)`.",
        )
    kind = metric_kind(signature.returns)
    if count == 0 and kind is not None and kind not in spec.scored.types:
        scope.report.add(
            "ADL506",
            item,
            value.span,
            f"`{name}` scores {', '.join(spec.scored.types)}, and the target gives {describe(signature.returns)}.",
        )


def metric_kind(declared: Type) -> MetricKind | None:
    """What kind of value a type is, in the words of the metrics' table; ``None`` when nothing is known."""
    match declared:
        case Labels():
            return "str"
        case ListOf(item=inner):
            return "passages" if inner == PASSAGE else "list"
        case ObjectOf():
            return "object"
        case OptionalOf(item=inner):
            return metric_kind(inner)
        case Unknown() | AnyOf():
            return None
        case _:
            return declared.name


# ---- optimize


def _optimize(scope: Scope, item: Item, declaration: OptimizeDeclaration) -> None:
    settings_values(scope, item, declaration.settings, "optimize")
    for name, known in NUMBERS.items():
        found = setting(declaration.settings, name)
        if found is not None and isinstance(found.value, ObjectExpression):
            numbers(scope, item, name, found.value, known)
    entity = scope.require(item, declaration.target, ("eval",), "eval")
    if entity is None or not isinstance(entity.declaration, EvalDeclaration):
        return
    target = scope.program.resolve_expression(entity.declaration.target, entity.module)
    if target is None:
        return
    reached = trainable(scope.program, target)
    _params(scope, item, declaration, [one.id for one in reached])
    if not reached and not allowed(declaration):
        scope.report.add(
            "ADL510",
            item,
            declaration.target.span,
            f"`{target.id}` reaches no `param` and no `demos`; mark what may change: `param instruction = …`.",
            related=[scope.declared_at(target)],
        )
    _hold_out(scope, item, declaration, entity)


def _params(scope: Scope, item: Item, declaration: OptimizeDeclaration, known: list[str]) -> None:
    found = setting(declaration.settings, "params")
    if found is None or isinstance(found.value, Hole):
        return
    if not isinstance(found.value, ListExpression):
        scope.report.add("ADL212", item, found.value.span, "`params` takes a list: [classify.instruction].")
        return
    for one in found.value.items:
        name = param_path(one)
        if name is None or name not in known:
            hint, fixes = suggestion(item, one.span, name or "", known)
            listed = ", ".join(f"`{each}`" for each in known) or "none"
            scope.report.add(
                "ADL101",
                item,
                one.span,
                f"No param of the target is called `{name or '?'}`.{hint or f' There are {listed}.'}",
                fixes=fixes,
            )


def param_path(expression: Expression) -> str | None:
    match expression:
        case Reference(name=name):
            return name
        case Member(object=inner, name=name):
            prefix = param_path(inner)
            return f"{prefix}.{name.text}" if prefix else None
        case _:
            return None


def _hold_out(scope: Scope, item: Item, declaration: OptimizeDeclaration, entity: Entity) -> None:
    assert isinstance(entity.declaration, EvalDeclaration)
    data = setting(entity.declaration.settings, "data")
    reference = data_reference(scope.program, entity.module, data.value) if data else None
    if reference is None:
        return
    planned = plan(reference[0])
    if "test" not in _splits(planned):
        scope.report.add(
            "ADL514",
            item,
            declaration.target.span,
            f"`{planned.id}` has no `test` split, so nothing could be proven; edits would be mere suggestions.",
        )
        return
    rows = data_of(scope, planned)
    count = sum(one.count for one in rows or ())
    if not count:
        return
    if planned.files:
        facts = scope.facts.data(planned.files["test"])
        held_out, about = facts.count if facts else 0, ""
    else:
        held_out, about = round(count * planned.fractions["test"]), "about "
    if held_out < SMALL_SPLIT:
        scope.report.add(
            "ADL508",
            item,
            declaration.target.span,
            f"The hold-out of `{planned.id}` has {about}{held_out} row{'s' if held_out != 1 else ''}; with fewer than {SMALL_SPLIT} nothing can be proven. "
            "Add rows, or give `test` a larger share.",
        )
