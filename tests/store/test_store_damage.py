"""A file that is damaged or from the future: kept, named in a message, never overwritten."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from adalang.store import Store, StoreError, connection
from adalang.store.records import Event, HoldoutLook, ResponseRecord
from adalang.store.schema import MIGRATIONS


def fill(root: Path, rows: int = 200) -> Path:
    with Store.open(root) as store:
        for n in range(rows):
            store.put_response(ResponseRecord(f"{n:04}", "m", {"p": "x" * 400}, {"text": "y"}))
        assert store.file is not None
        return store.file


def kept(file: Path) -> list[Path]:
    return [path for path in file.parent.glob("store.db.damaged-*") if path.suffix not in ("-wal", "-shm")]


@pytest.mark.parametrize("damage", ["not a database", "truncated", "zeroed header"])
def test_a_file_that_is_damaged_at_opening_is_set_aside(tmp_path: Path, damage: str) -> None:
    file = fill(tmp_path)
    whole = file.read_bytes()
    broken = {
        "not a database": b"this is no database at all, but a text of some length" * 100,
        "truncated": whole[: len(whole) // 2],
        "zeroed header": bytes(100) + whole[100:],
    }[damage]
    file.write_bytes(broken)

    with Store.open(tmp_path) as store:
        assert "was damaged" in store.notice
        assert store.stats()["rows"]["responses"] == 0
        store.put_response(ResponseRecord("k", "m", {}, {}))

    [aside] = kept(file)
    assert aside.name in store.notice
    assert aside.read_bytes() == broken
    with Store.open(tmp_path) as again:
        assert again.notice == ""
        assert again.response("k") is not None


def test_damage_found_while_reading_is_set_aside_and_the_next_command_works(tmp_path: Path) -> None:
    file = fill(tmp_path)
    whole = bytearray(file.read_bytes())
    middle = len(whole) * 3 // 4  # behind the pages that opening it reads
    whole[middle:] = b"\xff" * (len(whole) - middle)
    file.write_bytes(whole)

    with pytest.raises(StoreError, match=r"was damaged.*run the command again"):
        store = Store.open(tmp_path)
        list(store.export())

    [aside] = kept(file)
    assert aside.read_bytes()[middle:] == whole[middle:]
    with Store.open(tmp_path) as again:
        assert again.stats()["rows"]["responses"] == 0


def test_a_newer_store_is_left_as_it_is(tmp_path: Path) -> None:
    file = fill(tmp_path, rows=1)
    with sqlite3.connect(file) as raw:
        raw.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    raw.close()
    before = file.read_bytes()

    with pytest.raises(StoreError, match=r"newer Adalang.*update Adalang"):
        Store.open(tmp_path)

    assert file.read_bytes() == before
    assert not kept(file)


def test_an_older_store_is_brought_forward_with_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = fill(tmp_path, rows=3)
    later = (*MIGRATIONS, ("ALTER TABLE responses ADD COLUMN note TEXT NOT NULL DEFAULT 'n'",))
    monkeypatch.setattr(connection, "MIGRATIONS", later)

    opened, notice = connection.connect(file)

    assert notice == ""
    assert [row["note"] for row in opened.execute("SELECT note FROM responses")] == ["n"] * 3
    assert opened.execute("PRAGMA user_version").fetchone()[0] == len(later)
    opened.close()


def test_looks_and_logs_of_the_first_release_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MIGRATIONS", MIGRATIONS[:1])
    (tmp_path / ".adalang").mkdir()
    old, _ = connection.connect(tmp_path / ".adalang" / "store.db")
    old.execute("INSERT INTO holdout_looks VALUES ('h', 'e', 'r', 0.1, 0.03, 1.0)")
    old.execute("INSERT INTO events VALUES ('r', 1, 'started', '{}', 1.0)")
    old.close()
    monkeypatch.undo()
    with Store.open(tmp_path) as store:
        assert store.looks("h") == [HoldoutLook("h", "e", "r", "", 0.1, 0.03, 1.0)]
        assert store.events("r") == [Event("r", 1, "started", {}, 1.0)]


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = fill(tmp_path, rows=3)
    broken = (*MIGRATIONS, ("ALTER TABLE responses ADD COLUMN note TEXT", "ALTER TABLE nowhere ADD COLUMN x"))
    monkeypatch.setattr(connection, "MIGRATIONS", broken)
    with pytest.raises(StoreError, match="nowhere"):
        connection.connect(file)
    monkeypatch.undo()
    with Store.open(tmp_path) as store:
        assert store.stats()["rows"]["responses"] == 3


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / ".adalang").write_text("a file in the way")
    with pytest.raises(StoreError, match=r"cannot make the store's folder .*\.adalang"):
        Store.open(tmp_path)


def test_a_closed_store_says_so() -> None:
    store = Store.in_memory()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.response("k")


def test_a_store_that_another_process_holds_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_BUSY_SECONDS", 0.05)
    with Store.open(tmp_path) as store:
        other = sqlite3.connect(tmp_path / ".adalang" / "store.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked; another process holds it"):
            store.put_row_set("a", frozenset({"b"}))
        other.execute("ROLLBACK")
        other.close()
