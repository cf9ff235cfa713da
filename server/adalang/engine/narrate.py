"""An optimization as lines for a person: what just happened, and what is being tried and why."""

from __future__ import annotations

from collections.abc import Sequence

from adalang.figures import percent
from adalang.optimizer.events import RunEvent
from adalang.report.explain import short
from adalang.report.rounds import Attempt, Round
from adalang.report.story import Story

_LINE = 90


def narrate(event: RunEvent) -> str:
    """What just happened, in one line; "" for events that only the log needs."""
    told = event.payload
    match event.kind:
        case "baseline":
            return f"baseline {percent(told['mean'])} on {told['rows']} rows"
        case "headroom":
            reach = percent(told["gain"])
            return f"{percent(told['failing'])} of {told['rows']} selection rows fail; at most {reach} is within reach"
        case "warm_start" if told["candidates"]:
            count = len(told["candidates"])
            return f"trying {count} find{'' if count == 1 else 's'} of earlier runs first"
        case "hypotheses":
            changes = [str(change) for _, change in told["hypotheses"]]
            first = f", first: {short(changes[0], _LINE)}" if changes else ""
            return f"{told['param']}: {len(changes)} hypothes{'is' if len(changes) == 1 else 'es'}{first}"
        case "gated":
            return f"refused before any call: {short(str(told['reason']), _LINE)}"
        case "screened":
            return "" if told["passed"] else "a candidate failed on the screen"
        case "raced" if told["rows"]:
            verdict = "kept" if told["accepted"] else "dropped"
            value = f", {told['value']:+.1f} with what `prefer` counts" if "value" in told else ""
            met = f"{told['delta']:+.1f} rows against its rival{value}"
            return f"a candidate raced on {told['rows']} rows ({met}): {verdict}"
        case "teacher_failed":
            return f"the teacher gave no usable answer: {short(str(told['error']), _LINE)}"
        case "search_ended":
            best = f"{percent(told['best'])} on the rows that it chose by, which flatters"
            return f"search ended after {told['rounds']} rounds at {best}: {told['reason']}"
        case "cheaper":
            return f"it does as well on selection rows for {percent(told['ratio'])} of the price"
        case "guarded":
            return f"not to be offered as it is: {'; '.join(told['reasons'])}"
        case "chosen":
            return f"testing the best candidate ({percent(told['incumbent'])} -> {percent(told['mean'])} in the search)"
        case "ship_test":
            return f"ship test on {told['n']} held-out rows: {percent(told['before'])} -> {percent(told['after'])}"
        case _:
            return ""


def trying(story: Story) -> str:
    """What is being done now, in one line without an end."""
    if story.finished:
        return "done"
    if story.chosen:
        return "final test on untouched rows"
    if not story.count:
        return "trying what was found before" if story.rounds else "looking at what the file's text does"
    if (
        len(story.ends)
        and story.last is not None
        and story.last.kind in ("search_ended", "simplified", "not_simplified")
    ):
        return "choosing among what was found, leaving out what does not carry its weight"
    return _trying(story.rounds[-1])


def why(story: Story) -> str:
    """Why that is tried: the blame, and the cause that the teacher named; "" where nobody said."""
    if not story.count or story.chosen or story.finished:
        return ""
    now = story.rounds[-1]
    waiting = _waiting(now)
    parts = []
    if now.targets and now.failing:
        blamed = ", ".join(f"{param} has {percent(now.share(param))}" for param in now.targets)
        parts.append(f"{blamed} of the blame for {len(now.failing)} failing rows")
    if waiting and waiting[0].cause:
        parts.append(short(waiting[0].cause, _LINE))
    return ": ".join(parts)


def _trying(now: Round) -> str:
    waiting = _waiting(now)
    if not now.attempts:
        what = f"asking for changes of {', '.join(now.targets)}" if now.targets else "looking at what went wrong"
        return f"round {now.number}, {now.operator}: {what} ({len(now.failing)} of {len(now.batch)} rows fail)"
    if not waiting:
        return f"round {now.number}, {now.operator}: comparing"
    together = f"{len(waiting)} changes, first: " if len(waiting) > 1 else ""
    return f"round {now.number}, {waiting[0].param}: {together}{short(waiting[0].change, _LINE)}"


def _waiting(now: Round) -> Sequence[Attempt]:
    """The changes that the newest candidate holds; before there is one, all that were not refused."""
    if now.together and not any(trial.kind == "duel" for trial in now.together[-1].trials):
        return [one for one in now.attempts if one.number in now.together[-1].parts]
    return [one for one in now.attempts if not one.refused and all(trial.passed for trial in one.trials)]
