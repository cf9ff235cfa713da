"""A prompt without a body gets one, and the other way round. The message stays the same."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from adalang.ide.changes import in_file
from adalang.ide.refactorings.bodies import closed, is_short, opened
from adalang.ide.refactorings.selection import Refactoring, Selection
from adalang.language.declarations import PromptDeclaration


def offers(selected: Selection) -> Iterator[Refactoring]:
    item, prompt = selected.item, selected.prompt
    if item is None or not isinstance(prompt, PromptDeclaration) or not selected.is_on_name or not prompt.messages:
        return
    if is_short(prompt):
        edits, title = opened(selected.source, item, prompt), "Write the prompt with a body"
    else:
        edits, title = closed(selected.source, item, prompt), "Write the prompt without a body"
    if edits:
        yield Refactoring(title, "refactor.rewrite", partial(in_file, selected.module.path, *edits))
