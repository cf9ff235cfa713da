"""From the syntax tree to declarations.

Each top-level node is lowered by itself, with spans from its own start; one that is known already, and that holds no error,
keeps its declaration object. A broken node gives a declaration with holes and the problems that say what is wrong; it never
touches its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from adalang.language import syntax_problems
from adalang.language.declarations import (
    AgentDeclaration,
    Argument,
    Arm,
    Binary,
    Binding,
    CallExpression,
    Comprehension,
    Constant,
    DatasetDeclaration,
    Declaration,
    Demos,
    EvalDeclaration,
    Expression,
    Hole,
    ImportDeclaration,
    JinjaTag,
    JinjaToken,
    ListExpression,
    ListType,
    Match,
    Member,
    Message,
    ModelDeclaration,
    Name,
    NamedType,
    Not,
    ObjectExpression,
    ObjectField,
    ObjectType,
    OptimizeDeclaration,
    OptionalType,
    Pair,
    Param,
    ParamDeclaration,
    Parameter,
    PipelineDeclaration,
    Problem,
    PromptDeclaration,
    Reference,
    Repeat,
    RetrieverDeclaration,
    Return,
    Role,
    Setting,
    Statement,
    Template,
    Text,
    ToolDeclaration,
    TypeDeclaration,
    TypeExpression,
    UnionType,
    Wildcard,
)
from adalang.language.literal import decode
from adalang.language.syntax import Node, Tree
from adalang.language.text import SourceText, Span


@dataclass(frozen=True, slots=True)
class Item:
    """A declaration and the byte of the file where it starts."""

    start: int
    declaration: Declaration

    @property
    def span(self) -> Span:
        return self.declaration.span.shifted(self.start)


@dataclass(frozen=True, slots=True)
class Lowered:
    """All declarations of a text, in order, and what is wrong between them (spans count from the text's start).

    ``cut_until``: where the rest ends of a text literal that a line at column 0 cut off, -1 where none was; ``open_fence``: how
    many quotes would close the text literal that all the rest may belong to, 0 where none is open.
    """

    items: tuple[Item, ...]
    problems: tuple[Problem, ...]
    cut_until: int = -1
    open_fence: int = 0


Known = Mapping[tuple[str, bytes], Declaration]
"""Declarations without mistakes by what they are made of: the comments above them and their own text."""


def lower(tree: Tree, source: SourceText, known: Known | None = None) -> Lowered:
    """Lower a tree; declarations that are ``known`` are taken over as they are."""
    items: list[Item] = []
    problems: list[Problem] = []
    comments: list[Node] = []
    cut_until, open_fence = -1, 0
    for node in tree.root_node.children:
        if node.start_byte >= len(source.data):
            break
        if node.type == "comment":
            comments.append(node)
            continue
        if node.type in _DECLARATIONS and node.start_byte >= cut_until:
            doc = _doc(comments, node, source)
            declaration, open_fence = None, 0  # the fence that counts is the last declaration's
            if known and not node.has_error:
                declaration = known.get((doc, source.data[node.start_byte : node.end_byte]))
            if declaration is None:
                reader = _Reader(source, node)
                declaration = reader.declaration(doc)
                cut_until, open_fence = max(cut_until, reader.cut_until), reader.open_fence
            items.append(Item(node.start_byte, declaration))
        elif node.type == "ERROR" and node.start_byte >= cut_until and not _goes_on(items, node, source):
            problems.extend(syntax_problems.of_top_level(node, source))
        comments = []
    return Lowered(tuple(items), tuple(problems), cut_until, open_fence)


def known_of(items: Iterable[Item], source: SourceText) -> Known:
    """The declarations that may be taken over: a mistake's mend may depend on what follows the declaration."""
    return {
        (item.declaration.doc, source.data[item.start : item.span.end]): item.declaration
        for item in items
        if not item.declaration.problems
    }


def _goes_on(items: list[Item], error: Node, source: SourceText) -> bool:
    """Whether a declaration that has mistakes already goes on in the error: on its last line, or indented below it."""
    if not items or not items[-1].declaration.problems:
        return False
    data = source.data[error.start_byte : error.end_byte]
    start = error.start_byte + len(data) - len(data.lstrip())
    line = source.line_of(start)
    return line == source.line_of(max(items[-1].span.end - 1, 0)) or start > source.line_start(line)


def _doc(comments: list[Node], node: Node, source: SourceText) -> str:
    """The comments on the lines right above ``node``."""
    lines: list[str] = []
    row = node.start_point.row
    for comment in reversed(comments):
        if comment.start_point.row != row - 1 or not _alone_on_its_line(comment, source):
            break
        row -= 1
        lines.append(_text_of(comment, source).lstrip("#").removeprefix(" ").rstrip())
    return "\n".join(reversed(lines))


def _alone_on_its_line(node: Node, source: SourceText) -> bool:
    line = source.line_start(source.line_of(node.start_byte))
    return not source.data[line : node.start_byte].strip()


def _text_of(node: Node, source: SourceText) -> str:
    return source.data[node.start_byte : node.end_byte].decode("utf-8", "replace")


class _Reader:
    """Reads one top-level node. All spans that it makes count from that node's start."""

    def __init__(self, source: SourceText, root: Node) -> None:
        self._source = source
        self._root = root
        self._base = root.start_byte
        self._problems: list[Problem] = []
        self._too_deep = _too_deep(root)
        self.cut_until = -1
        """Where the rest ends of a text that a line at column 0 cut off: not worth a message of its own."""
        self.open_fence = 0
        """How many quotes would close a text that is open at the end of the source."""

    # ---- declarations

    def declaration(self, doc: str) -> Declaration:
        node = self._root
        if self._too_deep:
            message = f"This {node.type.removesuffix('_declaration')} is nested too deeply; give its inner parts names."
            self._problems.append(Problem("ADL001", Span(0, len(self._text(node.children[0]).encode())), message))
        else:
            self._problems.extend(syntax_problems.of_declaration(node, self._source))
        build = _DECLARATIONS[node.type]
        name = self._name(node) if node.type not in ("import_declaration", "optimize_declaration") else self._no_name()
        return build(self, node, {"name": name, "span": self._span(node), "doc": doc})

    def _finish(self, common: dict[str, Any]) -> dict[str, Any]:
        found = self._problems
        if self.cut_until >= 0:  # brackets that are closed behind a text that was cut off
            found = [one for one in found if one.code != "ADL003"]
        return {**common, "problems": tuple(found)}

    def _import(self, node: Node, common: dict[str, Any]) -> Declaration:
        path = self._expression(node.child_by_field_name("path"), node)
        return ImportDeclaration(path=path if isinstance(path, Text) else Hole(path.span), **self._finish(common))

    def _model(self, node: Node, common: dict[str, Any]) -> Declaration:
        value, settings = self._expression_field(node, "value"), self._settings_field(node)
        return ModelDeclaration(value=value, settings=settings, **self._finish(common))

    def _type(self, node: Node, common: dict[str, Any]) -> Declaration:
        declared = self._type_expression(node.child_by_field_name("value"), node)
        return TypeDeclaration(type=declared, **self._finish(common))

    def _top_param(self, node: Node, common: dict[str, Any]) -> Declaration:
        param = self._param(node, common["doc"])
        return ParamDeclaration(param=param, **self._finish(common))

    def _prompt(self, node: Node, common: dict[str, Any]) -> Declaration:
        return self._prompt_or_agent(PromptDeclaration, node, common)

    def _agent(self, node: Node, common: dict[str, Any]) -> Declaration:
        return self._prompt_or_agent(AgentDeclaration, node, common)

    def _prompt_or_agent(
        self, build: type[PromptDeclaration] | type[AgentDeclaration], node: Node, common: dict[str, Any]
    ) -> Declaration:
        text, body = node.child_by_field_name("text"), node.child_by_field_name("body")
        messages: list[Message] = []
        settings: list[Setting] = []
        params: list[Param] = []
        demos: list[Demos] = []
        if text is not None:
            messages.append(Message("user", self._template(text), self._span(text)))
        comments: list[Node] = []
        for child in self._flat(body):
            if child.type == "comment":
                comments.append(child)
                continue
            if child.type == "message":
                messages += self._message(child)
            elif child.type == "setting":
                settings.append(self._setting(child))
            elif child.type == "param_declaration":
                params.append(self._param(child, _doc(comments, child, self._source)))
            elif child.type == "demos":
                demos.append(self._demos(child))
            comments = []
        return build(
            parameters=self._parameters(node),
            returns=self._returns(node),
            body=self._span(body) if body is not None else self._empty_at_end(node),
            messages=tuple(messages),
            settings=tuple(settings),
            params=tuple(params),
            demos=tuple(demos),
            **self._finish(common),
        )

    def _retriever(self, node: Node, common: dict[str, Any]) -> Declaration:
        body = node.child_by_field_name("body")
        settings = tuple(self._setting(child) for child in self._flat(body) if child.type == "setting")
        return RetrieverDeclaration(
            parameters=self._parameters(node),
            returns=self._returns(node),
            settings=settings,
            body=self._span(body) if body is not None else self._empty_at_end(node),
            **self._finish(common),
        )

    def _tool(self, node: Node, common: dict[str, Any]) -> Declaration:
        return ToolDeclaration(
            parameters=self._parameters(node),
            returns=self._returns(node),
            value=self._expression_field(node, "value"),
            settings=self._settings_field(node),
            **self._finish(common),
        )

    def _pipeline(self, node: Node, common: dict[str, Any]) -> Declaration:
        body = node.child_by_field_name("body")
        return PipelineDeclaration(
            parameters=self._parameters(node),
            returns=self._returns(node),
            body=self._statements(body),
            body_span=self._span(body) if body is not None else self._empty_at_end(node),
            **self._finish(common),
        )

    def _dataset(self, node: Node, common: dict[str, Any]) -> Declaration:
        value = node.child_by_field_name("value")
        return DatasetDeclaration(
            value=self._expression(value, node) if value is not None else None,
            settings=self._settings_field(node),
            **self._finish(common),
        )

    def _eval(self, node: Node, common: dict[str, Any]) -> Declaration:
        target, settings = self._expression_field(node, "target"), self._settings_field(node)
        return EvalDeclaration(target=target, settings=settings, **self._finish(common))

    def _optimize(self, node: Node, common: dict[str, Any]) -> Declaration:
        target, settings = self._expression_field(node, "target"), self._settings_field(node)
        if isinstance(target, Reference):
            common = {**common, "name": Name(target.name, target.span)}
        elif isinstance(target, Member):
            common = {**common, "name": target.name}
        return OptimizeDeclaration(target=target, settings=settings, **self._finish(common))

    # ---- parts

    def _parameters(self, node: Node) -> tuple[Parameter, ...]:
        found = node.child_by_field_name("parameters")
        result = []
        for child in self._flat(found):
            if child.type != "parameter":
                continue
            default = child.child_by_field_name("default")
            result.append(
                Parameter(
                    self._name(child),
                    self._type_expression(child.child_by_field_name("type"), child),
                    self._expression(default, child) if default is not None else None,
                    self._span(child),
                )
            )
        return tuple(result)

    def _returns(self, node: Node) -> TypeExpression | None:
        found = node.child_by_field_name("returns")
        if found is not None:
            return self._type_expression(found, node)
        arrow = next((child for child in node.children if child.type == "->"), None)
        return Hole(Span(arrow.end_byte - self._base, arrow.end_byte - self._base)) if arrow is not None else None

    def _settings_field(self, node: Node) -> tuple[Setting, ...]:
        return self._settings(node.child_by_field_name("settings"))

    def _settings(self, node: Node | None) -> tuple[Setting, ...]:
        return tuple(self._setting(child) for child in self._flat(node) if child.type == "setting")

    def _setting(self, node: Node) -> Setting:
        return Setting(self._name(node), self._expression_field(node, "value"), self._span(node))

    def _message(self, node: Node) -> list[Message]:
        """The message; none where its text is missing."""
        role, text = node.child_by_field_name("role"), node.child_by_field_name("text")
        if role is None or text is None:
            return []
        return [Message(cast("Role", self._text(role)), self._template(text), self._span(node))]

    def _param(self, node: Node, doc: str) -> Param:
        return Param(self._name(node), self._expression_field(node, "value"), self._span(node), doc)

    def _demos(self, node: Node) -> Demos:
        value, settings = node.child_by_field_name("value"), node.child_by_field_name("settings")
        lowered = self._expression(value, node) if value is not None else None
        name = self._name(node)
        return Demos(
            name,
            self._settings(settings),
            lowered if isinstance(lowered, ListExpression) else None,
            self._span(node),
            settings.end_byte - self._base if settings is not None else name.span.end,
        )

    def _statements(self, node: Node | None) -> tuple[Statement, ...]:
        result: list[Statement] = []
        if node is not None and node.id in self._too_deep:
            return ()
        for child in self._flat(node):
            if child.type == "binding":
                result.append(Binding(self._name(child), self._expression_field(child, "value"), self._span(child)))
            elif child.type == "return":
                result.append(Return(self._expression_field(child, "value"), self._span(child)))
            elif child.type == "repeat":
                result.append(
                    Repeat(
                        self._expression_field(child, "times"),
                        self._expression_field(child, "until"),
                        self._statements(child.child_by_field_name("body")),
                        self._span(child),
                    )
                )
        return tuple(result)

    # ---- types

    def _type_expression(self, node: Node | None, parent: Node) -> TypeExpression:
        if node is None or node.is_missing:
            return Hole(self._empty_at_end(node or parent))
        span = self._span(node)
        if node.id in self._too_deep:
            return Hole(span)
        match node.type:
            case "named_type":
                return NamedType(self._text(node), span)
            case "list_type":
                return ListType(self._type_expression(node.child_by_field_name("item"), node), span)
            case "optional_type":
                return OptionalType(self._type_expression(node.child_by_field_name("item"), node), span)
            case "union_type":
                return UnionType(tuple(self._literal(child) for child in node.children if child.type == "string"), span)
            case "object_type":
                return ObjectType(
                    tuple(self._object_field(child) for child in self._flat(node) if child.type == "object_field"),
                    span,
                )
            case "parenthesized_type":
                inner = next((child for child in node.named_children if child.type.endswith("_type")), None)
                return self._type_expression(inner, node)
            case _:
                return Hole(span)

    def _object_field(self, node: Node) -> ObjectField:
        description = node.child_by_field_name("description")
        return ObjectField(
            self._name(node),
            self._type_expression(node.child_by_field_name("type"), node),
            self._literal(description) if description is not None else None,
            self._span(node),
        )

    # ---- expressions

    def _expression_field(self, node: Node, name: str) -> Expression:
        return self._expression(node.child_by_field_name(name), node)

    def _expression(self, node: Node | None, parent: Node) -> Expression:
        if node is None or node.is_missing:
            return Hole(self._empty_at_end(node or parent))
        span = self._span(node)
        if node.id in self._too_deep:
            return Hole(span)
        match node.type:
            case "identifier":
                return Reference(self._text(node), span)
            case "member":
                return Member(self._expression_field(node, "object"), self._name(node), span)
            case "call":
                return CallExpression(self._expression_field(node, "function"), self._arguments(node), span)
            case "string":
                return self._literal(node)
            case "number":
                return Constant(_number(self._text(node)), span)
            case "true" | "false":
                return Constant(node.type == "true", span)
            case "null":
                return Constant(None, span)
            case "array":
                return ListExpression(tuple(self._expressions(node)), span)
            case "comprehension":
                condition = node.child_by_field_name("condition")
                return Comprehension(
                    self._expression_field(node, "value"),
                    self._name(node),
                    self._expression_field(node, "source"),
                    self._expression(condition, node) if condition is not None else None,
                    span,
                )
            case "object":
                return ObjectExpression(
                    tuple(self._pair(child) for child in self._flat(node) if child.type == "pair"), span
                )
            case "match":
                return Match(
                    self._expression_field(node, "subject"),
                    tuple(self._arm(child) for child in self._flat(node) if child.type == "arm"),
                    span,
                )
            case "not_expression":
                return Not(self._expression_field(node, "value"), span)
            case "binary_expression":
                operator = node.child_by_field_name("operator")
                sign = " ".join(self._text(operator).split()) if operator is not None else "?"
                return Binary(sign, self._expression_field(node, "left"), self._expression_field(node, "right"), span)
            case "parenthesized_expression":
                return next(iter(self._expressions(node)), Hole(span))
            case _:
                return Hole(span)

    def _expressions(self, node: Node) -> list[Expression]:
        return [
            self._expression(child, node)
            for child in self._flat(node)
            if child.is_named and child.type not in ("comment", "unclosed")
        ]

    def _arguments(self, node: Node) -> tuple[Argument, ...]:
        result = []
        for child in self._flat(node.child_by_field_name("arguments")):
            if not child.is_named or child.type in ("comment", "unclosed"):
                continue
            if child.type == "named_argument":
                result.append(Argument(self._name(child), self._expression_field(child, "value"), self._span(child)))
            else:
                result.append(Argument(None, self._expression(child, node), self._span(child)))
        return tuple(result)

    def _pair(self, node: Node) -> Pair:
        return Pair(self._name(node), self._expression_field(node, "value"), self._span(node))

    def _arm(self, node: Node) -> Arm:
        patterns: list[Text | Constant | Wildcard] = []
        for child in node.children_by_field_name("pattern"):
            lowered = Wildcard(self._span(child)) if child.type == "wildcard" else self._expression(child, node)
            if isinstance(lowered, Text | Constant | Wildcard):
                patterns.append(lowered)
        return Arm(tuple(patterns), self._expression_field(node, "value"), self._span(node))

    # ---- texts

    def _literal(self, node: Node) -> Text:
        raw = self._text(node)
        closed = not any(child.type == "string_unclosed" for child in node.children)
        decoded = decode(raw, closed=closed)
        span = self._span(node)
        text = Text(decoded.value, decoded, raw, span, closed)
        self._problems.extend(syntax_problems.of_text(text, self._source, self._base))
        if not closed and decoded.form != "quoted":
            cut = syntax_problems.cut_off(text, self._source, self._base)
            if cut is None:
                self.open_fence = 0
            elif cut.indent is None:
                self.open_fence = decoded.fence
            else:
                self.cut_until = max(self.cut_until, cut.region.end)
        return text

    def _template(self, node: Node) -> Template:
        tags = tuple(self._tag(child) for child in node.children if child.type in ("interpolation", "statement"))
        return Template(self._literal(node), tags)

    def _tag(self, node: Node) -> JinjaTag:
        tokens = tuple(
            JinjaToken(_JINJA_TOKENS[child.type], self._text(child), self._span(child))
            for child in node.children
            if child.type in _JINJA_TOKENS
        )
        closed = not any(child.type == "jinja_unclosed" for child in node.children)
        return JinjaTag(cast("Literal['interpolation', 'statement']", node.type), tokens, self._span(node), closed)

    # ---- small things

    def _name(self, node: Node) -> Name:
        found = node.child_by_field_name("name")
        if found is None or found.is_missing:
            return Name("", self._empty_at_end(found or node))
        if found.type == "string":
            text = self._literal(found)
            return Name(text.value, text.span)
        return Name(self._text(found), self._span(found))

    def _no_name(self) -> Name:
        return Name("", Span(0, 0))

    def _text(self, node: Node) -> str:
        return _text_of(node, self._source)

    def _span(self, node: Node) -> Span:
        return Span(node.start_byte - self._base, node.end_byte - self._base)

    def _empty_at_end(self, node: Node) -> Span:
        end = node.end_byte - self._base
        return Span(end, end)

    def _flat(self, node: Node | None) -> list[Node]:
        """The children, with what stands inside ERROR nodes brought up: a mistake does not hide its neighbours."""
        if node is None:
            return []
        result: list[Node] = []
        for child in node.children:
            if child.type == "ERROR":
                result.extend(grand for grand in child.children if grand.type in _KEPT_FROM_ERRORS)
            else:
                result.append(child)
        return result


_DEEPEST = 100
"""Levels of the tree that are read: whoever walks over a declaration may do so by recursion."""


def _too_deep(root: Node) -> frozenset[int]:
    """The ids of the nodes just below the deepest level that is read; mostly none."""
    found: set[int] = set()
    if root.end_byte - root.start_byte < _DEEPEST:
        return frozenset()
    cursor = root.walk()
    while True:
        if cursor.depth < _DEEPEST + 4 and cursor.goto_first_child():  # an expression stands on every third level
            if cursor.depth >= _DEEPEST and cursor.node is not None:
                found.add(cursor.node.id)
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return frozenset(found)
        if cursor.depth >= _DEEPEST and cursor.node is not None:
            found.add(cursor.node.id)


def _number(text: str) -> int | float:
    digits = text.replace("_", "")
    try:
        return int(digits)
    except ValueError:
        return float(digits)


_Build = Callable[[_Reader, Node, dict[str, Any]], Declaration]

_DECLARATIONS: dict[str, _Build] = {
    "import_declaration": _Reader._import,
    "model_declaration": _Reader._model,
    "type_declaration": _Reader._type,
    "param_declaration": _Reader._top_param,
    "prompt_declaration": _Reader._prompt,
    "retriever_declaration": _Reader._retriever,
    "tool_declaration": _Reader._tool,
    "agent_declaration": _Reader._agent,
    "pipeline_declaration": _Reader._pipeline,
    "dataset_declaration": _Reader._dataset,
    "eval_declaration": _Reader._eval,
    "optimize_declaration": _Reader._optimize,
}

_JINJA_TOKENS: dict[str, Literal["name", "string", "number", "operator"]] = {
    "jinja_name": "name",
    "jinja_string": "string",
    "jinja_number": "number",
    "jinja_operator": "operator",
}

_KEPT_FROM_ERRORS = frozenset(
    {
        "message",
        "setting",
        "param_declaration",
        "demos",
        "binding",
        "repeat",
        "return",
        "parameter",
        "object_field",
        "pair",
        "arm",
    }
)
