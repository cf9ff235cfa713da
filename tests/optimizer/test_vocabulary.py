"""The table of events is what the code emits, no more and no less."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import adalang.optimizer
from adalang.optimizer.vocabulary import EVENTS, problems


def emitted() -> dict[str, set[frozenset[str]]]:
    """By kind: the sets of fields that the optimizer's code gives to ``log.add``; ``**`` stands for those of a mapping."""
    found: dict[str, set[frozenset[str]]] = {}
    for file in sorted(Path(adalang.optimizer.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "add":
                continue
            owner = node.func.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if name != "log":
                continue
            where = f"{file.name}:{node.lineno}"
            kind, *rest = node.args
            assert isinstance(kind, ast.Constant) and isinstance(kind.value, str), f"{where}: the kind is no literal"
            assert not rest, f"{where}: fields are given by name"
            found.setdefault(kind.value, set()).add(frozenset(one.arg or "**" for one in node.keywords))
    return found


def test_every_kind_that_is_emitted_is_told_and_the_other_way_round():
    assert set(emitted()) == set(EVENTS), "optimizer/vocabulary.py has to tell every kind of event"


@pytest.mark.parametrize("kind", EVENTS)
def test_every_field_that_is_emitted_is_told(kind):
    told = EVENTS[kind].fields
    always = {name for name, field in told.items() if field.always}
    for fields in emitted().get(kind, set()):
        unknown = fields - {"**"} - set(told)
        assert not unknown, f"{kind}: optimizer/vocabulary.py does not tell {sorted(unknown)}"
        assert "**" in fields or always <= fields, f"{kind}: {sorted(always - fields)} is said to be always there"


def test_what_departs_from_the_table_is_named():
    assert problems("baseline", {"rows": 3, "mean": 0.5}) == []
    assert problems("baseline", {"rows": True, "mean": "0.5"}) == [
        "baseline.rows is not integer: True",
        "baseline.mean is not number: '0.5'",
    ]
    assert problems("baseline", {"rows": 3, "more": 1}) == ["baseline has no field more", "baseline.mean is missing"]
    assert problems("nonsense", {}) == ["no event is called nonsense"]
    assert problems("screened", {"candidate": "a", "delta": 1, "rows": 2, "broke": [1], "passed": True}) == [
        "screened.broke is not [text]: [1]"
    ]
    assert problems("feedback", {"blame": {"a": 0.5}, "target": "a", "targets": ["a"], "notes": None}) == []
