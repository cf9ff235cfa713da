"""Two candidates meet on as few rows as make it plain which is better."""

import pytest

from adalang.optimizer.archive import Entry
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.duel import duel, first_look
from adalang.optimizer.edits import Edit
from adalang.optimizer.join import joined, on_top
from adalang.optimizer.ledger import Hypothesis
from adalang.optimizer.operators.base import Draft
from adalang.optimizer.runs import Runs
from tests.optimizer.world import KINDS, TEXT, World


def entry(*lines):
    return Entry(Candidate({"solve.text": "\n".join([TEXT, *lines])}), {})


ALL_RULES = [f"rule {kind}" for kind in KINDS]
ALL_HARM = [f"harm {kind}" for kind in KINDS]


async def test_a_plain_gain_wins_at_the_first_look_and_the_parent_is_not_run_again():
    world = World()
    runs, parent, child = Runs(world), entry(), entry(*ALL_RULES)
    result = await duel(runs, child, parent, world.rows("val"))
    assert result.won and result.rows == first_look(60) == len(child.scores) == len(parent.scores)
    made = runs.made
    assert (await duel(runs, entry(*ALL_RULES, "smile"), parent, world.rows("val"))).won
    assert runs.made - made == first_look(60)


async def test_a_plain_loss_ends_it_at_once():
    world = World(luck=1.0)
    runs = Runs(world)
    result = await duel(runs, entry(*ALL_HARM), entry(), world.rows("val"))
    assert not result.won and runs.made <= 2 * first_look(60)


async def test_what_changes_nothing_is_given_up_after_a_quarter_of_the_rows():
    world = World()
    result = await duel(Runs(world), entry("be kind"), entry(), world.rows("val"))
    assert not result.won and result.delta == 0 and 15 <= result.rows <= 30


async def test_what_was_mended_in_training_wins_where_few_rows_show_nothing_and_loses_where_many_do():
    few, many = World(), World(train=10, val=400, test=10)
    for world, won in ((few, True), (many, False)):
        result = await duel(Runs(world), entry("be kind"), entry(), world.rows("val"), [1.0, 1.0, 1.0])
        assert result.won == won, world


async def test_a_harmful_change_does_not_win_by_what_it_mended_in_training():
    world = World(luck=0.9)
    result = await duel(Runs(world), entry(*ALL_HARM), entry(), world.rows("val"), [1.0, 1.0, 1.0])
    assert not result.won


@pytest.mark.parametrize("lines", [["rule red"], ["harm blue", "rule red"], []])
async def test_scores_are_kept_in_the_entries(lines):
    world = World()
    child, parent = entry(*lines, "x"), entry()
    result = await duel(Runs(world), child, parent, world.rows("val"))
    shared = [row for row in child.scores if row in parent.scores]
    assert result.delta == sum(child.scores[row] - parent.scores[row] for row in shared)


def draft(line, param="solve.text", find=""):
    edit = Edit("replace", line, find) if find else Edit("append", line)
    text = TEXT.replace(find, line) if find else f"{TEXT}\n{line}"
    return Draft(OLD.with_value(param, text), Hypothesis(param, "", line, (line,)), (edit,))


OLD = Candidate({"solve.text": TEXT, "read.text": TEXT})


def test_changes_of_one_text_and_of_several_are_joined():
    together = joined(OLD, [draft("one"), draft("two"), draft("three", "read.text")])
    assert together.candidate.text("solve.text") == f"{TEXT}\none\ntwo"
    assert together.candidate.text("read.text") == f"{TEXT}\nthree"
    assert together.hypothesis.rows == ("one", "two", "three")


def test_one_change_alone_is_nothing_to_join_nor_is_the_same_one_twice():
    assert joined(OLD, [draft("one")]) is None
    assert joined(OLD, [draft("one"), draft("one")]) is None


def test_a_change_that_no_longer_fits_is_left_out():
    gone = draft("Reply.", find=TEXT)
    again = draft("Say.", find=TEXT)
    assert joined(OLD, [gone, again]) is None
    assert on_top(gone.candidate, OLD, again) is None
    assert on_top(draft("one").candidate, OLD, draft("two")).candidate.text("solve.text") == f"{TEXT}\none\ntwo"
