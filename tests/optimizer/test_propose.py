"""What a teacher is shown at once, and what of its answers is used."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adalang.evaluation.results import RowResult
from adalang.optimizer.backward import Note
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.case import MOST_FAILING, in_groups, make_case
from adalang.optimizer.edits import Edit, apply_edits, trimmed
from adalang.optimizer.propose import all_hypotheses
from adalang.runtime.failures import BugFailure, UnreadableFailure
from tests.optimizer.world import TEXT, World


@given(st.integers(0, 200), st.integers(1, 3))
def test_no_call_sees_more_than_eight_rows_and_every_note_is_seen_once(rows, each):
    notes = [Note("p", str(row), f"note {nth}", 1.0, nth) for nth in range(each) for row in range(rows)]
    groups = in_groups(notes)
    assert sorted((note.row, note.call) for group in groups for note in group) == sorted(
        (note.row, note.call) for note in notes
    )
    sizes = [len({note.row for note in group}) for group in groups]
    assert max(sizes) <= MOST_FAILING and max(sizes) - min(sizes) <= 1
    assert len(groups) == 1 if rows <= MOST_FAILING else len(groups) >= rows**0.5


def cases(world, count):
    results = {
        str(n): RowResult(str(n), 0, "ok", 0.0, "wrong", "?", "red", {"question": f"q{n}"}) for n in range(count)
    }
    notes = [Note("solve.text", row, "wrong", 1.0) for row in results]
    param = world.info.params[0]
    candidate = Candidate({"solve.text": TEXT})
    return [make_case(world, candidate, param, group, results, [], [], []) for group in in_groups(notes)]


async def test_what_several_groups_say_comes_first_with_all_their_rows():
    world = World(advice=lambda text: ["The rule red.", f"only here {len(world.asked)}"])
    found = await all_hypotheses(world, cases(world, 16), 4, 0)
    assert len(world.asked) == 4
    changes = [one.hypothesis.change for one, _ in found]
    assert changes[0] == "The rule red." and len(changes) == 4
    assert set(found[0][0].hypothesis.rows) == {str(n) for n in range(16)}


async def test_an_answer_that_cannot_be_read_costs_its_group_alone():
    def advice(text):
        if '"q0"' in text:
            raise UnreadableFailure("cut off")
        return ["rule red"]

    world = World(advice=advice)
    found = await all_hypotheses(world, cases(world, 16), 4, 0)
    assert [one.hypothesis.change for one, _ in found] == ["rule red"]
    assert "0" not in found[0][0].hypothesis.rows


@pytest.mark.parametrize("failure", [UnreadableFailure("?"), BugFailure("wrong key")])
async def test_if_none_can_be_read_it_is_said(failure):
    def advice(text):
        raise failure

    world = World(advice=advice)
    with pytest.raises(type(failure)):
        await all_hypotheses(world, cases(world, 16), 4, 0)


LINES = st.lists(st.sampled_from(["a", "b", "c", "d e", ""]), max_size=6).map("\n".join)


@given(LINES, LINES, LINES)
def test_a_trimmed_edit_does_the_same_with_less(text, find, new):
    edit = Edit("replace", new, find)
    if not find or sum(text.startswith(find, at) for at in range(len(text))) != 1:
        return
    (smaller,) = trimmed(text, [edit])
    assert apply_edits(text, [smaller]) == apply_edits(text, [edit])
    assert len(smaller.find) <= len(find)


def test_lines_that_stay_are_taken_out_of_a_replacement():
    text = "One.\nTwo.\nThree."
    assert trimmed(text, [Edit("replace", "One.\nZwei.\nThree.", text)]) == [Edit("replace", "Zwei.", "Two.")]
    assert trimmed(text, [Edit("append", "Four.")]) == [Edit("append", "Four.")]
