"""Images and files in messages: known by their bytes, bounded, found beside the program or the row's own file."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.world import MODEL, world

from adalang.language.checks import DiskFacts, check
from adalang.language.data import RowText, read_rows
from adalang.language.program import load
from adalang.runtime import attachments
from adalang.runtime.attachments import file_part, image_part
from adalang.runtime.failures import BugFailure
from adalang.runtime.interpreter import RunFailed
from adalang.runtime.models.answers import Answer
from adalang.runtime.models.keys import describe, largest_input_tokens, request_key
from adalang.runtime.models.replay import Recorder, ReplayLane
from adalang.runtime.models.types import FilePart, ImagePart, Message, ModelSpec, Part, Request, TextPart
from adalang.runtime.services import Services
from adalang.store.redaction import Redactor

PNG, JPEG = b"\x89PNG\r\n\x1a\n" + bytes(20) + b"IEND\xaeB`\x82", b"\xff\xd8\xff\xe0" + bytes(20) + b"\xff\xd9"
PDF = b"%PDF-1.7\n%%EOF\n"


def url(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.png", PNG, "image/png"),
        ("photo.png", JPEG, "image/jpeg"),
        ("no-ending", b"GIF89a" + bytes(20), "image/gif"),
        ("a.webp", b"RIFF\0\0\0\0WEBPVP8 " + bytes(20), "image/webp"),
    ],
)
def test_an_image_is_what_its_bytes_say(tmp_path: Path, name: str, data: bytes, kind: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert image_part(name, tmp_path, "p") == ImagePart(url(kind, data))


@pytest.mark.parametrize(
    ("name", "data", "part"),
    [
        ("a.pdf", PDF, FilePart(url("application/pdf", PDF), "a.pdf")),
        ("scan.pdf", PNG, ImagePart(url("image/png", PNG))),
        ("notes.md", "# Größe\n".encode(), TextPart("notes.md:\n# Größe\n\n")),
        ("a.mp3", b"ID3\0", FilePart(url("audio/mpeg", b"ID3\0"), "a.mp3")),
    ],
)
def test_a_file_is_what_its_bytes_say(tmp_path: Path, name: str, data: bytes, part: Part) -> None:
    (tmp_path / name).write_bytes(data)
    assert file_part(name, tmp_path, "p") == part


def test_addresses_and_data_urls_stay_as_they_are(tmp_path: Path) -> None:
    assert image_part("https://example.com/a.png", tmp_path, "p") == ImagePart("https://example.com/a.png")
    assert file_part("https://example.com/a%20b.pdf?x=1", tmp_path, "p").name == "a b.pdf"  # type: ignore[union-attr]
    assert file_part(url("application/pdf", PDF), tmp_path, "p") == FilePart(url("application/pdf", PDF), "file.pdf")
    assert file_part(url("image/png", PNG), tmp_path, "p") == ImagePart(url("image/png", PNG))


def test_what_cannot_be_sent_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "LARGEST_IMAGE", 100)
    for name, data in {
        "words.png": b"words",
        "large.png": PNG + bytes(204),
        "half.png": PNG[:8],
        "half.jpg": JPEG[:8],
        "x.txt": b"\0\1",
        "folder/x": b"",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    for name, message in {
        "words.png": "is no image that models take",
        "large.png": "has 240 bytes, and may have 100; make it smaller",
        "half.png": "'half.png' is cut off",
        "half.jpg": "'half.jpg' is cut off",
        "data:image/png,xx": "'data:image/png,xx' holds nothing in base64",
        "data:image/png;base64,@": "holds nothing in base64",
        url("image/png", PNG[:8]): "is cut off",
        url("image/svg+xml", b"<svg/>"): "is no image that models take",
        url("image/png", PNG + bytes(204)): "has 240 bytes, and may have 100",
        "gone.png": "there is no image 'gone.png' in ",
        "folder": "is no file",
        " ": "was given no path",
        "a\0b": "there is no image",
        "data:image/png;base64,x y": "holds nothing in base64",
    }.items():
        with pytest.raises(BugFailure, match=message):
            image_part(name, tmp_path, "p, user message")
    for name, message in {
        "x.txt": "its ending says nothing",
        "half.jpg": "cut off",
        "data:,x": "nothing in base64",
    }.items():
        with pytest.raises(BugFailure, match=message):
            file_part(name, tmp_path, "p")


def test_rows_name_files_from_their_own_place(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    rows = [{"photo": "a.png", "pages": ["b.pdf"], "text": "It broke. Ask Ann", "n": 1, "at": "https://x.org/c.png"}]
    (data / "rows.jsonl").write_text(json.dumps(rows[0]) + "\n", encoding="utf-8")
    (data / "a.png").write_bytes(PNG)
    values = read_rows(Path("data/rows.jsonl"), root=tmp_path)[0].values
    assert values == rows[0] and json.loads(json.dumps(values)) == rows[0]
    assert isinstance(values["photo"], RowText) and isinstance(values["pages"][0], RowText)
    assert not isinstance(values["text"], RowText) and not isinstance(values["at"], RowText)
    assert image_part(values["photo"], tmp_path, "p") == ImagePart(url("image/png", PNG))
    with pytest.raises(BugFailure, match="there is no image"):
        image_part("a.png", tmp_path, "p")


async def test_both_reach_the_model_in_their_places(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(PDF)
    (tmp_path / "a.png").write_bytes(PNG)
    text = (
        MODEL + 'prompt p(doc: str) -> str {\n  model = m\n  user = """A {{ file(doc) }} B {{ image("a.png") }}"""\n}\n'
    )
    async with world(tmp_path, text, lambda _: "ok") as one:
        assert await one.run("p", doc="a.pdf") == "ok"
        parts = one.server.log[0].messages[0].content
        assert [type(part) for part in parts] == [TextPart, FilePart, TextPart, ImagePart]
        assert parts[1] == FilePart(url("application/pdf", PDF), "a.pdf")


async def test_an_input_names_files_of_the_workspace_alone(tmp_path: Path) -> None:
    home, uploads = tmp_path / "home", tmp_path / "uploads"
    for folder in (home / "sub", uploads, home / ".hidden"):
        folder.mkdir(parents=True)
        (folder / "a.txt").write_text("text")
    (home / ".env").write_text("KEY=1")
    (home / "link.txt").symlink_to(uploads / "a.txt")
    outside = str(uploads / "a.txt")
    text = MODEL + f'prompt own() -> str {{\n  model = m\n  user = """{{{{ file(\'{outside}\') }}}}"""\n}}\n'
    text += 'prompt p(doc: str) -> str {\n  model = m\n  user = """{{ file(doc) }}"""\n}\n'
    async with world(home, text, lambda _: "ok") as one:
        assert await one.run("p", doc="sub/a.txt") == await one.run("own") == "ok"
        assert await one.run("p", doc=RowText.of("a.txt", uploads)) == "ok"
        for refused in (outside, "../uploads/a.txt", "/etc/passwd", "link.txt", ".env", ".hidden/a.txt", "../gone.txt"):
            with pytest.raises(RunFailed, match="is outside the workspace, or hidden"):
                await one.run("p", doc=refused)
    async with world(home, text, lambda _: "ok", services=Services(file_folders=(uploads,))) as one:
        assert await one.run("p", doc=outside) == "ok"
        with pytest.raises(RunFailed, match="is outside the workspace, or hidden"):
            await one.run("p", doc=RowText.of("../home/.env", uploads))


def test_a_constant_path_is_checked_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "main.adal").write_text(
        'prompt p(q: str) -> str {\n  user = """{{ q }} {{ image("gone.png") }} {{ file(q) }} {{ file("https://x/y") }}"""\n}\n',
        encoding="utf-8",
    )
    program = load(tmp_path / "main.adal")
    assert program is not None
    found = list(check(program, facts=DiskFacts()))
    assert [(one.code, one.message) for one in found] == [
        ("ADL501", "There is no file `gone.png` (looked beside this file).")
    ]


def asking(*parts: Part) -> Request:
    return Request(ModelSpec("openai/gpt-4o-mini"), (Message("user", parts),))


def test_answers_are_kept_by_what_a_file_holds_and_without_its_bytes() -> None:
    one, same, other = (asking(FilePart(url("application/pdf", data), "a.pdf")) for data in (PDF, PDF, PDF + b"x"))
    assert request_key(one) == request_key(same) != request_key(other)
    large = asking(ImagePart(url("image/png", PNG + bytes(1_000_000))))
    assert len(json.dumps(describe(large))) < 1000


def test_files_count_for_the_budget() -> None:
    small, large = (
        largest_input_tokens(asking(FilePart(url("application/pdf", bytes(n)), ""))) for n in (100, 4_000_000)
    )
    assert 2000 <= small < 3000 and large >= 1_000_000
    assert largest_input_tokens(asking(FilePart("https://x.org/a.pdf"))) >= 20_000


@pytest.mark.parametrize("written_out", [False, True])
async def test_recordings_hold_with_and_without_bytes(tmp_path: Path, written_out: bool) -> None:
    file, request = tmp_path / "r.jsonl", asking(TextPart("what?"), ImagePart(url("image/png", PNG)))
    if written_out:
        content: list[dict[str, Any]] = [
            {"type": "text", "text": "what?"},
            {"type": "image_url", "image_url": {"url": url("image/png", PNG)}},
        ]
        line = {"messages": [{"role": "user", "content": content}], "response": "a cat"}
        file.write_text(json.dumps(line) + "\n", encoding="utf-8")
    else:
        Recorder(file, Redactor()).add(request, Answer("a cat"))
    replayed = Request(ModelSpec("replay/r.jsonl"), request.messages)
    assert (await ReplayLane(tmp_path, Redactor()).call(replayed)).text == "a cat"
