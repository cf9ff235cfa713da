"""A prompt (or an agent) becomes the first step of a pipeline that takes the same inputs and gives the same result.

The evals of the prompt in this file are pointed at the pipeline: they measure the same today, and all of it when steps are
added; what is optimized stays reachable. Calls of the prompt stay calls of the prompt.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from adalang.ide.changes import Change, in_file
from adalang.ide.placement import declaration_behind, unique
from adalang.ide.refactorings.bodies import Prompt
from adalang.ide.refactorings.names import file_names
from adalang.ide.refactorings.selection import Refactoring, Selection
from adalang.language.declarations import EvalDeclaration, Parameter
from adalang.language.lower import Item
from adalang.language.text import STEP, Edit


def offers(selected: Selection) -> Iterator[Refactoring]:
    item, prompt = selected.item, selected.prompt
    if item is None or prompt is None or not selected.is_on_name or not prompt.name.text:
        return
    if selected.module.names.get(prompt.name.text) is item:
        name = unique(f"{prompt.name.text}_pipeline", file_names(selected.program, selected.module))
        title = f"Wrap `{prompt.name.text}` in the pipeline `{name}`"
        yield Refactoring(title, "refactor.rewrite", partial(_change, selected, item, prompt, name))


def _change(selected: Selection, item: Item, prompt: Prompt, name: str) -> Change:
    source, newline = selected.source, selected.source.newline
    inputs = ", ".join(_written(selected, item, one) for one in prompt.parameters)
    returns = source.slice(prompt.returns.span.shifted(item.start)) if prompt.returns is not None else "str"
    taken = {one.name.text for one in prompt.parameters} | file_names(selected.program, selected.module)
    answer = next((one for one in ("answer", "result") if one not in taken), None) or unique("answer", taken)
    call = f"{prompt.name.text}({', '.join(one.name.text for one in prompt.parameters)})"
    lines = [f"pipeline {name}({inputs}) -> {returns} {{", f"{STEP}{answer} = {call}", f"{STEP}return {answer}", "}"]
    edits = [declaration_behind(source, item.span.end, newline.join(lines))]
    entity = selected.program.entity(selected.module, item)
    for one in selected.module.items:
        if isinstance(one.declaration, EvalDeclaration):
            target = selected.program.resolve_expression(one.declaration.target, selected.module)
            if target is not None and target.id == entity.id:
                edits.append(Edit(one.declaration.target.span.shifted(one.start), name))
    return in_file(selected.module.path, *edits)


def _written(selected: Selection, item: Item, parameter: Parameter) -> str:
    """An input on one line, as it is written there."""
    return " ".join(selected.source.slice(parameter.span.shifted(item.start)).split())
