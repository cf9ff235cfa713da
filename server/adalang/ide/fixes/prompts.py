"""Fixes for prompts: messages that are missing, inputs and params that no message shows, tags that do not close."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from adalang.ide.fixes.broken import Broken, Mend
from adalang.ide.placement import entry, removal, unique
from adalang.ide.refactorings import extract_param
from adalang.ide.refactorings.bodies import Prompt, is_short, with_messages
from adalang.ide.refactorings.inline_param import put_in
from adalang.ide.refactorings.literals import rewritten, tag_range
from adalang.ide.refactorings.names import file_names, local_names
from adalang.ide.refactorings.selection import Selection
from adalang.ide.refactorings.uses import uses
from adalang.language import templates
from adalang.language.declarations import (
    AgentDeclaration,
    CallExpression,
    EvalDeclaration,
    OptimizeDeclaration,
    Param,
    Parameter,
    PromptDeclaration,
    Template,
    setting,
    walk,
)
from adalang.language.diagnostics import did_you_mean
from adalang.language.program import Entity, Program
from adalang.language.reach import reached, statement_expressions
from adalang.language.text import Edit, Span

_ENDS = ("endfor", "endif", "endset", "endfilter", "endmacro", "endcall", "endwith", "endraw")
_TAGS = ("for", "if", "elif", "else", "set", "filter", "macro", "call", "with", "raw", *_ENDS)
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_DEEPEST = 4
"""How many tags that were never closed are closed at once."""


def _prompt(broken: Broken) -> Prompt | None:
    declaration = broken.item.declaration if broken.item is not None else None
    return declaration if isinstance(declaration, PromptDeclaration | AgentDeclaration) else None


def message(broken: Broken) -> Iterator[Mend]:
    """A message that shows all params and inputs."""
    prompt = _prompt(broken)
    if prompt is None or is_short(prompt):
        return
    names = [*(one.name.text for one in prompt.params), *(one.name.text for one in prompt.parameters)]
    shown = " ".join(f"{{{{ {name} }}}}" for name in names if name)
    parts = [*(one.span for one in prompt.settings), *(one.span for one in prompt.params)]
    last = max([*parts, *(one.span for one in prompt.demos)], default=None)
    body, after = prompt.body.shifted(broken.start), last.shifted(broken.start) if last is not None else None
    yield broken.mend("Add a `user` message", entry(broken.source, body, after, f'user = """{shown or "…"}"""'))


# ---- what no message shows


def unused_input(broken: Broken) -> Iterator[Mend]:
    prompt, parameter = _prompt(broken), broken.part(Parameter)
    if parameter is None or broken.item is None:
        return
    if prompt is not None and prompt.messages:
        yield from _shown_last(broken, prompt, parameter.name.text)
    entity = broken.program.entity(broken.module, broken.item)
    if not any(_gives(one, entity) for one in (broken.program, *broken.known)):
        place = parameter.span.shifted(broken.start)
        yield broken.mend(f"Remove the input `{broken.word}`", removal(broken.source, place))


def _gives(program: Program, entity: Entity, *, rows: bool = False) -> bool:
    """Whether something calls the component, names its inputs, or has examples for them; with ``rows`` also whether an eval
    gives it inputs by their names."""
    if getattr(entity.declaration, "demos", ()):
        return True
    for module in program.modules.values():
        for item in module.items:
            declaration = item.declaration
            if isinstance(declaration, EvalDeclaration):
                target = program.resolve_expression(declaration.target, module)
                is_named = rows or setting(declaration.settings, "inputs") is not None
                if is_named and target is not None and target.item is entity.item:
                    return True
            values = [one.value for one in getattr(declaration, "settings", ())]
            if declaration.kind == "pipeline":
                values += statement_expressions(declaration.body)
            for value in values:
                for part in walk(value):
                    if isinstance(part, CallExpression):
                        called = program.resolve_expression(part.function, module)
                        if called is not None and called.item is entity.item:
                            return True
    return False


def _shown_last(broken: Broken, prompt: Prompt, name: str) -> Iterator[Mend]:
    """The input at the end of the last message that is the user's."""
    number = max((n for n, one in enumerate(prompt.messages) if one.role == "user"), default=len(prompt.messages) - 1)
    value = prompt.messages[number].template.text.value
    yield from _rewritten(broken, prompt, number, f"{value}{_gap(value)}{{{{ {name} }}}}", name)


def unused_param(broken: Broken) -> Iterator[Mend]:
    prompt, param = _prompt(broken), broken.part(Param)
    if prompt is None or param is None:
        return
    if prompt.messages:
        number = next((n for n, one in enumerate(prompt.messages) if one.role == "system"), 0)
        value = prompt.messages[number].template.text.value
        yield from _rewritten(broken, prompt, number, f"{{{{ {broken.word} }}}}{_gap(value)}{value}", broken.word)
    named = any(
        use.part == param.name.text and use.entity.item is broken.item
        for one in (broken.program, *broken.known)
        for use in uses(one, one.root, prompt.name.text)
    )
    if not named:
        place = param.span.shifted(broken.start)
        yield broken.mend(f"Remove the param `{broken.word}`", removal(broken.source, place))


def _gap(value: str) -> str:
    return "\n" if "\n" in value else " " if value else ""


def _rewritten(broken: Broken, prompt: Prompt, number: int, value: str, name: str) -> Iterator[Mend]:
    item = broken.item
    edits = with_messages(broken.source, item, prompt, {number: value}) if item is not None else None
    if edits:
        yield broken.mend(f"Show `{name}` in the {prompt.messages[number].role} message", *edits)


def placeholder_in_param(broken: Broken) -> Iterator[Mend]:
    """The text as a part of the messages, where its tags are read, and no param any more."""
    prompt = _prompt(broken)
    own = [one for one in prompt.params if one.span.start <= broken.local.start < one.span.end] if prompt else []
    if prompt is None or broken.item is None or not own:
        return
    name, text = own[0].name.text, own[0].text
    values: dict[int, str] = {}
    for number, one in enumerate(prompt.messages):
        if any(use.name == name for use in templates.uses(one.template)):
            value = put_in(one.template, name, text)
            meaning = templates.meaning(value) if value is not None else None
            if value is None or meaning is None or meaning.fault is not None or not _sees(broken, meaning.undeclared):
                return
            values[number] = value
    edits = with_messages(broken.source, broken.item, prompt, values)
    if values and edits is not None:
        gone = removal(broken.source, own[0].span.shifted(broken.start))
        yield broken.mend(f"Write `{name}` out in the messages", *edits, gone)


def _sees(broken: Broken, names: frozenset[str]) -> bool:
    shared = {name for name, item in broken.module.names.items() if item.declaration.kind == "param"}
    own = {name for name, _ in broken.locals()}
    return names <= shared | own | set(broken.program.imported(broken.module))


# ---- tags


def missing_input(broken: Broken) -> Iterator[Mend]:
    """The input that the template asks for, as a list or an object where it is used as one. Who gives the inputs has to give
    one more then, and so nobody may."""
    prompt, name = _prompt(broken), broken.word
    if prompt is None or broken.item is None:
        return
    if not any(use.span == broken.local for one in prompt.messages for use in templates.uses(one.template)):
        return
    entity = broken.program.entity(broken.module, broken.item)
    is_given = any(_gives(one, entity, rows=True) for one in (broken.program, *broken.known))
    for declared in (_type_of_use(prompt, name), "str"):
        if declared:
            edit = _input(broken, prompt, f"{name}: {declared}")
            mend = broken.mend(f"Add the input `{name}: {declared}`", edit)
            yield replace(mend, preferred=not is_given)
            is_given = True


def _type_of_use(prompt: Prompt, name: str) -> str:
    """The list or the object that the messages take a name for; empty when it is neither."""
    fields: dict[str, None] = {}
    is_list = False
    for one in prompt.messages:
        for use in templates.uses(one.template):
            if use.name == name:
                fields |= dict.fromkeys(field for field, _ in use.fields[:1])
        for tag in one.template.tags:
            words = [token.text for token in tag.tokens]
            is_list = is_list or (words[:1] == ["for"] and words[-2:] == ["in", name])
    return f"{{ {', '.join(f'{one}: str' for one in fields)} }}" if fields else "str[]" if is_list else ""


def _input(broken: Broken, prompt: Prompt, text: str) -> Edit:
    if prompt.parameters:
        at = broken.start + prompt.parameters[-1].span.end
        return Edit(Span(at, at), f", {text}")
    at = broken.source.data.find(b"(", broken.start + prompt.name.span.end) + 1
    return Edit(Span(at, at), text)


def jinja(broken: Broken) -> Iterator[Mend]:
    """The tags that close what is open, or the tag that was meant."""
    prompt = _prompt(broken)
    inside = broken.local.start
    template = (
        next((one.template for one in prompt.messages if one.template.span.contains(inside)), None) if prompt else None
    )
    if template is None:
        return
    value = template.text.value
    closing = _closing(value, _DEEPEST)
    if closing:
        gap = "\n" if "\n" in value else ""
        tags = "".join(f"{gap}{{% {one} %}}" for one in closing)
        edit = rewritten(broken.source, broken.start, template.text, value + tags)
        if edit is not None:
            yield broken.mend(f"Add {' '.join(f'{{% {one} %}}' for one in closing)}", edit)
        return
    yield from _meant_tag(broken, template)


def _closing(value: str, most: int) -> list[str]:
    """The end tags, innermost first, that make the template whole; empty when none do."""
    for end in _ENDS if most else ():
        longer = f"{value}{{% {end} %}}"
        fault = templates.meaning(longer).fault
        if fault is None:
            return [end]
        if "Unexpected end of template" in fault.message and f"'{end}'" in (_fault(value) or ""):
            rest = _closing(longer, most - 1)
            if rest:
                return [end, *rest]
    return []


def _fault(value: str) -> str | None:
    fault = templates.meaning(value).fault
    return fault.message if fault is not None else None


def _meant_tag(broken: Broken, template: Template) -> Iterator[Mend]:
    value = template.text.value
    for tag in template.tags:
        if tag.kind == "statement" and tag.tokens and tag.tokens[0].text not in _TAGS:
            word = tag.tokens[0]
            meant = {"elseif": "elif", "elsif": "elif"}.get(word.text) or did_you_mean(word.text, _TAGS)
            low, high = tag_range(template, tag)
            if meant is None:
                continue
            mended = value[:low] + value[low:high].replace(word.text, meant, 1) + value[high:]
            if templates.meaning(mended).fault is None:
                yield broken.replaced(meant, word.span)


# ---- nothing to optimize


def trainable_part(broken: Broken) -> Iterator[Mend]:
    """The plain text of the first prompt that is reached as a param; room for examples."""
    declaration = broken.item.declaration if broken.item is not None else None
    if not isinstance(declaration, OptimizeDeclaration):
        return
    of = broken.program.resolve_expression(declaration.target, broken.module)
    target = (
        broken.program.resolve_expression(of.declaration.target, of.module)
        if of is not None and isinstance(of.declaration, EvalDeclaration)
        else None
    )
    for entity in reached(broken.program, target) if target is not None else ():
        prompt = entity.declaration
        if isinstance(prompt, PromptDeclaration | AgentDeclaration) and entity.module.path == broken.module.path:
            yield from _made_trainable(broken, entity, prompt)
            return


def _made_trainable(broken: Broken, entity: Entity, prompt: Prompt) -> Iterator[Mend]:
    taken = file_names(broken.program, broken.module) | local_names(entity.item.declaration)
    selected = Selection(broken.program, Span(0, 0), broken.facts)
    for number, one in enumerate(prompt.messages):
        stretch = _longest_plain(one.template)
        name = unique("instruction", taken)
        edits = extract_param.edits(selected, entity.item, prompt, number, stretch, name) if stretch else None
        if isinstance(edits, list):
            yield broken.mend(f"Make the text of `{prompt.name.text}` the param `{name}`", *edits)
            break
    if not is_short(prompt):
        name = unique("examples", taken)
        after = max((one.span for one in prompt.settings), default=None)
        place = after.shifted(entity.item.start) if after is not None else None
        body = prompt.body.shifted(entity.item.start)
        edit = entry(broken.source, body, place, f"demos {name} {{ max = 4 }}")
        yield broken.mend(f"Give `{prompt.name.text}` room for examples", edit)


def _longest_plain(template: Template) -> tuple[int, int] | None:
    """The longest stretch of text without tags, white space at its ends left out."""
    value = template.text.value
    code = [tag_range(template, tag) for tag in template.tags]
    code = sorted([*code, *(found.span() for found in _COMMENT.finditer(value))])
    edges = [0, *(edge for one in code for edge in one), len(value)]
    stretches = []
    for low, high in zip(edges[::2], edges[1::2], strict=True):
        part = value[low:high]
        stretches.append((low + len(part) - len(part.lstrip()), high - len(part) + len(part.rstrip())))
    best = max(stretches, key=lambda one: one[1] - one[0])
    return best if best[0] < best[1] else None
