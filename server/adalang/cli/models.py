"""``adalang models``: which models can be named, their price and window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from adalang.cli.common import find_files, load_program, note, print_json


def models(
    search: str = typer.Argument("", help="Only models whose id holds this; or a .adal file: the models that it uses."),
    limit: int = typer.Option(40, "--limit", "-n", help="At most so many; 0: all."),
    json_output: bool = typer.Option(False, "--json", help="Print as JSON."),
) -> None:
    """List models with price (USD per million tokens, in and out) and window (tokens)."""
    from adalang.language.models import known_models

    table = known_models()
    if search.endswith(".adal"):
        used = _used(Path(search))
        found = [_row(one, table.get(one)) for one in used]
    else:
        found = [_row(name, one) for name, one in table.items() if search.lower() in name.lower()]
    shown = found[:limit] if limit else found
    if json_output:
        print_json(shown)
        return
    for one in shown:
        rates = "price unknown" if one["input"] is None else f"{one['input']:g} / {one['output'] or 0:g} USD"
        window = f"{one['window']:,}" if one["window"] else "?"
        print(f"{one['id']:56} {rates:22} {window:>12} tokens")
    if not found and search.endswith(".adal"):
        note(f"{search} names no model: the workspace's default answers (see `adalang doctor`).")
    elif not found:
        note(f"No known model holds {search!r}. A model that is not listed may still work.")
    elif len(shown) < len(found):
        note(f"{len(found) - len(shown)} more; name part of an id, or --limit 0.")


def _used(file: Path) -> list[str]:
    from adalang.language.declarations import Text, setting

    program = load_program(find_files([file])[0])
    used: dict[str, None] = {}
    for entity in program.entities("model", "prompt", "agent"):
        value: Any = getattr(entity.declaration, "value", None)
        if value is None:
            found = setting(getattr(entity.declaration, "settings", ()), "model")
            value = found.value if found else None
        if isinstance(value, Text):
            used.setdefault(value.value)
    return list(used)


def _row(name: str, one: Any) -> dict[str, Any]:
    return {
        "id": name,
        "input": one.input_usd_per_1m if one else None,
        "output": one.output_usd_per_1m if one else None,
        "window": one.window if one else None,
        "mode": one.mode if one else None,
    }
