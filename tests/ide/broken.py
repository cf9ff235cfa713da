"""Broken and half-typed files for the features that have to live with them, and programs of one file."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st
from tests.language.programs import WHOLE

from adalang.language.program import Module, Program, link
from adalang.language.text import SourceText

_TEXT = WHOLE.read_text(encoding="utf-8")
_TYPED = st.sampled_from(
    [
        *("{", "}", "(", ")", "[", "]", '"', '"""', "=", ":", ".", ",", "|", "->", "#", "\n", "\r\n", "\r", "  ", "\t"),
        *("{{ ", " }}", "{% if ", "{% endif %}", "{% for x in ", "{# ", "\\", "é", "😀", "\u2028", "\ufeff"),
        *("prompt ", "\nprompt x(a: str) {\n", "param p = ", "match x {", "repeat 3 until ", "return ", '\nimport "'),
    ]
)


@st.composite
def broken_texts(draw: st.DrawFn) -> str:
    """A stretch of a file that covers the language, with things typed into it and cut out of it."""
    low = draw(st.integers(0, len(_TEXT)))
    text = _TEXT[low : low + draw(st.integers(0, 1500))]
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(_TYPED) + text[at + draw(st.integers(0, 6)) :]
    return text.replace("\n", draw(st.sampled_from(["\n", "\n", "\r\n"])))


def program_of(text: str) -> Program:
    """A file that imports nothing which can be found."""
    return link(Module.parse(Path("/nowhere/page.adal"), SourceText.of(text)), lambda path: None)
