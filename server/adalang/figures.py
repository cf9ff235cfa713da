"""Shares and differences of scores as people read them, the same wherever they are shown."""

from __future__ import annotations


def percent(share: float, digits: int = 0) -> str:
    """0.783 as `78%`, with one digit as `78.3%`."""
    return f"{100 * share:.{digits}f}%"


def points(difference: float, digits: int = 0) -> str:
    """0.287 as `+29`, with one digit as `+28.7`. What rounds to nothing is `+0`, never `-0`."""
    return f"{round(100 * difference, digits) + 0.0:+.{digits}f}"
