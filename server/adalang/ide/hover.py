"""Hover: what the word at the cursor means, and what follows from it, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adalang.ide import hovers
from adalang.ide.hovers import ModelDefault
from adalang.ide.meaning import Meaning, meaning_at
from adalang.ide.occurrences import Site, at
from adalang.ide.slots import FieldName, Literal, Occurrence, PartName, SettingName
from adalang.ide.words import MESSAGES
from adalang.language.checks import NO_FACTS, Facts
from adalang.language.declarations import COMPONENT_KINDS, AgentDeclaration, PromptDeclaration
from adalang.language.program import Program
from adalang.language.text import Span

__all__ = ["Hover", "ModelDefault", "hover"]


@dataclass(frozen=True, slots=True)
class Hover:
    span: Span
    markdown: str


def hover(
    program: Program,
    offset: int,
    facts: Facts = NO_FACTS,
    scores: Mapping[str, str] | None = None,
    default: ModelDefault | None = None,
) -> Hover | None:
    """The explanation of the word at byte ``offset`` of the root file.

    ``scores`` are the last scores of the file's evals by the evals' names, ready to be shown; ``default`` is the workspace's
    model for components that name none, as far as it is known.
    """
    item = program.root.item_at(offset)
    if item is None:
        return None
    site = Site(program, program.root, item, facts)
    meaning = meaning_at(program, offset, facts) or _role(site, offset)
    touched = at(site, offset)
    if meaning is None:
        return _text_alone(site, touched)
    code = f"```adal\n{meaning.title}\n```"
    parts = [code, meaning.doc, *_further(site, meaning, touched, scores or {}, default)]
    return Hover(meaning.span, "\n\n".join(part for part in parts if part))


def _further(
    site: Site,
    meaning: Meaning,
    touched: Occurrence | None,
    scores: Mapping[str, str],
    default: ModelDefault | None,
) -> Iterator[str]:
    """What follows from it: by the kind of the declaration that is meant, and by the place where it is named."""
    entity, program = meaning.entity, site.program
    if entity is not None:
        if isinstance(entity.declaration, PromptDeclaration | AgentDeclaration):
            yield from hovers.of_prompt(program, entity, site.facts, default)
        if entity.kind in COMPONENT_KINDS:
            yield from hovers.scores_of_component(program, entity, scores)
        match entity.kind:
            case "model":
                yield from hovers.of_model(program, entity)
            case "dataset":
                yield from hovers.of_dataset(entity, site.facts)
            case "eval":
                yield from hovers.of_eval(entity, scores)
            case "param":
                yield hovers.tokens_of_param(entity)
            case _:
                pass
    match touched.slot if touched is not None else None:
        case SettingName(kind=kind) if touched is not None:
            yield hovers.of_setting(kind, touched.text)
        case FieldName(of=data) if touched is not None and data is not None and data.kind == "dataset":
            yield hovers.of_column(data, touched.text, site.facts)
        case PartName(local=local) if touched is not None and local.what == "param":
            yield hovers.tokens_of_own_param(site.item.declaration, touched.text)
        case Literal(what="import" | "file" as what) if meaning.place is not None:
            yield from hovers.of_file(program, meaning.place.path, what, site.facts)
        case _:
            pass
    if entity is None and meaning.title.startswith("import ") and meaning.place is not None:
        yield from hovers.of_file(program, meaning.place.path, "import", site.facts)


def _role(site: Site, offset: int) -> Meaning | None:
    """The word before a message's text."""
    local = offset - site.item.start
    declaration = site.item.declaration
    for message in declaration.messages if isinstance(declaration, PromptDeclaration | AgentDeclaration) else ():
        word = Span(message.span.start, message.span.start + len(message.role))
        written = site.module.source.slice(word.shifted(site.item.start)) == message.role
        if written and word.contains(local):
            doc = f"{MESSAGES[message.role]}\n\n{hovers.tokens_of_message(message)}"
            return Meaning(word.shifted(site.item.start), f"(message) {message.role}", doc)
    return None


def _text_alone(site: Site, touched: Occurrence | None) -> Hover | None:
    """A text that names a function of a Python file."""
    if touched is None or not isinstance(touched.slot, Literal) or touched.slot.what != "python":
        return None
    said = hovers.of_python(site.module.path.parent, touched.text, site.facts)
    return Hover(touched.span.shifted(site.item.start), said) if said else None
