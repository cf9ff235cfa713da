"""The paths that a file writes: of imports, data, corpora, recordings and Python files; and how they read from elsewhere."""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from adalang.language.declarations import (
    CallExpression,
    DatasetDeclaration,
    Declaration,
    EvalDeclaration,
    Expression,
    ImportDeclaration,
    ListExpression,
    ModelDeclaration,
    RetrieverDeclaration,
    Setting,
    Text,
    ToolDeclaration,
    dotted,
    walk,
)
from adalang.language.literal import DecodedText, encode
from adalang.language.program import Module
from adalang.language.settings import SPLIT_NAMES
from adalang.language.text import Edit, Span

_GLOB = re.compile(r"[*?\[]")
_RECORDING = "replay/"


@dataclass(frozen=True, slots=True)
class WrittenPath:
    """``written`` stands in the text at ``span`` (in the file) between ``before`` and ``behind``; it means ``path``.

    Of a pattern such as ``docs/**/*.md`` it is the folder, and ``pattern`` the rest.
    """

    span: Span
    before: str
    written: str
    pattern: str
    behind: str
    path: Path
    like: DecodedText

    def moved(self, path: Path, folder: Path) -> Edit | None:
        """The edit that writes another path there, seen from ``folder``; ``None`` where it is written so already."""
        written = Path(os.path.relpath(path, folder)).as_posix()
        if written == Path(os.path.normpath(self.written)).as_posix():
            return None
        whole = PurePosixPath(written, self.pattern).as_posix()
        return Edit(self.span, encode(self.before + whole + self.behind, like=self.like))


def written_paths(module: Module) -> Iterator[WrittenPath]:
    for item in module.items:
        yield from paths_in(module, item.declaration, item.start)


def paths_in(module: Module, declaration: Declaration, start: int) -> Iterator[WrittenPath]:
    """The relative paths in one declaration."""
    for text, before, behind in _texts(declaration):
        whole = text.value[len(before) : len(text.value) - len(behind)]
        if not text.closed or not whole.strip() or PurePosixPath(whole).is_absolute() or "\0" in whole:
            continue
        parts = PurePosixPath(whole).parts
        fixed = next((index for index, part in enumerate(parts) if _GLOB.search(part)), len(parts))
        written = whole if fixed == len(parts) else PurePosixPath(*parts[:fixed]).as_posix()
        path = Path(os.path.normpath(module.path.parent / written))
        pattern = "/".join(parts[fixed:])
        yield WrittenPath(text.span.shifted(start), before, written, pattern, behind, path, text.decoded)


def _texts(declaration: Declaration) -> Iterator[tuple[Text, str, str]]:
    """Each text that holds a path, with what stands before and behind it there."""
    match declaration:
        case ImportDeclaration(path=Text() as text):
            yield text, "", ""
        case ModelDeclaration(value=Text(value=value) as text) if value.startswith(_RECORDING):
            yield text, _RECORDING, ""
        case DatasetDeclaration(value=value, settings=settings):
            yield from ((text, "", "") for text in _plain(value))
            yield from (
                (text, "", "") for one in settings if one.name.text in SPLIT_NAMES for text in _plain(one.value)
            )
        case RetrieverDeclaration(settings=settings):
            yield from ((text, "", "") for one in settings if one.name.text == "corpus" for text in _plain(one.value))
        case ToolDeclaration(value=value):
            yield from _functions(value)
        case EvalDeclaration(settings=settings):
            yield from (found for one in settings for found in _functions(one.value))
        case _:
            pass
    given: tuple[Setting, ...] = getattr(declaration, "settings", ())
    for one in given:
        if isinstance(one.value, Text) and one.value.value.startswith(_RECORDING):
            yield one.value, _RECORDING, ""


def _plain(value: Expression | None) -> Iterator[Text]:
    for one in value.items if isinstance(value, ListExpression) else (value,):
        if isinstance(one, Text):
            yield one


def _functions(value: Expression) -> Iterator[tuple[Text, str, str]]:
    """The files of ``python("file.py:function")`` and ``http("openapi.json:operation")``."""
    for one in walk(value):
        if isinstance(one, CallExpression) and dotted(one.function) in ("python", "http"):
            for argument in one.arguments:
                text = argument.value
                if isinstance(text, Text) and ":" in text.value and "://" not in text.value:
                    yield text, "", ":" + text.value.rpartition(":")[2]
