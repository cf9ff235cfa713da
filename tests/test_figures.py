"""Scores as people read them."""

from adalang.figures import percent, points


def test_shares_and_differences_are_rounded_and_signed() -> None:
    assert (percent(0.783), percent(0.783, 1), percent(1)) == ("78%", "78.3%", "100%")
    assert (points(0.287), points(0.287, 1), points(-0.05)) == ("+29", "+28.7", "-5")
    assert points(-0.001) == points(0) == "+0" and points(-0.0001, 1) == "+0.0"
