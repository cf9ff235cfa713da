"""The types of expressions, and the checks of calls, fields and settings' values that come with finding them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from adalang.language.checks.scope import Scope, Signature, article
from adalang.language.declarations import (
    COMPONENT_KINDS,
    Binary,
    CallExpression,
    Comprehension,
    Constant,
    Expression,
    ListExpression,
    Match,
    Member,
    Not,
    ObjectExpression,
    Reference,
    Text,
    Wildcard,
    dotted,
)
from adalang.language.diagnostics import did_you_mean, replace, suggestion
from adalang.language.literal import quote
from adalang.language.lower import Item
from adalang.language.program import Entity
from adalang.language.settings import FUNCTIONS
from adalang.language.text import Span
from adalang.language.types import (
    BOOL,
    FLOAT,
    INT,
    STR,
    UNKNOWN,
    AnyOf,
    Field,
    Labels,
    ListOf,
    ObjectOf,
    OptionalOf,
    Type,
    Unknown,
    describe,
    fits,
)

Names = Mapping[str, Type]

_NULL = OptionalOf(UNKNOWN)
_ENV = 'env("NAME")'
FOREIGN_CONSTANTS = {"True": "true", "False": "false", "None": "null", "nil": "null", "undefined": "null"}


def infer(scope: Scope, item: Item, expression: Expression, names: Names) -> Type:
    """The type of an expression in which ``names`` can be seen; reports what is wrong inside it."""
    match expression:
        case Reference(name=name, span=span):
            if name in names:
                return names[name]
            entity = scope.resolve(expression)
            if entity is None:
                _unknown(scope, item, span, name, names)
            elif entity.kind in COMPONENT_KINDS:
                scope.report.add(
                    "ADL205",
                    item,
                    span,
                    f"`{name}` is {article(entity.kind)}; call it: `{name}(…)`.",
                    related=[scope.declared_at(entity)],
                )
            elif entity.kind == "param":
                return STR
            else:
                scope.report.add(
                    "ADL111",
                    item,
                    span,
                    f"`{name}` is {article(entity.kind)}; a value is wanted here.",
                    related=[scope.declared_at(entity)],
                )
            return UNKNOWN
        case Member(object=inner, name=field):
            path = dotted(expression)
            if path and path.split(".")[0] not in names and scope.resolve(expression) is not None:
                entity = scope.resolve(expression)
                return STR if entity is not None and entity.kind == "param" else UNKNOWN
            return _field(scope, item, infer(scope, item, inner, names), field.text, field.span)
        case CallExpression():
            return _call(scope, item, expression, names)
        case Text(value=value):
            return Labels((value,))
        case Constant(value=value):
            return _constant(value)
        case ListExpression(items=items):
            found = [infer(scope, item, one, names) for one in items]
            return ListOf(_joined(found))
        case Comprehension(value=value, name=name, source=source, condition=condition):
            inside = {**names, name.text: _item_type(scope, item, source, infer(scope, item, source, names))}
            if condition is not None:
                check_condition(scope, item, condition, inside, "if")
            return ListOf(infer(scope, item, value, inside))
        case ObjectExpression(pairs=pairs):
            seen: dict[str, Span] = {}
            for pair in pairs:
                field = pair.name
                if field.text in seen:
                    message = f"The field `{field.text}` stands twice."
                    see = [(seen[field.text], f"`{field.text}` is given here")]
                    scope.report.add("ADL214", item, field.span, message, see=see)
                seen.setdefault(field.text, field.span)
            return ObjectOf(tuple(Field(pair.name.text, infer(scope, item, pair.value, names)) for pair in pairs))
        case Match():
            return _match(scope, item, expression, names)
        case Not(value=value):
            check_condition(scope, item, value, names, "not")
            return BOOL
        case Binary(operator="and" | "or" as operator, left=left, right=right):
            for side in (left, right):
                check_condition(scope, item, side, names, operator)
            return BOOL
        case Binary(operator=operator, left=left, right=right):
            have, other = infer(scope, item, left, names), infer(scope, item, right, names)
            _comparison(scope, item, expression.span, operator, have, other)
            return BOOL
        case _:
            return UNKNOWN


def check_condition(scope: Scope, item: Item, expression: Expression, names: Names, where: str) -> None:
    """What stands after ``where`` is true or false."""
    found = infer(scope, item, expression, names)
    if fits(found, BOOL):
        return
    mend = "compare it with something"
    if isinstance(found, OptionalOf) and fits(found.item, BOOL):
        mend = "compare it with true or false" if found != _NULL else "write true or false"
    elif isinstance(expression, Text | Constant | ListExpression | ObjectExpression):
        mend = "write true, false, or a comparison"
    message = f"`{where}` takes true or false, not {describe_found(found)}; {mend}."
    scope.report.add("ADL205", item, expression.span, message)


def _constant(value: int | float | bool | None) -> Type:
    if value is None:
        return _NULL
    if isinstance(value, bool):
        return BOOL
    return INT if isinstance(value, int) else FLOAT


def _joined(types: list[Type]) -> Type:
    """One type that holds all of them: labels become a union, different kinds any of them."""
    if any(isinstance(one, OptionalOf) for one in types):
        filled = [one.item if isinstance(one, OptionalOf) else one for one in types if one != _NULL]
        return OptionalOf(_joined(filled))
    if not types or UNKNOWN in types:
        return UNKNOWN
    labels = [label for one in types if isinstance(one, Labels) for label in one.labels]
    if all(isinstance(one, Labels) for one in types):
        return Labels(tuple(dict.fromkeys(labels)))
    wide = next((wide for wide in types if all(fits(one, wide) for one in types)), None)
    if wide is not None:
        return wide
    lists = [one.item for one in types if isinstance(one, ListOf)]
    if len(lists) == len(types):
        return ListOf(_joined(lists))
    kinds = [one for one in types if not isinstance(one, Labels)]
    return AnyOf(tuple(dict.fromkeys([*kinds, Labels(tuple(dict.fromkeys(labels)))] if labels else kinds)))


def _unknown(scope: Scope, item: Item, span: Span, name: str, names: Names) -> None:
    meant = FOREIGN_CONSTANTS.get(name) or did_you_mean(name, [*names, *scope.visible_names()])
    message = f"Nothing here is called `{name}`."
    if meant:
        message += f" Did you mean `{meant}`?"
    elif names:
        message += f" There are {', '.join(f'`{one}`' for one in list(names)[:8])}."
    scope.report.add("ADL101", item, span, message, fixes=[replace(item, span, meant)] if meant else ())


def _field(scope: Scope, item: Item, owner: Type, name: str, span: Span) -> Type:
    match owner:
        case Unknown():
            return UNKNOWN
        case OptionalOf(item=inner):
            return _field(scope, item, inner, name, span)
        case AnyOf(types=types):
            return _joined([_field(scope, item, one, name, span) for one in types])
        case ObjectOf():
            found = owner.field(name)
            if found is not None:
                return found.type
            known = [one.name for one in owner.fields]
            hint, fixes = suggestion(item, span, name, known)
            listed = f" It has {', '.join(f'`{one}`' for one in known)}." if known and not hint else ""
            scope.report.add(
                "ADL206",
                item,
                span,
                f"{describe(owner)} has no field `{name}`.{hint}{listed}",
                fixes=fixes,
                related=scope.type_at(owner),
            )
        case _:
            if name:
                scope.report.add("ADL206", item, span, f"A {describe(owner)} has no fields, so no `{name}`.")
    return UNKNOWN


def _item_type(scope: Scope, item: Item, source: Expression, found: Type) -> Type:
    match found:
        case ListOf(item=inner):
            return inner
        case Unknown():
            return UNKNOWN
        case _:
            scope.report.add("ADL205", item, source.span, f"`for` runs over a list; this is {describe(found)}.")
            return UNKNOWN


def _comparison(scope: Scope, item: Item, span: Span, operator: str, left: Type, right: Type) -> None:
    if operator in ("==", "!="):
        if not fits(left, right) and not fits(right, left):
            if isinstance(left, Labels) and isinstance(right, Labels):
                missing = next((label for label in right.labels if label not in left.labels), "")
                scope.report.add(
                    "ADL213",
                    item,
                    span,
                    f"{quote(missing)} is not one of {', '.join(left.labels)}; the two are never equal.",
                )
            else:
                scope.report.add(
                    "ADL205",
                    item,
                    span,
                    f"{describe(left)} and {describe(right)} are never equal; compare like with like.",
                )
    elif operator in ("<", "<=", ">", ">="):
        for side in (left, right):
            if not (fits(side, FLOAT) or fits(side, STR)):
                scope.report.add("ADL205", item, span, f"`{operator}` compares numbers or texts, not {describe(side)}.")
                return
        if not (fits(left, FLOAT) and fits(right, FLOAT)) and not (fits(left, STR) and fits(right, STR)):
            message = f"`{operator}` compares like with like, not {describe_found(left)} with {describe_found(right)}."
            scope.report.add("ADL205", item, span, message)
    elif operator in ("in", "not in") and not isinstance(right, ListOf | Unknown) and not fits(right, STR):
        scope.report.add("ADL205", item, span, f"`{operator}` looks in a list or a text, not in {describe(right)}.")


# ---- match


def _match(scope: Scope, item: Item, match: Match, names: Names) -> Type:
    subject = infer(scope, item, match.subject, names)
    results: list[Type] = []
    covered: dict[str, Span] = {}  # as written
    open_end: Span | None = None
    for arm in match.arms:
        for pattern in arm.patterns:
            if open_end is not None:
                message = "This arm is never reached: `_` stands before it."
                scope.report.add("ADL208", item, pattern.span, message, see=[(open_end, "`_` stands here")])
            match pattern:
                case Wildcard(span=span):
                    open_end = open_end or span
                case Text(value=value, span=span) | Constant(value=value, span=span):
                    labels = _labels(subject)
                    written = json.dumps(value, ensure_ascii=False)
                    if written in covered:
                        scope.report.add(
                            "ADL208",
                            item,
                            span,
                            f"{written} has an arm already; this one is never reached.",
                            see=[(covered[written], f"{written} has an arm here")],
                        )
                    elif isinstance(value, str) and labels and value not in labels:
                        meant = did_you_mean(value, labels)
                        listed = ", ".join(labels)
                        scope.report.add(
                            "ADL213",
                            item,
                            span,
                            f"{quote(value)} is not one of {listed}."
                            + (f" Did you mean {quote(meant)}?" if meant else ""),
                            fixes=[replace(item, span, quote(meant))] if meant else (),
                            related=scope.type_at(subject),
                        )
                    covered.setdefault(written, span)
        results.append(infer(scope, item, arm.value, names))
    if open_end is None and not isinstance(subject, Unknown):
        cases = _cases(subject)
        missing = [one for one in cases or () if one not in covered]
        if cases is None:
            scope.report.add("ADL207", item, match.span, "This match may find no arm; add `_ => …`.")
        elif missing:
            listed = ", ".join(missing)
            scope.report.add(
                "ADL207",
                item,
                match.span,
                f"This match leaves out {listed}; add the arms or `_ => …`.",
                related=scope.type_at(subject),
            )
    return _joined(results)


def _labels(subject: Type) -> tuple[str, ...]:
    inner = subject.item if isinstance(subject, OptionalOf) else subject
    return inner.labels if isinstance(inner, Labels) else ()


def _cases(subject: Type) -> tuple[str, ...] | None:
    """All values of a type as they are written; ``None`` where there is no end of them."""
    match subject:
        case Labels(labels=labels):
            return tuple(json.dumps(one, ensure_ascii=False) for one in labels)
        case OptionalOf(item=inner):
            cases = _cases(inner)
            return None if cases is None else (*cases, "null")
        case _:
            return ("true", "false") if subject == BOOL else None


# ---- calls


def _call(scope: Scope, item: Item, call: CallExpression, names: Names) -> Type:
    path = dotted(call.function)
    if path == "env":
        check_env(scope, item, call)
        return STR
    if path in FUNCTIONS:
        for argument in call.arguments:
            infer(scope, item, argument.value, names)
        return UNKNOWN
    if path is None:
        return UNKNOWN
    entity = scope.resolve(call.function)
    if entity is None or entity.kind not in COMPONENT_KINDS:
        for argument in call.arguments:
            infer(scope, item, argument.value, names)
        if entity is not None:
            scope.report.add(
                "ADL211",
                item,
                call.function.span,
                f"`{path}` is {article(entity.kind)} and cannot be called.",
                related=[scope.declared_at(entity)],
            )
        elif path.split(".")[0] in names:
            scope.report.add("ADL211", item, call.function.span, f"`{path}` is a value and cannot be called.")
        else:
            known = scope.visible_names(*COMPONENT_KINDS)
            hint, fixes = suggestion(item, call.function.span, path, known)
            scope.report.add(
                "ADL101",
                item,
                call.function.span,
                f"No component is called `{path}`.{hint or ' Declare it, or import the file that does.'}",
                fixes=fixes,
            )
        return UNKNOWN
    signature = scope.signature(entity)
    extra = {"k": INT} if entity.kind == "retriever" else {}
    check_arguments(scope, item, call, entity, signature, names, extra)
    return signature.returns


def check_env(scope: Scope, item: Item, call: CallExpression) -> None:
    """``env("NAME")`` takes the name of one variable, as a text."""
    given = [one.value for one in call.arguments]
    if len(given) == 1 and isinstance(given[0], Text):
        return
    only = given[0] if len(given) == 1 else None
    mended = f'env("{only.name}")' if isinstance(only, Reference) else ""
    scope.report.add(
        "ADL212",
        item,
        call.span,
        f"`env` takes the name of one variable, in quotes: {mended or _ENV}.",
        fixes=[replace(item, call.span, mended, safe=True)] if mended else (),
    )


def check_arguments(
    scope: Scope,
    item: Item,
    call: CallExpression,
    entity: Entity,
    signature: Signature,
    names: Names,
    extra: Mapping[str, Type],
) -> None:
    """Whether a call gives each input once, none that does not exist, and values that fit."""
    callee, declared = dotted(call.function) or entity.id, scope.declared_at(entity)
    types = {name: wanted for name, wanted, _ in signature.inputs}
    given: dict[str, Span] = {}
    for index, argument in enumerate(call.arguments):
        value = infer(scope, item, argument.value, names)
        if argument.name is None:
            if index >= len(signature.inputs):
                count = len(signature.inputs)
                message = f"`{callee}` takes {count} input{'' if count == 1 else 's'}; remove this."
                scope.report.add("ADL204", item, argument.span, message, related=[declared])
                continue
            name = signature.inputs[index][0]
            place = argument.span
        else:
            name, place = argument.name.text, argument.name.span
        if name in given:
            message = f"`{name}` is given twice; remove one of the two."
            scope.report.add("ADL204", item, place, message, see=[(given[name], f"`{name}` is given here")])
            continue
        given[name] = place
        if name in extra:
            wanted = extra[name]
        elif name in types:
            wanted = types[name]
        else:
            hint, fixes = suggestion(item, place, name, types)
            listed = ", ".join(f"`{one}`" for one in types) or "none"
            message = f"`{callee}` has no input `{name}`.{hint or f' It takes {listed}.'}"
            scope.report.add("ADL203", item, place, message, fixes=fixes, related=[declared])
            continue
        if not fits(value, wanted):
            message = f"`{callee}` wants {describe(wanted)} for `{name}`, and this is {describe_found(value)}."
            scope.report.add("ADL205", item, argument.value.span, message, related=[scope.input_at(entity, name)])
    missing = [name for name, _, optional in signature.inputs if name not in given and not optional]
    if missing:
        listed = ", ".join(f"`{one}`" for one in missing)
        message = f"`{callee}` needs {listed}: write `{callee}({missing[0]} = …)`."
        scope.report.add("ADL202", item, call.span, message, related=[declared])


def describe_found(found: Type) -> str:
    """The type of a value that is there; a single text as it is written."""
    if isinstance(found, Labels) and len(found.labels) == 1:
        return f'the text "{found.labels[0][:40]}"'
    return "null" if found == _NULL else describe(found)
