"""What all tests share."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write the expected answers of the fixtures anew")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether the expected answers in fixtures are to be written instead of compared."""
    return bool(request.config.getoption("--update"))
