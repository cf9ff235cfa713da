from __future__ import annotations

from pathlib import Path

import pytest

from tests.editors import examples


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return examples.put_page(tmp_path)


@pytest.fixture(scope="session")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A search takes seconds: one for all tests, which work on copies."""
    return examples.optimized(tmp_path_factory.mktemp("searched") / "triage")
