"""What the server knows of the disk: as much as the open documents need."""

from __future__ import annotations

from pathlib import Path

from adalang.language.program import Module
from adalang.language.text import SourceText
from adalang.lsp import disk
from adalang.lsp.state import Document, Snapshot


def opened(snapshot: Snapshot, path: Path) -> Snapshot:
    """A document is opened, and what its checks ask for is read."""
    document = Document(path.as_uri(), 1, Module.parse(path, SourceText(path.read_bytes())), path.parent)
    snapshot = snapshot.with_document(document)
    while True:
        snapshot.check(path)
        wishes = snapshot.disk.wishes.take()
        if not wishes:
            return snapshot
        snapshot = snapshot.with_disk(snapshot.disk.with_entries(disk.read(wishes)))


def known(snapshot: Snapshot) -> set[tuple[str, str]]:
    return {(kind, path.name) for kind, path in snapshot.disk.entries if kind != "exists"}


def test_what_no_open_document_needs_is_forgotten(tmp_path: Path) -> None:
    for name in ("mine", "ours"):
        (tmp_path / f"{name}.jsonl").write_text('{"text": "a"}\n')
        (tmp_path / f"{name}.adal").write_text(f'param {name}_tone = "kind"\n')
    for name in ("one", "other"):
        imported = "mine" if name == "one" else "ours"
        (tmp_path / f"{name}.adal").write_text(
            f'import "{imported}.adal"\nimport "ours.adal"\ndataset all = "ours.jsonl"\ndataset some = "{imported}.jsonl"\n'
        )
    both = opened(opened(Snapshot(), tmp_path / "one.adal"), tmp_path / "other.adal")
    ours = {("module", "ours.adal"), ("data", "ours.jsonl")}
    assert known(both) == ours | {("module", "mine.adal"), ("data", "mine.jsonl")}
    left = both.without_document((tmp_path / "one.adal").as_uri())
    assert known(left) == ours
    left.check(tmp_path / "other.adal")
    assert not left.disk.wishes
    assert known(left.without_document((tmp_path / "other.adal").as_uri())) == set()
