"""What a ``dataset`` declaration means: which files or rows, which splits. Nothing is read here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from adalang.language.declarations import (
    Constant,
    DatasetDeclaration,
    Expression,
    ListExpression,
    Member,
    ObjectExpression,
    Reference,
    Text,
    setting,
)
from adalang.language.program import Entity, Module, Program
from adalang.language.settings import SPLIT_NAMES

DEFAULT_FRACTIONS: Mapping[str, float] = {"train": 0.4, "val": 0.3, "test": 0.3}


class NotConstant(ValueError):
    """An expression that has no value before a run."""


def constant(expression: Expression) -> Any:
    """The plain value of an expression made of literals.

    Raises:
        NotConstant: it holds names, calls or holes.
    """
    match expression:
        case Text(value=value) | Constant(value=value):
            return value
        case ListExpression(items=items):
            return [constant(one) for one in items]
        case ObjectExpression(pairs=pairs):
            return {pair.name.text: constant(pair.value) for pair in pairs}
        case _:
            raise NotConstant


@dataclass(frozen=True, eq=False)
class DatasetPlan:
    """Where a data set's rows come from: one ``file`` or inline ``rows`` that are split, or a file for each split.

    The same object as long as the declaration is.
    """

    id: str
    file: Path | None = None
    rows: tuple[Mapping[str, Any], ...] | None = None
    files: Mapping[str, Path] = field(default_factory=dict)
    fractions: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_FRACTIONS))
    explicit: bool = False
    """Whether the file says how to split."""
    seed: int = 0

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that the rows come from."""
        return (self.file,) if self.file is not None else tuple(self.files.values())


def plan(entity: Entity) -> DatasetPlan:
    """Read a data set's declaration; what is wrong in it is left out (the checks report it)."""
    declaration, key = entity.declaration, (entity.module.path.parent, entity.id)
    assert isinstance(declaration, DatasetDeclaration)
    known = _PLANS.get(declaration)
    if known is None or known[0] != key:
        known = _PLANS[declaration] = key, _plan(declaration, *key)
    return known[1]


_PLANS: WeakKeyDictionary[DatasetDeclaration, tuple[tuple[Path, str], DatasetPlan]] = WeakKeyDictionary()


def _plan(declaration: DatasetDeclaration, folder: Path, name: str) -> DatasetPlan:
    seed = _number(declaration, "seed", 0)
    files = {
        split: folder / found.value.value
        for split in SPLIT_NAMES
        if (found := setting(declaration.settings, split)) is not None and isinstance(found.value, Text)
    }
    fractions, explicit = _fractions(declaration)
    value = declaration.value
    if isinstance(value, Text):
        return DatasetPlan(name, folder / value.value, None, {}, fractions, explicit, int(seed))
    if isinstance(value, ListExpression):
        rows = []
        for one in value.items:
            try:
                row = constant(one)
            except NotConstant:
                continue
            if isinstance(row, dict):
                rows.append(row)
        return DatasetPlan(name, None, tuple(rows), {}, fractions, explicit, int(seed))
    return DatasetPlan(name, None, None, files, {}, True, int(seed))


def _number(declaration: DatasetDeclaration, name: str, default: float) -> float:
    found = setting(declaration.settings, name)
    value = found.value.value if found is not None and isinstance(found.value, Constant) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else default


def _fractions(declaration: DatasetDeclaration) -> tuple[Mapping[str, float], bool]:
    found = setting(declaration.settings, "split")
    if found is None or not isinstance(found.value, ObjectExpression):
        return dict(DEFAULT_FRACTIONS), False
    return {
        pair.name.text: float(pair.value.value)
        for pair in found.value.pairs
        if isinstance(pair.value, Constant)
        and isinstance(pair.value.value, int | float)
        and not isinstance(pair.value.value, bool)
    }, True


def data_reference(program: Program, module: Module, expression: Expression) -> tuple[Entity, str] | None:
    """What an eval's ``data`` names: the data set and a split ("" when none is named)."""
    entity = program.resolve_expression(expression, module)
    if entity is not None and entity.kind == "dataset":
        return entity, ""
    if isinstance(expression, Member) and isinstance(expression.object, Reference | Member):
        inner = program.resolve_expression(expression.object, module)
        if inner is not None and inner.kind == "dataset":
            return inner, expression.name.text
    return None
