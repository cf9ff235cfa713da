"""Which scored runs leave a trace: of an eval every row that did not pass and a share of the others, of a search a share."""

from __future__ import annotations

from adalang.evaluation.results import RowResult
from adalang.language.program import Program
from adalang.tracing.tracer import Tracer


def keep_row(tracer: Tracer, program: Program, eval_name: str, result: RowResult, evaluation: str) -> str:
    """Keep a row of an eval; gives the run's id, "" when it is not kept."""
    if result.score is not None and result.score >= 1 and not tracer.wants(f"{result.row_id}/{result.sample}"):
        return ""
    return _keep(tracer, program, eval_name, result, evaluation, "eval")


def keep_searched(
    tracer: Tracer, program: Program, eval_name: str, result: RowResult, run_id: str, variant: str
) -> None:
    """Keep a row that the optimization ``run_id`` has run with the texts that ``variant`` names, if it is one of the share."""
    if run_id and tracer.wants(f"{variant}/{result.row_id}/{result.sample}"):
        _keep(tracer, program, eval_name, result, run_id, "optimize")


def _keep(tracer: Tracer, program: Program, eval_name: str, result: RowResult, evaluation: str, origin: str) -> str:
    return tracer.keep(
        [trace for trace in (result.trace, result.judged) if trace is not None],
        file=str(program.path),
        origin=origin,
        eval=eval_name,
        evaluation=evaluation,
        row=result.row_id,
        sample=result.sample,
        score=result.score,
        error=result.error,
    )
