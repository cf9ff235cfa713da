"""Rows of data sets: read from JSONL, JSON or CSV files, or written inline in a program.

Reading is strict and the same on every platform: a file either gives all of its rows, each with a stable
id and the line that it stands on, or one `DataError` that names the place and the mend. Line ends never
matter (CRLF and LF read alike, also inside quoted CSV cells) and a UTF-8 byte order mark is ignored.
"""

import csv
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from adalang.language.files import ROWS, UTF_8

_ID_DIGITS = 16
_CSV_DELIMITERS = (",", ";", "\t")
_FILE_NAME = re.compile(r"(?![a-z]+:)[^\s\0](?:[^\r\n\0]{0,250}[^\s\0])?\.[A-Za-z0-9]{2,5}")
_ROW_KEYS = ("rows", "data")


@dataclass(frozen=True, slots=True)
class Row:
    """One example.

    `id` is unique in its data set. `values` maps column names to JSON values (cells of a CSV file are always
    `str`). `source` names the file relative to the workspace root with forward slashes, or "inline".
    `line` is the 1-based line where the row starts, or its 1-based position for inline rows.
    """

    id: str
    values: dict[str, Any]
    source: str
    line: int


class RowText(str):
    """A cell that may name a file: its path starts at ``folder``, which is that of the row's own file."""

    folder: Path

    @classmethod
    def of(cls, text: str, folder: Path) -> "RowText":
        found = cls(text)
        found.folder = folder
        return found


class DataError(Exception):
    """A data file that cannot be read: where, what, and how to mend it. `line` is 0 for the whole file."""

    def __init__(self, path: Path, line: int, message: str, mend: str) -> None:
        place = f"{path}:{line}" if line else f"{path}"
        super().__init__(f"{place}: {message}; {mend}")
        self.path = path
        self.line = line
        self.message = message
        self.mend = mend


class NoRows(DataError):
    """A data file that holds none."""


def read_rows(path: Path, *, root: Path, encoding: str = UTF_8) -> list[Row]:
    """All rows of a .jsonl, .ndjson, .json, .csv or .tsv file; a relative `path` is taken from `root`.

    Raises `DataError` for a file that is missing, not in the encoding, or malformed anywhere; `NoRows` for an empty one.
    """
    file = root / path
    rows = _with_ids(
        ((line, anchored(values, file.parent)) for line, values in _read(file, encoding)), _source(file, root)
    )
    if not rows:
        raise _no_rows(file)
    return rows


def read_values(path: Path) -> Iterator[dict[str, Any]]:
    """The values of all rows of a file, as they are read; what is malformed is told when it is reached.

    Raises `DataError` as `read_rows`.
    """
    empty = True
    for _, values in _read(path):
        empty = False
        yield values
    if empty:
        raise _no_rows(path)


def names_file(text: str) -> bool:
    """Whether a text looks like the path of a file; addresses do not."""
    return _FILE_NAME.fullmatch(text) is not None


def anchored(value: Any, folder: Path) -> Any:
    """A row's value, in which what looks like the name of a file knows where that stands."""
    match value:
        case str():
            return RowText.of(value, folder) if names_file(value) else value
        case list():
            return [anchored(one, folder) for one in value]
        case dict():
            return {name: anchored(one, folder) for name, one in value.items()}
        case _:
            return value


def anchored_in(inputs: Mapping[str, Any], row_of: str) -> Mapping[str, Any]:
    """The inputs of a component that are a row of the data file ``row_of``, if one is named, as :func:`anchored` has them."""
    return {name: anchored(value, Path(row_of).parent) for name, value in inputs.items()} if row_of else inputs


def inline_rows(values: Iterable[dict[str, Any]], *, source: str = "inline") -> list[Row]:
    """Rows written in the program itself; `line` is their 1-based position."""
    return _with_ids(enumerate(values, start=1), source)


def columns(path: Path, limit: int = 200) -> dict[str, set[str]]:
    """The columns of the file's first `limit` rows, each with the types seen in it.

    Types: str int float bool null list object, and "missing" where some row has no such column. Every CSV
    cell is a str. Reads no further than it needs (but a .json file whole). Raises `DataError` as `read_rows`.
    """
    seen: dict[str, set[str]] = {}
    for count, (_, values) in enumerate(islice(_read(path), limit)):
        for name in seen.keys() - values.keys():
            seen[name].add("missing")
        for name, value in values.items():
            kinds = seen.setdefault(name, {"missing"} if count else set())
            kinds.add(type_name(value))
    return seen


def type_name(value: object) -> str:
    """The language's name for a JSON value's type: str int float bool null list object."""
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case dict():
            return "object"
        case list() | tuple():
            return "list"
        case str():
            return "str"
        case _:
            return type(value).__name__


def canonical_json(value: object) -> str:
    """One text for one JSON value: sorted keys, no layout, non-ASCII letters as they are."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)


def _read(path: Path, encoding: str = UTF_8) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, values) of each row, lazily where the format allows."""
    match path.suffix.lower():
        case ".jsonl" | ".ndjson":
            return _read_jsonl(path, _lines(path, encoding))
        case ".json":
            return _read_json(path, _lines(path, encoding))
        case ".csv":
            return _read_csv(path, _lines(path, encoding), _CSV_DELIMITERS)
        case ".tsv":
            return _read_csv(path, _lines(path, encoding), ("\t",))
        case suffix:
            kind = f"the ending {suffix!r} is not one of a data file" if suffix else "the file has no ending"
            raise DataError(path, 0, kind, f"use {', '.join(ROWS[:-1])} or {ROWS[-1]}")


def _source(file: Path, root: Path) -> str:
    try:
        return file.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return file.as_posix()


def _with_ids(rows: Iterable[tuple[int, dict[str, Any]]], source: str) -> list[Row]:
    """Each row with its `id` column where no other row has the same, else with a hash of its content.

    Equal rows are numbered in the order of the file: `3f…`, `3f…-2`, `3f…-3`.
    """
    numbered = list(rows)
    own = [_own_id(values) for _, values in numbered]
    owners = Counter(own)
    copies: Counter[str] = Counter()
    named: list[Row] = []
    for (line, values), name in zip(numbered, own, strict=True):
        if name is None or owners[name] > 1:
            digest = hashlib.sha256(canonical_json(values).encode("utf-8", "surrogatepass")).hexdigest()
            copies[digest] += 1
            copy = copies[digest]
            name = digest[:_ID_DIGITS] if copy == 1 else f"{digest[:_ID_DIGITS]}-{copy}"
        named.append(Row(name, values, source, line))
    return named


def _own_id(values: dict[str, Any]) -> str | None:
    value = values.get("id")
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip() or None


def _no_rows(path: Path) -> NoRows:
    return NoRows(path, 0, "the file holds no rows", "add at least one row")


# -- bytes to lines ----------------------------------------------------------------------------------------


_Lines = Iterator[tuple[int, str]]


def _lines(path: Path, encoding: str) -> _Lines:
    """(1-based number, text without its line end) of each line of a file."""
    try:
        if encoding != UTF_8:
            yield from _lines_of_other(path, encoding)
            return
        with path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                if number == 1:
                    _refuse_utf16(path, raw)
                    raw = raw.removeprefix(b"\xef\xbb\xbf")
                try:
                    text = raw.decode(UTF_8)
                except UnicodeDecodeError as error:
                    byte = f"byte 0x{raw[error.start]:02X} at byte {error.start + 1} of the line"
                    raise DataError(path, number, f"{byte} is not UTF-8", "save the file as UTF-8") from None
                yield number, text.rstrip("\r\n")
    except FileNotFoundError:
        raise DataError(path, 0, "there is no such file", "check the path, or create the file") from None
    except IsADirectoryError:
        raise DataError(path, 0, "this is a folder", "name a file in it") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(path, 0, f"the file cannot be read: {reason}", "check its permissions") from None


def _lines_of_other(path: Path, encoding: str) -> _Lines:
    try:
        with path.open(encoding=encoding, newline="\n") as file:
            for number, text in enumerate(file, start=1):
                yield number, text.rstrip("\r\n")
    except UnicodeError:
        raise DataError(path, 0, f"the text is not {encoding}", "save the file as UTF-8") from None


def _refuse_utf16(path: Path, start: bytes) -> None:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        message = f"byte 0x{start[0]:02X} at byte 1 of the line is not UTF-8: the file is UTF-16"
        raise DataError(path, 1, message, "save the file as UTF-8")


# -- JSON --------------------------------------------------------------------------------------------------


class _NotJson(ValueError):
    """Something that Python's reader would accept although JSON forbids it or it loses data, and the mend."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(message)
        self.mend = mend


def _refuse_constant(name: str) -> NoReturn:
    raise _NotJson(f"{name} is not JSON", "write null")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise _NotJson(f"the key {twice!r} stands twice in one object", "give each key its own name")
    return values


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_unique_keys)


def _read_jsonl(path: Path, lines: _Lines) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, text in lines:
        if not text.strip():
            continue
        try:
            value = _DECODER.decode(text)
        except json.JSONDecodeError as error:
            mend = "write one whole JSON object per line"
            if number == 1 and text.lstrip().startswith("["):
                mend = "a JSON array over several lines belongs in a .json file"
            raise DataError(path, number, f"bad JSON at column {error.colno}: {error.msg}", mend) from None
        except (ValueError, RecursionError) as error:
            raise _bad_value(path, number, error) from None
        yield number, _object(path, number, value)


def _read_json(path: Path, lines: _Lines) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of the top-level array, or of the array under "rows" or "data" of a top-level object."""
    text = "\n".join(line for _, line in lines)
    if not text.strip():
        return
    line, counted, position = 1, 0, 0
    try:
        position = _start_of_rows(path, text)
        while text[position] != "]":
            line, counted = line + text.count("\n", counted, position), position
            value, position = _DECODER.raw_decode(text, position)
            yield line, _object(path, line, value)
            position = _after_item(text, position, "]")
        _expect_end_of_array(text, position)
    except json.JSONDecodeError as error:
        message = f"bad JSON at column {error.colno}: {error.msg}"
        raise DataError(path, error.lineno, message, "mend the JSON at this place") from None
    except (ValueError, RecursionError) as error:
        raise _bad_value(path, line + text.count("\n", counted, position), error) from None


def _start_of_rows(path: Path, text: str) -> int:
    """The position of the first row of the array of rows (or of its closing bracket)."""
    start = _skip_space(text, 0)
    if text[start] == "[":
        return _in_text(text, start + 1)
    mend = 'write an array of objects, or {"rows": [...]}'
    if text[start] != "{":
        _DECODER.raw_decode(text, start)  # prefers the exact complaint about broken JSON
        raise DataError(path, 1, "the file holds neither an array nor an object", mend)
    position = _in_text(text, start + 1)
    while text[position] != "}":
        key, position = _DECODER.raw_decode(text, position)
        position = _in_text(text, position)
        if not isinstance(key, str) or text[position] != ":":
            raise json.JSONDecodeError("Expecting a quoted key and ':'", text, position)
        position = _in_text(text, position + 1)
        if key in _ROW_KEYS and text[position] == "[":
            return _in_text(text, position + 1)
        _, position = _DECODER.raw_decode(text, position)
        position = _after_item(text, position, "}")
    raise DataError(path, 1, 'the object has no array named "rows" or "data"', mend)


def _expect_end_of_array(text: str, position: int) -> None:
    """After the rows only the rest of an enclosing object may follow: checked by decoding the whole."""
    rest = _skip_space(text, position + 1)
    if text[_skip_space(text, 0)] == "[":
        if rest < len(text):
            raise json.JSONDecodeError("Extra data", text, rest)
    else:
        _DECODER.decode(text)


def _after_item(text: str, position: int, closing: str) -> int:
    """The position of the next item or of the closing bracket, past the comma."""
    position = _in_text(text, position)
    if text[position] == closing:
        return position
    if text[position] != ",":
        raise json.JSONDecodeError("Expecting ',' delimiter", text, position)
    following = _in_text(text, position + 1)
    if text[following] == closing:
        raise json.JSONDecodeError("Illegal trailing comma", text, position)
    return following


def _in_text(text: str, position: int) -> int:
    position = _skip_space(text, position)
    if position >= len(text):
        raise json.JSONDecodeError("The text ends too early", text, len(text))
    return position


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\n\r":
        position += 1
    return position


def _object(path: Path, line: int, value: object) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    shown = {"list": "a list", "null": "null"}.get(type_name(value), f"a value of type {type_name(value)}")
    raise DataError(path, line, f"the row is {shown}, not an object", 'write it as {"column": value, ...}')


def _bad_value(path: Path, line: int, error: Exception) -> DataError:
    if isinstance(error, _NotJson):
        return DataError(path, line, str(error), error.mend)
    if isinstance(error, RecursionError):
        return DataError(path, line, "the JSON is nested too deeply", "flatten the row")
    # The one other complaint of Python's JSON reader: its limit on the digits of an integer.
    return DataError(path, line, "a number has too many digits", "write it as a string")


# -- CSV ---------------------------------------------------------------------------------------------------


def _read_csv(path: Path, read: _Lines, delimiters: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    lines = (text + "\n" for _, text in read)
    first = next(lines, "")
    delimiter = max(delimiters, key=lambda mark: _width(first, mark))  # ties go to the first: the comma
    records = _csv_records(path, first, lines, delimiter)
    header: list[str] | None = None
    for number, cells in records:
        if header is None:
            header = _header(path, number, cells)
        elif len(cells) != len(header):
            message = f"the row has {_cells(len(cells))} where the header has {len(header)}"
            mend = f"add or remove cells, or put quotes round a cell that holds {delimiter!r}"
            raise DataError(path, number, message, mend)
        else:
            yield number, dict(zip(header, cells, strict=True))


def _width(line: str, delimiter: str) -> int:
    return len(next(csv.reader([line], delimiter=delimiter), []))


def _csv_records(path: Path, first: str, rest: Iterator[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(line where it starts, cells) of each record that is not blank."""

    def all_lines() -> Iterator[str]:
        yield first
        yield from rest

    reader = csv.reader(all_lines(), delimiter=delimiter, strict=True)
    start = 1
    try:
        for cells in reader:
            if cells:
                yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        mend = 'close each quoted cell, write quotes in it as "", and keep it under 128 KiB (or use .jsonl)'
        raise DataError(path, start, f"bad CSV: {error}", mend) from None


def _header(path: Path, line: int, cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    for place, name in enumerate(names, start=1):
        if not name:
            raise DataError(path, line, f"column {place} has no name", "name it in the header, or remove the column")
        if names.index(name) < place - 1:
            raise DataError(path, line, f"two columns are named {name!r}", "give each column its own name")
    return names


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"
