"""Which files are a workspace's."""

from __future__ import annotations

from pathlib import Path

from adalang.language.files import source_files


def test_each_source_file_below_the_folders_is_found_once_and_no_foreign_one(tmp_path: Path) -> None:
    names = [
        "a/b.adal",
        "z.adal",
        "a/b.txt",
        ".h/c.adal",
        "a/.x.adal",
        "node_modules/d.adal",
        "a/venv/e.adal",
        "build/f.adal",
    ]
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert [*source_files(tmp_path, tmp_path / "a")] == [tmp_path / "z.adal", tmp_path / "a" / "b.adal"]
    assert [*source_files(tmp_path / ".h")] == [tmp_path / ".h" / "c.adal"]
