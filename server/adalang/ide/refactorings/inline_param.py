"""A param's text goes into the messages that show it, and the param goes away; a shared param stays for the other prompts.

The messages stay the same to the byte, for all inputs. The optimizer can no longer change the text, which is the point.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from adalang.ide.changes import Change, in_file
from adalang.ide.placement import removal
from adalang.ide.refactorings.bodies import Prompt, with_messages
from adalang.ide.refactorings.literals import tag_range
from adalang.ide.refactorings.names import declared_names
from adalang.ide.refactorings.rendering import renders_same
from adalang.ide.refactorings.selection import Refactoring, Selection
from adalang.ide.refactorings.uses import uses
from adalang.language import templates
from adalang.language.declarations import Param, ParamDeclaration, Template, Text
from adalang.language.lower import Item
from adalang.language.text import Edit, Span


def offers(selected: Selection) -> Iterator[Refactoring]:
    item, prompt = selected.item, selected.prompt
    if item is None or prompt is None:
        return
    name = _named(selected, prompt)
    own = next((one for one in prompt.params if one.name.text == name), None)
    param = own or _shared(selected, item, name)
    if param is None or not isinstance(param.value, Text):
        return
    title = f"Inline the param `{name}`" + ("" if own else f" into `{prompt.name.text}`")
    messages = inlined(prompt, name, param.text)
    if messages is None:
        return
    reason = (
        _reason(selected, item, own) if messages else "It is used with a filter, in a condition, or holds Jinja tags."
    )
    edits = with_messages(selected.source, item, prompt, messages) if not reason else None
    if edits is None:
        yield Refactoring(title, "refactor.inline", None, reason or "The text cannot be written exactly.")
        return
    if own:
        edits.append(removal(selected.source, own.span.shifted(item.start)))
    yield Refactoring(title, "refactor.inline", partial(_change, selected, edits))


def _change(selected: Selection, edits: list[Edit]) -> Change:
    return in_file(selected.module.path, *edits)


def _named(selected: Selection, prompt: Prompt) -> str:
    """The param that the cursor is on: at its declaration's head, or in a message."""
    at = selected.local
    for param in prompt.params:
        if Span(param.span.start, param.name.span.end).contains(at.start) and at.end <= param.name.span.end:
            return param.name.text
    for message in prompt.messages:
        if message.template.span.contains(at.start):
            for use in templates.uses(message.template):
                if use.span.contains(at.start) and use.span.contains(at.end):
                    return use.name
    return ""


def _shared(selected: Selection, item: Item, name: str) -> Param | None:
    local = declared_names(item.declaration)
    found = selected.module.names.get(name)
    declared = found.declaration if found is not None and name not in local else None
    return declared.param if isinstance(declared, ParamDeclaration) else None


def _reason(selected: Selection, item: Item, own: Param | None) -> str:
    """Why the param may not go."""
    if own is None:
        return ""
    owner = selected.program.entity(selected.module, item)
    for program in (selected.program, *selected.importers):
        for use in uses(program, program.root, item.declaration.name.text):
            if use.part == own.name.text and use.entity.key == owner.key:
                return f"`{item.declaration.name.text}.{own.name.text}` is named by an optimize block."
    return ""


def inlined(prompt: Prompt, name: str, text: str) -> Mapping[int, str] | None:
    """The messages' texts with the param's in place; ``None`` where none shows it, empty where one cannot hold it."""
    shown = {
        number: one.template
        for number, one in enumerate(prompt.messages)
        if any(use.name == name for use in templates.uses(one.template))
    }
    if not shown:
        return None
    values = {number: put_in(template, name, text) for number, template in shown.items()}
    right = all(
        value is not None and renders_same(value, shown[number].text.value, {name: text})
        for number, value in values.items()
    )
    return {number: value for number, value in values.items() if value is not None} if right else {}


def put_in(template: Template, name: str, text: str) -> str | None:
    """The text in the place of each ``{{ name }}``; ``None`` where a tag does something else with the name."""
    value = template.text.value
    for tag in reversed(template.tags):
        words = [one.text for one in tag.tokens]
        if tag.kind == "interpolation" and words == [name]:
            low, high = tag_range(template, tag)
            value = value[:low] + text + value[high:]
        elif name in words:
            return None
    return value
