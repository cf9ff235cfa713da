"""What the checks may know about files, asked for through one small interface."""

from __future__ import annotations

import ast
import os.path
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class DataFacts:
    """A data file's rows, or why it cannot be read (``line`` is 1-based, 0 when it is the whole file)."""

    rows: Sequence[Mapping[str, Any]]
    error: str = ""
    line: int = 0


class Facts(Protocol):
    """Answers are ``None`` when nothing is known, which silences the check that asks."""

    def exists(self, path: Path) -> bool | None: ...

    def data(self, path: Path) -> DataFacts | None: ...

    def functions(self, path: Path) -> Mapping[str, tuple[str, ...]] | None:
        """The functions of a Python file with their parameters; read, never run."""


class _NoFacts:
    def exists(self, path: Path) -> bool | None:
        return None

    def data(self, path: Path) -> DataFacts | None:
        return None

    def functions(self, path: Path) -> Mapping[str, tuple[str, ...]] | None:
        return None


NO_FACTS: Facts = _NoFacts()


class DiskFacts:
    """Reads the disk when asked, each file once."""

    def __init__(self) -> None:
        self._data: dict[Path, DataFacts | None] = {}
        self._functions: dict[Path, Mapping[str, tuple[str, ...]] | None] = {}

    def exists(self, path: Path) -> bool | None:
        if any(sign in str(path) for sign in "*?["):
            return any(True for _ in _glob(path))
        return os.path.exists(path)  # noqa: PTH110 - also of names that no file can have

    def data(self, path: Path) -> DataFacts | None:
        if path not in self._data:
            self._data[path] = _read(path)
        return self._data[path]

    def functions(self, path: Path) -> Mapping[str, tuple[str, ...]] | None:
        if path not in self._functions:
            self._functions[path] = _functions(path)
        return self._functions[path]


def _glob(path: Path) -> list[Path]:
    anchor = Path(path.anchor)
    try:
        return list(anchor.glob(str(path.relative_to(anchor))))
    except (OSError, ValueError):  # a pattern that no file can match
        return []


def _read(path: Path) -> DataFacts | None:
    from adalang.language.data import DataError, read_rows

    if not os.path.isfile(path):  # noqa: PTH113 - also of names that no file can have
        return None
    try:
        return DataFacts([row.values for row in read_rows(path, root=path.parent)])
    except DataError as error:
        return DataFacts((), f"{error.message}; {error.mend}.", error.line)


def _functions(path: Path) -> Mapping[str, tuple[str, ...]] | None:
    try:
        if not path.is_file():  # a pipe would be waited for
            return None
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    return {
        node.name: tuple(one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs))
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
