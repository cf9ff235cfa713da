"""Reading data files: every format gives the same rows, and every mistake one clear error with its place."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adalang.language.data import DataError, columns, inline_rows, read_rows

VALUES = [{"question": "Wer?", "n": "1"}, {"question": 'say "hi",\nplease', "n": "2"}]


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def error(folder: Path, name: str, content: str | bytes) -> DataError:
    path = write(folder, name, content)
    with pytest.raises(DataError) as caught:
        read_rows(path, root=folder)
    assert caught.value.mend
    assert str(caught.value).startswith(str(path))
    return caught.value


@pytest.mark.parametrize(
    ("name", "content", "lines"),
    [
        ("a.jsonl", "\n".join(map(json.dumps, VALUES)) + "\n\n", [1, 2]),
        ("a.json", json.dumps(VALUES, indent=1), [2, 6]),
        ("b.json", json.dumps({"note": [{"x": "]"}], "rows": VALUES, "more": 1}), [1, 1]),
        ("c.json", json.dumps({"data": VALUES}), [1, 1]),
        ("a.csv", 'question,n\nWer?,1\n"say ""hi"",\nplease",2\n', [2, 3]),
        ("b.csv", 'question;n\nWer?;1\n\n"say ""hi"",\nplease";2', [2, 4]),
        ("c.csv", 'question\tn\nWer?\t1\n"say ""hi"",\nplease"\t2\n', [2, 3]),
    ],
)
def test_every_format_gives_the_same_rows_on_every_platform(
    tmp_path: Path, name: str, content: str, lines: list[int]
) -> None:
    for variant in (content, content.replace("\n", "\r\n"), "\ufeff" + content):
        write(tmp_path, name, variant)
        rows = read_rows(Path(name), root=tmp_path)
        assert [row.values for row in rows] == VALUES
        assert [row.line for row in rows] == lines
        assert {row.source for row in rows} == {name}
        assert [row.id for row in rows] == [row.id for row in inline_rows(VALUES)]


@pytest.mark.parametrize(
    ("name", "content", "line", "message"),
    [
        ("a.jsonl", '{"a": 1}\n{"a": }\n', 2, "bad JSON at column 7"),
        ("a.jsonl", '{"a": 1}\n[1]\n', 2, "the row is a list, not an object"),
        ("a.jsonl", '{"a": NaN}\n', 1, "NaN is not JSON"),
        ("a.jsonl", '{"a": 1, "a": 2}\n', 1, "the key 'a' stands twice"),
        ("a.jsonl", b'{"a": "caf\xe9"}\n', 1, "byte 0xE9 at byte 11 of the line is not UTF-8"),
        ("a.csv", "a,b\n1,2\n".encode("utf-16"), 1, "the file is UTF-16"),
        ("a.jsonl", f'{{"a": {"7" * 5_000}}}\n', 1, "a number has too many digits"),
        ("a.jsonl", f'{{"a": {"[" * 100_000}', 1, "nested too deeply"),
        ("a.jsonl", "\n \n", 0, "holds no rows"),
        ("a.json", "", 0, "holds no rows"),
        ("a.json", "[]", 0, "holds no rows"),
        ("a.json", '[{"a": 1},\n {"a": 2}', 2, "The text ends too early"),
        ("a.json", '[{"a": 1},\n]', 1, "trailing comma"),
        ("a.json", '[{"a": 1},\n{"a": 1, "a": 2}]', 2, "stands twice"),
        ("a.json", '[{"a": 1}] x', 1, "bad JSON at column 12: Extra data"),
        ("a.json", '{"rows": [{"a": 1}], "b": }', 1, "bad JSON at column 27"),
        ("a.json", '{"a": 1}', 1, 'no array named "rows" or "data"'),
        ("a.json", "3", 1, "neither an array nor an object"),
        ("a.json", '[{"a": 1},\n\n 7]', 3, "not an object"),
        ("a.csv", "a,b\n1,2\n1,2,3\n", 3, "the row has 3 cells where the header has 2"),
        ("a.csv", 'a,b\n"x\ny",2\n1\n', 4, "the row has 1 cell where"),
        ("a.csv", "a,b,a\n1,2,3\n", 1, "two columns are named 'a'"),
        ("a.csv", "a,,b\n1,2,3\n", 1, "column 2 has no name"),
        ("a.csv", 'a,b\n1,"2\n', 2, "bad CSV"),
        ("a.csv", "a,b\n", 0, "holds no rows"),
        ("a.xlsx", "", 0, "'.xlsx' is not one of a data file"),
    ],
)
def test_each_mistake_is_one_error_with_its_place(
    tmp_path: Path, name: str, content: str | bytes, line: int, message: str
) -> None:
    caught = error(tmp_path, name, content)
    assert (caught.line, message in caught.message) == (line, True), str(caught)


def test_a_json_array_named_jsonl_is_told_so(tmp_path: Path) -> None:
    assert ".json file" in error(tmp_path, "a.jsonl", '[\n{"a": 1}\n]').mend


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        read_rows(Path("none.jsonl"), root=tmp_path)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match="this is a folder"):
        read_rows(Path("folder.csv"), root=tmp_path)


def test_ids_come_from_the_column_where_unique_else_from_the_content() -> None:
    rows = inline_rows([{"id": 1, "q": "a"}, {"id": "x"}, {"id": "x", "q": "b"}, {"q": "c"}, {"q": "c"}])
    ids = [row.id for row in rows]
    assert ids[0] == "1"
    assert len(set(ids)) == 5
    assert "x" not in ids
    assert ids[4] == f"{ids[3]}-2"
    assert inline_rows([{"q": "c"}])[0].id == ids[3]


@given(st.lists(st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.lists(st.booleans()))))
def test_ids_are_unique_and_independent_of_key_order(values: list[dict[str, object]]) -> None:
    rows = inline_rows(values)
    again = inline_rows([dict(reversed(value.items())) for value in values])
    assert len({row.id for row in rows}) == len(rows)
    assert [row.id for row in rows] == [row.id for row in again]


def test_columns_tell_types_and_gaps_without_reading_on(tmp_path: Path) -> None:
    path = write(tmp_path, "a.jsonl", '{"a": 1, "b": null}\n{"a": 1.5, "c": [true]}\n{"a": tru\n')
    assert columns(path, limit=2) == {
        "a": {"int", "float"},
        "b": {"null", "missing"},
        "c": {"list", "missing"},
    }
    with pytest.raises(DataError, match="bad JSON"):
        columns(path)


def test_a_hundred_thousand_rows_are_read_in_seconds(tmp_path: Path) -> None:
    line = json.dumps({"question": "What is the capital of France?", "label": "LOC"})
    path = write(tmp_path, "big.jsonl", f"{line}\n" * 100_000)
    start = time.process_time()
    assert len(read_rows(path, root=tmp_path)) == 100_000
    assert time.process_time() - start < 10
