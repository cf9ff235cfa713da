"""Every complaint that we know of has a test."""

import importlib

from tests.complaints import ANSWERED

THREADS = {
    "adalflow": "246 256 249 382 448 357 375 381 443 272 459 472 219 486 487 488",
    "dspy": "1970 8038 1596 1364 678 397 9200 9582 8782 9492 8906 9998 8093 617 8279 1344",
    "gepa": "46 282 281 375 376 390 261 448 452 438 409",
    "textgrad": "96 157 206 179 168 85 79",
    "opik": "5570",
}


def test_each_has_its_test():
    for project in THREADS:
        importlib.import_module(f"tests.complaints.test_{project}")
    known = {f"{project}#{number}" for project, numbers in THREADS.items() for number in numbers.split()}
    assert set(ANSWERED) == known
