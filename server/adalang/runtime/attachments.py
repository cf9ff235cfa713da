"""Images and files that a template puts into a message: read, bounded, and known by their bytes, not by their names."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from adalang.config import find_root
from adalang.language.data import RowText
from adalang.runtime.failures import BugFailure
from adalang.runtime.models.types import FilePart, ImagePart, Part, TextPart

_MEGABYTE = 1 << 20
LARGEST_IMAGE, LARGEST_FILE = 20 * _MEGABYTE, 32 * _MEGABYTE
"""Bytes. No provider takes more in a message, and most take less."""

_IMAGES: tuple[tuple[bytes, int, str], ...] = (
    (b"\x89PNG", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"BM", 0, "image/bmp"),
    (b"ftypavif", 4, "image/avif"),
    (b"ftypheic", 4, "image/heic"),
    (b"ftypmif1", 4, "image/heif"),
)
_SHOWN = 40  # characters of a `data:` URL
_ENDS: Mapping[str, bytes] = {"image/png": b"IEND", "image/jpeg": b"\xff\xd9"}
"""What a whole file of a kind holds, and one that was cut off does not."""
_AWAY = ("http://", "https://")


def image_part(source: object, folder: Path, where: str, within: Sequence[Path] | None = None) -> Part:
    """`{{ image(…) }}`: an address, a `data:` URL, or a file's path from ``folder`` (of a data set's row: from its file).

    Args:
        within: folders in which the file may be, besides the workspace and a row's own; None is anywhere, for a path that the program
            itself names. What comes from an input may not read whatever this process can.

    Raises:
        BugFailure: there is no such file, it is too large, or no image; or it is outside, or hidden (`.env`).
    """
    text = _address(source)
    if text.startswith(_AWAY):
        return ImagePart(text)
    if text.startswith("data:"):
        _checked_image(_embedded(text, where, LARGEST_IMAGE), f"{where}: {text[:_SHOWN]!r}")
        return ImagePart(text)
    data = _read(source, folder, where, "image", LARGEST_IMAGE, within)
    return ImagePart(_data_url(_checked_image(data, f"{where}: {text!r}"), data))


def file_part(source: object, folder: Path, where: str, within: Sequence[Path] | None = None) -> Part:
    """`{{ file(…) }}`: as :func:`image_part`. Plain text becomes text, for every model reads that; an image an image.

    Raises:
        BugFailure: there is no such file, it is too large, or of a kind that nobody knows.
    """
    text = _address(source)
    if text.startswith("data:image/"):
        return image_part(source, folder, where, within)
    if text.startswith("data:"):
        _embedded(text, where, LARGEST_FILE)
        return FilePart(text, "file" + (mimetypes.guess_extension(text[5:].partition(";")[0]) or ""))
    if text.startswith(_AWAY):
        return FilePart(text, Path(unquote(urlsplit(text).path)).name)
    data = _read(source, folder, where, "file", LARGEST_FILE, within)
    name = Path(text).name
    if _image_kind(data) is not None:
        return ImagePart(_data_url(_checked_image(data, f"{where}: {text!r}"), data))
    if data.startswith(b"%PDF"):
        return FilePart(_data_url("application/pdf", data), name)
    try:
        if b"\0" not in data:
            return TextPart(f"{name}:\n{data.decode('utf-8-sig')}\n")
    except UnicodeDecodeError:
        pass
    kind = mimetypes.guess_type(name)[0]
    if kind is None or kind.startswith("text/"):
        raise BugFailure(
            f"{where}: {text!r} is neither a PDF, nor an image, nor text in UTF-8, and its ending says nothing"
        )
    return FilePart(_data_url(kind, data), name)


class Attach(Protocol):
    def __call__(self, source: object, folder: Path, where: str, within: Sequence[Path] | None = None) -> Part: ...


PARTS: Mapping[str, Attach] = {"image": image_part, "file": file_part}
"""The functions of templates whose value is a part of the message."""


def _address(source: object) -> str:
    return str(source).strip()


def _read(source: object, folder: Path, where: str, what: str, most: int, within: Sequence[Path] | None) -> bytes:
    text = _address(source)
    if not text:
        raise BugFailure(f"{where}: {what}(…) was given no path")
    base = source.folder if isinstance(source, RowText) else folder
    path = base / text
    try:
        if within is not None and not _is_inside(path, (find_root(folder), base, *within)):
            raise BugFailure(
                f"{where}: the {what} {text!r} is outside the workspace, or hidden, and an input may not name it; "
                "put it into the workspace, or its folder into `file_folders` of adalang.toml"
            )
        if not path.exists():
            raise BugFailure(f"{where}: there is no {what} {text!r} in {path.parent}")
        if not path.is_file():  # a device or a pipe may never end
            raise BugFailure(f"{where}: the {what} {text!r} is no file")
        size = path.stat().st_size
        if size > most:
            raise BugFailure(f"{where}: the {what} {text!r} has {size:,} bytes, and may have {most:,}; make it smaller")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BugFailure(f"{where}: the {what} {text!r} cannot be read: {reason}") from error


def _is_inside(path: Path, folders: Sequence[Path]) -> bool:
    """Whether a file is in one of the folders, wherever links lead, and neither it nor what it is in is hidden there."""
    real = path.resolve()
    inside = [real.relative_to(one) for folder in folders if real.is_relative_to(one := folder.resolve())]
    return any(not any(part.startswith(".") for part in one.parts) for one in inside)


def _image_kind(data: bytes) -> str | None:
    return next((kind for magic, at, kind in _IMAGES if data[at : at + len(magic)] == magic), None)


def _checked_image(data: bytes, which: str) -> str:
    """The image's media type."""
    kind = _image_kind(data)
    if kind is None:
        raise BugFailure(f"{which} is no image that models take; make it a PNG, JPEG, GIF or WebP")
    if _ENDS.get(kind, b"") not in data:
        raise BugFailure(f"{which} is cut off: it has no end; get the image again")
    return kind


def _embedded(text: str, where: str, most: int) -> bytes:
    """What a `data:` URL holds."""
    head, _, body = text.partition(",")
    try:
        data = base64.b64decode(body, validate=True) if head.endswith(";base64") else b""
    except ValueError:
        data = b""
    if not data:
        raise BugFailure(f"{where}: {text[:_SHOWN]!r} holds nothing in base64; write data:TYPE;base64,…")
    if len(data) > most:
        raise BugFailure(f"{where}: {text[:_SHOWN]!r} has {len(data):,} bytes, and may have {most:,}; make it smaller")
    return data


def _data_url(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
