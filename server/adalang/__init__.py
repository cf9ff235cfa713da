"""Prompts and LLM pipelines as source code, with an optimizer whose proposals come with evidence."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
__all__ = ["CheckFailed", "Component", "Program", "RunFailed", "__version__", "load"]


def __getattr__(name: str) -> Any:
    """The Python API is imported when it is first used: the language server and ``--help`` start without it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("adalang.api"), name)
