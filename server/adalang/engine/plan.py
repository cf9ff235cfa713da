"""An ``optimize`` block read: what a search may change and spend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from adalang.config import Settings
from adalang.evaluation.plan import EvalPlan, eval_plan
from adalang.language.checks.evaluations import param_path
from adalang.language.declarations import (
    Constant,
    EvalDeclaration,
    ListExpression,
    ObjectExpression,
    OptimizeDeclaration,
    dotted,
    setting,
)
from adalang.language.program import Program
from adalang.language.reach import allowed, trainable
from adalang.optimizer.objective import Prefer
from adalang.optimizer.settings import PointPrice
from adalang.optimizer.settings import Settings as SearchSettings
from adalang.runtime.failures import BugFailure


@dataclass(frozen=True)
class OptimizePlan:
    """What a search may change and spend. ``params`` are ids; bounds are ``None`` where there is none."""

    eval: str
    params: tuple[str, ...]
    teacher: str
    calls: int | None
    tokens: int | None
    usd: float | None
    minutes: float | None
    search: SearchSettings
    allow: tuple[str, ...] = ()
    """What may change besides: "structure", "models", "tools"."""
    allow_effects: bool = False
    """Whether tools with effects are called; else they are answered from what earlier calls gave."""
    money_alone: bool = False
    """Somebody has bounded the money, and neither calls nor tokens: their defaults are nobody's word."""

    def to_json(self) -> dict[str, Any]:
        """What names the search: budgets may be raised without starting anew."""
        return {
            "eval": self.eval,
            "params": self.params,
            "allow": self.allow,
            "teacher": self.teacher,
            "search": asdict(self.search),
            **({"effects": True} if self.allow_effects else {}),
        }


def optimize_plan(
    program: Program,
    eval_name: str,
    settings: Settings,
    *,
    calls: int | None = None,
    usd: float | None = None,
    tokens: int | None = None,
    minutes: float | None = None,
    seed: int | None = None,
    anyway: bool = False,
    allow_effects: bool = False,
) -> OptimizePlan:
    """Read the optimize block of an eval; an eval without one is optimized with the workspace's settings.

    ``anyway`` searches even where little can be gained.

    Raises:
        BugFailure: no such eval, or it reaches nothing that may change.
    """
    evaluated = eval_plan(program, eval_name)
    block = _block_of(program, evaluated)
    known = [one.id for one in trainable(program, evaluated.target)]
    allow = allowed(block) if block else ()
    if not known and not allow:
        raise BugFailure(f"`{evaluated.target.id}` reaches no `param` and no `demos`: nothing may be changed")
    given = setting(block.settings, "params") if block else None
    wanted = (
        [path for one in given.value.items if (path := param_path(one)) in known]
        if given is not None and isinstance(given.value, ListExpression)
        else known
    )
    budget, prefer = _numbers(block, "budget"), _numbers(block, "prefer")
    teacher = setting(block.settings, "teacher") if block else None
    named = teacher.value if teacher is not None else None
    named_text = (dotted(named) or getattr(named, "value", "")) if named is not None else ""
    defaults = {name: settings.values[f"budget_{name}"].source == "default" for name in ("calls", "usd")}
    bounded = {
        "calls": calls is not None or "calls" in budget or not defaults["calls"],
        "tokens": tokens is not None or "tokens" in budget,
        "usd": usd is not None or "usd" in budget or not defaults["usd"],
    }
    declared_seed = setting(block.settings, "seed") if block else None
    file_seed = declared_seed.value.value if declared_seed and isinstance(declared_seed.value, Constant) else 0
    return OptimizePlan(
        eval=evaluated.name,
        params=tuple(path for path in wanted if path),
        teacher=str(named_text or settings["teacher"] or ""),
        calls=calls if calls is not None else int(budget.get("calls", settings["budget_calls"])),
        tokens=tokens if tokens is not None else int(budget["tokens"]) if "tokens" in budget else None,
        usd=usd if usd is not None else float(budget.get("usd", settings["budget_usd"])),
        minutes=minutes if minutes is not None else float(budget["minutes"]) if "minutes" in budget else None,
        search=SearchSettings(
            seed=seed if seed is not None else int(file_seed or 0),
            repeats=max(1, evaluated.repeats),
            anyway=anyway,
            prefer=Prefer(prefer.get("cost"), prefer.get("latency")),
            point=PointPrice(budget.get("calls_per_point"), budget.get("usd_per_point")),
        ),
        allow=allow,
        allow_effects=allow_effects,
        money_alone=bounded["usd"] and not bounded["calls"] and not bounded["tokens"],
    )


def _block_of(program: Program, evaluated: EvalPlan) -> OptimizeDeclaration | None:
    for item in program.root.items:
        declaration = item.declaration
        if isinstance(declaration, OptimizeDeclaration):
            found = program.resolve_expression(declaration.target, program.root)
            if found is not None and found.id == evaluated.name:
                return declaration
    return None


def _numbers(block: OptimizeDeclaration | None, name: str) -> Mapping[str, float]:
    found = setting(block.settings, name) if block else None
    if found is None or not isinstance(found.value, ObjectExpression):
        return {}
    return {
        pair.name.text: pair.value.value
        for pair in found.value.pairs
        if isinstance(pair.value, Constant) and isinstance(pair.value.value, int | float)
    }


def optimizable(program: Program) -> list[str]:
    """The evals that have an optimize block, in the file's order."""
    found = []
    for item in program.root.items:
        if isinstance(item.declaration, OptimizeDeclaration):
            entity = program.resolve_expression(item.declaration.target, program.root)
            if entity is not None and isinstance(entity.declaration, EvalDeclaration):
                found.append(entity.id)
    return found
