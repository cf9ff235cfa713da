"""Components, models and evals: which model answers and why, how long the text is, what a call costs, how good it was."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adalang.ide.examples import example_inputs
from adalang.ide.meaning import about_model, target_of
from adalang.ide.token_count import count_template_tokens, count_tokens
from adalang.ide.words import DEFAULTS
from adalang.language import templates
from adalang.language.checks import Facts
from adalang.language.declarations import (
    AgentDeclaration,
    CallExpression,
    Constant,
    Declaration,
    Message,
    ParamDeclaration,
    PromptDeclaration,
    setting,
)
from adalang.language.model_choice import ModelChoice, Option, Unresolved, choose, choose_named
from adalang.language.models import ABILITIES, known_models, price
from adalang.language.program import Entity, Program
from adalang.language.reach import shared_params

_SECRET = frozenset({"api_key", "headers"})


@dataclass(frozen=True, slots=True)
class ModelDefault:
    """The model of components that name none: its id, or a declared model's name, and where that is set ("adalang.toml")."""

    name: str
    source: str


def of_prompt(program: Program, entity: Entity, facts: Facts, default: ModelDefault | None) -> Iterator[str]:
    """The model with the origin of each of its options, the tokens of a call, and what they cost."""
    choice, why = _model(program, entity, default)
    if choice is None:
        yield f"**Model** {why}"
        yield _tokens(program, entity, facts, "", None)[0]
        return
    name = f"`{choice.id}`" if choice.id else "from the environment"
    about = "; ".join(part for part in (about_model(choice.id), _abilities(choice.id)) if part)
    yield f"**Model** {name}, {why}" + (f"  \n{about}" if about else "")
    yield _options(choice)
    yield from _tokens(program, entity, facts, choice.id, _number(choice, "max_tokens"))


def of_model(program: Program, entity: Entity) -> Iterator[str]:
    """What a declared model comes to, where it builds on another one."""
    try:
        choice = choose_named(program, entity.id, program.root)
    except Unresolved as error:
        yield f"No model: {error}."
        return
    if choice is None:
        return
    abilities = _abilities(choice.id)
    if len(choice.chain) > 1:
        path = ", ".join(f"`{one.id}`" for one in choice.chain[1:])
        yield f"`{choice.id or 'env(…)'}`, by way of {path}  \n{about_model(choice.id)}".rstrip()
    if abilities:
        yield abilities
    yield _options(choice)


def scores_of_component(program: Program, entity: Entity, scores: Mapping[str, str]) -> Iterator[str]:
    """The last score of each eval of the component."""
    lines = []
    for one in program.entities("eval"):
        if one.id in scores:
            target = target_of(program, one)
            if target is not None and target.id == entity.id:
                lines.append(f"- `{one.id}`: {scores[one.id]}")
    if lines:
        yield "**Scores**\n\n" + "\n".join(lines)


def of_eval(entity: Entity, scores: Mapping[str, str]) -> Iterator[str]:
    if entity.id in scores:
        yield f"**Score** {scores[entity.id]}"


def tokens_of_param(entity: Entity) -> str:
    declaration = entity.declaration
    assert isinstance(declaration, ParamDeclaration)
    return _about(count_tokens(declaration.param.text))


def tokens_of_own_param(declaration: Declaration, name: str) -> str:
    """The tokens of the param of that name in a prompt's body."""
    if not isinstance(declaration, PromptDeclaration | AgentDeclaration):
        return ""
    return next((_about(count_tokens(one.text)) for one in declaration.params if one.name.text == name), "")


# ---- models


def _model(program: Program, entity: Entity, default: ModelDefault | None) -> tuple[ModelChoice | None, str]:
    """The model that answers, and why it is that one; without a model why there is none."""
    declaration = entity.declaration
    assert isinstance(declaration, PromptDeclaration | AgentDeclaration)
    named = setting(declaration.settings, "model")
    try:
        if named is not None:
            choice = choose(program, named.value, entity.module)
            source = f"from `model {choice.chain[0].id}`" if choice.chain else "named here"
            return choice, source
        if default is None:
            return None, "the workspace's default"
        found = choose_named(program, default.name, program.root)
        return found or ModelChoice(default.name, program.root), f"the default of {default.source}"
    except Unresolved as error:
        return None, f"none: {error}"


def _options(choice: ModelChoice) -> str:
    """A line for each option with where it comes from; what holds by default at the end."""
    lines = [f"- `{name} = {_written(name, one)}` from `model {one.owner.id}`" for name, one in choice.options.items()]
    lines += [
        f"- `{name} = {value}` by default"
        for (kind, name), value in DEFAULTS.items()
        if kind == "model" and name not in choice.options
    ]
    return "\n".join(lines)


def _written(name: str, option: Option) -> str:
    """The value as it stands in its file; of a key only the name of its variable."""
    if name in _SECRET and not isinstance(option.value, CallExpression):
        return "…"
    text = option.owner.module.source.slice(option.value.span.shifted(option.owner.item.start))
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:59] + "…"


def _abilities(model_id: str) -> str:
    known = known_models().get(model_id)
    if known is None:
        return ""
    words = [word for letter, word in ABILITIES.items() if letter in known.can]
    if known.answer_window:
        words.append(f"answers of up to {known.answer_window:,} tokens")
    return ", ".join(words)


def _number(choice: ModelChoice, name: str) -> int | None:
    option = choice.options.get(name)
    value = option.value.value if option is not None and isinstance(option.value, Constant) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


# ---- tokens and prices


def _tokens(program: Program, entity: Entity, facts: Facts, model_id: str, most: int | None) -> list[str]:
    own = _own_tokens(program, entity)
    example = example_inputs(program, entity, facts) or {}
    given = sum(count_tokens(str(value)) for value in example.values())
    lines = [
        f"**Tokens** about {own:,} of its own text" + (f", {given:,} of the first example's inputs" if given else "")
    ]
    prices = price(model_id) if model_id else None
    if prices is not None and any(prices):
        sent, each = 1000 * (own + given) * prices[0], prices[1]
        assumed = "" if given else ", inputs not counted"
        answers = f"answers add ${each * 1e6:g} per million tokens"
        most_usd = f", at most ${_usd(1000 * most * each)}" if most else ""
        lines.append(f"**Price** about ${_usd(sent)} for what 1,000 calls send{assumed}; {answers}{most_usd}")
    return lines


def _usd(amount: float) -> str:
    """Two digits that count, never as a power of ten."""
    digits = 2 if amount >= 1 or amount <= 0 else 1 - math.floor(math.log10(amount))
    return f"{amount:.{digits}f}"


def _own_tokens(program: Program, entity: Entity) -> int:
    """What a call sends but for its inputs: messages, the params that they show, and demos."""
    declaration = entity.declaration
    assert isinstance(declaration, PromptDeclaration | AgentDeclaration)
    shown = {use.name for message in declaration.messages for use in templates.uses(message.template)}
    texts = [one.text for one in declaration.params if one.name.text in shown]
    for shared in shared_params(program, entity):
        assert isinstance(shared.declaration, ParamDeclaration)
        texts.append(shared.declaration.param.text)
    for demos in declaration.demos:
        if demos.value is not None:
            texts.append(entity.module.source.slice(demos.value.span.shifted(entity.item.start)))
    tokens = sum(count_template_tokens(one.template.text.value) for one in declaration.messages)
    return tokens + sum(count_tokens(one) for one in texts)


def tokens_of_message(message: Message) -> str:
    return f"{_about(count_template_tokens(message.template.text.value))} without what its tags put in."


def _about(tokens: int) -> str:
    return f"About {tokens:,} token{'' if tokens == 1 else 's'}"
