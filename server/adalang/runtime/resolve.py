"""From model declarations to what the gateway is asked for: ids, options, secrets from the environment, fallbacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from adalang.language.declarations import (
    AgentDeclaration,
    CallExpression,
    Constant,
    Expression,
    ListExpression,
    ObjectExpression,
    PromptDeclaration,
    Setting,
    Text,
    dotted,
    setting,
)
from adalang.language.model_choice import ModelChoice, Unresolved, choose, choose_named
from adalang.language.program import Entity, Module, Program
from adalang.runtime.failures import BugFailure
from adalang.runtime.models.types import ModelSpec

_SECRET_SETTINGS = frozenset({"api_key", "headers"})


@dataclass(frozen=True)
class Models:
    """Resolves models of one program.

    ``default`` is the workspace's; ``chosen`` replaces a component's by a name (``--model``), ``instead`` by a model that is
    resolved already (an optimizer's teacher).
    """

    program: Program
    default: str
    environment: Mapping[str, str] = field(repr=False)
    chosen: Mapping[str, str] = field(default_factory=dict)
    instead: Mapping[str, ModelSpec] = field(default_factory=dict)
    _resolved: dict[tuple[str, int], ModelSpec] = field(default_factory=dict, init=False, repr=False, compare=False)

    def of_setting(self, owner: Entity, found: Setting | None) -> ModelSpec:
        """The model of a component whose ``model`` setting is ``found``.

        Raises:
            BugFailure: the model is not declared, or needs an environment variable that is not set.
        """
        # The program holds its settings, so that no other one gets the same identity.
        key = owner.id, id(found)
        if key not in self._resolved:
            self._resolved[key] = self._of_setting(owner, found)
        return self._resolved[key]

    def _of_setting(self, owner: Entity, found: Setting | None) -> ModelSpec:
        if owner.id in self.instead:
            return self.instead[owner.id]
        if owner.id in self.chosen:
            return self.named(self.chosen[owner.id], owner.module)
        return self.default_model() if found is None else self._of(found.value, owner.module, ())

    def of_prompts(self, components: Iterable[Entity]) -> list[ModelSpec]:
        """The models of the prompts and agents among components, in their order; raises what :meth:`of_setting` does."""
        prompts = [(one, one.declaration) for one in components]
        return [
            self.of_setting(one, setting(declaration.settings, "model"))
            for one, declaration in prompts
            if isinstance(declaration, PromptDeclaration | AgentDeclaration)
        ]

    def of_value(self, value: Expression, module: Module) -> ModelSpec:
        """The model that a value means, whatever was chosen instead of a component's; raises what :meth:`of_setting` does."""
        return self._of(value, module, ())

    def default_model(self) -> ModelSpec:
        if self.default.startswith("replay/"):  # from the workspace's settings: the gateway looks in its root
            return ModelSpec(self.default)
        return self.named(self.default, self.program.root)

    def named(self, name: str, module: Module) -> ModelSpec:
        """A declared model by its name, or any ``provider/model``."""
        return self._named(name, module, ())

    def _named(self, name: str, module: Module, within: tuple[str, ...]) -> ModelSpec:
        with _told():
            choice = choose_named(self.program, name, module)
        if choice is not None:
            return self._chosen(choice, within)
        provider, slash, rest = name.partition("/")
        if not slash:
            raise BugFailure(f"no model is called `{name}`: declare it, or write provider/model")
        if provider == "replay":  # a file beside the program, as all paths in it
            return ModelSpec(f"replay/{module.path.parent / rest}")
        return ModelSpec(name)

    def _of(self, value: Expression, module: Module, within: tuple[str, ...]) -> ModelSpec:
        with _told():
            choice = choose(self.program, value, module)
        return self._chosen(choice, within)

    def _chosen(self, choice: ModelChoice, within: tuple[str, ...]) -> ModelSpec:
        """``within`` are the declarations whose fallbacks have led here."""
        if choice.chain:
            if choice.chain[0].id in within:
                circle = " -> ".join((*within, choice.chain[0].id))
                raise BugFailure(f"the models {circle} fall back on each other in a circle")
            within = (*within, choice.chain[0].id)
        model_id = self._value(choice.call, choice.module, "model") if choice.call is not None else choice.id
        spec = self._named(model_id, choice.module, within)
        options: dict[str, Any] = dict(spec.options)
        secrets: dict[str, Any] = dict(spec.secrets)
        for name, option in choice.options.items():
            module = option.owner.module
            if name == "fallback":
                items = option.value.items if isinstance(option.value, ListExpression) else (option.value,)
                fallback = tuple(self._of(one, module, within) for one in items)
                spec = replace(spec, fallback=fallback)
                continue
            value = self._value(option.value, module, name)
            if name == "retries":
                spec = replace(spec, retries=int(value))
            elif name == "timeout":
                spec = replace(spec, timeout=float(value))
            elif name == "rpm":
                spec = replace(spec, rpm=int(value))
            elif name == "tpm":
                spec = replace(spec, tpm=int(value))
            elif name == "window":
                spec = replace(spec, window=int(value))
            elif name in _SECRET_SETTINGS:
                secrets[name] = value
            else:
                options[name] = value
        return replace(spec, options=options, secrets=secrets)

    def _value(self, expression: Expression, module: Module, name: str) -> Any:
        match expression:
            case Text(value=value) | Constant(value=value):
                return value
            case ListExpression(items=items):
                return [self._value(one, module, name) for one in items]
            case ObjectExpression(pairs=pairs):
                return {pair.name.text: self._value(pair.value, module, name) for pair in pairs}
            case CallExpression(arguments=arguments) if dotted(expression.function) == "env" and arguments:
                variable = arguments[0].value.value if isinstance(arguments[0].value, Text) else ""
                found = self.environment.get(str(variable))
                if not found:
                    raise BugFailure(
                        f"the setting `{name}` needs the environment variable {variable}, which is not set"
                    )
                return found
            case _:
                raise BugFailure(f"the setting `{name}` has no value before a run")


@contextmanager
def _told() -> Iterator[None]:
    """What means no model is the program's mistake."""
    try:
        yield
    except Unresolved as error:
        raise BugFailure(str(error)) from error
