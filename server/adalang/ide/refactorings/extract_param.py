"""Selected text of a message becomes a param: in the prompt's body, or a shared one at top level.

The messages stay the same to the byte, for all inputs; where that cannot be proven nothing is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from adalang.ide.changes import in_file
from adalang.ide.placement import declaration_before, unique
from adalang.ide.refactorings.bodies import Prompt, param_lines, with_messages, with_param
from adalang.ide.refactorings.literals import index_of
from adalang.ide.refactorings.names import file_names, fresh_name, local_names
from adalang.ide.refactorings.rendering import renders_same
from adalang.ide.refactorings.selection import Refactoring, Selection
from adalang.language.lower import Item
from adalang.language.text import Edit

_CODE = ("{{", "{%", "{#")


def offers(selected: Selection) -> Iterator[Refactoring]:
    item, prompt = selected.item, selected.prompt
    if item is None or prompt is None or selected.span.start == selected.span.end:
        return
    number = _selected_message(selected, prompt)
    if number is None:
        return
    text = prompt.messages[number].template.text
    low, high = index_of(text, selected.local.start), index_of(text, selected.local.end)
    chosen = text.value[low:high]
    low, high = low + len(chosen) - len(chosen.lstrip()), high - len(chosen) + len(chosen.rstrip())
    if low >= high:
        return
    own, shared = _names(selected, item, prompt, number)
    for name, is_shared in ((own, False), (shared, True)):
        title = f"Extract to the {'shared ' if is_shared else ''}param `{name}`"
        found = edits(selected, item, prompt, number, (low, high), name, is_shared=is_shared)
        if isinstance(found, str):
            yield Refactoring(title, "refactor.extract", None, found)
        else:
            yield Refactoring(title, "refactor.extract", partial(in_file, selected.module.path, *found))


def _selected_message(selected: Selection, prompt: Prompt) -> int | None:
    return next(
        (
            number
            for number, one in enumerate(prompt.messages)
            if one.template.span.start <= selected.local.start
            and selected.local.end <= one.template.span.end
            and one.template.text.closed
        ),
        None,
    )


def _names(selected: Selection, item: Item, prompt: Prompt, number: int) -> tuple[str, str]:
    """A free name for a param of the prompt, and one for a param of the file."""
    role = prompt.messages[number].role
    wanted = "instruction" if role == "system" or not prompt.params else "wording"
    local = local_names(item.declaration)
    top = file_names(selected.program, selected.module)
    return unique(wanted, local | top), fresh_name(selected.program, selected.module, f"shared_{wanted}")


def edits(
    selected: Selection,
    item: Item,
    prompt: Prompt,
    number: int,
    part: tuple[int, int],
    name: str,
    *,
    is_shared: bool = False,
) -> list[Edit] | str:
    """The edits that make a part of a message (by number, from character to character) a param, or why there are none."""
    before = prompt.messages[number].template.text.value
    chosen = before[part[0] : part[1]]
    if any(sign in chosen for sign in _CODE):
        return "The selection holds a Jinja tag, and a param is plain text."
    if renders_same(before, before[: part[0]] + before[part[1] :], {}):
        return "No message shows the selection: it is in a comment, or belongs to a tag."
    after = f"{before[: part[0]]}{{{{ {name} }}}}{before[part[1] :]}"
    if not renders_same(before, after, {name: chosen}):
        return (
            "The message would not stay the same: the selection is in a Jinja tag or a raw block, or cuts through one."
        )
    source = selected.source
    if is_shared:
        changed = with_messages(source, item, prompt, {number: after})
        declared = declaration_before(source, item.start, param_lines(source, name, chosen, ""))
        found = [declared, *changed] if changed is not None else None
    else:
        found = with_param(source, item, prompt, name, chosen, {number: after})
    return found if found is not None else "The text cannot be written exactly in the form that it has."
