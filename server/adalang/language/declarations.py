"""What a file declares: the typed tree that everything after the parser works on.

Spans inside a declaration count from the declaration's own first byte, so that a declaration whose text has not changed
is the same object in the next version of the file, wherever it stands. Where the text is broken the tree has a
:class:`Hole`, never an exception.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from adalang.language.literal import DecodedText
from adalang.language.text import Span

Kind = Literal[
    "import",
    "model",
    "type",
    "param",
    "prompt",
    "retriever",
    "tool",
    "agent",
    "pipeline",
    "dataset",
    "eval",
    "optimize",
]
COMPONENT_KINDS: frozenset[str] = frozenset({"prompt", "retriever", "tool", "agent", "pipeline"})
Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Name:
    text: str
    span: Span


# ---- expressions


@dataclass(frozen=True, slots=True)
class Hole:
    """Where something is missing or could not be read."""

    span: Span


@dataclass(frozen=True, slots=True)
class Reference:
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Member:
    object: Expression
    name: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Argument:
    name: Name | None
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class CallExpression:
    function: Expression
    arguments: tuple[Argument, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Text:
    """A text literal. ``decoded.marks`` lead from its value back to the file."""

    value: str
    decoded: DecodedText = field(repr=False)
    raw: str = field(repr=False)
    span: Span
    closed: bool = True

    def source_offset(self, index: int) -> int:
        """Byte offset (from the declaration's start) of character ``index`` of the value."""
        raw_index = min(self.decoded.raw_index(index), len(self.raw))
        return self.span.start + len(self.raw[:raw_index].encode())


@dataclass(frozen=True, slots=True)
class Constant:
    value: int | float | bool | None
    span: Span


@dataclass(frozen=True, slots=True)
class ListExpression:
    items: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Comprehension:
    value: Expression
    name: Name
    source: Expression
    condition: Expression | None
    span: Span


@dataclass(frozen=True, slots=True)
class Pair:
    name: Name
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class ObjectExpression:
    pairs: tuple[Pair, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Wildcard:
    span: Span


@dataclass(frozen=True, slots=True)
class Arm:
    patterns: tuple[Text | Constant | Wildcard, ...]
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Match:
    subject: Expression
    arms: tuple[Arm, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Not:
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: Expression
    right: Expression
    span: Span


Expression = (
    Hole
    | Reference
    | Member
    | CallExpression
    | Text
    | Constant
    | ListExpression
    | Comprehension
    | ObjectExpression
    | Match
    | Not
    | Binary
)


# ---- types as written


@dataclass(frozen=True, slots=True)
class NamedType:
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class ListType:
    item: TypeExpression
    span: Span


@dataclass(frozen=True, slots=True)
class OptionalType:
    item: TypeExpression
    span: Span


@dataclass(frozen=True, slots=True)
class UnionType:
    labels: tuple[Text, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ObjectField:
    name: Name
    type: TypeExpression
    description: Text | None
    span: Span


@dataclass(frozen=True, slots=True)
class ObjectType:
    fields: tuple[ObjectField, ...]
    span: Span


TypeExpression = Hole | NamedType | ListType | OptionalType | UnionType | ObjectType


# ---- templates


@dataclass(frozen=True, slots=True)
class JinjaToken:
    kind: Literal["name", "string", "number", "operator"]
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class JinjaTag:
    """``{{ … }}`` or ``{% … %}`` with its loose tokens."""

    kind: Literal["interpolation", "statement"]
    tokens: tuple[JinjaToken, ...]
    span: Span
    closed: bool


@dataclass(frozen=True, slots=True)
class Template:
    """A message's text: a Jinja2 template."""

    text: Text
    tags: tuple[JinjaTag, ...]

    @property
    def span(self) -> Span:
        return self.text.span


# ---- parts of declarations


@dataclass(frozen=True, slots=True)
class Setting:
    name: Name
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Parameter:
    name: Name
    type: TypeExpression
    default: Expression | None
    span: Span


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    template: Template
    span: Span


@dataclass(frozen=True, slots=True)
class Param:
    """Trainable text, in a body or at top level."""

    name: Name
    value: Expression
    span: Span
    doc: str = ""

    @property
    def text(self) -> str:
        return self.value.value if isinstance(self.value, Text) else ""


@dataclass(frozen=True, slots=True)
class Demos:
    """Few-shot examples, chosen by the optimizer. ``value`` is ``None`` until there are some."""

    name: Name
    settings: tuple[Setting, ...]
    value: ListExpression | None
    span: Span
    head_end: int
    """Where the examples are written when there are none yet: behind the name or the settings."""


# ---- statements of pipelines


@dataclass(frozen=True, slots=True)
class Binding:
    name: Name
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Repeat:
    times: Expression
    until: Expression
    body: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Return:
    value: Expression
    span: Span


Statement = Binding | Repeat | Return


# ---- declarations


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class _Declared:
    """Compared by identity: what was found out about a declaration is kept as long as the object is."""

    name: Name
    span: Span
    doc: str
    problems: tuple[Problem, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake found while reading the text itself. ``fixes``: (title, edits as (span, new text), safe)."""

    code: str
    span: Span
    message: str
    fixes: tuple[tuple[str, tuple[tuple[Span, str], ...], bool], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ImportDeclaration(_Declared):
    path: Text | Hole
    kind: Literal["import"] = "import"


@dataclass(frozen=True, slots=True, eq=False)
class ModelDeclaration(_Declared):
    value: Expression
    settings: tuple[Setting, ...]
    kind: Literal["model"] = "model"


@dataclass(frozen=True, slots=True, eq=False)
class TypeDeclaration(_Declared):
    type: TypeExpression
    kind: Literal["type"] = "type"


@dataclass(frozen=True, slots=True, eq=False)
class ParamDeclaration(_Declared):
    param: Param
    kind: Literal["param"] = "param"


@dataclass(frozen=True, slots=True, eq=False)
class _Component(_Declared):
    parameters: tuple[Parameter, ...]
    returns: TypeExpression | None


@dataclass(frozen=True, slots=True, eq=False)
class PromptDeclaration(_Component):
    messages: tuple[Message, ...]
    settings: tuple[Setting, ...]
    params: tuple[Param, ...]
    demos: tuple[Demos, ...]
    body: Span
    """The braces with what they hold; empty for the one-line form."""
    kind: Literal["prompt"] = "prompt"


@dataclass(frozen=True, slots=True, eq=False)
class AgentDeclaration(_Component):
    messages: tuple[Message, ...]
    settings: tuple[Setting, ...]
    params: tuple[Param, ...]
    demos: tuple[Demos, ...]
    body: Span
    kind: Literal["agent"] = "agent"


@dataclass(frozen=True, slots=True, eq=False)
class RetrieverDeclaration(_Component):
    settings: tuple[Setting, ...]
    body: Span
    kind: Literal["retriever"] = "retriever"


@dataclass(frozen=True, slots=True, eq=False)
class ToolDeclaration(_Component):
    value: Expression
    settings: tuple[Setting, ...]
    kind: Literal["tool"] = "tool"


@dataclass(frozen=True, slots=True, eq=False)
class PipelineDeclaration(_Component):
    body: tuple[Statement, ...]
    body_span: Span
    kind: Literal["pipeline"] = "pipeline"


@dataclass(frozen=True, slots=True, eq=False)
class DatasetDeclaration(_Declared):
    value: Expression | None
    settings: tuple[Setting, ...]
    kind: Literal["dataset"] = "dataset"


@dataclass(frozen=True, slots=True, eq=False)
class EvalDeclaration(_Declared):
    target: Expression
    settings: tuple[Setting, ...]
    kind: Literal["eval"] = "eval"


@dataclass(frozen=True, slots=True, eq=False)
class OptimizeDeclaration(_Declared):
    """Has no name of its own: ``name`` is that of the eval that it raises."""

    target: Expression
    settings: tuple[Setting, ...]
    kind: Literal["optimize"] = "optimize"


Component = PromptDeclaration | AgentDeclaration | RetrieverDeclaration | ToolDeclaration | PipelineDeclaration
Declaration = (
    ImportDeclaration
    | ModelDeclaration
    | TypeDeclaration
    | ParamDeclaration
    | Component
    | DatasetDeclaration
    | EvalDeclaration
    | OptimizeDeclaration
)


def setting(settings: tuple[Setting, ...], name: str) -> Setting | None:
    """The last setting of that name, which is the one that counts."""
    return next((one for one in reversed(settings) if one.name.text == name), None)


def statements(body: tuple[Statement, ...]) -> Iterator[Statement]:
    """The statements and those inside them, in the order of the text."""
    for statement in body:
        yield statement
        if isinstance(statement, Repeat):
            yield from statements(statement.body)


def bindings(body: tuple[Statement, ...]) -> Iterator[Binding]:
    """Where a pipeline gives names to values; a name that is bound again comes again."""
    return (one for one in statements(body) if isinstance(one, Binding))


def dotted(expression: Expression) -> str | None:
    """``a`` or ``a.b`` as text; ``None`` for anything else."""
    match expression:
        case Reference(name=name):
            return name
        case Member(object=Reference(name=prefix), name=name):
            return f"{prefix}.{name.text}"
        case _:
            return None


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything inside it, outermost first."""
    yield expression
    match expression:
        case Member(object=inner) | Not(value=inner):
            yield from walk(inner)
        case CallExpression(function=function, arguments=arguments):
            yield from walk(function)
            for argument in arguments:
                yield from walk(argument.value)
        case ListExpression(items=items):
            for item in items:
                yield from walk(item)
        case Comprehension(value=value, source=source, condition=condition):
            yield from walk(source)
            yield from walk(value)
            if condition is not None:
                yield from walk(condition)
        case ObjectExpression(pairs=pairs):
            for pair in pairs:
                yield from walk(pair.value)
        case Match(subject=subject, arms=arms):
            yield from walk(subject)
            for arm in arms:
                for pattern in arm.patterns:
                    if not isinstance(pattern, Wildcard):
                        yield pattern
                yield from walk(arm.value)
        case Binary(left=left, right=right):
            yield from walk(left)
            yield from walk(right)
        case _:
            pass


def named_types(written: TypeExpression) -> Iterator[NamedType]:
    """The names that a type is made of."""
    match written:
        case NamedType():
            yield written
        case ListType(item=inner) | OptionalType(item=inner):
            yield from named_types(inner)
        case ObjectType(fields=fields):
            for one in fields:
                yield from named_types(one.type)
        case _:
            pass
