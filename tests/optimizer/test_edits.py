"""An edit is carried out exactly or refused; hunks can be put back one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adalang.optimizer.edits import Edit, EditRefused, apply_edits, hunks, read_edits, with_hunks

texts = st.text("ab\n ", max_size=40)


@given(texts, st.text("ab\n ", min_size=1, max_size=4), texts)
def test_a_replacement_changes_exactly_its_one_place_or_nothing(text, find, new):
    places = [at for at in range(len(text)) if text.startswith(find, at)]
    if len(places) != 1:
        with pytest.raises(EditRefused):
            apply_edits(text, [Edit("replace", new, find)])
    else:
        at = places[0]
        assert apply_edits(text, [Edit("replace", new, find)]) == text[:at] + new + text[at + len(find) :]


@given(texts, texts)
def test_an_addition_leaves_all_that_was_there(text, new):
    if not new.strip():
        with pytest.raises(EditRefused):
            apply_edits(text, [Edit("append", new)])
    else:
        after = apply_edits(text, [Edit("append", new)])
        assert after.startswith(text) and after.endswith(new)


def test_one_edit_that_does_not_fit_refuses_the_whole_script():
    with pytest.raises(EditRefused, match="0 times"):
        apply_edits("one\ntwo", [Edit("append", "three"), Edit("replace", "x", "four")])


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "text",
        {},
        {"edits": []},
        {"edits": "replace all"},
        {"edits": [{"action": "append"}]},
        {"edits": [{"action": "replace", "find": "", "text": "x"}]},
        {"edits": [{"action": "rewrite", "find": "a", "text": "x"}]},
        {"edits": [{"action": "append", "find": "", "text": "fine"}, {"action": "replace", "text": "no find"}]},
    ],
)
def test_an_answer_that_is_not_wholly_a_script_is_refused(answer):
    with pytest.raises(EditRefused):
        read_edits(answer)


@given(texts, texts)
def test_all_hunks_make_the_new_text_and_none_the_old(before, after):
    found = hunks(before, after)
    assert with_hunks(before, found) == after
    assert with_hunks(before, []) == before


def test_added_lines_can_be_taken_out_one_by_one():
    found = hunks("a\nb", "a\nb\nc\nd")
    assert with_hunks("a\nb", [hunk for hunk in found if hunk.after != ("c",)]) == "a\nb\nd"
