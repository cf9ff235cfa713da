"""Pipelines: every name bound once, every call right, every path ends in a result of the declared type."""

from __future__ import annotations

from adalang.language.checks import values
from adalang.language.checks.references import expression_names
from adalang.language.checks.scope import Scope
from adalang.language.declarations import (
    COMPONENT_KINDS,
    Binding,
    Constant,
    Hole,
    PipelineDeclaration,
    Repeat,
    Return,
    Statement,
)
from adalang.language.lower import Item
from adalang.language.settings import RESERVED
from adalang.language.text import Span
from adalang.language.types import UNKNOWN, Type, describe, fits, widened


def check(scope: Scope, item: Item) -> None:
    declaration = item.declaration
    if not isinstance(declaration, PipelineDeclaration):
        return
    names = {one.name.text: scope.program.type_of(one.type, scope.module) for one in declaration.parameters}
    returns = scope.program.type_of(declaration.returns, scope.module) if declaration.returns else UNKNOWN
    _Body(scope, item, returns).block(declaration.body, dict(names), inside_repeat=False)
    if not any(isinstance(one, Return) for one in declaration.body) and not declaration.problems:
        scope.report.add(
            "ADL209", item, declaration.name.span, "This pipeline gives nothing back; end it with `return …`."
        )
    _unused_inputs(scope, item, declaration)


class _Body:
    def __init__(self, scope: Scope, item: Item, returns: Type) -> None:
        self._scope, self._item, self._returns = scope, item, returns
        parameters = getattr(item.declaration, "parameters", ())
        self._bound: dict[str, Span] = {one.name.text: one.name.span for one in reversed(parameters)}

    def block(self, body: tuple[Statement, ...], names: dict[str, Type], *, inside_repeat: bool) -> dict[str, Type]:
        own: set[str] = set()
        ended: Return | None = None
        for statement in body:
            if ended is not None:
                self._scope.report.add(
                    "ADL208",
                    self._item,
                    statement.span,
                    "This is never reached: `return` stands before it.",
                    see=[(ended.span, "the pipeline ends here")],
                )
                break
            match statement:
                case Binding():
                    self._binding(statement, names, own, inside_repeat)
                case Repeat():
                    self._repeat(statement, names)
                case Return():
                    self._return(statement, names)
                    ended = statement
        return names

    def _binding(self, one: Binding, names: dict[str, Type], own: set[str], inside_repeat: bool) -> None:
        report, name = self._scope.report, one.name.text
        found = values.infer(self._scope, self._item, one.value, names)
        before = names.get(name) if inside_repeat else None
        if before is not None and not fits(found, before):  # a text that was written out stands for any text
            before = widened(before)
        if name in RESERVED:
            report.add("ADL107", self._item, one.name.span, f"`{name}` is a word of the language; take another name.")
        elif name in own or (name in names and not inside_repeat):
            report.add(
                "ADL216",
                self._item,
                one.name.span,
                f"`{name}` has a value already, and names are bound once; take another name.",
                see=[(self._bound[name], f"`{name}` is bound here")] if name in self._bound else (),
            )
        elif before is not None and not fits(found, before):
            report.add(
                "ADL205",
                self._item,
                one.value.span,
                f"`{name}` was {describe(before)} before the loop; this is {describe(found)}.",
            )
        elif name not in names and (kind := self._scope.kind_of(name)) in COMPONENT_KINDS:
            report.add(
                "ADL104",
                self._item,
                one.name.span,
                f"This `{name}` hides the {kind} of that name; rename one of the two.",
                related=self._scope.declared(name),
            )
        own.add(name)
        self._bound.setdefault(name, one.name.span)
        if name:
            names[name] = found

    def _repeat(self, one: Repeat, names: dict[str, Type]) -> None:
        times = one.times
        count = times.value if isinstance(times, Constant) else None
        if not isinstance(times, Hole) and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
            self._scope.report.add(
                "ADL212", self._item, times.span, "`repeat` takes how often at most: a whole number from 1."
            )
        inner = self.block(one.body, names, inside_repeat=True)
        values.check_condition(self._scope, self._item, one.until, inner, "until")

    def _return(self, one: Return, names: dict[str, Type]) -> None:
        found = values.infer(self._scope, self._item, one.value, names)
        if not fits(found, self._returns):
            self._scope.report.add(
                "ADL205",
                self._item,
                one.value.span,
                f"The pipeline promises {describe(self._returns)}; this is {describe(found)}.",
            )


def _unused_inputs(scope: Scope, item: Item, declaration: PipelineDeclaration) -> None:
    used: set[str] = set()

    def collect(body: tuple[Statement, ...]) -> None:
        for statement in body:
            match statement:
                case Binding(value=value) | Return(value=value):
                    used.update(name.split(".")[0] for name, _ in expression_names(value, frozenset()))
                case Repeat(until=until, body=inner):
                    used.update(name.split(".")[0] for name, _ in expression_names(until, frozenset()))
                    collect(inner)

    collect(declaration.body)
    for parameter in declaration.parameters:
        name = parameter.name.text
        if name and name not in used and declaration.body:
            scope.report.add("ADL302", item, parameter.name.span, f"Nothing in the pipeline uses the input `{name}`.")
