"""Import lines: how one is written, and where a new one goes."""

from __future__ import annotations

import os.path
from pathlib import Path

from adalang.ide.placement import beginning, is_comment
from adalang.language.declarations import ImportDeclaration
from adalang.language.literal import quote
from adalang.language.program import Module
from adalang.language.text import Edit, SourceText, Span


def import_line(importer: Path, path: Path) -> str:
    """The line by which the file ``importer`` imports the file ``path``, without its line end."""
    return f"import {quote(Path(os.path.relpath(path, importer.parent)).as_posix())}"


def import_edit(module: Module, path: Path) -> Edit:
    """The edit that makes a file import another: behind its last import, else at the top, below the file's own comment."""
    source, line = module.source, import_line(module.path, path)
    imports = [item for item in module.items if isinstance(item.declaration, ImportDeclaration)]
    if imports:
        at = source.line_span(source.line_of(max(imports[-1].start, imports[-1].span.end - 1))).end
        return Edit(Span(at, at), source.newline + line)
    at = _below_the_first_comment(source)
    return Edit(Span(at, at), line + source.newline * (2 if at < len(source.data) else 1))


def _below_the_first_comment(source: SourceText) -> int:
    """Where the text begins that is not the file's own head: a byte-order mark, or comments that an empty line ends."""
    line = 0
    while is_comment(source, line):
        line += 1
    ended = line and line < source.line_count and not source.slice(source.line_span(line)).strip()
    return source.line_start(line + 1) if ended else beginning(source)
