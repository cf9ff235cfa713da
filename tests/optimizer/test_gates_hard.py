"""Static gates against texts as teachers really write them: other scripts, markup, placeholders, fences, great length."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adalang.optimizer.gates import copied_from, placeholders, refuse_text, runs_of_words, sketch
from adalang.optimizer.task import Example

QUOTE = "my card was charged twice for the same order last week"
CHINESE = "我的信用卡上周被同一笔订单扣款了两次请尽快退款"


def refused(before, after, rows=(), words=(), tried=(), most=None):
    data = copied_from([Example(str(nth), {"q": row}) for nth, row in enumerate(rows)])
    return refuse_text(before, after, tried=tried, data=data, words=words, most=most)


# -- placeholders ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["{{ name }}", "{{name|upper}}", "{% if x %}", "{name}", "{{ a\n }}"])
def test_a_place_to_fill_in_is_kept(place):
    before = f"Write a greeting with {place} in it."
    assert "lose" in refused(before, "Write a greeting.")
    assert refused(before, f"Write a short greeting with {place} in it.") is None


def test_white_space_in_a_placeholder_does_not_matter():
    assert placeholders("{{ x }} {{x}} {%- if a -%}") == ["{{x}}", "{{x}}", "{%-ifa-%}"]
    assert refused("Use {{ x }}.", "Do use {{x}} here.") is None


@pytest.mark.parametrize("added", ["{{ question }}", "{% for shot in shots %}"])
def test_a_placeholder_that_would_never_be_filled_in_is_refused(added):
    assert "sent as it stands" in refused("Answer.", f"Answer this: {added}")


def test_braces_of_json_and_code_are_no_placeholders():
    assert placeholders('{"a": 1} {} { x: 1 } ${PATH') == []
    assert refused("Answer.", 'Answer like this: {"label": "a", "why": "…"}') is None


# -- form --------------------------------------------------------------------------------------------------------------


def test_a_code_fence_is_not_left_open():
    before = "Answer so:\n```json\n{}\n```\nNothing else."
    assert "fence" in refused(before, "Answer so:\n```json\n{}\nNothing else.")
    assert "fence" in refused("Answer.", "Answer.\n~~~\nlike this")
    assert refused(before, before.replace("{}", '{"a": 1}')) is None
    assert refused("Open:\n```", "Open it:\n```") is None, "it was open before"


@pytest.mark.parametrize("empty", ["", " \n\t", "\u200b\u200b", "\u2060\n", "\u00a0"])
def test_what_nobody_can_see_is_empty(empty):
    assert "empty" in refused("Answer.", empty)


def test_what_no_file_can_hold_is_refused():
    assert "half a character" in refused("Answer.", "Answer \ud83d.")
    assert "NUL" in refused("Answer.", "Answer\0.")


def test_the_teachers_own_marks_do_not_get_in():
    assert "marks" in refused("Answer.", "<<<\nAnswer.\nQuickly.\n>>>")
    assert refused("Answer.", "Answer. In Python 1 <<< 2 is an error.") is None


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "words", "lost"),
    [
        ("Labels: café, naïve", f"Labels: {unicodedata.normalize('NFD', 'café, naïve')} or so", ["café"], None),
        ("标签：退款、发票", "标签：发票", ["退款", "发票"], "退款"),
        ("标签：退款、发票", "请选标签退款或者发票", ["退款", "发票"], None),
        ("Answer c++ or c#", "Answer c++", ["c++", "c#"], "c#"),
        ("Answer **billing** or `other`", "Answer <b>billing</b>, else other", ["billing", "other"], None),
        ("Answer billing", "Answer prebilling", ["billing"], "billing"),
        ("Do it.", "Do it now.", ["billing"], None),
    ],
)
def test_names_that_others_rely_on_stay_in_any_script(before, after, words, lost):
    reason = refused(before, after, words=words)
    assert reason is None if lost is None else reason is not None and lost in reason


# -- copies ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "copy",
    [
        QUOTE.upper(),
        QUOTE.replace(" ", "  \n> "),
        "**my** card was _charged_ twice, for the “same” order!",
        "<b>my</b> card was <i class='x'>charged</i> twice for the same order",
        unicodedata.normalize("NFKD", "my card was charged twice for the same order"),
        "my card was charged twice for the same order",  # full-width space
        "ｍｙ ｃａｒｄ was charged twice for the same order",
    ],
)
def test_a_copy_in_disguise_is_a_copy(copy):
    assert "copies" in refused("Sort.", f"Sort. For example: {copy}", [QUOTE])


def test_scripts_without_spaces_are_read_too():
    assert "copies" in refused("分类。", f"分类。例如：{CHINESE}", [CHINESE])
    assert refused("分类。", f"分类。例如：{CHINESE[:6]}", [CHINESE]) is None
    mixed = "请问 iPhone 15 的订单 什么时候 可以 发货 到 上海 我 等 了 很久 了"
    assert "copies" in refused("分类。", f"分类。例如：{mixed}", [mixed])


def test_seven_words_are_no_copy_and_numbers_alone_are_one():
    assert refused("Sort.", f"Sort. {' '.join(QUOTE.split()[:7])}", [QUOTE]) is None
    assert "copies" in refused("Sort.", "Sort. 1 2 3 4 5 6 7 8", ["1 2 3 4 5 6 7 8"])


@given(st.lists(st.sampled_from(["alpha", "beta", "我", "ไ", "é", "9"]), max_size=40))
def test_every_run_is_found_wherever_it_stands(words):
    runs = runs_of_words(" ".join(words))
    assert set(runs) <= set(runs_of_words(" ".join(["before", *words, "after"])))
    assert all(8 <= len(run.split()) <= 16 for run in runs)


# -- near-duplicates ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "same",
    ["- be brief\n- Be exact", "Be exact.\nBe brief.", "BE BRIEF\n\n\nbe exact", "* Be brief!\n* Please be exact."],
)
def test_other_order_case_bullets_and_manners_make_no_new_text(same):
    assert "tried" in refused("x", same, tried=["Be brief.\nBe exact."])


def test_other_words_do():
    assert sketch("Be brief.\nBe exact.") != sketch("Be brief.\nBe not exact.")
    assert sketch("Be brief. Be exact.") != sketch("Be exact. Be brief."), "within a line order can matter"


# -- length ------------------------------------------------------------------------------------------------------------


def test_very_long_texts_are_judged_and_bounded():
    before = "\n".join(f"Rule {nth}: the answer to case {nth} is {nth * nth}." for nth in range(5000))
    assert refused(before, f"{before}\nRule 5000: else ask.", [QUOTE]) is None
    assert "allowed" in refused(before, before * 4)
    assert "copies" in refused(before, f"{before}\n{QUOTE}", [QUOTE])
    assert "characters are more than the 4000 allowed" in refused("Short.", "word " * 900)


@given(st.text(max_size=200), st.text(max_size=200))
def test_it_never_fails_on_any_text(before, after):
    reason = refused(before, after, [before, after], words=["a", "é"], tried=[before])
    assert reason is None or reason
