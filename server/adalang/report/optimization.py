"""A run of the optimizer as a page: outcome and evidence first, then the edit, the curve, the search, what failed, blame, and the price."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from markupsafe import Markup

from adalang.figures import percent, points
from adalang.report.charts import Bar, Line, Point, bars, curve, plain
from adalang.report.explain import short, summary_lines, tally
from adalang.report.page import page
from adalang.report.rounds import Blamed, work
from adalang.report.search import failed_rows, round_row
from adalang.report.story import Story
from adalang.runtime.models.types import Usage
from adalang.store.records import Change, Evidence, Proposal


def optimization_page(
    story: Story, *, file: str, eval_name: str, run_id: str, state: str, began: str, proposal: Proposal | None = None
) -> str:
    """The report as one HTML text.

    Args:
        story: the run's events, as far as there are any: a run that was cut off has a report too.
        state: `finished`, `failed`, `running` or `cut off`.
        began: when, in words.
        proposal: what it offered, or nothing.
    """
    return page(
        "optimization.html.j2",
        f"Optimization of {eval_name}",
        made=f"of the run {run_id}",
        file=file,
        state=state,
        began=began,
        outcome=_outcome(story, state),
        evidence=_evidence(proposal.evidence) if proposal is not None else _tested(story),
        tested=proposal.evidence if proposal is not None else None,
        proposal=proposal,
        changes=[(change.param, list(_diff(change))) for change in (proposal.changes if proposal is not None else ())],
        found=_found(story, proposal),
        charts=_charts(story),
        rounds=[round_row(story, one) for one in story.rounds],
        failed=[*failed_rows(story)],
        blame=_blame_chart(story),
        blamed=_blamed(story),
        price=_price(story),
        expected=[str(line) for line in story.started.get("estimate", ())],
        summary=summary_lines(story),
        short=short,
        shown=_shown,
    )


# ---- outcome and evidence


@dataclass(frozen=True, slots=True)
class _Outcome:
    """`tone` colours it: good, warn, bad, or nothing."""

    title: str
    reason: str
    tone: str


_TITLES = {
    "proposal": ("Confirmed on rows that the search has never seen", "good"),
    "hint": ("A hint, not confirmed", "warn"),
    "nothing": ("No change is proposed", ""),
    "void": ("Void: too many runs got no answer", "bad"),
}


def _outcome(story: Story, state: str) -> _Outcome:
    if story.finished:
        title, tone = _TITLES[story.finished["kind"]]
        return _Outcome(title, story.finished["reason"], tone)
    reason = "It is still at work." if state == "running" else "The same command goes on from there."
    return _Outcome(
        "Not at its end", f"{reason} What follows is what it has found so far; nothing is tested yet.", "warn"
    )


def _evidence(found: Evidence) -> list[tuple[str, str]]:
    """What the proposal rests on, as names and values; the figures that were not taken are left out."""
    rows = []
    if found.holdout_n:
        confidence = 100 * found.extra.get("confidence", 0.95)
        rows += [
            ("score", f"{percent(found.before)} → {percent(found.after)}"),
            ("held-out examples" if found.p is not None else "examples", str(found.holdout_n)),
            ("difference", f"{points(found.after - found.before)} points"),
            (f"{confidence:.3g} % interval", f"[{points(found.low)}, {points(found.high)}] points"),
        ]
    if found.p is not None:
        rows.append(("p (one-sided, paired)", f"{found.p:.2g}"))
    if found.alpha is not None:
        rows.append(("needed (alpha)", f"{found.alpha:.3g}"))
    if found.p is not None:
        rows.append(("examples mended, broken", f"{found.mended}, {found.broken}"))
    if found.tokens_before or found.tokens_after:
        rows.append(("tokens per call of the target", f"{found.tokens_before:.0f} → {found.tokens_after:.0f}"))
    if found.usd_before or found.usd_after:
        rows.append(("USD per call of the target", f"{found.usd_before:.3g} → {found.usd_after:.3g}"))
    spent = f"{found.calls_spent} calls" + (f", ${found.usd_spent:.4g}" if found.usd_spent else "")
    return [*rows, ("the search cost", spent)]


def _tested(story: Story) -> list[tuple[str, str]]:
    """The final test of a run that offers nothing."""
    told = story.ship_test
    if not told:
        return []
    return [
        ("score", f"{percent(told['before'])} → {percent(told['after'])}"),
        ("held-out examples", str(told["n"])),
        ("p (one-sided, paired)", f"{told['p']:.2g}"),
        ("needed (alpha)", f"{told['alpha']:.3g}"),
    ]


def _found(story: Story, proposal: Proposal | None) -> list[tuple[str, str]]:
    """What the search found best, where no proposal shows it as a diff."""
    if proposal is not None or not story.bests:
        return []
    return [(param, _shown(value)) for param, value in story.bests[-1].values.items()]


# ---- the edit


def _diff(change: Change) -> Iterator[tuple[str, str]]:
    """Lines with what became of them: `same`, `removed`, `added`."""
    before, after = (_shown(value).splitlines() for value in (change.before, change.after))
    for tag, low, high, new_low, new_high in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from (("same", line) for line in before[low:high])
        else:
            yield from (("removed", line) for line in before[low:high])
            yield from (("added", line) for line in after[new_low:new_high])


def _shown(value: Any) -> str:
    """A text as it is, examples one a line, anything else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return "\n".join(json.dumps(one, ensure_ascii=False, default=str) for one in value)
    return json.dumps(value, ensure_ascii=False, default=str)


# ---- curves


def _charts(story: Story) -> list[Markup]:
    """Score against calls, and against money where some was spent."""
    found = [_curve(story, "calls", lambda spent: float(work(spent)))]
    if story.spent.usd:
        found.append(_curve(story, "USD", lambda spent: spent.usd))
    return [chart for chart in found if chart]


def _curve(story: Story, unit: str, x: Callable[[Usage], float]) -> Markup:
    start = story.start_mean
    points = [Point(0.0, start, note="the file's text")] if start is not None else []
    points += [
        Point(x(one.spent), one.mean, note=f"{story.name_of(one.candidate)}, on {one.rows} rows") for one in story.bests
    ]
    if points and "search_ended" in story.spent_at:
        points.append(Point(x(story.spent_at["search_ended"]), points[-1].y, note="end of the search"))
    lines = [Line("best in the search (by chance too good)", points, "step")] if points else []
    if told := story.ship_test:
        at = x(story.spent_at["ship_test"])
        lines.append(
            Line(
                f"final test on {told['n']} untouched rows",
                [Point(at, told["before"], note="before"), Point(at, told["after"], note="after")],
                "marks",
            )
        )
    label = "calls, answers from the cache included" if unit == "calls" else unit
    return curve(lines, title=f"Score against {unit}", x_label=label, y_label="mean score")


# ---- blame


def _blame_chart(story: Story) -> Markup:
    rows = []
    for param, share in story.blame().items():
        count, kept = tally(story, param)
        rows.append(Bar(param, share, note=f"{count} tried, {kept} kept"))
    return bars(rows, title="Share of the blame by param, over all rounds")


def _blamed(story: Story) -> list[tuple[int, Blamed]]:
    """Notes with the number of their round, the most blamed first within each round."""
    return [(one.number, note) for one in story.rounds for note in sorted(one.notes, key=lambda note: -note.blame)]


# ---- the price


def _price(story: Story) -> list[tuple[str, str, str, str, str]]:
    """For each part of the run: expected calls at most, calls made (cached ones too), tokens and USD."""
    expected = story.started.get("expected") or {}
    reserve = expected.get("reserve")
    calls = expected["task_calls"] + expected["teacher_calls"] if expected else None
    search = story.spent_at.get("search_ended", story.spent)
    choice = story.spent_at.get("chosen")
    test = story.spent_at.get("ship_test")
    rows = [_spent("search", calls - reserve if calls is not None and reserve is not None else None, search)]
    if choice is not None:
        rows.append(_spent("choosing and shortening the edit", None, choice - search))
    if test is not None and choice is not None:
        rows.append(_spent("final test", reserve, test - choice))
    return [*rows, _spent("whole run", calls, story.spent)]


def _spent(name: str, expected: int | None, spent: Usage) -> tuple[str, str, str, str, str]:
    usd = f"{spent.usd:.4g}" if spent.priced else "unknown"
    made = plain(work(spent)) + (f" ({plain(spent.cached_calls)} cached)" if spent.cached_calls else "")
    return name, plain(expected) if expected is not None else "", made, plain(spent.tokens), usd
