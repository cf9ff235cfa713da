"""Prompts whose texts change: a param more or less, other messages, the one-line form opened into a body."""

from __future__ import annotations

from collections.abc import Mapping

from adalang.ide.placement import entry
from adalang.ide.refactorings.literals import rewritten, written_like
from adalang.language.declarations import AgentDeclaration, Message, PromptDeclaration
from adalang.language.literal import encode
from adalang.language.lower import Item
from adalang.language.text import STEP, Edit, SourceText, Span

Prompt = PromptDeclaration | AgentDeclaration


def is_short(prompt: Prompt) -> bool:
    """Whether it is written without a body: ``prompt name(…) = "…"``."""
    return prompt.body.start == prompt.body.end


def with_param(
    source: SourceText, item: Item, prompt: Prompt, name: str, text: str, messages: Mapping[int, str]
) -> list[Edit] | None:
    """A new param in the prompt's body, and other texts for some of its messages (by number).

    ``None`` where a text cannot be written exactly.
    """
    if is_short(prompt):
        return opened(source, item, prompt, messages.get(0), param_lines(source, name, text, STEP))
    body = prompt.body.shifted(item.start)
    after = _place_of_param(prompt)
    indent = source.indent_at(after.start + item.start) if after else source.indent_at(body.start) + STEP
    written = entry(source, body, after.shifted(item.start) if after else None, param_lines(source, name, text, indent))
    changed = with_messages(source, item, prompt, messages)
    return [written, *changed] if changed is not None else None


def _place_of_param(prompt: Prompt) -> Span | None:
    """Behind the other params; without any before the first message."""
    params = [one.span for one in prompt.params]
    if params:
        return params[-1]
    first = min((one.span.start for one in prompt.messages), default=prompt.body.end)
    before = [*(one.span for one in prompt.settings), *(one.span for one in prompt.demos)]
    return max((span for span in before if span.end <= first), default=None)


def param_lines(source: SourceText, name: str, text: str, indent: str) -> str:
    """``param name = …`` as it is written on a line with this indentation."""
    return f"param {name} = {encode(text, indent=indent + STEP, newline=source.newline)}"


def with_messages(source: SourceText, item: Item, prompt: Prompt, messages: Mapping[int, str]) -> list[Edit] | None:
    """Other texts for some of the messages; ``None`` where one cannot be written exactly."""
    edits = []
    for number, value in messages.items():
        edit = rewritten(source, item.start, prompt.messages[number].template.text, value)
        if edit is None:
            return None
        edits.append(edit)
    return edits


def opened(
    source: SourceText, item: Item, prompt: Prompt, value: str | None = None, first: str = ""
) -> list[Edit] | None:
    """The one-line form with a body, whose ``first`` entry may be new; ``None`` where something else stands in between."""
    message = prompt.messages[0]
    head = source.data[item.start : item.start + message.template.span.start].rstrip()
    indent = source.indent_at(item.start)
    text = message.template.text
    literal = written_like(text, text.value if value is None else value, indent + STEP * 2, source.newline)
    if not head.endswith(b"=") or literal is None:
        return None
    entries = [*([first] if first else []), f"user = {literal}"]
    body = "".join(source.newline + indent + STEP + one for one in entries)
    start = item.start + len(head[:-1].rstrip())
    return [Edit(Span(start, item.span.end), f" {{{body}{source.newline}{indent}}}")]


def closed(source: SourceText, item: Item, prompt: PromptDeclaration) -> list[Edit] | None:
    """A body that holds one `user` text and nothing else as the one-line form; ``None`` for any other."""
    if is_short(prompt) or len(prompt.messages) != 1 or prompt.settings or prompt.params or prompt.demos:
        return None
    only: Message = prompt.messages[0]
    inside = source.data[item.start + prompt.body.start + 1 : item.start + prompt.body.end - 1]
    written = source.data[item.start + only.span.start : item.start + only.span.end]
    if only.role != "user" or inside.strip() != written:
        return None
    text = only.template.text
    literal = written_like(text, text.value, source.indent_at(item.start) + STEP, source.newline)
    return [Edit(prompt.body.shifted(item.start), f"= {literal}")] if literal is not None else None
