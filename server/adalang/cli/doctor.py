"""``adalang doctor``: what is configured, where each value comes from, and what is missing."""

from __future__ import annotations

import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import typer

from adalang.cli.common import print_json
from adalang.config import SETTINGS, find_root, load_settings


def doctor(
    path: Path = typer.Argument(Path(), help="A folder or file of the workspace."),
    json_output: bool = typer.Option(False, "--json", help="Print as JSON."),
) -> None:
    """Say what is configured and where each value comes from. Calls no model, changes nothing."""
    root = find_root(path)
    settings = load_settings(root)
    told: dict[str, Any] = {
        "adalang": version("adalang"),
        "python": f"{platform.python_version()} ({sys.executable})",
        "workspace": str(root),
        "settings": {
            one.name: {"value": settings[one.name], "from": settings.values[one.name].source, "variable": one.variable}
            for one in SETTINGS
        },
        "keys": {
            provider: any(settings.environment.get(name) for name in variables)
            for provider, variables in _key_variables().items()
        },
        "litellm": _installed("litellm"),
        "command": shutil.which("adalang") or "not on PATH",
        "store": _store(root),
        "problems": list(settings.problems),
    }
    if json_output:
        print_json(told)
    else:
        _print(told)
    if settings.problems:
        raise typer.Exit(1)


def _key_variables() -> dict[str, tuple[str, ...]]:
    """The providers that want nothing but a key, each with the variables that may hold it."""
    from adalang.language.models import key_variables, known_providers

    return {provider: variables for provider in known_providers() if (variables := key_variables(provider))}


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _store(root: Path) -> dict[str, Any]:
    file = root / ".adalang" / "store.db"
    if not file.exists():
        return {"file": str(file), "exists": False}
    from adalang.store import Store

    with Store.open(root) as store:
        return {"file": str(file), "exists": True, **store.stats()}


def _print(told: dict[str, Any]) -> None:
    for name in ("adalang", "python", "workspace", "command", "litellm"):
        print(f"{name:12} {told[name]}")
    print("settings")
    for name, one in told["settings"].items():
        shown = one["value"] if one["value"] != "" else "(not set)"
        print(f"  {name:14} {shown!s:24} from {one['from']}; {one['variable']} sets it")
    print("keys in the environment")
    for provider, there in told["keys"].items():
        print(f"  {provider:14} {'set' if there else 'not set'} ({' or '.join(_key_variables()[provider])})")
    kept = told["store"]
    if kept["exists"]:
        print(f"store        {kept['file']}: {kept['rows']['responses']} answers, {kept['bytes'] / 1e6:.1f} MB")
    else:
        print(f"store        {kept['file']}: none yet")
    for problem in told["problems"]:
        print(f"problem      {problem}")
