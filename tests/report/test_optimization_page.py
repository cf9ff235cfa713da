"""The report of a run as a page."""

from __future__ import annotations

from adalang.report.optimization import optimization_page
from adalang.report.story import Story
from adalang.store.records import Change, Evidence, Proposal
from tests.report.reading import read_page
from tests.report.told import TWO_PROMPTS, told

EVIDENCE = Evidence(
    verified=True,
    holdout_n=50,
    before=0.4,
    after=0.62,
    low=0.1,
    high=0.33,
    p=0.002,
    alpha=0.03,
    mended=14,
    broken=3,
    mended_examples=({"row": "t1", "inputs": {"text": "<i>hi</i>"}, "expected": "a", "before": "b", "after": "a"},),
    tokens_before=120.0,
    tokens_after=150.0,
    usd_before=0.0001,
    usd_after=0.00012,
    calls_spent=260,
    usd_spent=0.26,
    hypothesis="Say that dates are kept.",
    notes=("a note",),
)
TESTED = TWO_PROMPTS + [
    event
    for event in told(
        *[("not_simplified", {})] * len(TWO_PROMPTS),
        ("chosen", {"candidate": "cand1", "mean": 0.75, "incumbent": 0.5}),
        ("ship_test", {"n": 50, "before": 0.4, "after": 0.62, "p": 0.002, "alpha": 0.03}),
        ("finished", {"kind": "proposal", "reason": "40 % -> 62 % (+22 points [+10, +33])"}),
    )
    if event.seq > len(TWO_PROMPTS)
]
CHANGES = (
    Change("extract.rules", "text", "Extract it.\nOld <b>.", "Extract it.\nKeep dates."),
    Change("extract.shots", "demos", [], [{"text": "x", "output": "<y>"}]),
)


def drawn(events, **values):
    told = {"file": "a.adal", "eval_name": "quality", "run_id": "ab12", "state": "finished", "began": "today"}
    page = optimization_page(Story.of(events), **told | values)
    return page, read_page(page)


def proposal():
    return Proposal.new(
        run_id="ab12", file="a.adal", eval="quality", fingerprint="f", changes=CHANGES, evidence=EVIDENCE
    )


def test_outcome_and_evidence_come_first_then_the_edit():
    page, text = drawn(TESTED, proposal=proposal())
    for words in (
        "Confirmed on rows that the search has never seen",
        "40% → 62%",
        "[+10, +33] points",
        "14, 3",
        "120 → 150",
        "0.0001 → 0.00012",
        "260 calls, $0.26",
        "adalang proposals apply",
        "Score against calls and money",
        "a note",
    ):
        assert words in text, words
    order = [page.index(f'id="{name}"') for name in ("outcome", "edit", "curve", "price", "search", "ledger", "blame")]
    assert order == sorted(order)
    assert "<del>- Old &lt;b&gt;.</del>" in page and "<ins>+ Keep dates.</ins>" in page
    assert "<ins>+ {&#34;text&#34;: &#34;x&#34;, &#34;output&#34;: &#34;&lt;y&gt;&#34;}</ins>" in page


def test_the_search_stands_there_with_all_hypotheses_and_what_became_of_them():
    _, text = drawn(TESTED, proposal=proposal())
    for words in (
        "2 of 4",
        "extract.rules 75 %, answer.rules 25 %",
        "raced +2.0 on 8 rows against the file: kept",
        "screened +1.0 on 2 rows: dropped, it breaks r4",
        "it copies a row of the data",
        "the answer is no JSON",
        "It guessed.",
    ):
        assert words in text, words


def test_estimate_and_price_stand_side_by_side():
    page, _ = drawn(TESTED, proposal=proposal())
    rows = page[page.index('id="price"') :].split("<tr>")[2:6]
    cells = [[cell.split("<")[0] for cell in row.split('">')[1:6]] for row in rows]
    assert cells == [
        ["search", "840", "210", "2,100", "0.21"],
        ["choosing and shortening the edit", "", "10", "100", "0.01"],
        ["final test", "100", "10", "100", "0.01"],
        ["whole run", "940", "240", "2,400", "0.24"],
    ]


def test_a_run_that_was_cut_off_has_a_report_wherever_it_ended():
    for end in range(len(TESTED)):
        _, text = drawn(TESTED[:end], state="cut off")
        assert "Not at its end" in text and "The same command goes on from there." in text
    assert "not offered" in text and "Keep dates. <b>" in text, "the best so far is shown"


def test_a_hint_is_called_one():
    events = [
        *TESTED[:-1],
        *told(*[("not_simplified", {})] * 3, ("finished", {"kind": "hint", "reason": "luck"}))[-1:],
    ]
    evidence = Evidence(holdout_n=50, before=0.4, after=0.5, p=0.2, alpha=0.03)
    hint = Proposal.new(run_id="r", file="a", eval="q", fingerprint="f", changes=CHANGES, evidence=evidence)
    page, _ = drawn(events, proposal=hint)
    assert "A hint, not confirmed" in page and "--unverified" in page and "Accept it" not in page
