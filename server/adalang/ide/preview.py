"""A prompt, or an agent's first request, as a model would get it, as a page: its messages, what they were made from, what is asked for beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from adalang.ide.data_rows import data_row
from adalang.ide.token_count import count_tokens
from adalang.language.checks import Facts
from adalang.language.checks.scope import signature
from adalang.language.diagnostics import Diagnostic
from adalang.language.markdown import fenced
from adalang.language.program import Entity, Program
from adalang.language.types import Labels, ListOf, ObjectOf, OptionalOf, Primitive, Type


@dataclass(frozen=True, slots=True)
class Chosen:
    """The inputs of a preview. ``source`` says where they are from, ``path`` is the data file if that is one; ``row`` counts from 1
    up to ``rows`` (0: no data)."""

    inputs: Mapping[str, Any]
    source: str
    row: int = 0
    rows: int = 0
    path: Path | None = None


def choose_inputs(program: Program, component: Entity, row: int, facts: Facts) -> Chosen:
    """The row ``row`` of the data of an eval of the component (beyond the end: the last one); without data a stand-in for
    each input that has no default. Reads as :func:`~adalang.ide.data_rows.data_rows` does: for threads."""
    if not signature(program, component).inputs:
        return Chosen({}, "no inputs")
    found = data_row(program, component, facts, max(row, 1))
    if found is None:
        inputs = {
            name: stand_in(name, declared)
            for name, declared, optional in signature(program, component).inputs
            if not optional
        }
        return Chosen(inputs, f"stand-ins: no eval of `{component.id}` has a row to take the inputs from")
    number, chosen = min(max(row, 1), found.count), found.rows[0]
    place = f"{chosen.path.name}, row {chosen.number}" if chosen.path is not None else f"row {chosen.number}"
    source = f"row {number} of {found.count} of the eval `{found.eval.id}` ({place})"
    return Chosen(chosen.inputs, source, number, found.count, chosen.path)


def row_asked_for(asked: object, shown: int) -> int | None:
    """The number, from 1 on, of the row to show: ``asked`` itself, or what it means beside the row that is ``shown``: ``"next"``,
    ``"previous"``, which stops at the first, and None for the same again. ``None`` when it is none of these."""
    match asked:
        case None:
            return shown
        case "next":
            return shown + 1
        case "previous":
            return max(1, shown - 1)
        case int() if not isinstance(asked, bool) and asked >= 1:
            return asked
        case _:
            return None


def stand_in(name: str, declared: Type) -> Any:
    """A value of a type that shows which input it stands for."""
    match declared:
        case Primitive(name="int"):
            return 1
        case Primitive(name="float"):
            return 1.0
        case Primitive(name="bool"):
            return True
        case Labels(labels=labels):
            return labels[0] if labels else name
        case ListOf(item=item):
            return [stand_in(name, item)]
        case OptionalOf(item=item):
            return stand_in(name, item)
        case ObjectOf(fields=fields):
            return {one.name: stand_in(one.name, one.type) for one in fields}
        case _:
            return f"‹{name}›"


@dataclass(frozen=True, slots=True)
class Part:
    """A text, or an image or a file that is told but not shown."""

    text: str
    kind: Literal["text", "image", "file"] = "text"


@dataclass(frozen=True, slots=True)
class Turn:
    role: str
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Rendered:
    """``problems``: why a run would not get this far, one sentence each. ``schema`` goes to models that take one, ``tools`` are the
    functions that an agent offers."""

    turns: Sequence[Turn] = ()
    schema: Mapping[str, Any] | None = None
    tools: Sequence[Mapping[str, Any]] = ()
    model: str = ""
    options: Mapping[str, Any] | None = None
    problems: Sequence[str] = ()


def why_no_run(program: Program, diagnostics: Iterable[Diagnostic]) -> tuple[str, ...]:
    """A file with errors is shown as far as it goes, but would not run: its first error, as a sentence.

    Args:
        diagnostics: the root file's, in the order of their places.
    """
    error = next((one for one in diagnostics if one.severity == "error"), None)
    if error is None:
        return ()
    place = program.root.source.position(error.span.start)
    return (f"This would not run: {program.path.name}:{place.line + 1}: {error.code} {error.message}",)


def as_rendered(answer: Mapping[str, Any], problems: tuple[str, ...]) -> Rendered:
    """What a worker answers to a request for the messages of a prompt; ``problems`` are those known without it."""
    if answer.get("error"):
        return Rendered(problems=(*problems, answer["error"]))
    if answer["model_problem"]:
        problems = (*problems, f"This would not run: {answer['model_problem']}.")
    turns = [Turn(one["role"], [_part(part) for part in one["parts"]]) for one in answer["messages"]]
    return Rendered(turns, answer["schema"], answer["tools"], answer["model"], answer["options"], problems)


def _part(part: Mapping[str, str]) -> Part:
    if "text" in part:
        return Part(part["text"])
    return Part(part["image"], "image") if "image" in part else Part(part["file"], "file")


def preview_page(name: str, chosen: Chosen, rendered: Rendered) -> str:
    """The page, as Markdown. Each message stands in a fence of its own, exactly as it is sent."""
    return "\n\n".join(_paragraphs(name, chosen, rendered)) + "\n"


def page_of_problem(name: str, problem: Exception) -> str:
    """The page, as Markdown, in place of one that cannot be made: what stands in its way."""
    return f"# {name}\n\n> {problem}\n"


def _paragraphs(name: str, chosen: Chosen, rendered: Rendered) -> Iterator[str]:
    yield f"# {name}"
    for problem in rendered.problems:
        yield f"> {problem}"
    facts = [chosen.source]
    if rendered.model:
        facts.append(_model(rendered))
    if rendered.turns:
        tokens = sum(count_tokens(part.text) for turn in rendered.turns for part in turn.parts if part.kind == "text")
        facts.append(f"about {tokens:,} tokens")
    facts.append("nothing was sent")
    yield "; ".join(facts) + "."
    for turn in rendered.turns:
        yield f"## {turn.role}"
        for part in turn.parts:
            yield fenced(part.text) if part.kind == "text" else f"*{part.kind.capitalize()}: {part.text}*"
    if rendered.tools:
        yield "## tools"
        yield "Sent with each request; what they give follows as further messages."
    for tool in rendered.tools:
        yield f"### {tool['name']}"
        if tool["description"]:
            yield fenced(tool["description"])
        yield fenced(json.dumps(tool["parameters"], ensure_ascii=False, indent=2), "json")
    if rendered.schema is not None:
        yield "## answer schema"
        yield "For models that take a schema; the messages say it too."
        yield fenced(json.dumps(rendered.schema, ensure_ascii=False, indent=2), "json")
    if chosen.inputs:
        yield "## inputs"
        yield fenced(json.dumps(chosen.inputs, ensure_ascii=False, indent=2, default=str), "json")


def _model(rendered: Rendered) -> str:
    options = ", ".join(
        f"{name} = {json.dumps(value, default=str)}" for name, value in (rendered.options or {}).items()
    )
    return f"model {rendered.model}" + (f" ({options})" if options else "")
