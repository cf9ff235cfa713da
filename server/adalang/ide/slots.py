"""Slots: what a place in a declaration asks for, where something is named there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adalang.language.declarations import Template
from adalang.language.program import Entity, Module
from adalang.language.text import Span
from adalang.language.types import UNKNOWN, Type


@dataclass(frozen=True, slots=True)
class Local:
    """A name that is known inside one declaration only. ``span`` (in its declaration) is where it comes from; ``of`` is
    the data set whose row it is, or the pipeline whose steps."""

    type: Type
    what: str
    span: Span | None = None
    doc: str = ""
    of: Entity | None = None


Locals = Mapping[str, Local]


@dataclass(frozen=True, slots=True)
class DeclarationName:
    """The name that a declaration gives itself."""


@dataclass(frozen=True, slots=True)
class PartName:
    """The name of an input, a param, demos or a binding where it is declared."""

    local: Local


@dataclass(frozen=True, slots=True)
class SettingName:
    """The name of a setting of ``kind`` ("prompt", "demos", "split", "budget", ...); ``given`` ones stand there already."""

    kind: str
    given: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TypeName:
    pass


@dataclass(frozen=True, slots=True)
class Value:
    """An expression. ``wanted`` is the setting's value kind ("model", "metric", ...), "constant" for what can be nothing but
    written out, or "" for any value; ``expected`` is the type that its place asks for, as far as that is known."""

    names: Locals
    wanted: str = ""
    expected: Type = UNKNOWN


@dataclass(frozen=True, slots=True)
class FieldName:
    """A field of a value of the type ``owner``: behind a dot, or as a key of an object that is written here, whose other
    keys are then ``given``. ``of`` is the data set or the pipeline whose columns or steps it is one of."""

    owner: Type
    given: frozenset[str] | None = None
    of: Entity | None = None


@dataclass(frozen=True, slots=True)
class ModuleMember:
    """A declaration of an imported file, behind the file's name and a dot."""

    module: Module
    wanted: str = ""


@dataclass(frozen=True, slots=True)
class SplitName:
    """A split of a data set, behind its name and a dot."""

    dataset: Entity


@dataclass(frozen=True, slots=True)
class TrainableName:
    """A param or demos of a component, behind its name and a dot."""

    component: Entity


@dataclass(frozen=True, slots=True)
class ArgumentName:
    """The name of an input of ``component`` at a call or in an eval's ``inputs``; ``given`` ones stand there already."""

    component: Entity
    given: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Literal:
    """A text that must be one of ``labels`` ("label"; an "arm" of a match, where ``given`` ones have arms already), or a
    model's id, a file's path, or what a function such as ``env`` takes: ``what`` says which."""

    what: str
    labels: tuple[str, ...] = ()
    given: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TemplateText:
    """A message: a Jinja template that sees ``names``."""

    template: Template
    names: Locals


Slot = (
    DeclarationName
    | PartName
    | SettingName
    | TypeName
    | Value
    | FieldName
    | ModuleMember
    | SplitName
    | TrainableName
    | ArgumentName
    | Literal
    | TemplateText
)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """``span`` counts from the declaration's start."""

    span: Span
    text: str
    slot: Slot
