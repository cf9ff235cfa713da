"""The formatter: one layout, reached in one step, and never another byte of prompt text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from tests.language.programs import EXAMPLES, ROOT, WHOLE, programs

from adalang.cli.fmt import fmt
from adalang.language import format as formatter
from adalang.language.declarations import Text
from adalang.language.format import format_edits, format_source
from adalang.language.lower import lower
from adalang.language.syntax import parse
from adalang.language.text import SourceText

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
    return [text for name in names if name not in ("cache", "problems") for text in texts(getattr(value, name))]


def texts_of(source: str) -> list[str]:
    after = SourceText.of(source)
    return texts(lower(parse(after), after))


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
    text = SourceText.of(source)
    lowered = lower(parse(text), text)
    assert not lowered.problems and not any(item.declaration.problems for item in lowered.items)
    file = formatter._File(text, lowered)
    assert all(file._declaration(item) is not None for item in lowered.items)
    assert formatted(source) == file.formatted()


@given(programs())
def test_edits_lead_to_the_layout(source: str) -> None:
    text = SourceText.of(source)
    assert str(text.apply(format_edits(text))) == format_source(text)


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
