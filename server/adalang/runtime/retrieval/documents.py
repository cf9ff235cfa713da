"""The files of a corpus as sections with their place: Markdown, text, HTML, rows of data files, PDF."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adalang.language.data import DataError, NoRows, read_rows
from adalang.language.files import ROWS, UTF_8
from adalang.runtime.failures import BugFailure

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*)")
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_FRONT_MATTER = re.compile(r"\A---\n.*?\n(?:---|\.\.\.)\n", re.DOTALL)
_TEXT_COLUMNS = ("text", "content", "body", "passage", "context", "document", "answer")
_TITLE_COLUMNS = ("title", "heading", "page", "name", "subject", "question")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a file that belongs together. ``place`` is what follows the file's name in a passage's source (`#Refunds`,
    `:12`, `#page=3`; "" for the whole file); ``title`` tells what it is about beside its own text. ``bare``: a heading alone."""

    text: str
    place: str = ""
    title: str = ""
    bare: bool = False


def sections(file: Path, name: str, encoding: str = UTF_8) -> Iterator[Section]:
    """The file's sections, in their order; those without any text are left out, and a heading with nothing below it stands
    before the text of the next. ``name`` is what messages call the file. A JSON file that has no rows is one text.

    Raises:
        BugFailure: it cannot be read; the message names the file, the place and the mend.
    """
    match file.suffix.lower():
        case ".md" | ".markdown":
            found = _markdown(_text(file, name, encoding))
        case ".html" | ".htm":
            from adalang.runtime.retrieval.html import html_sections

            found = html_sections(_text(file, name, encoding))
        case ending if ending in ROWS:
            found = _rows(file, name, encoding)
        case ".pdf":
            found = _pdf(file, name)
        case _:
            found = iter([Section(_text(file, name, encoding))])
    return _without_bare(one for one in found if one.text.strip())


def _without_bare(found: Iterable[Section]) -> Iterator[Section]:
    """Headings that stand alone joined to what is beneath them; at the end of a file they are a section of their own."""
    waiting: list[Section] = []
    for one in found:
        if one.bare:
            waiting.append(one)
            continue
        yield replace(one, text="\n\n".join([*(each.text for each in waiting), one.text]))
        waiting.clear()
    if waiting:
        yield replace(waiting[-1], text="\n\n".join(each.text for each in waiting), bare=False)


def _text(file: Path, name: str, encoding: str) -> str:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BugFailure(f"cannot read {name}: {error.strerror}") from error
    try:
        return data.decode(encoding).removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeError as error:
        before = data[: error.start] if isinstance(error, UnicodeDecodeError) else b""
        line = before.count(b"\n") + 1
        mend = 'save the file as UTF-8, or say how all are written: encoding = "latin-1"'
        raise BugFailure(f"{name}:{line}: the text is not {encoding.upper()}; {mend}") from error


def _markdown(text: str) -> Iterator[Section]:
    """One section for each heading; those inside fenced code are none. The title is the path of headings above."""
    text = _FRONT_MATTER.sub("", text, count=1)
    above: list[tuple[int, str]] = []
    lines: list[str] = []
    fence = ""

    def section() -> Section:
        names = [name for _, name in above]
        bare = bool(names) and not any(map(str.strip, lines[1:]))
        return Section("\n".join(lines).strip(), f"#{names[-1]}" if names else "", " > ".join(names), bare)

    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and (not fence or (mark[1].startswith(fence) and line.strip() == mark[1])):
            fence = "" if fence else mark[1]
        heading = None if fence else _HEADING.fullmatch(line)
        title = _title(heading[2]) if heading else ""
        if heading and title:
            yield section()
            lines.clear()
            level = len(heading[1])
            above[:] = [*(one for one in above if one[0] < level), (level, title)]
        lines.append(line)
    yield section()


def _title(written: str) -> str:
    """A heading's text without the signs that may close it, which stand by themselves."""
    text = written.strip()
    inner = text.rstrip("#")
    return inner.rstrip() if inner == "" or inner[-1] in " \t" else text


def _rows(file: Path, name: str, encoding: str) -> Iterator[Section]:
    """One section for each row: its text column, else all that it says. An `id` that no other has names the row, else its line."""
    try:
        rows = read_rows(file, root=file.parent, encoding=encoding)
    except NoRows:
        return
    except DataError as error:
        if file.suffix.lower() == ".json" and _is_json(text := _text(file, name, encoding)):
            yield Section(text)
            return
        place = f"{name}:{error.line}" if error.line else name
        raise BugFailure(f"{place}: {error.message}; {error.mend}") from error
    for row in rows:
        values = {column: value for column, value in row.values.items() if value not in (None, "")}
        column = next((one for one in _TEXT_COLUMNS if isinstance(values.get(one), str)), None)
        title = " > ".join(str(values[one]) for one in _TITLE_COLUMNS if one in values and column)
        text = str(values[column]) if column else "\n".join(f"{one}: {_said(value)}" for one, value in values.items())
        yield Section(text, f"#{row.id}" if str(values.get("id", "")).strip() == row.id else f":{row.line}", title)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _said(value: Any) -> str:
    return ", ".join(map(_said, value)) if isinstance(value, list) else str(value)


def _pdf(file: Path, name: str) -> Iterator[Section]:
    """One section for each page; a PDF of which no page has text is not passed over in silence."""
    try:
        import pypdf
    except ImportError as error:
        raise BugFailure(f"{name}: reading PDF needs the extra: pip install 'adalang[pdf]'") from error
    logging.getLogger("pypdf").addHandler(logging.NullHandler())  # what is wrong with a file is told as a failure
    page, has_text = 0, False
    try:
        reader = pypdf.PdfReader(file)
        if reader.is_encrypted and not reader.decrypt(""):
            raise BugFailure(f"{name}: the PDF is locked with a password; save a copy without one")
        for page, one in enumerate(reader.pages, start=1):
            text = one.extract_text()
            has_text = has_text or bool(text.strip())
            yield Section(text, f"#page={page}")
        if not has_text:
            raise BugFailure(
                f"{name}: the PDF has no text, as a scan has none; make it searchable (OCR), or leave it out"
            )
    except BugFailure:
        raise
    except Exception as error:  # pypdf lets many kinds out for damaged files
        place = f"{name}, page {page}" if page else name
        raise BugFailure(f"{place}: the PDF cannot be read ({error}); save it again, or leave it out") from error
