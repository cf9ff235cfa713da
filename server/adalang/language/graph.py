"""The component graph: what a file and its imports declare, as one document that other tools can read.

Nodes are components with their params, demos, models, types, data sets, evals and optimizations; edges are calls.
Everything carries its place in the source. Secrets are never in it: of ``env("NAME")`` only the name.
"""

from __future__ import annotations

import os.path
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from adalang.language.checks.scope import result_type
from adalang.language.datasets import NotConstant, constant, data_reference, plan
from adalang.language.declarations import COMPONENT_KINDS as _COMPONENT_KINDS
from adalang.language.declarations import (
    AgentDeclaration,
    Binding,
    CallExpression,
    Constant,
    DatasetDeclaration,
    EvalDeclaration,
    Expression,
    Hole,
    ListExpression,
    Member,
    ModelDeclaration,
    ObjectExpression,
    OptimizeDeclaration,
    ParamDeclaration,
    PipelineDeclaration,
    Reference,
    Repeat,
    RetrieverDeclaration,
    Return,
    Setting,
    Statement,
    Text,
    TypeDeclaration,
    setting,
    walk,
)
from adalang.language.fingerprint import FileHash, disk_hash, fingerprint
from adalang.language.program import Entity, Module, Program
from adalang.language.reach import allowed, own_trainable, trainable, trainables
from adalang.language.text import Span
from adalang.language.types import Type, describe, json_schema


class _Node(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Place(_Node):
    """A position in a file, both numbers from zero, columns in Unicode characters."""

    line: int
    column: int


class Range(_Node):
    """A half-open range of a file; `file` is relative to the root file's folder, with forward slashes."""

    file: str
    start: Place
    end: Place


class TypeInfo(_Node):
    """A type as it is written and as the JSON Schema that a model is asked for."""

    written: str
    json_schema: dict[str, Any]


class Input(_Node):
    name: str
    type: TypeInfo
    required: bool
    range: Range


class Component(_Node):
    """Something that can be called. `model` is a model's id in `models`, or a literal `provider/model`."""

    id: str
    kind: Literal["prompt", "retriever", "tool", "agent", "pipeline"]
    doc: str
    inputs: list[Input]
    output: TypeInfo
    model: str | None
    params: list[str] = Field(description="Ids of the texts that its messages show, shared ones included.")
    demos: list[str]
    tools: list[str] = Field(description="Ids of the components that an agent may call.")
    range: Range
    name_range: Range
    fingerprint: str = Field(description="Hash of all that decides what the component answers.")


class Edge(_Node):
    """`caller` calls `callee`. `binding`: the pipeline's name for the answer, or the tool's name for an agent."""

    caller: str
    callee: str
    binding: str
    kind: Literal["call", "tool", "rerank"]
    range: Range


class Param(_Node):
    """Trainable text; `owner` is its component, or null when it stands at top level."""

    id: str
    owner: str | None
    text: str
    doc: str
    range: Range


class Demos(_Node):
    """Trainable examples; `examples` is null where the file holds something that is no plain value."""

    id: str
    owner: str
    max: int | None
    examples: list[dict[str, Any]] | None
    range: Range


class NamedType(_Node):
    id: str
    doc: str
    type: TypeInfo
    range: Range


class Model(_Node):
    """A declared model. `options` has no secrets: `env("NAME")` stands as {"env": "NAME"}."""

    id: str
    model: str | None
    options: dict[str, Any]
    range: Range


class Dataset(_Node):
    id: str
    doc: str
    file: str | None
    files: dict[str, str]
    inline_rows: int | None
    fractions: dict[str, float]
    seed: int
    range: Range


class Eval(_Node):
    id: str
    doc: str
    target: str | None
    data: str | None
    split: str
    expect: str | None = Field(description="As written.")
    metric: str | None = Field(description="As written.")
    goal: float | None
    on_save: int | None
    repeats: int
    range: Range


class Optimization(_Node):
    """`params`: the ids of what may be changed; `allow`: what else, in the words of the setting."""

    eval: str | None
    teacher: str | None
    budget: dict[str, float]
    params: list[str]
    allow: list[str]
    range: Range


class Graph(_Node):
    """Everything that an .adal file declares, with its imports."""

    version: Literal[1] = 1
    file: str
    imports: list[str]
    components: list[Component]
    edges: list[Edge]
    params: list[Param]
    demos: list[Demos]
    types: list[NamedType]
    models: list[Model]
    datasets: list[Dataset]
    evals: list[Eval]
    optimizations: list[Optimization]


def build_graph(program: Program, file_hash: FileHash = disk_hash) -> Graph:
    """The graph of a program. What is broken is left out or null; the diagnostics say what is wrong."""
    return _Builder(program, file_hash).graph()


class _Builder:
    def __init__(self, program: Program, file_hash: FileHash) -> None:
        self._program, self._file_hash = program, file_hash
        self._folder = program.path.parent

    def graph(self) -> Graph:
        program = self._program
        components = list(program.components())
        return Graph(
            file=program.path.name,
            imports=[self._file(module.path) for module in program.modules.values() if module is not program.root],
            components=[self._component(one) for one in components],
            edges=[edge for one in components for edge in self._edges(one)],
            params=list(self._params()),
            demos=list(self._demos()),
            types=[self._named_type(one) for one in program.entities("type")],
            models=[self._model(one) for one in program.entities("model")],
            datasets=[self._dataset(one) for one in program.entities("dataset")],
            evals=[self._eval(one) for one in program.entities("eval")],
            optimizations=[self._optimization(one) for one in program.entities("optimize")],
        )

    # ---- nodes

    def _component(self, entity: Entity) -> Component:
        declaration: Any = entity.declaration
        settings: tuple[Setting, ...] = getattr(declaration, "settings", ())
        model, tools = setting(settings, "model"), setting(settings, "tools")
        reached = trainable(self._program, entity) if entity.kind in ("prompt", "agent") else []
        own = {one.id for one in own_trainable(entity)}
        return Component(
            id=entity.id,
            kind=declaration.kind,
            doc=declaration.doc,
            inputs=[
                Input(
                    name=one.name.text,
                    type=_type_info(self._program.type_of(one.type, entity.module)),
                    required=one.default is None,
                    range=self._range(entity, one.span),
                )
                for one in declaration.parameters
            ],
            output=_type_info(result_type(self._program, entity)),
            model=self._model_name(model.value, entity.module) if model else None,
            params=[
                one.id
                for one in reached
                if one.kind == "text" and (one.id in own or isinstance(one.owner.declaration, ParamDeclaration))
            ],
            demos=[one.id for one in reached if one.kind == "demos" and one.id in own],
            tools=[target.id for _, target in self._targets(tools.value, entity.module)] if tools else [],
            range=self._range(entity, declaration.span),
            name_range=self._range(entity, declaration.name.span),
            fingerprint=fingerprint(self._program, entity.id, self._file_hash)
            if self._program.resolve(entity.id) == entity
            else "",
        )

    def _params(self) -> Iterator[Param]:
        for one in trainables(self._program).values():
            if one.kind == "text":
                top = isinstance(one.owner.declaration, ParamDeclaration)
                yield Param(
                    id=one.id,
                    owner=None if top else one.owner.id,
                    text=one.part.text,  # type: ignore[union-attr]
                    doc=one.part.doc,  # type: ignore[union-attr]
                    range=self._range(one.owner, one.part.span),
                )

    def _demos(self) -> Iterator[Demos]:
        for one in trainables(self._program).values():
            if one.kind == "demos":
                part: Any = one.part
                examples = _plain(part.value) if part.value is not None else []
                limit = setting(part.settings, "max")
                yield Demos(
                    id=one.id,
                    owner=one.owner.id,
                    max=_whole(limit.value) if limit else None,
                    examples=[row for row in examples if isinstance(row, dict)] if examples is not None else None,
                    range=self._range(one.owner, part.span),
                )

    def _named_type(self, entity: Entity) -> NamedType:
        declaration = entity.declaration
        assert isinstance(declaration, TypeDeclaration)
        declared = self._program.type_of(declaration.type, entity.module)
        return NamedType(
            id=entity.id,
            doc=declaration.doc,
            type=_type_info(declared),
            range=self._range(entity, declaration.span),
        )

    def _model(self, entity: Entity) -> Model:
        declaration = entity.declaration
        assert isinstance(declaration, ModelDeclaration)
        return Model(
            id=entity.id,
            model=self._model_name(declaration.value, entity.module),
            options={
                one.name.text: self._option(one.name.text, one.value, entity.module)
                for one in declaration.settings
                if one.name.text
            },
            range=self._range(entity, declaration.span),
        )

    def _option(self, name: str, value: Expression, module: Module) -> Any:
        match value:
            case CallExpression(arguments=arguments):
                first = arguments[0].value if arguments else None
                return {"env": first.value} if isinstance(first, Text) else None
            case ListExpression(items=items):
                return [self._option(name, one, module) for one in items]
            case ObjectExpression(pairs=pairs):
                secret = name == "headers"
                return {
                    pair.name.text: self._option("api_key" if secret else pair.name.text, pair.value, module)
                    for pair in pairs
                }
            case Reference() | Member():
                return self._model_name(value, module)
            case Text() if name == "api_key":
                return None
            case Text(value=text):
                return text
            case Constant(value=plain):
                return plain
            case _:
                return None

    def _dataset(self, entity: Entity) -> Dataset:
        declaration = entity.declaration
        assert isinstance(declaration, DatasetDeclaration)
        planned = plan(entity)
        return Dataset(
            id=entity.id,
            doc=declaration.doc,
            file=self._file(planned.file) if planned.file else None,
            files={name: self._file(path) for name, path in planned.files.items()},
            inline_rows=len(planned.rows) if planned.rows is not None else None,
            fractions=dict(planned.fractions),
            seed=planned.seed,
            range=self._range(entity, declaration.span),
        )

    def _eval(self, entity: Entity) -> Eval:
        declaration = entity.declaration
        assert isinstance(declaration, EvalDeclaration)
        target = self._program.resolve_expression(declaration.target, entity.module)
        found = {name: setting(declaration.settings, name) for name in _EVAL_SETTINGS}
        data = found["data"]
        reference = data_reference(self._program, entity.module, data.value) if data else None
        goal, repeats = found["goal"], found["repeats"]
        return Eval(
            id=entity.id,
            doc=declaration.doc,
            target=target.id if target else None,
            data=reference[0].id if reference else None,
            split=reference[1] if reference else "",
            expect=self._written(entity, found["expect"]),
            metric=self._written(entity, found["metric"]),
            goal=_number(goal.value) if goal else None,
            on_save=_whole(found["on_save"].value) if found["on_save"] else None,
            repeats=(_whole(repeats.value) if repeats else None) or 1,
            range=self._range(entity, declaration.span),
        )

    def _optimization(self, entity: Entity) -> Optimization:
        declaration = entity.declaration
        assert isinstance(declaration, OptimizeDeclaration)
        goal = self._program.resolve_expression(declaration.target, entity.module)
        teacher, budget = setting(declaration.settings, "teacher"), setting(declaration.settings, "budget")
        chosen = setting(declaration.settings, "params")
        pairs = budget.value.pairs if budget and isinstance(budget.value, ObjectExpression) else ()
        amounts = {pair.name.text: _number(pair.value) for pair in pairs}
        return Optimization(
            eval=goal.id if goal else None,
            teacher=self._model_name(teacher.value, entity.module) if teacher else None,
            budget={name: amount for name, amount in amounts.items() if amount is not None},
            params=self._changeable(goal, chosen),
            allow=list(allowed(declaration)),
            range=self._range(entity, declaration.span),
        )

    def _changeable(self, goal: Entity | None, chosen: Setting | None) -> list[str]:
        if goal is None or not isinstance(goal.declaration, EvalDeclaration):
            return []
        target = self._program.resolve_expression(goal.declaration.target, goal.module)
        reached = [one.id for one in trainable(self._program, target)] if target else []
        if chosen is None or not isinstance(chosen.value, ListExpression):
            return reached
        from adalang.language.checks.evaluations import param_path

        wanted = {param_path(one) for one in chosen.value.items}
        return [one for one in reached if one in wanted]

    # ---- edges

    def _edges(self, entity: Entity) -> Iterator[Edge]:
        declaration = entity.declaration
        match declaration:
            case PipelineDeclaration(body=body):
                for binding, expression in _bound_expressions(body):
                    for call in walk(expression):
                        if isinstance(call, CallExpression):
                            for span, target in self._targets(call.function, entity.module):
                                yield self._edge(entity, target, binding, "call", span)
            case AgentDeclaration(settings=settings):
                tools = setting(settings, "tools")
                for span, target in self._targets(tools.value, entity.module) if tools else ():
                    yield self._edge(entity, target, target.declaration.name.text, "tool", span)
            case RetrieverDeclaration(settings=settings):
                rerank = setting(settings, "rerank")
                for span, target in self._targets(rerank.value, entity.module) if rerank else ():
                    yield self._edge(entity, target, "", "rerank", span)
            case _:
                pass

    def _edge(
        self, caller: Entity, callee: Entity, binding: str, kind: Literal["call", "tool", "rerank"], span: Span
    ) -> Edge:
        return Edge(caller=caller.id, callee=callee.id, binding=binding, kind=kind, range=self._range(caller, span))

    def _targets(self, expression: Expression, module: Module) -> Iterator[tuple[Span, Entity]]:
        for one in expression.items if isinstance(expression, ListExpression) else (expression,):
            target = self._program.resolve_expression(one, module)
            if target is not None and target.kind in _COMPONENT_KINDS:
                yield one.span, target

    # ---- small things

    def _model_name(self, value: Expression, module: Module) -> str | None:
        if isinstance(value, Text):
            return value.value
        entity = self._program.resolve_expression(value, module)
        return entity.id if entity and entity.kind == "model" else None

    def _written(self, entity: Entity, found: Setting | None) -> str | None:
        if found is None or isinstance(found.value, Hole):
            return None
        return entity.module.source.slice(found.value.span.shifted(entity.item.start))

    def _file(self, path: Path) -> str:
        return Path(os.path.relpath(path, self._folder)).as_posix()

    def _range(self, entity: Entity, span: Span) -> Range:
        source, start = entity.module.source, entity.item.start
        low, high = source.position(span.start + start), source.position(span.end + start)
        return Range(
            file=self._file(entity.module.path),
            start=Place(line=low.line, column=low.column),
            end=Place(line=high.line, column=high.column),
        )


_EVAL_SETTINGS = ("data", "expect", "metric", "goal", "on_save", "repeats")


def _type_info(declared: Type) -> TypeInfo:
    return TypeInfo(written=describe(declared), json_schema=json_schema(declared))


def _plain(value: Expression) -> Any:
    try:
        return constant(value)
    except NotConstant:
        return None


def _number(value: Expression) -> float | None:
    found = _plain(value)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def _whole(value: Expression) -> int | None:
    found = _plain(value)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _bound_expressions(body: tuple[Statement, ...]) -> Iterator[tuple[str, Expression]]:
    for statement in body:
        match statement:
            case Binding(name=name, value=value):
                yield name.text, value
            case Return(value=value):
                yield "return", value
            case Repeat(until=until, body=inner):
                yield from _bound_expressions(inner)
                yield "until", until


# ---- exports


def to_json(graph: Graph) -> str:
    """The graph as indented JSON, with a final newline."""
    return graph.model_dump_json(indent=2) + "\n"


def graph_schema() -> dict[str, Any]:
    """The JSON Schema of the graph's JSON form."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "Written by scripts/generate_schemas.py; do not edit.",
        **Graph.model_json_schema(mode="serialization"),
    }


class _Drawn(_Node):
    id: str
    kind: str
    note: str


class _Line(_Node):
    tail: str
    head: str
    label: str
    dashed: bool


def _picture(graph: Graph) -> tuple[list[_Drawn], list[_Line]]:
    """What is drawn: components, evals and data sets; calls, and dashed lines from evals and data."""
    nodes = [_Drawn(id=one.id, kind=one.kind, note=_note(one)) for one in graph.components]
    nodes += [_Drawn(id=one.id, kind="eval", note=one.metric or "") for one in graph.evals]
    nodes += [_Drawn(id=one.id, kind="dataset", note=one.file or "") for one in graph.datasets]
    lines = [
        _Line(tail=one.caller, head=one.callee, label=one.binding if one.kind == "call" else one.kind, dashed=False)
        for one in graph.edges
    ]
    lines += [_Line(tail=one.id, head=one.target, label="", dashed=True) for one in graph.evals if one.target]
    lines += [_Line(tail=one.data, head=one.id, label=one.split, dashed=True) for one in graph.evals if one.data]
    return nodes, lines


def _note(component: Component) -> str:
    trained = len(component.params) + len(component.demos)
    parts = [component.model or "", f"{trained} trainable" if trained else ""]
    return ", ".join(part for part in parts if part)


def to_mermaid(graph: Graph) -> str:
    """The graph as a Mermaid flowchart."""
    nodes, lines = _picture(graph)
    names = {node.id: f"n{number}" for number, node in enumerate(nodes)}
    result = ["flowchart LR"]
    for node in nodes:
        note = f"<br/>{_mermaid(node.note)}" if node.note else ""
        label = f'"<b>{_mermaid(node.id)}</b><br/>{node.kind}{note}"'
        shape = {"eval": f"{{{{{label}}}}}", "dataset": f"[({label})]"}.get(node.kind, f"[{label}]")
        result.append(f"  {names[node.id]}{shape}")
    for line in lines:
        label = f'|"{_mermaid(line.label)}"|' if line.label else ""
        result.append(f"  {names[line.tail]} {'-.->' if line.dashed else '-->'}{label} {names[line.head]}")
    return "\n".join(result) + "\n"


def _mermaid(text: str) -> str:
    return "".join(f"#{ord(one)};" if one in '"<>&#|{}[]()`;\\' else one for one in " ".join(text.split()))


def to_dot(graph: Graph) -> str:
    """The graph in Graphviz' language."""
    nodes, lines = _picture(graph)
    result = ["digraph adal {", "  rankdir=LR;", '  node [shape=box, style=rounded, fontname="sans-serif"];']
    for node in nodes:
        shape = {"eval": ", shape=hexagon", "dataset": ", shape=cylinder"}.get(node.kind, "")
        label = "\\n".join(_dot(part) for part in (node.id, node.kind, node.note) if part)
        result.append(f'  "{_dot(node.id)}" [label="{label}"{shape}];')
    for line in lines:
        style = ", style=dashed" if line.dashed else ""
        result.append(f'  "{_dot(line.tail)}" -> "{_dot(line.head)}" [label="{_dot(line.label)}"{style}];')
    return "\n".join([*result, "}"]) + "\n"


def _dot(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')


_WIDE, _HIGH, _GAP_X, _GAP_Y, _EDGE = 190, 58, 90, 26, 20
_STYLE = """
    svg {
      color-scheme: light dark;
      --ink: #1f2328; --soft: #59636e; --fill: #ffffff; --line: #8b949e; --back: #f6f8fa;
    }
    @media (prefers-color-scheme: dark) {
      svg { --ink: #e6edf3; --soft: #9198a1; --fill: #161b22; --line: #6e7681; --back: #0d1117; }
    }
    .back { fill: var(--back); } text { font: 12px system-ui, sans-serif; fill: var(--soft); }
    .name { font-weight: 600; font-size: 13px; fill: var(--ink); }
    .node rect { fill: var(--fill); stroke: var(--line); stroke-width: 1.2; }
    .prompt rect { stroke: #2f81f7; } .agent rect { stroke: #a371f7; } .pipeline rect { stroke: #3fb950; }
    .retriever rect { stroke: #d29922; } .tool rect { stroke: #db6d28; }
    .eval rect, .dataset rect { stroke-dasharray: 4 3; }
    .line { fill: none; stroke: var(--line); stroke-width: 1.3; } .dashed { stroke-dasharray: 4 4; }
    marker path { fill: var(--line); }
"""


def to_svg(graph: Graph) -> str:
    """The graph as one self-contained picture, callers left of callees, in the reader's light or dark colours."""
    nodes, lines = _picture(graph)
    columns = _layers([node.id for node in nodes], [(line.tail, line.head) for line in lines])
    tallest = max((len(column) for column in columns), default=0)
    height = 2 * _EDGE + max(1, tallest) * (_HIGH + _GAP_Y) - _GAP_Y
    width = 2 * _EDGE + max(1, len(columns)) * (_WIDE + _GAP_X) - _GAP_X
    places: dict[str, tuple[int, int]] = {}
    for number, column in enumerate(columns):
        top = (height - len(column) * (_HIGH + _GAP_Y) + _GAP_Y) // 2
        for row, name in enumerate(column):
            places[name] = (_EDGE + number * (_WIDE + _GAP_X), top + row * (_HIGH + _GAP_Y))
    drawn = [_svg_line(line, places) for line in lines] + [_svg_node(node, places[node.id]) for node in nodes]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="img" aria-label="{escape(graph.file)}: component graph">',
            f"  <style>{_STYLE}  </style>",
            '  <defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            'orient="auto-start-reverse"><path d="M0 0L8 4L0 8z"/></marker></defs>',
            f'  <rect class="back" width="{width}" height="{height}" rx="8"/>',
            *drawn,
            "</svg>\n",
        ]
    )


def _layers(names: list[str], lines: list[tuple[str, str]]) -> list[list[str]]:
    """Columns of names: each right of all that point to it (circles are cut), ordered to sit beside their callers."""
    names = list(dict.fromkeys(names))
    before: dict[str, list[str]] = {name: [] for name in names}
    for tail, head in lines:
        if tail != head and tail in before and head in before:
            before[head].append(tail)
    depth: dict[str, int] = {}

    def place(name: str, above: frozenset[str]) -> int:
        if name not in depth:
            callers = [one for one in before[name] if one not in above]
            depth[name] = max((place(one, above | {name}) + 1 for one in callers), default=0)
        return depth[name]

    for name in names:
        place(name, frozenset())
    columns: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in names:
        columns[depth[name]].append(name)
    row = {name: index for column in columns for index, name in enumerate(column)}
    for column in columns[1:]:
        column.sort(key=lambda name: sum(row[one] for one in before[name]) / max(1, len(before[name])))
        row.update({name: index for index, name in enumerate(column)})
    return columns


def _svg_line(line: _Line, places: dict[str, tuple[int, int]]) -> str:
    (x1, y1), (x2, y2) = places[line.tail], places[line.head]
    x1, y1, y2 = x1 + _WIDE, y1 + _HIGH // 2, y2 + _HIGH // 2
    bend = max(40, abs(x2 - x1) // 2)
    style = "line dashed" if line.dashed else "line"
    path = (
        f'  <path class="{style}" d="M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}" marker-end="url(#head)"/>'
    )
    if not line.label:
        return path
    middle = f'x="{(x1 + x2) // 2}" y="{(y1 + y2) // 2 - 5}" text-anchor="middle"'
    return f"{path}\n  <text {middle}>{escape(_cut(line.label, 18))}</text>"


def _svg_node(node: _Drawn, place: tuple[int, int]) -> str:
    x, y = place
    note = f" · {_cut(node.note, 22)}" if node.note else ""
    return (
        f'  <g class="node {node.kind}"><title>{escape(node.id)}</title>'
        f'<rect x="{x}" y="{y}" width="{_WIDE}" height="{_HIGH}" rx="8"/>'
        f'<text class="name" x="{x + 12}" y="{y + 24}">{escape(_cut(node.id, 24))}</text>'
        f'<text x="{x + 12}" y="{y + 43}">{escape(node.kind + note)}</text></g>'
    )


def _cut(text: str, size: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= size else flat[: size - 1] + "…"


__all__ = ["Graph", "build_graph", "graph_schema", "to_dot", "to_json", "to_mermaid", "to_svg"]
