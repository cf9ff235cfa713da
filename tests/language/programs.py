"""Programs for property tests: generated ones, in any layout, and the files that cover the whole language."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from hypothesis import strategies as st

from adalang.language.literal import encode

ROOT = Path(__file__).parent.parent.parent
WHOLE = ROOT / "tests" / "fixtures" / "whole" / "support.adal"
EXAMPLES = sorted(path for path in (ROOT / "examples").rglob("*.adal"))

NAMES = st.sampled_from(["a", "bee", "long_name_of_something", "größe", "type_", "x1", "of_", "in_", "model_2"])
TEXTS = st.text(max_size=60) | st.text(alphabet=' \t\n"\\{}#%é\U0001f600ab', max_size=40)
_ONE_LINE = st.text(alphabet=" \t#%'é\U0001f600abc", max_size=20)

# A gap between two tokens: white space that never brings a token of a declaration to column 0, and comments.
_GAPS = st.sampled_from(
    ["", " ", " ", " ", "  ", "\n  ", "\n\n\n    ", "\t", " # why\n  ", "\n  # own line\n  ", "\u00a0"]
)
_TOP_GAPS = st.sampled_from(["\n", "\n", "\n\n", "\n\n\n\n", "  # beside\n", "\n# above\n", "\n\n# apart\n\n", " "])


def literal(text: str, indent: str = "    ") -> str:
    """Some literal of the text; never one whose lines stand at column 0."""
    return encode(text, indent=indent)


def _words(*parts: st.SearchStrategy[list[str]] | str) -> st.SearchStrategy[list[str]]:
    """The tokens of all parts in a row."""
    strategies = [st.just([part]) if isinstance(part, str) else part for part in parts]
    return st.tuples(*strategies).map(lambda lists: [token for tokens in lists for token in tokens])


def _one(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return strategy.map(lambda token: [token])


def _several(
    strategy: st.SearchStrategy[list[str]], separator: str = "", least: int = 0
) -> st.SearchStrategy[list[str]]:
    def joined(lists: list[list[str]]) -> list[str]:
        result: list[str] = []
        for number, tokens in enumerate(lists):
            result += [*([separator] if number and separator else []), *tokens]
        return result

    return st.lists(strategy, min_size=least, max_size=3).map(joined)


_TEXT = _one(TEXTS.map(literal))
_NAME = _one(NAMES)
_SCALARS = _one(st.sampled_from(["1", "-2.5", "1_000", "true", "false", "null", '"text"', "name", "row.field"])) | _TEXT


def _compound(inner: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    return st.one_of(
        _words("[", _several(inner, ","), "]"),
        _words("{", _several(_words(_NAME, "=", inner), ","), "}"),
        _words("call", "(", _several(inner, ","), ")"),
        _words("call", "(", _NAME, "=", inner, ")"),
        _words("(", inner, "or", "name", ")"),
        _words("[", "call", "(", "one", ")", "for", "one", "in", "name", "if", "one", "!=", inner, "]"),
        _words("match", "name", "{", '"a"', "|", "2", "=>", inner, "_", "=>", inner, "}"),
    )


_VALUES = st.recursive(_SCALARS, _compound, max_leaves=6)
_TYPES = st.recursive(
    _one(st.sampled_from(["str", "int", "other.Type"])) | _words('"a"', "|", '"b c"'),
    lambda inner: st.one_of(
        _words("str", "[", "]", "?"),
        _words("(", inner, ")", "[", "]"),
        _words("{", _several(_words(_NAME, ":", inner, '"a note"')), "}"),
    ),
    max_leaves=3,
)
_SETTINGS = _words("{", _several(_words(_NAME, "=", _VALUES), ","), "}")
_SIGNATURE = _words("(", _several(_words(_NAME, ":", _TYPES), ","), ")", "->", _TYPES)
_TEMPLATE = _one(
    st.builds(lambda before, after: literal(f"{before}{{{{ name }}}}{after}", "      "), _ONE_LINE, TEXTS).filter(
        lambda raw: "{%" not in raw and "{#" not in raw and raw.count("{{") == 1
    )
)
_BODY = _several(
    st.one_of(
        _words(st.sampled_from(["system", "user", "assistant"]).map(lambda role: [role]), "=", _TEMPLATE),
        _words("param", _NAME, "=", _TEXT),
        _words("demos", _NAME, "{", "max", "=", "2", "}", "=", "[", "{", _NAME, "=", _TEXT, "}", "]"),
        _words("model", "=", _NAME),
    )
)
_STATEMENTS = _several(
    st.one_of(
        _words(_NAME, "=", _VALUES),
        _words("repeat", "3", "until", "name", "{", _NAME, "=", _VALUES, "}"),
        _words("return", _VALUES),
    )
)
_DECLARATIONS = st.one_of(
    _words("import", '"some file.adal"'),
    _words("model", _NAME, "=", _one(st.just('"x/y"')), _SETTINGS),
    _words("model", _NAME, "=", '"x/y"'),
    _words("type", _NAME, "=", _TYPES),
    _words("param", _NAME, "=", _TEXT),
    _words("prompt", _NAME, _SIGNATURE, "=", _TEMPLATE),
    _words("prompt", _NAME, _SIGNATURE, "{", _BODY, "}"),
    _words("agent", _NAME, _SIGNATURE, "{", _BODY, "}"),
    _words("retriever", _NAME, _SIGNATURE, _SETTINGS),
    _words("tool", _NAME, _SIGNATURE, "=", "python", "(", '"a.py:b"', ")"),
    _words("pipeline", _NAME, _SIGNATURE, "{", _STATEMENTS, "}"),
    _words("dataset", _NAME, "=", _VALUES, _SETTINGS),
    _words("eval", _NAME, "of", _NAME, _SETTINGS),
    _words("optimize", _NAME),
)


@st.composite
def _declaration(draw: st.DrawFn) -> str:
    tokens = draw(_DECLARATIONS)
    text = tokens[0]
    for before, token in pairwise(tokens):
        gap = draw(_GAPS)
        needs_space = (before[-1].isalnum() or before[-1] in '_"') and (token[0].isalnum() or token[0] in '_"-')
        if not gap and (needs_space or before + token[0] in ("=>", "==", '="""') or "?" in before + token):
            gap = " "
        text += gap + token
    return text


@st.composite
def programs(draw: st.DrawFn) -> str:
    """An ``.adal`` file in a random layout. It parses without mistakes; its names mean nothing."""
    newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    text = draw(st.sampled_from(["", "\n\n", "# first\n", "\ufeff"]))
    for declaration in draw(st.lists(_declaration(), max_size=4)):
        text += declaration + draw(_TOP_GAPS)
    return text.replace("\n", newline)
