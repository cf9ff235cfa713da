"""A tool's description, the comment lines right above it, as a text that can be changed."""

from __future__ import annotations

from dataclasses import dataclass

from adalang.language.declarations import AgentDeclaration, ListExpression, ToolDeclaration, setting
from adalang.language.program import Entity, Program
from adalang.language.reach import reached
from adalang.language.text import Edit, Span


@dataclass(frozen=True)
class Description:
    """``id``: ``find_order.description``. A line of the text is a comment line; blanks at a line's end are not kept."""

    id: str
    owner: Entity

    @property
    def text(self) -> str:
        return self.owner.declaration.doc

    @property
    def span(self) -> Span:
        """The comment lines in the file, without the last line's end; empty, before the tool, where there are none."""
        source, start = self.owner.module.source, self.owner.item.start
        first = source.line_of(start)
        count = len(self.text.split("\n")) if self.text or self._is_empty_comment(first) else 0
        if not count:
            return Span(start, start)
        return Span(source.line_start(first - count), source.line_span(first - 1).end)

    def _is_empty_comment(self, line: int) -> bool:
        source = self.owner.module.source
        return line > 0 and source.slice(source.line_span(line - 1)).strip() == "#"

    def write(self, text: str) -> list[Edit]:
        """The edits that give the tool this description; "" takes it away."""
        source, span = self.owner.module.source, self.span
        lines = source.newline.join(f"# {line}".rstrip() for line in text.split("\n")) if text else ""
        if span.start == span.end:
            return [Edit(span, lines + source.newline)] if lines else []
        whole = Span(span.start, self.owner.item.start) if not lines else span
        return [Edit(whole, lines)]


def descriptions(program: Program, target: Entity) -> list[Description]:
    """Those of the tools that ``target``'s agents may call: nobody else reads them."""
    found = {one.id: one for agent in reached(program, target) for one in descriptions_of(program, agent)}
    return list(found.values())


def descriptions_of(program: Program, agent: Entity) -> list[Description]:
    """Those of the tools that one agent names; of another component none."""
    tools = setting(agent.declaration.settings, "tools") if isinstance(agent.declaration, AgentDeclaration) else None
    items = tools.value.items if tools is not None and isinstance(tools.value, ListExpression) else ()
    named = [program.resolve_expression(one, agent.module) for one in items]
    made = [description_named(program, f"{tool.id}.description") for tool in named if tool is not None]
    return [one for one in made if one is not None]


def description_named(program: Program, name: str) -> Description | None:
    owner, _, what = name.rpartition(".")
    tool = program.resolve(owner) if what == "description" else None
    return Description(name, tool) if tool is not None and isinstance(tool.declaration, ToolDeclaration) else None
