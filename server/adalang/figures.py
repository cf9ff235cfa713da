"""Shares, differences of scores and small prices as people read them, the same wherever they are shown."""

from __future__ import annotations

from decimal import Decimal


def percent(share: float, digits: int = 0) -> str:
    """0.783 as `78%`, with one digit as `78.3%`."""
    return f"{100 * share:.{digits}f}%"


def points(difference: float, digits: int = 0) -> str:
    """0.287 as `+29`, with one digit as `+28.7`. What rounds to nothing is `+0`, never `-0`."""
    return f"{round(100 * difference, digits) + 0.0:+.{digits}f}"


def dollars(usd: float) -> str:
    """1.234 as `$1.23`, 0.00006465 as `$0.000065`: two digits that count, and never an exponent."""
    return f"${usd:.2f}" if usd >= 0.1 or usd == 0 else f"${Decimal(f'{usd:.1e}'):f}"
