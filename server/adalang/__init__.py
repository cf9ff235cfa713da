"""Prompts and LLM pipelines as source code, with an optimizer whose proposals come with evidence."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "ApprovalRequest": "adalang.runtime.approval",
    "Approve": "adalang.api.approving",
    "BudgetExceeded": "adalang.runtime.failures",
    "CheckFailed": "adalang.engine.checked",
    "Component": "adalang.api.component",
    "Conversation": "adalang.api.conversation",
    "Decision": "adalang.runtime.approval",
    "Diagnostic": "adalang.language.diagnostics",
    "DynamicProgram": "adalang.api.program",
    "EditRefused": "adalang.language.edits",
    "Evaluation": "adalang.evaluation.results",
    "Failure": "adalang.runtime.failures",
    "Optimized": "adalang.api.results",
    "Piece": "adalang.runtime.listening",
    "Program": "adalang.api.program",
    "ProgramClosed": "adalang.api.engine",
    "Proposal": "adalang.api.results",
    "RunFailed": "adalang.runtime.interpreter",
    "Trace": "adalang.runtime.trace",
    "Unproven": "adalang.engine.adopting",
    "load": "adalang.api.program",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    """The Python API is imported when it is first used: the language server and ``--help`` start without it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
