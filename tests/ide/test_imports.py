"""New import lines: what they say and where they go, whoever writes them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.language.programs import programs

from adalang.ide.imports import import_edit, import_line
from adalang.language.program import Module
from adalang.language.text import BOM, SourceText

HERE = Path("/w/main.adal")
PROMPT = 'prompt p(a: str) = """{{ a }}"""\n'


def imported(text: str | bytes, path: Path = Path("/w/lib.adal")) -> str:
    """The text after the edit."""
    module = Module.parse(HERE, SourceText(text) if isinstance(text, bytes) else SourceText.of(text))
    return str(module.source.apply((import_edit(module, path),)))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'import "lib.adal"\n'),
        (PROMPT, f'import "lib.adal"\n\n{PROMPT}'),
        (f"# Of p.\n{PROMPT}", f'import "lib.adal"\n\n# Of p.\n{PROMPT}'),
        (f"# Of all.\n\n{PROMPT}", f'# Of all.\n\nimport "lib.adal"\n\n{PROMPT}'),
        (f"# Of all.\n\n# Of p.\n{PROMPT}", f'# Of all.\n\nimport "lib.adal"\n\n# Of p.\n{PROMPT}'),
        ("# Of all.\n", '# Of all.\nimport "lib.adal"\n'),
        (f'import "a.adal"  # a\n\n{PROMPT}', f'import "a.adal"  # a\nimport "lib.adal"\n\n{PROMPT}'),
        ('import "a.adal"', 'import "a.adal"\nimport "lib.adal"'),
        ("prompt", 'import "lib.adal"\n\nprompt'),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_place_of_an_import(before: str, after: str, newline: str, mark: str) -> None:
    found = imported(mark + before.replace("\n", newline))
    if "\n" not in before:  # a text of one line does not tell how lines end in it
        found = found.replace("\n", newline)
    assert found == mark + after.replace("\n", newline)


def test_paths_are_escaped_and_relative() -> None:
    assert import_line(HERE, Path('/w/b"c/lib.adal')) == 'import "b\\"c/lib.adal"'
    assert import_line(Path("/w/deep/main.adal"), Path("/w/lib.adal")) == 'import "../lib.adal"'


@given(text=programs(), mark=st.sampled_from(["", "\ufeff"]), newline=st.sampled_from(["\n", "\r\n"]))
def test_an_import_is_read_and_changes_nothing_else(text: str, mark: str, newline: str) -> None:
    data = (mark + text.replace("\n", newline)).encode()
    before = Module.parse(HERE, SourceText(data))
    after = Module.parse(HERE, SourceText.of(imported(data)))
    assert Path("/w/lib.adal") in [target for _, _, target in after.imports]
    assert len(after.items) == len(before.items) + 1
    assert after.source.data.startswith(BOM) == data.startswith(BOM)
    assert len(set(re.findall(rb"\r\n|\n", after.source.data))) <= 1
