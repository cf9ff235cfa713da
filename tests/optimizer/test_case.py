"""What a teacher is shown of a value that is too long says so."""

from adalang.evaluation.results import RowResult
from adalang.optimizer.backward import Note
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.case import described, make_case
from tests.optimizer.world import TEXT, World


def test_a_value_that_is_cut_is_told_with_its_length():
    task, long = World(), "word " * 2000
    result = RowResult("1", 0, "ok", 0.0, "wrong", long, "x", {"question": long})
    notes = [Note("solve.text", "1", long, 1.0)]
    case = make_case(task, Candidate({"solve.text": TEXT}), task.info.params[0], notes, {"1": result}, [], [], [])
    told = described(task, case)
    assert len(told) < 6000 and told.count("… (10002 characters)") == 2
