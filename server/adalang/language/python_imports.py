"""Which files a Python file imports from beside it, from its syntax alone: nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

_MOST = 500
"""Files that are followed."""


def with_imports(path: Path) -> list[Path]:
    """The file, and the files that it imports, directly or not, from its own folder (which is where its process looks first), sorted."""
    found, waiting = {path}, [path]
    while waiting and len(found) < _MOST:
        one = waiting.pop()
        for file in _imported(one, path.parent):
            if file not in found:
                found.add(file)
                waiting.append(file)
    return sorted(found)


def _imported(path: Path, folder: Path) -> Iterator[Path]:
    try:
        stat = path.stat()
    except (OSError, ValueError):
        return
    for level, name in _names(path, stat.st_mtime_ns, stat.st_size):
        base = path.parents[level - 1] if 0 < level <= len(path.parents) else folder
        parts = name.split(".") if name else []
        for depth in range(len(parts) + 1):
            package = base.joinpath(*parts[:depth])
            for one in (package / "__init__.py", package.with_suffix(".py")) if depth else ():
                if one.is_relative_to(folder) and one.is_file():
                    yield one


@lru_cache(maxsize=512)
def _names(path: Path, changed: int, size: int) -> tuple[tuple[int, str], ...]:
    """What a file imports: how many folders up a relative name begins (0: it is none), and all names that may be modules."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return ()
    found: dict[tuple[int, str], None] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found |= {(0, one.name): None for one in names}
            case ast.ImportFrom(module=module, names=names, level=level):
                found |= {(level, ".".join(filter(None, (module, one.name)))): None for one in names}
    return tuple(found)
