"""An optimization's events as lines for a person."""

from __future__ import annotations

from adalang.optimizer.events import RunEvent


def narrate(event: RunEvent) -> str:
    """What just happened, in one line; "" for events that only the log needs."""
    told = event.payload
    match event.kind:
        case "baseline":
            return f"baseline {percent(told['mean'])} on {told['rows']} rows"
        case "hypotheses":
            changes = [str(change) for _, change in told["hypotheses"]]
            first = f", first: {_short(changes[0])}" if changes else ""
            return f"{told['param']}: {len(changes)} hypothes{'is' if len(changes) == 1 else 'es'}{first}"
        case "gated":
            return f"refused before any call: {_short(str(told['reason']))}"
        case "screened":
            return "" if told["passed"] else "a candidate failed on the screen"
        case "raced" if told["rows"]:
            verdict = "kept" if told["accepted"] else "dropped"
            return f"a candidate raced on {told['rows']} rows ({told['delta']:+.1f} rows against its parent): {verdict}"
        case "teacher_failed":
            return f"the teacher gave no usable answer: {_short(str(told['error']))}"
        case "headroom":
            return f"headroom on {told['rows']} selection rows: at most {percent(told['gain'])} to gain"
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


def percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= 90 else plain[:87] + "..."
