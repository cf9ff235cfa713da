"""Learn-to-Reason: how the teacher reasons, where it is right and the student wrong, becomes steps that the student follows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from adalang.evaluation.results import RowResult
from adalang.optimizer.archive import Entry
from adalang.optimizer.backward import shown
from adalang.optimizer.case import about_prompt, siblings_of
from adalang.optimizer.ledger import Hypothesis
from adalang.optimizer.operators.base import Draft
from adalang.optimizer.operators.demos import demo_of, placed, reasons, refuse_shots, without_inputs
from adalang.optimizer.operators.drafting import refused, rewritten
from adalang.optimizer.operators.teaching import first_call, taught
from adalang.optimizer.propose import PURPOSE
from adalang.optimizer.runs import failing
from adalang.optimizer.schema import closed
from adalang.optimizer.state import Search
from adalang.optimizer.task import Param
from adalang.runtime.failures import RefusedFailure, UnreadableFailure
from adalang.runtime.models.types import Message

STEPS = "reasoning_steps"
MOST_STEPS = 8

STEPS_SCHEMA = closed(
    {
        "steps": {
            "type": "array",
            "items": {"type": "string", "description": "one step of the method, as an order, in one sentence"},
        }
    }
)


class LearnToReason:
    """The teacher solves rows that the student fails; of what it thought there, a teacher distils the steps that become the
    prompt's `reasoning_steps`. One of its solutions, without the input, is tried as the first example beside them."""

    name = "learn_to_reason"

    def available(self, search: Search) -> bool:
        return bool(_trainable(search))

    async def propose(self, search: Search, parent: Entry, results: Sequence[RowResult]) -> list[Draft]:
        param = min(_trainable(search), key=lambda one: search.visits[one.id])
        wrong = failing(results)
        solved = [
            result
            for result in await taught(search, parent.candidate, [result.row_id for result in wrong])
            if (call := first_call(result, param.component)) is not None and call.reasoning
        ]
        if not solved:
            return []
        search.visits[param.id] += 1
        student = {result.row_id: result for result in wrong}
        drafts = [await _steps(search, parent, param, solved, student), _example(search, parent, param, solved)]
        return [draft for draft in drafts if draft is not None]


def _trainable(search: Search) -> list[Param]:
    """The steps of prompts that ask for the reasoning."""
    return [one for one in search.params("text") if one.id.endswith(f".{STEPS}") and reasons(search, one)]


async def _steps(
    search: Search, parent: Entry, param: Param, solved: Sequence[RowResult], student: Mapping[str, RowResult]
) -> Draft | None:
    hypothesis = Hypothesis(
        param.id,
        "The prompt does not say how to reason.",
        "Reason in the steps that solve what fails.",
        tuple(result.row_id for result in solved),
    )
    try:
        answer = await search.task.ask(_messages(search, parent, param, solved, student), STEPS_SCHEMA, search.round)
    except (UnreadableFailure, RefusedFailure) as failure:
        refused(search, hypothesis, f"the teacher gave no readable steps ({failure})")
        return None
    steps = _read(answer)
    if not steps:
        refused(search, hypothesis, "the teacher gave no steps")
        return None
    text = "\n".join(f"{nth}. {step}" for nth, step in enumerate(steps, start=1))
    hypothesis = Hypothesis(param.id, hypothesis.cause, f"Reason so: {' '.join(steps)}", hypothesis.rows)
    return rewritten(search, parent, param, hypothesis, text)


def _read(answer: Any) -> list[str]:
    """The steps, without numbers of their own; none if any is no text or there are too many for a method."""
    steps = answer.get("steps") if isinstance(answer, Mapping) else None
    if not isinstance(steps, list) or len(steps) > MOST_STEPS or not all(isinstance(one, str) for one in steps):
        return []
    return [plain for one in steps if (plain := " ".join(one.split()).lstrip("0123456789.)- "))]


def _example(search: Search, parent: Entry, param: Param, solved: Sequence[RowResult]) -> Draft | None:
    """The shortest solution as the first example, where the prompt has room for examples and none yet."""
    demos = next((one for one in search.params("demos") if one.component == param.component), None)
    if demos is None or parent.candidate.demos(demos.id):
        return None
    best = min(solved, key=lambda result: (len(_reasoning(result, param)), result.row_id))
    demo = demo_of(best, param.component)
    if demo is None:
        return None
    value = (demo if placed(search, demos) else without_inputs(demo),)
    if (reason := refuse_shots(search, demos, (), value)) is not None:
        search.log.add("gated", param=demos.id, change="Show one reasoning.", reason=reason)
        return None
    hypothesis = Hypothesis(
        demos.id, "The prompt does not show how to reason.", f"Show the reasoning of the example {best.row_id}."
    )
    return Draft(parent.candidate.with_value(demos.id, value), hypothesis, (), frozenset({best.row_id}))


def _reasoning(result: RowResult, param: Param) -> str:
    call = first_call(result, param.component)
    return call.reasoning if call is not None else ""


def _messages(
    search: Search, parent: Entry, param: Param, solved: Sequence[RowResult], student: Mapping[str, RowResult]
) -> list[Message]:
    parts = about_prompt(search.task, param, siblings_of(search.task, parent.candidate, param))
    wish = f" ({param.doc})" if param.doc else ""
    parts.append(f"The steps to replace, {param.id}{wish}:\n<<<\n{parent.candidate.text(param.id)}\n>>>")
    lines = [_line(result, student[result.row_id], param) for result in solved]
    parts.append("Examples that the model gets wrong, and how a better one solves them:\n" + "\n".join(lines))
    if lessons := search.ledger.lessons(param.id):
        parts.append("Tried before, in vain:\n" + "\n".join(f"- {lesson}" for lesson in lessons))
    parts.append(
        "What do the right solutions do that the wrong ones leave out? Write the method as at most six short steps, each an "
        "order that holds for any input, in the order in which they are done. No fact of these examples may stand in "
        "them. Answer with JSON."
    )
    return [Message("system", PURPOSE), Message("user", "\n\n".join(parts))]


def _line(right: RowResult, wrong: RowResult, param: Param) -> str:
    call, slip = first_call(right, param.component), first_call(wrong, param.component)
    told = {
        "inputs": shown(right.inputs),
        "right reasoning": call.reasoning if call else "",
        "right output": shown(call.output if call else right.output),
        "wrong reasoning": slip.reasoning if slip else "",
        "wrong output": shown(slip.output if slip else wrong.output),
    }
    return json.dumps({name: value for name, value in told.items() if value}, ensure_ascii=False)
