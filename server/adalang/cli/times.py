"""Times as they are written on the command line."""

from __future__ import annotations

import re
import time

import typer

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def moment(text: str, option: str) -> float:
    """The moment that a time such as ``30d`` leads back to, in seconds since 1970.

    Raises:
        typer.BadParameter: it is none.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdw])", text.strip())
    if match is None:
        raise typer.BadParameter(f"{option} takes a time such as 30d, 12h or 90m, not {text!r}")
    return time.time() - float(match.group(1)) * _UNITS[match.group(2)]
