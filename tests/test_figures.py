"""Scores and prices as people read them."""

from adalang.figures import dollars, percent, points


def test_shares_and_differences_are_rounded_and_signed() -> None:
    assert (percent(0.783), percent(0.783, 1), percent(1)) == ("78%", "78.3%", "100%")
    assert (points(0.287), points(0.287, 1), points(-0.05)) == ("+29", "+28.7", "-5")
    assert points(-0.001) == points(0) == "+0" and points(-0.0001, 1) == "+0.0"


def test_small_prices_have_no_exponent() -> None:
    assert [dollars(usd) for usd in (1.234, 0.1, 0.0123, 0.00006465, 1e-9)] == [
        "$1.23",
        "$0.10",
        "$0.012",
        "$0.000065",
        "$0.0000000010",
    ]
