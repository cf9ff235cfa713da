"""Long texts are cut without losing a word, within their bound, where the text itself ends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adalang.language.models import estimate_tokens
from adalang.runtime.retrieval.chunks import chunks
from adalang.runtime.retrieval.words import asked, terms

KINDS = ["word", "wide", "long", "end", "\n\n", "\n"]


def unlike(kind: str, number: int) -> str:
    """No part of the text stands in it twice."""
    long = "".join(f"{1000 + number}{n:03}-" for n in range(40))
    return {"word": f"w{number}", "wide": f"漢{number}字。", "long": long, "end": f"End{number}."}.get(kind, kind)


TEXTS = st.lists(st.sampled_from(KINDS), max_size=60).map(
    lambda kinds: " ".join(unlike(kind, 100 + n) for n, kind in enumerate(kinds))
)


@given(TEXTS, st.integers(16, 80), st.integers(0, 40))
def test_every_piece_is_bounded_and_nothing_is_lost(text, longest, overlap):
    found = list(chunks(text, longest, overlap))
    assert all(estimate_tokens(one) <= longest + 1 for one in found)
    at = 0
    for one in found:  # each stands in the text, and only blanks lie between one and the next
        begin = text.index(one, max(0, at - len(one)) if overlap else at)
        assert not text[at:begin].strip()
        at = max(at, begin + len(one))
    assert not text[at:].strip()


def test_pieces_end_where_paragraphs_do_and_share_whole_sentences():
    text = "First of all. Then more.\n\nSecond one here. It goes on.\n\nThird part. The end of it."
    assert list(chunks(text, 16)) == [
        "First of all. Then more.\n\nSecond one here. It goes on.",
        "Third part. The end of it.",
    ]
    assert list(chunks(text, 16, 4))[1].startswith("It goes on.")


def test_a_short_text_stays_whole():
    assert list(chunks(" one \n\n two ", 50, 10)) == ["one \n\n two"]
    assert list(chunks(" \n ", 50)) == []


def test_words_are_found_in_other_forms():
    assert terms("Refunds refunded REFUNDING") == ["refund"] * 3
    assert terms("line-length of Größe’s") == ["line", "length", "of", "grösse"]
    assert set(terms("東京駅")) == {"東", "京", "駅", "東京", "京駅"}


def test_words_of_every_text_are_not_asked_for():
    assert asked("What is the line length?") == ["line", "length"]
    assert asked("to be or not to be") == ["to", "be", "or", "not"]
