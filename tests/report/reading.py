"""What a browser would make of a report: well-formed, and with nothing that it would have to fetch."""

from __future__ import annotations

from html.parser import HTMLParser

_VOID = {"meta", "link", "br", "input", "img", "hr", "base"}
_FETCHING = {"link", "img", "iframe", "object", "embed", "audio", "video", "source", "base", "form", "image", "use"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.problems: list[str] = []
        self.text: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag, attrs):
        if tag in _FETCHING:
            self.problems.append(f"<{tag}>")
        for name, value in attrs:
            if name in ("src", "srcset", "background", "poster", "action", "style") or name.startswith("on"):
                self.problems.append(f"{name}={value!r}")
            if name.endswith("href") and not (value or "").startswith("#"):
                self.problems.append(f"{name}={value!r}")
        self.scripts += tag == "script"
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}>")
        if tag in ("td", "th", "text", "title"):
            self.text.append(" ")

    def handle_data(self, data):
        if self.open and self.open[-1] in ("style", "script"):
            if "url(" in data or "@import" in data or "fetch(" in data:
                self.problems.append(data)
        else:
            self.text.append(data)


def read_page(html: str) -> str:
    """The page's text; fails where it is not well-formed, would load anything, or runs more than its own script."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert not reader.problems, reader.problems
    assert not reader.open, reader.open
    assert reader.scripts == 1
    return " ".join("".join(reader.text).split())
