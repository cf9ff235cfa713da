"""Files of every type as sections with their place; what cannot be read is told with the file and the place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adalang.runtime.failures import BugFailure
from adalang.runtime.retrieval.corpus import Corpus, passages_of
from adalang.runtime.retrieval.documents import Section, sections
from adalang.runtime.retrieval.tables import Stamp


def read(folder: Path, name: str, content: str | bytes, encoding: str = "utf-8") -> list[Section]:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(sections(file, name, encoding))


def test_markdown_is_cut_at_headings_and_knows_those_above(tmp_path):
    text = "---\ntitle: x\n---\nBefore.\n\n# Guide\nAll of it.\n## Refunds ##\nPaid back.\n# More\n```sh\n# no heading\n```\n"
    assert read(tmp_path, "a.md", text) == [
        Section("Before."),
        Section("# Guide\nAll of it.", "#Guide", "Guide"),
        Section("## Refunds ##\nPaid back.", "#Refunds", "Guide > Refunds"),
        Section("# More\n```sh\n# no heading\n```", "#More", "More"),
    ]


def test_a_heading_alone_stands_before_what_is_beneath_it(tmp_path):
    """By itself it would be found first for its words, and tell nothing."""
    text = "# Guide\n\n## Money\n\n### Refunds\nPaid back.\n## Parking\n## Hours\nNine to five.\n## The end\n"
    assert read(tmp_path, "a.md", text) == [
        Section("# Guide\n\n## Money\n\n### Refunds\nPaid back.", "#Refunds", "Guide > Money > Refunds"),
        Section("## Parking\n\n## Hours\nNine to five.", "#Hours", "Guide > Hours"),
        Section("## The end", "#The end", "Guide > The end"),
    ]
    assert read(tmp_path, "b.html", "<h1>Guide</h1><h2>Refunds</h2><p>Paid back.") == [
        Section("Guide\n\nRefunds\n\nPaid back.", "#Refunds", "Guide > Refunds")
    ]


def test_html_is_read_as_it_is_seen(tmp_path):
    text = (
        "<html><head><title>No</title><style>p{}</style></head><body><h1>A <b>guide</b></h1><p>Text &amp; more<br>here"
        "<h2>Lists</h2><ul><li>one<li>two</ul><script>let x = '<p>no</p>'</script><pre>a\n  b</pre><p>never closed"
    )
    assert read(tmp_path, "a.html", text) == [
        Section("A guide\n\nText & more\nhere", "#A guide", "A guide"),
        Section("Lists\n\none\ntwo\n\na\n  b\n\nnever closed", "#Lists", "A guide > Lists"),
    ]


def test_rows_give_their_text_and_where_they_stand(tmp_path):
    rows = '{"id": "q1", "title": "T", "text": "One."}\n\n{"city": "Köln", "tags": ["a", "b"], "none": null}\n'
    assert read(tmp_path, "a.jsonl", rows) == [
        Section("One.", "#q1", "T"),
        Section("city: Köln\ntags: a, b", ":3"),
    ]
    assert read(tmp_path, "a.csv", "text,note\n漢字,x\nzwei,y\n") == [Section("漢字", ":2"), Section("zwei", ":3")]


def test_signs_close_a_heading_only_when_they_stand_alone(tmp_path):
    found = read(tmp_path, "a.markdown", "# C#\nA language.\n## Refunds # ##\nPaid.\n# #\nnone\n")
    assert [one.place for one in found] == ["#C#", "#Refunds #"]


def test_a_line_of_many_blanks_and_signs_is_read_in_no_time(tmp_path):
    """A search back and forth over them would take years."""
    text = "# a" + " " * 50_000 + "|\n# b" + " #" * 50_000 + " |\n"
    assert len(read(tmp_path, "a.md", text)) == 1


def test_rows_of_every_kind_of_data_file_are_read(tmp_path):
    expected = [Section("One.", "#a", "T"), Section("Two.", "#b", "U")]
    rows = [{"id": "a", "title": "T", "text": "One."}, {"id": "b", "title": "U", "text": "Two."}]
    lines = "\n".join(map(json.dumps, rows))
    for name, content in {
        "a.ndjson": lines,
        "a.json": json.dumps(rows),
        "b.json": json.dumps({"data": rows}),
        "a.tsv": "id\ttitle\ttext\na\tT\tOne.\nb\tU\tTwo.\n",
    }.items():
        assert read(tmp_path, name, content) == expected
    assert read(tmp_path, "settings.json", '{"colour": "red"}') == [Section('{"colour": "red"}')]


def test_rows_that_share_an_id_are_named_by_their_lines(tmp_path):
    rows = '{"id": 1, "text": "a"}\n{"id": 1, "text": "b"}\n{"id": 2, "text": "c"}\n'
    assert [one.place for one in read(tmp_path, "a.jsonl", rows)] == [":1", ":2", "#2"]


def test_a_page_without_a_highest_heading_is_about_its_title(tmp_path):
    text = "<head><title>Terms of\n sale</title></head><body>Before.<h2>Refunds</h2>Paid.<svg><title>No</title></svg>"
    assert read(tmp_path, "a.html", text) == [
        Section("Before.", "", "Terms of sale"),
        Section("Refunds\nPaid.", "#Refunds", "Terms of sale > Refunds"),
    ]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_files_in_another_encoding_are_read_when_it_is_named(tmp_path, encoding):
    for name, content in {"a.txt": "Köln", "a.csv": "text\nKöln\n", "a.jsonl": '{"text": "Köln"}\n'}.items():
        assert [one.text for one in read(tmp_path, name, content.encode(encoding), encoding)] == ["Köln"]
        with pytest.raises(BugFailure, match="is not UTF-8"):
            read(tmp_path, name, content.encode(encoding))
    with pytest.raises(BugFailure, match="is not"):
        read(tmp_path, "a.csv", b"text\n\x81\n", "cp1252")


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.md", ""), ("a.txt", ""), ("a.html", ""), ("a.jsonl", ""), ("a.csv", ""), ("a.csv", "a,b\n"), ("a.json", "[]")],
)
def test_files_without_content_have_no_sections(tmp_path, name, content):
    assert read(tmp_path, name, content) == []


def test_line_ends_and_a_byte_order_mark_do_not_matter(tmp_path):
    assert read(tmp_path, "a.md", "\ufeff# A\r\nb\r\n") == [Section("# A\nb", "#A", "A")]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.md", b"fine\nbr\xffken", r"a\.md:2: the text is not UTF-8"),
        ("a.jsonl", b'{"text": "a"}\n{"text": \n', r"a\.jsonl:2: "),
        ("a.csv", b"a,b\n1\n", r"a\.csv:2: the row has 1 cell"),
    ],
)
def test_broken_files_are_one_error_with_the_place(tmp_path, name, content, told):
    with pytest.raises(BugFailure, match=told):
        read(tmp_path, name, content)


def pdf(*pages: str) -> bytes:
    """A PDF with a line of text on each page, written by hand."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for n, text in enumerate(pages):
        stream = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * n} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    body, offsets = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, start=1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{one}\nendobj\n".encode()
    table = "".join(f"{at:010} 00000 n \n" for at in offsets)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    return body + f"{head}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n".encode()


def test_pdf_gives_its_pages(tmp_path):
    pytest.importorskip("pypdf")
    found = read(tmp_path, "a.pdf", pdf("Refunds take a week.", "Nothing else."))
    assert found == [Section("Refunds take a week.", "#page=1"), Section("Nothing else.", "#page=2")]


def test_a_pdf_without_text_is_told(tmp_path):
    pytest.importorskip("pypdf")
    with pytest.raises(BugFailure, match=r"a\.pdf: the PDF has no text, as a scan"):
        read(tmp_path, "a.pdf", pdf("", " "))
    assert len(read(tmp_path, "b.pdf", pdf("", "Text."))) == 1


def test_all_files_that_cannot_be_read_are_told_at_once(tmp_path, capfd):
    pytest.importorskip("pypdf")
    contents = {"a.txt": b"fine", "b.pdf": b"", "c.pdf": pdf("x")[:-40], "d.pdf": pdf(""), "e.pdf": pdf("x")}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    corpus = Corpus(tmp_path, ("*",), 100, 0)
    files = {name: (path, Stamp("", 0, 0)) for name, path in corpus.files().items()}
    with pytest.raises(BugFailure, match=r"^b\.pdf: the PDF cannot be read.*\. \d more cannot be read: .*d\.pdf$"):
        list(passages_of(corpus, files, lambda: None))
    assert capfd.readouterr().err == ""


def test_a_broken_pdf_is_told(tmp_path):
    pytest.importorskip("pypdf")
    with pytest.raises(BugFailure, match=r"a\.pdf.*cannot be read"):
        read(tmp_path, "a.pdf", b"%PDF-1.4\nnothing")
