"""What users of other optimizers complain about, as tests that it cannot happen here.

Each test carries the threads that it answers: `@complaint("dspy#1970")`. `test_complaints.py` holds the list of all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., object])

ANSWERED: dict[str, list[str]] = {}
"""Tests by the thread that they answer."""


def complaint(*threads: str) -> Callable[[Test], Test]:
    """Marks a test as the answer to these threads (`project#number`)."""

    def marked(test: Test) -> Test:
        for thread in threads:
            ANSWERED.setdefault(thread, []).append(test.__name__)
        return test

    return marked
