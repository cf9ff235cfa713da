"""Whatever stands in a file: it is read, mistakes stay where they are, and reading anew gives the same as reading on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.language.programs import EXAMPLES, WHOLE, programs

from adalang.language.checks import check
from adalang.language.format import format_source
from adalang.language.graph import build_graph
from adalang.language.program import Module, link
from adalang.language.syntax import Node, parse
from adalang.language.text import Edit, SourceText, Span

FILES = [WHOLE, *EXAMPLES]
SOURCE = WHOLE.read_bytes()
PIECES = st.sampled_from(
    [
        *(
            b"{",
            b"}",
            b"(",
            b")",
            b"[",
            b"]",
            b'"',
            b'"""',
            b'""""""',
            b"=",
            b":",
            b",",
            b".",
            b"|",
            b"->",
            b"=>",
            b"#",
        ),
        *(
            b"\n",
            b"\r\n",
            b"\r",
            b"\t",
            b" ",
            b"\n\n",
            b"  ",
            b"{{",
            b"}}",
            b"{%",
            b"%}",
            b"{#",
            b"\\",
            b"'",
            b"_",
            b"3",
        ),
        *(b"prompt ", b"\nprompt x(a: str) {", b"model", b"param x", b"match x {", b"repeat 3 until ", b"return "),
        *("é".encode(), "😀".encode()),
    ]
)


def tokens(node: Node) -> Iterator[Node]:
    if not node.children:
        if node.end_byte > node.start_byte:
            yield node
        return
    for child in node.children:
        yield from tokens(child)


def look(data: bytes, path: Path = WHOLE) -> Module:
    """Do with a text all that an editor does while somebody types."""
    module = Module.parse(path, SourceText(data))
    for found in check(link(module, lambda wanted: None)):
        assert 0 <= found.span.start <= found.span.end <= len(data)
        for fix in found.fixes:
            module.source.apply(fix.edits)
    return module


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_deleting_any_token_leaves_the_other_declarations_in_place(path: Path) -> None:
    data = path.read_bytes()
    whole = look(data, path)
    lost: list[str] = []
    for token in list(tokens(parse(whole.source).root_node)):
        after = look(data[: token.start_byte] + data[token.end_byte :], path)
        names = {item.declaration.name.text for item in after.items}
        for item in whole.items:
            touched = item.span.start <= token.start_byte <= item.span.end
            if not touched and item.declaration.name.text not in names:
                line = whole.source.line_of(token.start_byte) + 1
                lost.append(f"without `{token.text!r}` of line {line}: {item.declaration.name.text}")
    assert lost == []


def test_a_file_that_is_no_utf8_gets_one_message_that_says_so() -> None:
    module = Module.parse(WHOLE, SourceText(b'param a = "x"\nparam b = "\xff"\nprompt (\n'))
    (found,) = check(link(module, lambda wanted: None))
    assert (found.span.start, found.message) == (25, "The byte 0xFF is not UTF-8; save the file as UTF-8.")


@given(st.binary(max_size=200) | st.lists(PIECES, max_size=30).map(b"".join))
def test_any_bytes_are_read(data: bytes) -> None:
    module = look(data)
    build_graph(link(module, lambda wanted: None), lambda path: None)
    if module.source.first_undecodable() is None:
        format_source(SourceText(data))


NESTS = {
    "return {}": [
        *(("(", "x", ")"), ("not ", "x", ""), ("[", "x", "]"), ("{ a = ", "x", " }"), ("p(", "x", ")")),
        *(("x or ", "x", ""), ("", "x", ".a"), ("match x { _ => ", "x", " }"), ("[", "x", " for x in x]")),
        *(("p(x = ", "x", ")"), ("match x { _ => match x {", "", ""), ("[", "x", ""), ("{ a = ", "x", "")),
    ],
    "repeat 3 until x {}": [("{ repeat 3 until x ", "{ a = x }", " }")],
    "a: {} = x": [("(", "str", ")"), ("", "str", "[]"), ("", "str", "?"), ("{ a: ", "str", " }"), ("{ a: ", "str", "")],
}


@given(st.sampled_from([(place, nest) for place, nests in NESTS.items() for nest in nests]), st.integers(1, 1200))
@settings(max_examples=80, deadline=None)
def test_whatever_is_nested_deeply_is_read_to_a_depth(case: tuple[str, tuple[str, str, str]], depth: int) -> None:
    place, (before, inner, after) = case
    value = before * depth + inner + after * depth
    signature, body = (f"x: {value}", "return x") if place.startswith("a:") else ("x: bool", place.format(value))
    text = f"pipeline p({signature}) {{\n  {body}\n}}\n\ntype T = str\n"
    module = look(text.encode())
    build_graph(link(module, lambda wanted: None), lambda path: None)
    assert module.items[-1].declaration.name.text == "T"
    once = format_source(SourceText.of(text))
    assert format_source(SourceText.of(once)) == once
    if depth > 100:
        (problem,) = module.items[0].declaration.problems
        assert problem.code == "ADL001" and "nested too deeply" in problem.message
        assert once == text


EDITS = st.lists(
    st.tuples(
        st.integers(0, len(SOURCE)), st.integers(0, 40) | st.just(0), st.just(b"") | PIECES | st.binary(max_size=3)
    ),
    min_size=1,
    max_size=5,
)


@given(EDITS)
@settings(max_examples=60)
def test_any_edits_of_a_whole_file_are_read(edits: list[tuple[int, int, bytes]]) -> None:
    data = SOURCE
    for start, length, text in edits:
        data = data[:start] + text + data[start + length :]
        look(data)


def shown(module: Module) -> list[tuple[int, str, object]]:
    """All that was read, as text: declarations are compared by identity."""
    return [(item.start, repr(item.declaration), item.declaration.problems) for item in module.items]


def same(one: Module, other: Module) -> None:
    assert one.source.data == other.source.data
    assert [(start, piece.source.data) for start, piece in one.pieces] == [
        (start, piece.source.data) for start, piece in other.pieces
    ]
    assert shown(one) == shown(other)
    assert one.problems == other.problems
    assert [one.source.line_start(line) for line in range(one.source.line_count + 1)] == [
        other.source.line_start(line) for line in range(other.source.line_count + 1)
    ]


BORDERS = st.sampled_from(
    [
        *(
            "\nmodel m = 1\n",
            "\ntype your answer\n",
            "type ",
            "\n# doc\n",
            "\n  # doc\n",
            '\nimport "x"\n',
            "\neval e of p {}\n",
        ),
        *(
            '\nprompt p(q: str) = """\n',
            '\n  """\n',
            '\n"""\n',
            '"""',
            '""""',
            "\nHello there,\n",
            "\nmodel answers vary\n",
        ),
        *("\n", "\r", "\r\n", "\n\n", "#", "pa", "x"),
        *('prompt"""\n', '\rdataset a"""', "eval e of a{}", "=eval e of a{}\r"),
    ]
)


@given(
    programs() | st.just(SOURCE.decode()) | st.lists(BORDERS, max_size=30).map("".join),
    st.lists(
        st.tuples(
            st.floats(0, 1),
            st.integers(0, 12) | st.integers(0, 200),
            st.text(max_size=2) | PIECES.map(bytes.decode) | st.lists(BORDERS, max_size=3).map("".join),
        ),
        max_size=6,
    ),
)
@settings(max_examples=200)
def test_reading_on_after_edits_is_reading_anew(text: str, edits: list[tuple[float, int, str]]) -> None:
    module = Module.parse(WHOLE, SourceText.of(text))
    for place, length, new in edits:
        before = module
        assert before.source.line_count
        size = len(before.source.data)
        start = int(place * size)
        module = before.edited(Edit(Span(start, min(start + length, size)), new))
        same(module, Module.parse(WHOLE, SourceText(module.source.data)))


def test_a_piece_ends_where_it_would_end_anew_behind_declarations_that_were_taken_over() -> None:
    before = Module.parse(WHOLE, SourceText.of('prompt"""\n=eval e of a{}\rdataset a"""'))
    after = before.edited(Edit(Span(0, 0), 'import "b.adal"\n'))
    same(after, Module.parse(WHOLE, after.source))


def test_unchanged_declarations_are_taken_over_as_they_are() -> None:
    before = Module.parse(WHOLE, SourceText(SOURCE))
    for edit in (
        Edit(Span(0, 0), "# a new first line\n\n"),
        Edit(Span(len(SOURCE), len(SOURCE)), "\n# a new last line"),
    ):
        after = before.edited(edit)
        pairs = zip(before.items, after.items, strict=True)
        assert all(one.declaration is other.declaration for one, other in pairs)


def test_a_keystroke_reads_one_piece() -> None:
    text = "".join(
        f'# About {n}.\nprompt p{n}(q: str) -> str {{\n  user = """{{{{ q }}}}"""\n}}\n\n' for n in range(50)
    )
    before = Module.parse(WHOLE, SourceText.of(text))
    place = text.index("About 30") + 6
    after = before.edited(Edit(Span(place, place), "x"))
    fresh = [number for number, (_, piece) in enumerate(after.pieces) if piece is not before.pieces[number][1]]
    assert fresh == [30]
    assert after.items[30].declaration.doc == "About x30."


def test_lines_of_a_pasted_text_are_no_declarations() -> None:
    text = 'prompt p(q: str) = """\nHello,\ntype your answer\nmodel answers follow\n  {{ q }}\n  """\n\nparam x = "a"\n'
    module = look(text.encode())
    assert [item.declaration.name.text for item in module.items] == ["p", "x"]
    assert [one.code for one in check(link(module, lambda wanted: None))] == ["ADL004"]


LARGE: dict[str, Callable[[int], str]] = {
    "open texts": lambda n: 'prompt p(q: str) = """\n' * n,
    "half declarations": lambda n: "type your answer\n" * 2 * n,
    "one open text": lambda n: 'prompt p(q: str) = """\n' + "type your answer\n" * 2 * n,
    "comments": lambda n: "# a comment\n" * 4 * n,
    "one long text": lambda n: 'param x = """\n' + "  word\n" * 20 * n + '  """\n',
    "one long open text": lambda n: 'param x = """\n' + "  word\n" * 20 * n,
    "one long line of mistakes": lambda n: (
        'model m = "a/b" { ' + " ".join(f"foo{at} : bar baz" for at in range(n)) + " }"
    ),
    "untyped inputs": lambda n: "prompt p(" + ", ".join(f"a{at}" for at in range(2 * n)) + ")",
    "wrong escapes": lambda n: 'param x = "' + "\\q" * 4 * n + '"',
    "wrong indentation": lambda n: 'param x = """\n' + " word\n" * 4 * n + '   """\n',
    "open tags": lambda n: 'prompt p(x: str) = "' + "{{ x " * 2 * n + '"',
    "unknown variables": lambda n: 'prompt p(x: str) = "' + "".join(f"{{{{ y{at} }}}} " for at in range(n)) + '"',
}


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_reading_takes_time_in_proportion_to_the_text(text: Callable[[int], str]) -> None:
    """Compared with itself, in processor time, so that it holds on a slow machine too: square would be 25 times."""

    def seconds(n: int) -> float:
        began = time.process_time()
        module = look(text(n).encode())
        module.edited(Edit(Span(30, 30), "x"))
        return time.process_time() - began

    assert seconds(2000) < 12 * seconds(400) + 0.2
