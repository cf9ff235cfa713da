"""Fixes for pipelines: arms and results that are missing, lines that are never reached, names that are bound twice."""

from __future__ import annotations

import json
from collections.abc import Iterator

from adalang.ide.fixes.broken import Broken, Mend
from adalang.ide.occurrences import Site, occurrences
from adalang.ide.placeholders import written
from adalang.ide.placement import entry, removal, unique
from adalang.ide.refactorings.names import file_names, local_names
from adalang.ide.slots import Value
from adalang.language.declarations import (
    Arm,
    Binary,
    Binding,
    Match,
    PipelineDeclaration,
    Repeat,
    Return,
    Statement,
    Text,
)
from adalang.language.diagnostics import did_you_mean
from adalang.language.text import Edit, Span
from adalang.language.types import BOOL, Labels, OptionalOf, Type, fits


def arms(broken: Broken) -> Iterator[Mend]:
    """The arms that a match leaves out, or one for all the rest."""
    match = broken.part(Match)
    if match is None or not match.arms:
        return
    value = written(broken.type_of(match.arms[0].value))
    covered = {
        json.dumps(one.value, ensure_ascii=False) for arm in match.arms for one in arm.patterns if not _is_rest(one)
    }
    cases = _cases(broken.type_of(match.subject)) or []
    missing = [one for one in cases if one not in covered]
    if missing:
        title = "Add the missing arms" if len(missing) > 1 else f"Add the arm {missing[0]}"
        yield broken.mend(title, _added(broken, match, [f"{one} => {value}" for one in missing]))
    yield broken.mend("Add an arm for all the rest", _added(broken, match, [f"_ => {value}"]))


def _is_rest(pattern: object) -> bool:
    return not hasattr(pattern, "value")


def _added(broken: Broken, match: Match, new: list[str]) -> Edit:
    start = broken.source.data.find(b"{", broken.start + match.subject.span.end)
    body = Span(start, broken.start + match.span.end)
    edits = [entry(broken.source, body, match.arms[-1].span.shifted(broken.start), one) for one in new]
    return Edit(edits[0].span, "".join(edit.text for edit in edits))


def _cases(subject: Type) -> list[str] | None:
    """All values of a type as they are written; ``None`` where there is no end of them."""
    match subject:
        case Labels(labels=labels):
            return [json.dumps(one, ensure_ascii=False) for one in labels]
        case OptionalOf(item=inner):
            found = _cases(inner)
            return [*found, "null"] if found is not None else None
        case _:
            return ["true", "false"] if subject == BOOL else None


def unreachable(broken: Broken) -> Iterator[Mend]:
    """What stands behind a `return`, or an arm that another one comes before."""
    arm = broken.holder(Arm)
    if arm is not None:
        part = arm if len(arm.patterns) == 1 else broken.part(object)
        place = part.span.shifted(broken.start)
        yield broken.mend("Remove the arm that is never reached", removal(broken.source, place))
        return
    first = broken.part(Binding, Repeat, Return)
    if first is not None and broken.item is not None:
        declaration = broken.item.declaration
        body = declaration.body if isinstance(declaration, PipelineDeclaration) else ()
        last = _last_of_block(body, first)
        if last is not None:
            place = Span(first.span.start, last.span.end).shifted(broken.start)
            yield broken.mend("Remove what is never reached", removal(broken.source, place))


def _last_of_block(body: tuple[Statement, ...], wanted: Statement) -> Statement | None:
    for one in body:
        if one is wanted:
            return body[-1]
        found = _last_of_block(one.body, wanted) if isinstance(one, Repeat) else None
        if found is not None:
            return found
    return None


def result(broken: Broken) -> Iterator[Mend]:
    """Give back what was bound last."""
    declaration = broken.item.declaration if broken.item is not None else None
    if not isinstance(declaration, PipelineDeclaration) or not declaration.body:
        return
    returns = broken.program.type_of(declaration.returns, broken.module)
    types = {name: local.type for name, local in broken.locals()}
    last = declaration.body[-1]
    bound = [one.name.text for one in declaration.body if isinstance(one, Binding)]
    fitting = [name for name in bound if name in types and fits(types[name], returns)]
    if fitting:
        body, after = declaration.body_span.shifted(broken.start), last.span.shifted(broken.start)
        text = f"return {fitting[-1]}"
        yield broken.mend(f"Add `{text}`", entry(broken.source, body, after, text, sign=""))


def bound_twice(broken: Broken) -> Iterator[Mend]:
    """The second value gets a name of its own; what reads the name behind it means that value."""
    item, binding = broken.item, broken.part(Binding)
    if item is None or binding is None:
        return
    name = broken.word
    taken = file_names(broken.program, broken.module) | local_names(item.declaration)
    new = unique(name, taken)
    later = [
        one.span
        for one in occurrences(Site(broken.program, broken.module, item, broken.facts))
        if isinstance(one.slot, Value) and one.text == name and one.span.start >= binding.span.end
    ]
    edits = [Edit(span.shifted(item.start), new) for span in dict.fromkeys(later)]
    yield broken.mend(f"Call this one `{new}`", Edit(broken.span, new), *edits)


def compared_label(broken: Broken) -> Iterator[Mend]:
    """The label that a text was compared for."""
    found = broken.part(Binary)
    if found is None:
        return
    for text, other in ((found.right, found.left), (found.left, found.right)):
        if isinstance(text, Text) and not isinstance(other, Text):
            declared = broken.type_of(other)
            declared = declared.item if isinstance(declared, OptionalOf) else declared
            meant = did_you_mean(text.value, declared.labels) if isinstance(declared, Labels) else None
            if meant:
                yield broken.replaced(json.dumps(meant, ensure_ascii=False), text.span)
