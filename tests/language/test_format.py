"""The formatter: one layout, reached in one step, and never another byte of prompt text."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from tests.language.programs import EXAMPLES, ROOT, WHOLE, programs

from adalang.cli.fmt import fmt
from adalang.language import format as formatter
from adalang.language import layout
from adalang.language.declarations import Text
from adalang.language.format import blocks, format_edits, format_module_edits, format_source, line_edits
from adalang.language.program import Module
from adalang.language.text import Edit, SourceText, Span

CASES = sorted((ROOT / "tests" / "fixtures" / "format").glob("*.adal"))
FILES = [WHOLE, *EXAMPLES, *sorted((ROOT / "tests" / "fixtures").rglob("*.adal"))]


def formatted(text: str) -> str:
    return format_source(SourceText.of(text))


def texts(value: Any) -> list[str]:
    """The values of all text literals inside a lowered file, in order."""
    if isinstance(value, Text):
        return [value.value]
    if isinstance(value, tuple):
        return [text for one in value for text in texts(one)]
    names = getattr(type(value), "__dataclass_fields__", {})
    return [text for name in names if name != "problems" for text in texts(getattr(value, name))]


def texts_of(source: str) -> list[str]:
    return texts(Module.parse(Path("/"), SourceText.of(source)).items)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_layout(path: Path, update: bool) -> None:
    expected = path.with_suffix(".expected")
    found = format_source(SourceText(path.read_bytes()))
    if update:
        expected.write_bytes(found.encode())
        return
    assert found == expected.read_bytes().decode()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_layout_of_files_is_stable_and_keeps_their_texts(path: Path) -> None:
    source = path.read_bytes().decode()
    once = formatted(source)
    assert formatted(once) == once
    assert texts_of(once) == texts_of(source)


@given(programs())
def test_formatting_twice_is_formatting_once_and_texts_stay(source: str) -> None:
    once = formatted(source)
    assert formatted(once) == once
    assert texts_of(once) == texts_of(source)


@given(programs())
def test_every_whole_program_has_a_layout(source: str) -> None:
    """The guard that refuses a layout with another meaning is never needed."""
    source = source.removeprefix("\ufeff")
    module = Module.parse(Path("/"), SourceText.of(source))
    assert not module.problems and not any(item.declaration.problems for item in module.items)
    layouter = layout.Layouter(module.source, module.items, frozenset())
    assert all(layouter._declaration(item) is not None for item in module.items)
    assert formatted(source) == layouter.formatted(module.source.newline)


@given(programs())
def test_edits_lead_to_the_layout(source: str) -> None:
    text = SourceText.of(source)
    assert str(text.apply(format_edits(text))) == format_source(text)


@given(st.lists(programs(), min_size=1, max_size=3), st.data())
def test_a_file_that_is_typed_in_has_the_layout_of_the_file_that_is_read_anew(
    sources: list[str], data: st.DataObject
) -> None:
    module = Module.parse(Path("/"), SourceText.of("\n".join(sources)))
    for _ in range(3):
        format_module_edits(module)
        size = len(module.source.data)
        start = data.draw(st.integers(0, size))
        end = min(start + data.draw(st.sampled_from([0, 0, 1, 30])), size)
        typed = data.draw(st.sampled_from(["", " ", "\n", "\n\n", '"', '"""', "x", "# c\n", "\r", "\nmodel a = "]))
        module = module.edited(Edit(Span(start, end), typed))
    assert format_module_edits(module) == format_edits(SourceText(module.source.data))


def test_what_is_typed_lays_out_one_block_anew() -> None:
    text = "\n".join(f'model m{number}="x/y"\n' for number in range(5))
    module = Module.parse(Path("/"), SourceText.of(text))
    before = [block for _, block in blocks(module)]
    after = [block for _, block in blocks(module.edited(Edit(Span(text.index("m2"), text.index("m2")), "a")))]
    assert len(before) == 5
    assert [one is other for one, other in zip(before, after, strict=True)] == [True, True, False, True, True]


def test_layouts_that_are_kept_keep_no_text_alive() -> None:
    module = Module.parse(Path("/"), SourceText.of('model a="x/y"\nmodel b="x/y"\n\nmodel c="x/y"\n'))
    assert format_module_edits(module)
    pieces = [weakref.ref(piece) for _, piece in module.pieces]
    del module
    gc.collect()
    assert [piece() for piece in pieces] == [None] * 3


def test_a_layout_with_another_meaning_is_refused_for_its_declaration_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "_spaced", lambda before, after, parent: (before, after) != ("model", "identifier"))
    assert formatted('model  a  =  "x/y"\ntype  t  =  str\n') == 'model  a  =  "x/y"\ntype t = str\n'


@given(st.lists(st.sampled_from("abc\n")), st.lists(st.sampled_from("abc\n")), st.sampled_from([0, 3, 100]))
def test_edits_of_lines_make_one_text_of_another(before: list[str], after: list[str], most: int) -> None:
    old, new = ("".join(one + "\n" for one in lines).encode() for lines in (before, after))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(formatter, "_DIFF_LINES", most)
        edits = line_edits(old, new)
    assert SourceText(old).apply(edits).data == new


@given(programs(), st.data())
def test_whole_declarations_are_laid_out_beside_broken_ones(source: str, data: st.DataObject) -> None:
    broken = data.draw(
        st.sampled_from(["prompt p( {  x   y", "model  a   =", 'param  p = "never  closed', "what   is  this"])
    )
    text = f"{broken}\n\n{source.lstrip(chr(0xFEFF))}"
    once = formatted(text)
    assert broken in once
    assert formatted(once) == once


@pytest.mark.parametrize("data", [b'param x =   "\xff"\n', b"\xff\xfe"])
def test_bytes_that_are_no_text_stay(data: bytes) -> None:
    assert format_edits(SourceText(data)) == []
    with pytest.raises(ValueError, match="UTF-8"):
        format_source(SourceText(data))


def test_the_command_leaves_such_a_file_alone_and_does_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    latin, other = tmp_path / "a.adal", tmp_path / "b.adal"
    latin.write_bytes(b'model  a="x/y"\nparam b = "caf\xe9"\n')
    other.write_bytes(b'model  a="x/y"\n')
    with pytest.raises(typer.Exit) as end:
        fmt([tmp_path], check=False, diff=False)
    assert end.value.exit_code == 2
    assert f"error: {latin}:2:15 is not UTF-8; not formatted" in capsys.readouterr().err
    assert latin.read_bytes() == b'model  a="x/y"\nparam b = "caf\xe9"\n'
    assert other.read_bytes() == b'model a = "x/y"\n'


def test_line_ends_and_byte_order_mark_stay() -> None:
    assert formatted('\ufeffmodel  a="x/y"\r\n\r\n\r\n\r\nparam t = """\r\n   A\r\n   """') == (
        '\ufeffmodel a = "x/y"\r\n\r\nparam t = """\r\n  A\r\n  """\r\n'
    )


def test_edits_touch_only_the_lines_that_change() -> None:
    text = SourceText.of('model a = "x/y"\nmodel b="x/y"\nmodel c = "x/y"\n')
    (edit,) = format_edits(text)
    assert (text.slice(edit.span), edit.text) == ('model b="x/y"\n', 'model b = "x/y"\n')
