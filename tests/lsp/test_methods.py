"""The page of methods says which are supported, what shows it, and why the others are not."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = spec_from_file_location("generate_methods", ROOT / "scripts" / "generate_methods.py")
    assert spec is not None and spec.loader is not None
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_current(generator: ModuleType) -> None:
    assert generator.page() == generator.PAGE.read_text(encoding="utf-8")


def test_each_supported_method_has_a_fixture_or_a_test(generator: ModuleType) -> None:
    assert [method for method in generator.supported() if not generator.shown_by(method)] == []


def test_a_method_that_peers_have_is_supported_or_has_a_reason(generator: ModuleType) -> None:
    offered = {method for peer in generator.PEERS.values() for method in peer}
    assert [one for one in offered if one not in generator.supported() and one not in generator.REASONS] == []
    assert [one for one in generator.REASONS if one in generator.METHODS] == []
