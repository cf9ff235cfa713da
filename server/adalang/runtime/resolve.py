"""From model declarations to what the gateway is asked for: ids, options, secrets from the environment, fallbacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from adalang.language.declarations import (
    CallExpression,
    Constant,
    Expression,
    ListExpression,
    ModelDeclaration,
    ObjectExpression,
    Setting,
    Text,
    dotted,
)
from adalang.language.program import Entity, Module, Program
from adalang.runtime.failures import BugFailure
from adalang.runtime.models.types import ModelSpec

_OWN_SETTINGS = frozenset({"fallback", "retries", "timeout"})
_SECRET_SETTINGS = frozenset({"api_key", "headers"})


@dataclass(frozen=True)
class Models:
    """Resolves models of one program. ``default`` is the workspace's; ``chosen`` replaces a component's (``--model``)."""

    program: Program
    default: str
    environment: Mapping[str, str] = field(repr=False)
    chosen: Mapping[str, str] = field(default_factory=dict)

    def of_setting(self, owner: Entity, found: Setting | None) -> ModelSpec:
        """The model of a component whose ``model`` setting is ``found``.

        Raises:
            BugFailure: the model is not declared, or needs an environment variable that is not set.
        """
        if owner.id in self.chosen:
            return self.named(self.chosen[owner.id], owner.module)
        return self.default_model() if found is None else self._of(found.value, owner.module, ())

    def default_model(self) -> ModelSpec:
        if self.default.startswith("replay/"):  # from the workspace's settings: the gateway looks in its root
            return ModelSpec(self.default)
        return self.named(self.default, self.program.root)

    def named(self, name: str, module: Module) -> ModelSpec:
        """A declared model by its name, or any ``provider/model``."""
        entity = self.program.resolve(name, module) or self.program.resolve(name)
        if entity is not None and isinstance(entity.declaration, ModelDeclaration):
            return self._declared(entity, ())
        provider, slash, rest = name.partition("/")
        if not slash:
            raise BugFailure(f"no model is called `{name}`: declare it, or write provider/model")
        if provider == "replay":  # a file beside the program, as all paths in it
            return ModelSpec(f"replay/{module.path.parent / rest}")
        return ModelSpec(name)

    def _of(self, value: Expression, module: Module, within: tuple[str, ...]) -> ModelSpec:
        if isinstance(value, Text):
            return self.named(value.value, module)
        if isinstance(value, CallExpression):
            return self.named(self._value(value, module, "model"), module)
        entity = self.program.resolve_expression(value, module)
        if entity is None or not isinstance(entity.declaration, ModelDeclaration):
            raise BugFailure(f"`{dotted(value) or '…'}` is no declared model")
        return self._declared(entity, within)

    def _declared(self, entity: Entity, within: tuple[str, ...]) -> ModelSpec:
        declaration = entity.declaration
        assert isinstance(declaration, ModelDeclaration)
        if entity.id in within:
            raise BugFailure(f"the models {' -> '.join((*within, entity.id))} fall back on each other in a circle")
        base = self._of(declaration.value, entity.module, (*within, entity.id))
        options: dict[str, Any] = dict(base.options)
        secrets: dict[str, Any] = dict(base.secrets)
        spec = base
        for one in declaration.settings:
            name = one.name.text
            if name == "fallback":
                items = one.value.items if isinstance(one.value, ListExpression) else (one.value,)
                fallback = tuple(self._of(item, entity.module, (*within, entity.id)) for item in items)
                spec = replace(spec, fallback=fallback)
                continue
            value = self._value(one.value, entity.module, name)
            if name == "retries":
                spec = replace(spec, retries=int(value))
            elif name == "timeout":
                spec = replace(spec, timeout=float(value))
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
