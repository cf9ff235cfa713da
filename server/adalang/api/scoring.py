"""Evaluations, optimizations and proposals of a program, as work for its engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adalang.api.engine import Ready, Work
    from adalang.api.program import Program
    from adalang.api.results import Optimized, Proposal
    from adalang.engine.session import OnRow
    from adalang.evaluation.results import Evaluation

_BOUNDS = ("calls", "tokens", "usd", "minutes")


def evaluation(name: str, on_row: OnRow | None, **given: Any) -> Work[Evaluation]:
    """See :meth:`Program.evaluate`."""

    async def work(ready: Ready) -> Evaluation:
        from adalang.api.calling import told

        evals = [one.id for one in ready.program.entities("eval") if one.module is ready.program.root]
        wanted = _only(name, evals, "eval", ready)
        return await ready.session.evaluation(ready.program, wanted, on_row=told(on_row), **given)

    return work


def optimization(
    program: Program,
    name: str,
    budget: Mapping[str, float] | None,
    on_event: Callable[..., object] | None,
    fresh: bool,
    **given: Any,
) -> Work[Optimized]:
    """See :meth:`Program.optimize`.

    Raises:
        ValueError: an unknown bound, or params that are not the file's.
    """
    bounds, replaced = dict(budget or {}), program._asked.params
    for bound in bounds:
        if bound not in _BOUNDS:
            raise ValueError(f"a budget has no bound `{bound}`; there are: {', '.join(_BOUNDS)}")
    if replaced:
        raise ValueError(f"an optimization starts from the file; this program has other params: {', '.join(replaced)}")

    async def work(ready: Ready) -> Optimized:
        from adalang.api.calling import told
        from adalang.api.results import Optimized
        from adalang.engine.plan import optimizable

        wanted = _only(name, optimizable(ready.program), "optimize block", ready)
        plan = ready.session.optimize_plan(ready.program, wanted, **bounds, **given)
        found = await ready.session.optimization(ready.program, plan, on_event=told(on_event), fresh=fresh)
        return Optimized.of(program, found)

    return work


def open_proposals(program: Program) -> Work[list[Proposal]]:
    """See :meth:`Program.proposals`."""

    async def work(ready: Ready) -> list[Proposal]:
        from adalang.api.results import Proposal

        store = ready.session.store
        here = store.relative(program.path)
        return [Proposal(program, one) for one in store.proposals() if one.status == "open" and one.file == here]

    return work


def _only(name: str, known: list[str], what: str, ready: Ready) -> str:
    if name or len(known) == 1:
        return name or known[0]
    raise ValueError(f"{ready.program.path.name}: which {what}? There are: {', '.join(known) or 'none'}")
