"""What a server answered, as a value of the type that a tool is declared to give."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from adalang.language.types import Type, misfit
from adalang.runtime.failures import ToolFailure
from adalang.runtime.tools.child import MOST_OUTPUT, no_json


def as_declared(text: str, data: Any, declared: Type) -> Any:
    """The first reading of an answer that fits: its text, its data, the data in a wrapper, the text as JSON; else the plainest.

    ``data`` is ``None`` where the server gave no data besides the text.

    Raises:
        ToolFailure: it cannot be passed on: it is too long, no JSON (it holds a NaN), or nested too deeply.
    """
    readings = list(_readings(text, data))
    found = next((one for one in readings if misfit(one, declared) is None), readings[-1])
    if wrong := no_json(found):
        raise ToolFailure(wrong)
    if (length := len(json.dumps(found, ensure_ascii=False))) > MOST_OUTPUT:
        raise ToolFailure(f"it gave {length >> 20} MB; a tool may give {MOST_OUTPUT >> 20}")
    return found


def _readings(text: str, data: Any) -> Iterator[Any]:
    yield text
    if isinstance(data, dict) and data.keys() == {"result"}:  # how servers wrap what is no object
        yield data["result"]
    if data is not None:
        yield data
        return
    try:
        yield json.loads(text)
    except (ValueError, RecursionError):
        pass
