"""The page of methods says which are supported, what shows it, and why the others are not; each has a test."""

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


def test_each_supported_method_has_a_test(generator: ModuleType) -> None:
    """One that speaks of it, in a file of tests: fixtures show what is answered, not that it is asked."""
    assert [method for method in generator.supported() if not generator.tests_of(method)] == []


def test_helpers_of_tests_show_nothing_and_each_way_to_ask_is_seen(generator: ModuleType) -> None:
    names = {method: {path.name for path in generator.tests_of(method)} for method in generator.supported()}
    assert all(name.startswith("test_") for found in names.values() for name in found)
    assert "test_presentation.py" in names["textDocument/foldingRange"], "ask(wire, …)"
    assert "test_features.py" in names["textDocument/hover"], "text_document_hover_async(…)"
    assert "test_navigation.py" in names["workspace/symbol"], "the method's own name"


def test_a_method_that_peers_have_is_supported_or_has_a_reason(generator: ModuleType) -> None:
    offered = {method for peer in generator.PEERS.values() for method in peer}
    assert [one for one in offered if one not in generator.supported() and one not in generator.REASONS] == []
    assert [one for one in generator.REASONS if one in generator.METHODS] == []
