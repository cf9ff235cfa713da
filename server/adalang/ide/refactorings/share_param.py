"""A prompt's own param becomes a shared one at top level, which other prompts can show too. The messages stay the same."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from adalang.ide.changes import Change, merged
from adalang.ide.placement import declaration_before, removal
from adalang.ide.refactorings.bodies import Prompt, param_lines
from adalang.ide.refactorings.names import file_names, fresh_name, is_local
from adalang.ide.refactorings.selection import Refactoring, Selection
from adalang.ide.refactorings.uses import uses
from adalang.language import templates
from adalang.language.declarations import Param, Text
from adalang.language.lower import Item
from adalang.language.program import Program
from adalang.language.text import Edit


def offers(selected: Selection) -> Iterator[Refactoring]:
    item, prompt = selected.item, selected.prompt
    if item is None or prompt is None:
        return
    at = selected.local
    for param in prompt.params:
        is_here = param.span.start <= at.start and at.end <= param.name.span.end
        shown = any(use.name == param.name.text for one in prompt.messages for use in templates.uses(one.template))
        if is_here and shown and isinstance(param.value, Text) and param.value.closed:
            name = _name(selected, item, param.name.text)
            title = f"Share the param with other prompts as `{name}`"
            yield Refactoring(title, "refactor.extract", partial(_change, selected, item, prompt, param, name))


def _name(selected: Selection, item: Item, wanted: str) -> str:
    """The name that it has, unless that means something else in this file, or hides it in another prompt."""
    program, module = selected.program, selected.module
    if wanted not in file_names(program, module) and not is_local(module, wanted, but=item):
        return wanted
    return fresh_name(program, module, f"{item.declaration.name.text}_{wanted}")


def _change(selected: Selection, item: Item, prompt: Prompt, param: Param, name: str) -> Change:
    source, path = selected.source, selected.module.path
    declared = param_lines(source, name, param.text, "")
    doc = "".join(f"# {line}".rstrip() + source.newline for line in param.doc.splitlines())
    edits = [
        (path, declaration_before(source, item.start, doc + declared)),
        (path, removal(source, param.span.shifted(item.start))),
    ]
    for message in prompt.messages:
        for use in templates.uses(message.template):
            if use.name == param.name.text and name != use.name:
                edits.append((path, Edit(use.span.shifted(item.start), name)))
    for program in (selected.program, *selected.importers):
        edits += ((program.root.path, edit) for edit in _references(program, selected, item, param, name))
    return merged(edits)


def _references(program: Program, selected: Selection, item: Item, param: Param, name: str) -> Iterator[Edit]:
    """``classify.tone`` in optimize blocks becomes ``tone``, ``file.classify.tone`` becomes ``file.tone``."""
    owner = selected.program.entity(selected.module, item)
    for use in uses(program, program.root, item.declaration.name.text):
        if use.part != param.name.text or use.entity.key != owner.key:
            continue
        prefix = "" if program.root.path == selected.module.path else f"{selected.module.path.stem}."
        yield Edit(use.span, prefix + name)
