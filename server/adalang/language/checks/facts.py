"""What the checks may know about files, asked for through one small interface."""

from __future__ import annotations

import os.path
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from adalang.language.checks.rows import LACKS, Column, summary
from adalang.language.files import matching
from adalang.language.openapi import Description, description_file
from adalang.language.python_functions import PythonFile, python_file


@dataclass(frozen=True, eq=False)
class DataFacts:
    """What is known of a data set's rows, or why its file cannot be read (``line`` is 1-based, 0 when it is the whole file).

    ``rows`` are the first ones of a file, as many as are shown, and all where there is no file; ``count`` and ``columns`` are of
    all. ``keys``: see :class:`Summary`; of files alone.
    """

    rows: Sequence[Mapping[str, Any]] = ()
    error: str = ""
    line: int = 0
    count: int = 0
    columns: Mapping[str, Column] = field(default_factory=dict, repr=False)
    keys: Sequence[int] = field(default=(), repr=False)
    path: Path | None = None

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]], path: Path | None = None) -> DataFacts:
        """``path``: the file that these are all the rows of."""
        if path is not None:
            found = summary(rows)
            return cls(found.first, "", 0, found.count, found.columns, found.keys, path)
        kept = tuple(rows)
        found = summary(kept, with_keys=False)  # only files are compared with one another
        return cls(kept, "", 0, found.count, found.columns)

    def telling(self, name: str) -> Iterator[tuple[int, Any]]:
        """The values of a column that say something new, each with its row, from 1: the first that does not fit a type is one of
        them. :data:`LACKS` stands for the first row that has no such column."""
        column = self.columns.get(name)
        if column is not None:
            yield from column.telling
        elif self.count:
            yield 1, LACKS

    def every_row(self) -> Iterator[Mapping[str, Any]]:
        """All rows. Those that are not at hand are read from the file as it is now, which takes long: for threads."""
        from adalang.language.data import DataError, read_values

        yield from self.rows
        if self.path is not None and len(self.rows) < self.count:
            with suppress(DataError):  # it has changed since: these facts will be replaced
                yield from islice(read_values(self.path), len(self.rows), None)


class Facts(Protocol):
    """Answers are ``None`` when nothing is known, which silences the check that asks."""

    def exists(self, path: Path) -> bool | None: ...

    def data(self, path: Path) -> DataFacts | None: ...

    def functions(self, path: Path) -> PythonFile | None:
        """What a Python file's text says; it is read, never run."""

    def description(self, path: Path) -> Description | None:
        """What an OpenAPI description says."""


class _NoFacts:
    def exists(self, path: Path) -> bool | None:
        return None

    def data(self, path: Path) -> DataFacts | None:
        return None

    def functions(self, path: Path) -> PythonFile | None:
        return None

    def description(self, path: Path) -> Description | None:
        return None


NO_FACTS: Facts = _NoFacts()


class DiskFacts:
    """Reads the disk when asked, each file once."""

    def __init__(self) -> None:
        self._data: dict[Path, DataFacts | None] = {}
        self._functions: dict[Path, PythonFile | None] = {}
        self._descriptions: dict[Path, Description | None] = {}

    def exists(self, path: Path) -> bool | None:
        try:
            return bool(matching(path))
        except (OSError, ValueError):  # a pattern that no file can match
            return False

    def data(self, path: Path) -> DataFacts | None:
        if path not in self._data:
            self._data[path] = _read(path)
        return self._data[path]

    def functions(self, path: Path) -> PythonFile | None:
        if path not in self._functions:
            self._functions[path] = python_file(path)
        return self._functions[path]

    def description(self, path: Path) -> Description | None:
        if path not in self._descriptions:
            self._descriptions[path] = description_file(path)
        return self._descriptions[path]


def _read(path: Path) -> DataFacts | None:
    from adalang.language.data import DataError, read_values

    if not os.path.isfile(path):  # noqa: PTH113 - also of names that no file can have
        return None
    try:
        return DataFacts.of(read_values(path), path)
    except DataError as error:
        return DataFacts((), f"{error.message}; {error.mend}.", error.line)
    except RecursionError:
        return DataFacts((), "the JSON is nested too deeply; flatten the row.")
