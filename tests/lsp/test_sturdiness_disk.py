"""Files that a document names and that cannot be read: said to be so, and read once they can be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.lsp.documents import LINES, PULLED, URI, close, eventually, symbols
from tests.lsp.shared import Shared
from tests.lsp.wire import Wire


@pytest.fixture(scope="module")
def shared() -> Iterator[Shared]:
    found = Shared(lambda wire: wire.initialize(capabilities=PULLED))
    yield found
    found.close()


@pytest.fixture
def wire(shared: Shared) -> Iterator[Wire]:
    """A server that has been through the tests before; whatever they did, it works."""
    with shared.use() as wire:
        yield wire
        if not wire.hangs:
            close(wire, URI)
            wire.open(URI, LINES)
            assert [name for name, _ in symbols(wire, URI)] == ["one", "two", "three"]


def importing(folder: Path, name: str) -> tuple[str, str]:
    page = folder / "page.adal"
    text = f'import "{name}"\n\nprompt p(a: str) -> str = """{{{{ a }}}}{{{{ shared.style }}}}"""\n'
    page.write_text(text, encoding="utf-8")
    return page.as_uri(), text


def write_odd(path: Path, what: str) -> None:
    match what:
        case "not UTF-8":
            path.write_bytes(b'param style = "caf\xe9"\n')
        case "UTF-16":
            path.write_bytes('param style = "x"\n'.encode("utf-16"))
        case "binary":
            path.write_bytes(bytes(range(256)) * 100)
        case "empty":
            path.touch()
        case "a folder":
            path.mkdir()
        case "a link to itself":
            path.symlink_to(path)
        case "a link to nothing":
            path.symlink_to(path.with_name("nothing"))
        case "a pipe":
            os.mkfifo(path)
        case "the importing file":
            path.symlink_to(path.with_name("page.adal"))


@pytest.mark.parametrize(
    "what",
    ["not UTF-8", "UTF-16", "binary", "empty", "a folder", "a link to itself", "a link to nothing", "a pipe",
     "the importing file"],
)  # fmt: skip
def test_imports_that_cannot_be_read(wire: Wire, tmp_path: Path, what: str) -> None:
    shared = tmp_path / "shared.adal"
    write_odd(shared, what)
    uri, text = importing(tmp_path, "shared.adal")
    wire.open(uri, text)
    wire.pull(uri)
    if shared.is_dir():
        shared.rmdir()
    else:
        shared.unlink()
    shared.write_text('param style = "Short."\n', encoding="utf-8")
    wire.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": shared.as_uri(), "type": 2}]})
    assert eventually(lambda: wire.pull(uri), []) == []
    close(wire, uri)


@pytest.mark.parametrize(
    "name", ["n" * 300, "d/" * 3000 + "x", "a\x00b", "..", "/", "~", "C:\\x", "https://example.org/x", "é\u2028"]
)
def test_paths_that_no_file_has(wire: Wire, tmp_path: Path, name: str) -> None:
    (tmp_path / "adalang.toml").touch()
    uri = (tmp_path / "page.adal").as_uri()
    text = (
        f'import "{name}.adal"\n\ndataset rows = "{name}.jsonl"\n\nprompt p(a: str) -> str = """{{{{ a }}}}"""\n\n'
        f'eval e of p {{\n  data = rows\n  metric = python("{name}.py:f")\n}}\n'
    )
    wire.open(uri, text)
    missing = [0, 2, 8]  # the lines that name what is not there
    assert eventually(lambda: sorted({one["range"]["start"]["line"] for one in wire.pull(uri)}), missing) == missing
    close(wire, uri)
