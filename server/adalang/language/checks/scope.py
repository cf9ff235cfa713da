"""What the checks of one module share: the program, the names that can be seen, and where diagnostics go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from adalang.language.checks.facts import Facts
from adalang.language.declarations import COMPONENT_KINDS, Expression, dotted
from adalang.language.diagnostics import Related, Report, did_you_mean, replace
from adalang.language.lower import Item
from adalang.language.program import Entity, Module, Program
from adalang.language.text import Span
from adalang.language.types import Labels, ListOf, ObjectOf, OptionalOf, Origin, Type


@dataclass(frozen=True, slots=True)
class Signature:
    """A component's inputs (name, type, whether it may be left out) and result, with types resolved."""

    inputs: tuple[tuple[str, Type, bool], ...]
    returns: Type


@dataclass(frozen=True, slots=True)
class Scope:
    program: Program
    module: Module
    report: Report
    facts: Facts

    def visible_names(self, *kinds: str) -> list[str]:
        """The names of the given kinds (default: all) that this module can write, dotted ones included."""
        found = [name for name, item in self._declared(self.module) if not kinds or item.declaration.kind in kinds]
        for prefix, other in self.program.imported(self.module).items():
            found += [
                f"{prefix}.{name}"
                for name, item in self._declared(other)
                if not kinds or item.declaration.kind in kinds
            ]
        return found

    def _declared(self, module: Module) -> Iterable[tuple[str, Item]]:
        return self.program.visible(module).items()

    def kind_of(self, name: str) -> str:
        """The kind of the module's own declaration of that (plain) name; empty when there is none."""
        item = self.program.declared(name, self.module)
        return item.declaration.kind if item is not None else ""

    def resolve(self, expression: Expression) -> Entity | None:
        return self.program.resolve_expression(expression, self.module)

    def signature(self, entity: Entity) -> Signature:
        return signature(self.program, entity)

    def declared_at(self, entity: Entity) -> Related:
        """The place where a name that was looked up is declared."""
        name = entity.name
        return Related(entity.module.path, name.span, f"`{name.text}` is declared here", name.text)

    def input_at(self, entity: Entity, name: str) -> Related:
        """The place where a component declares an input; its own for what every one of its kind takes."""
        span = next((one.span for one in entity.parameters if one.name.text == name), None)
        if span is None:
            return self.declared_at(entity)
        return Related(entity.module.path, span, f"`{name}` is declared here", entity.name.text)

    def declared(self, name: str) -> tuple[Related, ...]:
        """The place where the module itself declares a name."""
        entity = self.program.resolve(name, self.module)
        return (self.declared_at(entity),) if entity is not None else ()

    def type_at(self, declared: Type) -> tuple[Related, ...]:
        """The place where a type is declared, if it has a name."""
        match declared:
            case ListOf(item=inner) | OptionalOf(item=inner):
                return self.type_at(inner)
            case Labels(origin=Origin(path=path, name=name)) | ObjectOf(origin=Origin(path=path, name=name)):
                return (Related(path, name.span, f"`{name.text}` is declared here", name.text),)
            case _:
                return ()

    def require(self, item: Item, expression: Expression, wanted: tuple[str, ...], what: str) -> Entity | None:
        """The entity that ``expression`` names, which must be of a wanted kind; else a diagnostic and ``None``."""
        name = dotted(expression)
        if name is None:
            return None
        entity = self.resolve(expression)
        if entity is None:
            self.unknown(item, expression.span, name, f"No {what} is called `{name}`.", wanted)
            return None
        if entity.kind not in wanted:
            known = self.visible_names(*wanted)
            meant = did_you_mean(name, known)
            hint = f" Did you mean `{meant}`?" if meant else ""
            self.report.add(
                "ADL111",
                item,
                expression.span,
                f"`{name}` is {article(entity.kind)}; {article(what)} is wanted here.{hint}",
                fixes=[replace(item, expression.span, meant)] if meant else (),
                related=[self.declared_at(entity)],
            )
            return None
        return entity

    def unknown(self, item: Item, span: Span, name: str, message: str, kinds: tuple[str, ...] = ()) -> None:
        meant = did_you_mean(name, self.visible_names(*kinds)) or did_you_mean(name, self.visible_names())
        self.report.add(
            "ADL101",
            item,
            span,
            f"{message} Did you mean `{meant}`?" if meant else f"{message} Declare it, or import the file that does.",
            fixes=[replace(item, span, meant)] if meant else (),
        )


def signature(program: Program, entity: Entity) -> Signature:
    """Inputs and result of a component (declarations of other kinds have neither)."""
    if entity.kind not in COMPONENT_KINDS:
        from adalang.language.types import UNKNOWN

        return Signature((), UNKNOWN)
    inputs = tuple(
        (one.name.text, program.type_of(one.type, entity.module), one.default is not None) for one in entity.parameters
    )
    return Signature(inputs, result_type(program, entity))


def result_type(program: Program, entity: Entity) -> Type:
    """A component's result; without ``->`` prompts, tools and agents give a str, retrievers passages."""
    from adalang.language.types import PASSAGE, STR, UNKNOWN, ListOf

    written = entity.returns
    if written is not None:
        return program.type_of(written, entity.module)
    match entity.kind:
        case "prompt" | "agent" | "tool":
            return STR
        case "retriever":
            return ListOf(PASSAGE)
        case _:
            return UNKNOWN


def article(kind: str) -> str:
    """The word with `a` or `an` before it."""
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
