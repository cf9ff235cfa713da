"""What a proposal says of why it is better: every change that still stands in it, and no other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adalang.optimizer.candidate import Candidate, Choice
from adalang.optimizer.edits import Edit
from adalang.optimizer.ledger import Hypothesis
from adalang.optimizer.loop import optimise
from adalang.optimizer.minimise import minimise
from adalang.optimizer.operators.base import Draft
from adalang.optimizer.settings import Settings
from adalang.optimizer.trials import trials
from adalang.optimizer.why import Step, why
from tests.optimizer.test_trials import OLD, begun, draft, tried
from tests.optimizer.world import KINDS, TEXT, World

LINES = st.lists(st.sampled_from(["Be brief.", "Name the colour.", "Count twice.", "Use no digits."]), unique=True)


def candidate(*lines: str) -> Candidate:
    return OLD.with_value("solve.text", "\n".join([TEXT, *lines]))


def on_the_way(*lines: str) -> list[Step]:
    return [Step(line, candidate(*lines[:at]), candidate(*lines[: at + 1])) for at, line in enumerate(lines)]


@given(LINES, st.data())
def test_each_added_line_is_named_while_it_stands_there(lines: list[str], data: st.DataObject) -> None:
    kept = [line for line in lines if data.draw(st.booleans())]
    told = why(on_the_way(*lines), candidate(*kept), OLD)
    assert all((line.rstrip(".") in told) == (line in kept) for line in lines) or not kept


def test_a_change_on_the_same_line_does_not_hide_the_one_before():
    first = candidate("Answer with one word.")
    second = candidate("Answer with one short word.")
    steps = [Step("one word", OLD, first), Step("short", first, second)]
    assert why(steps, second, OLD) == "one word; short"
    third = candidate("Answer with one word. Then stop.")
    assert why([steps[0], Step("stop", first, third)], third, OLD) == "one word; stop"


def test_what_was_taken_out_counts_and_what_was_put_back_does_not():
    long = candidate("Think well.")
    step = Step("without ballast", long, OLD)
    other = Step("be brief", long, candidate("Think well.", "Be brief."))
    assert why([step, other], candidate("Be brief."), long) == "without ballast; be brief"
    assert why([step, other], candidate("Think well.", "Be brief."), long) == "be brief"


def test_examples_and_choices_are_changes_too():
    start = Candidate({"shots": (), "k": Choice("3")})
    shown = start.with_value("shots", ({"q": 1, "output": 2},))
    chosen = shown.with_value("k", Choice("5"))
    steps = [Step("show one", start, shown), Step("five passages", shown, chosen)]
    assert why(steps, chosen, start) == "show one; five passages"
    assert why(steps, chosen.with_value("shots", ()), start) == "five passages"


def test_many_changes_are_told_shortly():
    lines = [f"rule number {nth} {'x' * 300}" for nth in range(9)]
    told = why(on_the_way(*lines), candidate(*lines), OLD)
    assert told.endswith("; and 3 more") and len(told) < 7 * 165
    assert why([], OLD, OLD) == ""


async def test_a_champion_that_came_by_several_rounds_names_them_all():
    search, _ = begun(World(luck=0.0))
    assert await tried(search, draft("rule red\nrule green\nrule blue")) > 0
    parent = search.champion
    await search.try_on(parent.candidate, search.train)
    both = parent.candidate.with_value("solve.text", f"{parent.candidate.text('solve.text')}\nrule black")
    further = Draft(both, Hypothesis("solve.text", "", "rule black"), (Edit("append", "rule black"),))
    assert await trials(search, parent, [further], search.sampler.known(parent.candidate.key), "edit_text") > 0
    assert search.champion.why(OLD) == "rule red\nrule green\nrule blue; rule black"


async def test_the_proposal_names_what_simplifying_has_left():
    outcome = await optimise(World(), Settings(), lambda event: None)
    assert outcome.evidence is not None
    assert set(outcome.evidence.hypothesis.split("; ")) == {f"rule {kind}" for kind in KINDS}
    search, _ = begun(World(luck=0.0))
    search.val = list(search.task.rows("val"))
    assert await tried(search, draft("rule red"), draft("be kind"), draft("rule blue")) > 0
    best = search.champion
    await search.look(best, search.val)
    simple = await minimise(search.runs, search.log, best, OLD, search.val, 10_000)
    assert "be kind" not in simple.why(OLD) and "rule" in simple.why(OLD)
