"""A run's events put together again, and told as a tree."""

from __future__ import annotations

from adalang.report.explain import round_lines, run_lines, summary_lines
from adalang.report.story import Story
from tests.report.told import STARTED, TWO_PROMPTS, told

TREE = """\
Round 1 (edit_text) from the file, 180 calls
├─ 2 of 4 train rows fail: r1 r2
├─ blamed: extract.rules 75%, answer.rules 25%
│  ├─ extract.rules, 2 notes
│  │  ├─ r1 (100%): The date is <missing>.
│  │  └─ r2 (50%): It kept the greeting.
│  └─ answer.rules, 1 note
│     └─ r2 (50%): It guessed.
├─ [1] Dates are skipped. -> Say that dates are kept.
│  screened +2.0 on 2 rows: passed
│  raced +2.0 on 8 rows against the file: kept
├─ [2] It is not told to be brief. -> Say: be brief.
│  screened +1.0 on 2 rows: dropped, it breaks r4
├─ [3] Greetings stay. -> Say that greetings go.
│  screened +1.0 on 1 row: passed
├─ [4] It copies. -> Copy the example.
│  refused before any call: it copies a row of the data
├─ [1] + [2] + [3] together
│  screened +0.0 on 2 rows: dropped
├─ [1] + [3] together
│  raced -1.0 at the first look against the best of round 1: dropped
└─ new best: 75% on 8 selection rows"""


def test_a_round_is_told_as_a_tree_of_blame_hypotheses_and_trials():
    story = Story.of(TWO_PROMPTS)
    assert "\n".join(round_lines(story, story.rounds[0])) == TREE
    assert "the teacher gave no usable answer: the answer is no JSON" in "\n".join(round_lines(story, story.rounds[1]))


def test_the_whole_is_summed_up_by_param():
    lines = summary_lines(Story.of(TWO_PROMPTS))
    assert lines == [
        "Blame over all rounds",
        "├─ extract.rules: 75% of the blame; 4 changes tried, 1 kept",
        "└─ answer.rules: 25% of the blame; 0 changes tried, 0 kept",
        "Search ended after 2 rounds: 2 rounds are done",
        "The run has not ended: the same command goes on from there.",
    ]


def test_a_round_ends_with_the_event_behind_it():
    story = Story()
    ended = [(event.kind, one.number) for event in TWO_PROMPTS if (one := story.tell(event)) is not None]
    assert ended == [("round", 1), ("search_ended", 2)]


def test_where_it_began_is_known_from_the_first_duel_or_the_baseline():
    assert Story.of(TWO_PROMPTS).start_mean == 0.75 - 2.0 / 8
    assert Story.of(told(("started", STARTED), ("baseline", {"rows": 40, "mean": 0.4}))).start_mean == 0.4
    assert Story.of(told(("started", STARTED))).start_mean is None


def test_notes_may_be_absent_and_a_story_may_end_anywhere():
    bare = [
        told(("feedback", {"blame": {"a.b": 1.0}, "target": "a.b", "targets": ["a.b"]}))[0]
        if event.kind == "feedback"
        else event
        for event in TWO_PROMPTS
    ]
    assert "├─ blamed: a.b 100%\n├─ [1]" in "\n".join(run_lines(Story.of(bare)))
    for end in range(len(TWO_PROMPTS) + 1):
        assert run_lines(Story.of(TWO_PROMPTS[:end]))


def test_what_is_tried_before_the_first_round_is_told_too():
    events = told(
        ("started", STARTED),
        ("raced", {"candidate": "old", "against": "file0000file", "delta": 3.0, "rows": 6, "accepted": True}),
        ("best", {"candidate": "old", "mean": 0.75, "rows": 6, "values": {"a.b": "x"}}),
        ("round", {"nth": 1, "operator": "edit_text", "parent": "old", "batch": ["r1"], "failing": []}),
        ("search_ended", {"reason": "1 rounds are done", "rounds": 1, "best": 0.75, "runs": 20}),
    )
    story = Story.of(events)
    assert (story.count, story.start_mean, [one.number for one in story.rounds]) == (1, 0.25, [0, 1])
    assert "\n".join(run_lines(story)).startswith(
        "Before the first round, 30 calls\n"
        "├─ what was found before\n"
        "│  raced +3.0 on 6 rows against the file: kept\n"
        "└─ new best: 75% on 6 selection rows\n"
        "\n"
        "Round 1 (edit_text) from what an earlier run found, 10 calls\n"
    )
