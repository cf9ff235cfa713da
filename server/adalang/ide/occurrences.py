"""Every place in a declaration where something is named, and what may be named there.

This is the one walk over the typed tree that hover, definition and completion share: an :class:`Occurrence` says where a
name, a text or a template stands, its *slot* says what that place asks for (a setting of a prompt, a field of a type, a
value among these local names, ...). What a name in a slot means is :mod:`adalang.ide.meaning`'s business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adalang.ide.slots import (
    ArgumentName,
    DeclarationName,
    FieldName,
    Literal,
    Local,
    Locals,
    ModuleMember,
    Occurrence,
    PartName,
    SettingName,
    SplitName,
    TemplateText,
    TrainableName,
    TypeName,
    Value,
)
from adalang.ide.words import CHOICES
from adalang.language.checks import NO_FACTS, Facts
from adalang.language.checks.scope import Scope, Signature, signature
from adalang.language.checks.values import infer
from adalang.language.datasets import DatasetPlan, data_reference, plan
from adalang.language.declarations import (
    COMPONENT_KINDS,
    AgentDeclaration,
    Binary,
    Binding,
    CallExpression,
    Comprehension,
    DatasetDeclaration,
    Demos,
    EvalDeclaration,
    Expression,
    ImportDeclaration,
    ListExpression,
    ListType,
    Match,
    Member,
    ModelDeclaration,
    NamedType,
    Not,
    ObjectExpression,
    ObjectType,
    OptimizeDeclaration,
    OptionalType,
    Param,
    ParamDeclaration,
    Parameter,
    PipelineDeclaration,
    PromptDeclaration,
    Reference,
    Repeat,
    RetrieverDeclaration,
    Return,
    Setting,
    Statement,
    Text,
    ToolDeclaration,
    TypeDeclaration,
    TypeExpression,
    bindings,
    dotted,
    setting,
)
from adalang.language.diagnostics import Report
from adalang.language.lower import Item
from adalang.language.program import Entity, Module, Program
from adalang.language.settings import FUNCTIONS, SETTINGS, TOOL_OPTIONS, WORDS
from adalang.language.text import Span
from adalang.language.types import (
    STR,
    UNKNOWN,
    Field,
    Labels,
    ListOf,
    ObjectOf,
    OptionalOf,
    Origin,
    Type,
    type_of_value,
)


@dataclass(frozen=True)
class Site:
    """One declaration in its program: what the walk and the meaning of names need to know."""

    program: Program
    module: Module
    item: Item
    facts: Facts = field(default=NO_FACTS, repr=False)

    @property
    def scope(self) -> Scope:
        return Scope(self.program, self.module, Report(self.module), self.facts)

    @property
    def entity(self) -> Entity:
        return self.program.entity(self.module, self.item)


def at(site: Site, offset: int) -> Occurrence | None:
    """The innermost occurrence that a cursor at byte ``offset`` of the file touches."""
    local = offset - site.item.start
    touched = [one for one in _Walk(site, local).declaration() if one.span.contains(local)]
    return min(touched, key=lambda one: (one.span.end - one.span.start, -one.span.start), default=None)


def occurrences(site: Site) -> Iterator[Occurrence]:
    """Every occurrence in the declaration; templates come whole, and are looked into by offset."""
    return _Walk(site).declaration()


def locals_of(site: Site) -> Locals:
    """The inputs, params and demos of a component."""
    declaration = site.item.declaration
    found: dict[str, Local] = {}
    for parameter in getattr(declaration, "parameters", ()):
        declared = site.program.type_of(parameter.type, site.module)
        found[parameter.name.text] = Local(declared, "input", parameter.name.span)
    if isinstance(declaration, PromptDeclaration | AgentDeclaration):
        for param in declaration.params:
            found[param.name.text] = Local(STR, "param", param.name.span, param.doc)
        for demos in declaration.demos:
            found[demos.name.text] = Local(ListOf(_demo_type(site, declaration)), "demos", demos.name.span)
    return {name: local for name, local in found.items() if name}


def _demo_type(site: Site, declaration: PromptDeclaration | AgentDeclaration) -> Type:
    known = signature(site.program, site.entity)
    inputs = (
        Field(
            name,
            OptionalOf(declared) if optional and not isinstance(declared, OptionalOf) else declared,
            origin=Origin(site.module.path, parameter.name),
        )
        for (name, declared, optional), parameter in zip(known.inputs, declaration.parameters, strict=True)
    )
    reasoning = Field("reasoning", OptionalOf(STR), "How the answer comes about.")
    fields = (*inputs, Field("output", known.returns), reasoning)
    return ObjectOf(fields, f"an example of {declaration.name.text}")


class _Walk:
    """Goes through one declaration; with a ``focus``, past what does not touch that byte."""

    def __init__(self, site: Site, focus: int | None = None) -> None:
        self._site = site
        self._program, self._module = site.program, site.module
        self._focus = focus

    def _passes(self, span: Span) -> bool:
        return self._focus is not None and not span.contains(self._focus)

    # ---- declarations

    def declaration(self) -> Iterator[Occurrence]:
        declaration = self._site.item.declaration
        if declaration.kind not in ("import", "optimize"):
            yield Occurrence(declaration.name.span, declaration.name.text, DeclarationName())
        names = locals_of(self._site)
        for parameter in getattr(declaration, "parameters", ()):
            yield from self._parameter(parameter, names)
        returns = getattr(declaration, "returns", None)
        if returns is not None:
            yield from self._type(returns)
        match declaration:
            case ImportDeclaration(path=Text() as path):
                yield Occurrence(path.span, path.value, Literal("import"))
            case ModelDeclaration(value=value, settings=settings):
                if isinstance(value, Text):
                    yield Occurrence(value.span, value.value, Literal("model"))
                else:
                    yield from self._expression(value, {}, "model")
                yield from self._settings(settings, "model", {})
            case TypeDeclaration(type=written):
                yield from self._type(written)
            case ParamDeclaration():
                pass
            case PromptDeclaration() | AgentDeclaration():
                yield from self._prompt(declaration, names)
            case RetrieverDeclaration(settings=settings):
                yield from self._settings(settings, "retriever", {})
            case ToolDeclaration(value=value, settings=settings):
                yield from self._expression(value, {}, "tool")
                yield from self._settings(settings, "tool", names)
            case PipelineDeclaration(body=body):
                yield from self._block(body, dict(names))
            case DatasetDeclaration(value=value, settings=settings):
                if isinstance(value, Text):
                    yield Occurrence(value.span, value.value, Literal("file"))
                elif isinstance(value, ListExpression):
                    yield from self._objects(value, _columns_of(self._module, value))
                elif value is not None:
                    yield from self._expression(value, {}, "file")
                yield from self._settings(settings, "dataset", {})
            case EvalDeclaration():
                yield from self._eval(declaration)
            case OptimizeDeclaration(target=target, settings=settings):
                yield from self._expression(target, {}, "eval")
                yield from self._settings(settings, "optimize", {})

    def _parameter(self, parameter: Parameter, names: Locals) -> Iterator[Occurrence]:
        local = names.get(parameter.name.text, Local(UNKNOWN, "input", parameter.name.span))
        yield Occurrence(parameter.name.span, parameter.name.text, PartName(local))
        yield from self._type(parameter.type)
        if parameter.default is not None:
            expected = self._program.type_of(parameter.type, self._module)
            yield from self._expression(parameter.default, {}, "constant", expected)

    def _prompt(self, declaration: PromptDeclaration | AgentDeclaration, names: Locals) -> Iterator[Occurrence]:
        yield from self._settings(declaration.settings, declaration.kind, names)
        parts: tuple[Param | Demos, ...] = (*declaration.params, *declaration.demos)
        for part in parts:
            yield from self._part(part, names)
        for message in declaration.messages:
            template = message.template
            yield Occurrence(template.span, template.text.value, TemplateText(template, names))

    def _part(self, part: Param | Demos, names: Locals) -> Iterator[Occurrence]:
        local = names.get(part.name.text, Local(UNKNOWN, "param", part.name.span))
        yield Occurrence(part.name.span, part.name.text, PartName(local))
        if isinstance(part, Demos):
            yield from self._settings(part.settings, "demos", {})
            if part.value is not None:
                yield from self._objects(part.value, local.type.item if isinstance(local.type, ListOf) else UNKNOWN)

    def _objects(self, value: ListExpression, declared: Type) -> Iterator[Occurrence]:
        """Examples, and rows that are written out."""
        for row in value.items:
            yield from self._expression(row, {}, "row", declared)

    def _eval(self, declaration: EvalDeclaration) -> Iterator[Occurrence]:
        yield from self._expression(declaration.target, {}, "component")
        target = self._program.resolve_expression(declaration.target, self._module)
        known = signature(self._program, target) if target is not None else Signature((), UNKNOWN)
        data = dataset_of(self._site, declaration)
        names = {
            "row": Local(row_type(self._site, declaration), "the example", None, "The example's columns.", data),
            "output": Local(known.returns, "the answer", None, "What the target gave for the example."),
            "steps": Local(
                _steps(target), "the steps", None, "The names that the target, a pipeline, has bound.", target
            ),
        }
        yield from self._settings(declaration.settings, "eval", names, target)

    # ---- settings

    def _settings(
        self, settings: tuple[Setting, ...], kind: str, names: Locals, target: Entity | None = None
    ) -> Iterator[Occurrence]:
        given = frozenset(one.name.text for one in settings)
        for one in settings:
            name = one.name.text
            yield Occurrence(one.name.span, name, SettingName(kind, given - {name}))
            spec = SETTINGS[kind].get(name)
            wanted = spec.kind if spec is not None else ""
            if isinstance(one.value, ObjectExpression) and (kind, name) in _OBJECT_SETTINGS:
                yield from self._object_setting(one.value, name, names, target)
            elif isinstance(one.value, Text) and wanted in ("model", "embedding", "file"):
                yield Occurrence(one.value.span, one.value.value, Literal(wanted))
            else:
                inside = {} if kind in ("prompt", "agent") and wanted != "inputs" else names
                yield from self._expression(one.value, inside, wanted, self._expected(kind, name, target))

    def _expected(self, kind: str, name: str, target: Entity | None) -> Type:
        """The type of a setting's value, where it has one that is narrower than its kind."""
        if (kind, name) in CHOICES:
            return Labels(CHOICES[kind, name])
        if (kind, name) in WORDS:
            return ListOf(Labels(tuple(WORDS[kind, name])))
        return signature(self._program, target).returns if target is not None and name == "expect" else UNKNOWN

    def _object_setting(
        self, value: ObjectExpression, name: str, names: Locals, target: Entity | None
    ) -> Iterator[Occurrence]:
        given = frozenset(pair.name.text for pair in value.pairs)
        for pair in value.pairs:
            if name == "inputs":
                if target is not None:
                    others = given - {pair.name.text}
                    yield Occurrence(pair.name.span, pair.name.text, ArgumentName(target, others))
            else:
                yield Occurrence(pair.name.span, pair.name.text, SettingName(name, given - {pair.name.text}))
            yield from self._expression(pair.value, names)

    # ---- statements

    def _block(self, body: tuple[Statement, ...], names: dict[str, Local]) -> Iterator[Occurrence]:
        """``names`` grows with what the block binds."""
        for statement in body:
            match statement:
                case Binding(name=name, value=value):
                    yield from self._expression(value, dict(names))
                    local = names.get(name.text) or Local(self._type_of(value, names), "binding", name.span)
                    yield Occurrence(name.span, name.text, PartName(local))
                    names[name.text] = local
                case Repeat(times=times, until=until, body=inner):
                    yield from self._expression(times, dict(names))
                    yield from self._block(inner, names)
                    yield from self._expression(until, dict(names))
                case Return(value=value):
                    yield from self._expression(value, dict(names), expected=self._returns())

    def _returns(self) -> Type:
        written = getattr(self._site.item.declaration, "returns", None)
        return self._program.type_of(written, self._module)

    # ---- expressions

    def _expression(
        self, expression: Expression, names: Locals, wanted: str = "", expected: Type = UNKNOWN
    ) -> Iterator[Occurrence]:
        if self._passes(expression.span):
            return
        match expression:
            case Reference(name=name, span=span):
                yield Occurrence(span, name, Value(names, wanted, expected))
            case Member():
                yield from self._member(expression, names, wanted)
            case CallExpression():
                yield from self._call(expression, names, wanted)
            case Text(value=value, span=span):
                yield Occurrence(span, value, Literal("label", _labels(expected)))
            case ListExpression(items=items):
                inner = expected.item if isinstance(expected, ListOf) else UNKNOWN
                for one in items:
                    if isinstance(one, Text) and wanted in ("models", "file"):
                        yield Occurrence(one.span, one.value, Literal("file" if wanted == "file" else "model"))
                    else:
                        yield from self._expression(one, names, wanted, inner)
            case ObjectExpression(pairs=pairs):
                keys = frozenset(pair.name.text for pair in pairs)
                for pair in pairs:
                    found = expected.field(pair.name.text) if isinstance(expected, ObjectOf) else None
                    yield Occurrence(pair.name.span, pair.name.text, FieldName(expected, keys - {pair.name.text}))
                    value_wanted = "constant" if wanted in ("constant", "row") else ""
                    yield from self._expression(pair.value, names, value_wanted, found.type if found else UNKNOWN)
            case Comprehension(value=value, name=name, source=source, condition=condition):
                yield from self._expression(source, names)
                declared = self._type_of(source, names)
                local = Local(declared.item if isinstance(declared, ListOf) else UNKNOWN, "variable", name.span)
                yield Occurrence(name.span, name.text, PartName(local))
                inside = {**names, name.text: local}
                yield from self._expression(value, inside)
                if condition is not None:
                    yield from self._expression(condition, inside)
            case Match(subject=subject, arms=arms):
                yield from self._expression(subject, names)
                labels = _labels(self._type_of(subject, names))
                patterns = [one for arm in arms for one in arm.patterns if isinstance(one, Text)]
                covered = frozenset(one.value for one in patterns)
                for arm in arms:
                    for pattern in arm.patterns:
                        if isinstance(pattern, Text):
                            given = covered - {pattern.value}
                            yield Occurrence(pattern.span, pattern.value, Literal("arm", labels, given))
                    yield from self._expression(arm.value, names, expected=expected)
            case Not(value=value):
                yield from self._expression(value, names)
            case Binary(left=left, right=right):
                yield from self._expression(left, names, expected=self._type_of(right, names))
                yield from self._expression(right, names, expected=self._type_of(left, names))
            case _:
                pass

    def _member(self, member: Member, names: Locals, wanted: str) -> Iterator[Occurrence]:
        yield from self._expression(member.object, names, wanted)
        name, owner = member.name, member.object
        if isinstance(owner, Reference) and owner.name not in names:
            imported = self._program.imported(self._module).get(owner.name)
            if imported is not None and owner.name not in self._module.names:
                yield Occurrence(name.span, name.text, ModuleMember(imported, wanted))
                return
        entity = self._program.resolve_expression(owner, self._module)
        if entity is not None and not (isinstance(owner, Reference) and owner.name in names):
            if entity.kind == "dataset":
                yield Occurrence(name.span, name.text, SplitName(entity))
                return
            if entity.kind in COMPONENT_KINDS:
                yield Occurrence(name.span, name.text, TrainableName(entity))
                return
        local = names.get(owner.name) if isinstance(owner, Reference) else None
        of = local.of if local is not None else None
        yield Occurrence(name.span, name.text, FieldName(_bare(self._type_of(owner, names)), of=of))

    def _call(self, call: CallExpression, names: Locals, wanted: str) -> Iterator[Occurrence]:
        yield from self._expression(call.function, names, wanted or "call")
        entity = self._program.resolve_expression(call.function, self._module)
        known = signature(self._program, entity).inputs if entity is not None else ()
        types = {name: declared for name, declared, _ in known}
        named = frozenset(one.name.text for one in call.arguments if one.name is not None)
        function = (dotted(call.function) or "") if entity is None else ""
        for index, argument in enumerate(call.arguments):
            expected = known[index][1] if index < len(known) else UNKNOWN
            if argument.name is not None:
                expected = types.get(argument.name.text, UNKNOWN)
                if entity is not None:
                    others = named - {argument.name.text}
                    yield Occurrence(argument.name.span, argument.name.text, ArgumentName(entity, others))
                elif function in TOOL_OPTIONS:
                    others = named - {argument.name.text}
                    yield Occurrence(argument.name.span, argument.name.text, SettingName(function, others))
            if function in FUNCTIONS and argument.name is None and isinstance(argument.value, Text):
                yield Occurrence(argument.value.span, argument.value.value, Literal(function))
                continue
            inner = "argument" if entity is not None and argument.name is None else ""
            yield from self._expression(argument.value, names, inner, expected)

    def _type_of(self, expression: Expression, names: Locals) -> Type:
        types = {name: local.type for name, local in names.items()}
        return infer(self._site.scope, self._site.item, expression, types)

    # ---- types

    def _named_type(self, written: NamedType) -> Iterator[Occurrence]:
        prefix, dot, name = written.name.rpartition(".")
        module = self._program.imported(self._module).get(prefix) if dot else None
        if module is None:
            yield Occurrence(written.span, written.name, TypeName())
            return
        cut = written.span.start + len(prefix.encode())
        yield Occurrence(Span(written.span.start, cut), prefix, Value({}, "type"))
        yield Occurrence(Span(cut + 1, written.span.end), name, ModuleMember(module, "type"))

    def _type(self, written: TypeExpression) -> Iterator[Occurrence]:
        match written:
            case NamedType():
                yield from self._named_type(written)
            case ListType(item=item) | OptionalType(item=item):
                yield from self._type(item)
            case ObjectType(fields=fields):
                for one in fields:
                    declared = self._program.type_of(one.type, self._module)
                    doc = one.description.value if one.description else ""
                    yield Occurrence(
                        one.name.span, one.name.text, PartName(Local(declared, "field", one.name.span, doc))
                    )
                    yield from self._type(one.type)
            case _:
                pass


_OBJECT_SETTINGS = frozenset({("dataset", "split"), ("optimize", "budget"), ("optimize", "prefer"), ("eval", "inputs")})


def _columns_of(module: Module, value: ListExpression) -> Type:
    """The columns of rows that are written out; each comes from where it is first written."""
    first: dict[str, Field] = {}
    for row in value.items:
        for pair in row.pairs if isinstance(row, ObjectExpression) else ():
            first.setdefault(pair.name.text, Field(pair.name.text, UNKNOWN, "", Origin(module.path, pair.name)))
    return ObjectOf(tuple(first.values()))


def dataset_of(site: Site, declaration: EvalDeclaration) -> Entity | None:
    """The data set that an eval's ``data`` names."""
    data = setting(declaration.settings, "data")
    reference = data_reference(site.program, site.module, data.value) if data is not None else None
    return reference[0] if reference is not None else None


def row_type(site: Site, declaration: EvalDeclaration) -> Type:
    """The columns of an eval's data, as far as its rows are known."""
    data = dataset_of(site, declaration)
    columns: dict[str, Any] = {}
    for row in first_rows(site.facts, plan(data)) if data is not None else ():
        for name, value in row.items():
            columns.setdefault(name, value)
    return ObjectOf(tuple(Field(name, _widened(value)) for name, value in columns.items()), "the data")


def first_rows(facts: Facts, planned: DatasetPlan, limit: int = 100) -> Sequence[Mapping[str, Any]]:
    """The first rows of a data set, as far as its files are known."""
    if planned.rows is not None:
        return planned.rows[:limit]
    known = (facts.data(path) for path in ([planned.file] if planned.file else planned.files.values()))
    return [row for one in known if one is not None for row in one.rows[:limit]][:limit]


def _widened(value: Any) -> Type:
    """The type of a column whose values are like this one: any text, not this text."""
    match value:
        case str():
            return STR
        case list():
            return ListOf(_widened(value[0]) if value else UNKNOWN)
        case Mapping():
            return ObjectOf(tuple(Field(str(name), _widened(inner)) for name, inner in value.items()))
        case _:
            return type_of_value(value)


def _steps(target: Entity | None) -> Type:
    body = target.declaration.body if target and isinstance(target.declaration, PipelineDeclaration) else ()
    names = dict.fromkeys(one.name.text for one in bindings(body))
    return ObjectOf(tuple(Field(name, UNKNOWN) for name in names), "the pipeline")


def _bare(declared: Type) -> Type:
    return declared.item if isinstance(declared, OptionalOf) else declared


def _labels(declared: Type) -> tuple[str, ...]:
    inner = _bare(declared)
    return inner.labels if isinstance(inner, Labels) else ()
