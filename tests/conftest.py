"""What all tests share."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write the expected answers of the fixtures anew")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether the expected answers in fixtures are to be written instead of compared."""
    return bool(request.config.getoption("--update"))
