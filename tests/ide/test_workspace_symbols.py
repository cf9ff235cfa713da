"""Symbols by a few letters: which fit, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from adalang.ide.workspace_symbols import workspace_symbols
from adalang.language.program import Module
from adalang.language.text import SourceText

HOUSE = Module.parse(
    Path("/w/house.adal"), SourceText.of('param house_style = "a"\nparam style = "b"\nparam histories = "c"\n')
)
DESK = Module.parse(
    Path("/w/desk.adal"),
    SourceText.of(
        'import "house.adal"\ntype HouseStyle = "x" | "y"\nprompt thisHas(a: str) = """{{ a }}"""\nprompt (\noptimize q { }\n'
    ),
)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("style", ["style", "HouseStyle", "house_style"]),
        ("hs", ["HouseStyle", "house_style", "thisHas", "histories"]),
        ("his", ["histories", "thisHas"]),
        ("HOUSE_STYLE", ["house_style"]),
        ("house.st", ["style", "histories", "house_style"]),
        ("desk.t", ["thisHas", "HouseStyle"]),
        ("", ["style", "thisHas", "histories", "HouseStyle", "house_style"]),
        ("zz", []),
    ],
)
def test_order(query: str, names: list[str]) -> None:
    assert [one.name for one in workspace_symbols([HOUSE, DESK], query)] == names


def test_place_kind_and_limit() -> None:
    (found,) = workspace_symbols([HOUSE, DESK], "st", limit=1)
    assert (found.name, found.kind, found.container, found.path) == ("style", "param", "house", HOUSE.path)
    assert HOUSE.source.slice(found.span) == "style"
