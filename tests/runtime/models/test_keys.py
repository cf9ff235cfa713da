"""The answers of the built-in models are kept as long as the code that gives them, and no longer."""

from __future__ import annotations

import ast
from pathlib import Path

from adalang.runtime.models import keys

FOLDER = Path(keys.__file__).parent
PLAIN = {"types"}
"""Values alone: nothing in it decides an answer."""


def test_the_code_of_the_built_in_models_is_theirs_alone_and_all_of_it() -> None:
    needed, waiting = set[str](), ["lexical", "lexical_agent"]
    while waiting:
        module = waiting.pop()
        if module not in needed | PLAIN:
            needed.add(module)
            waiting += _imported(module)
    assert set(keys.BUILTIN_MODULES) == needed


def _imported(module: str) -> list[str]:
    """The modules of the package that one of them imports."""
    found: list[str] = []
    for node in ast.walk(ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("adalang."):
            package, _, name = (node.module or "").rpartition(".")
            within = package == "adalang.runtime.models"
            assert within or node.module == "adalang.runtime.models", f"{module} imports {node.module}"
            found += [name] if within else [alias.name for alias in node.names]
    return found
