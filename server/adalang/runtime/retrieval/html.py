"""HTML as sections: one for each heading, without scripts, styles and markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

from adalang.runtime.retrieval.documents import Section

_UNSEEN = frozenset({"script", "style", "template", "noscript", "svg", "head", "title", "nav"})
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "footer", "form"}
    | {"header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "tr", "ul"}
)
_HEADING = re.compile(r"h[1-6]")
_BLANKS = re.compile(r"[ \t\r\f\v]+")
_LINES = re.compile(r" ?\n(?: ?\n)+ ?")


def html_sections(text: str) -> Iterator[Section]:
    """The sections of a page, in their order; broken markup is read as browsers do, as far as it goes. A page without a highest
    heading is about what its `title` says."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    reader.end_section()
    if reader.has_h1 or not reader.title:
        return iter(reader.found)
    return (replace(one, title=" > ".join(filter(None, (reader.title, one.title)))) for one in reader.found)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Section] = []
        self.title = ""
        self.has_h1 = False
        self._above: list[tuple[int, str]] = []
        self._text: list[str] = []
        self._heading: list[str] | None = None
        self._unseen: list[str] = []
        self._verbatim = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen.append(tag)
        elif _HEADING.fullmatch(tag):
            self.end_section()
            self._heading = []
        elif tag == "body":  # a head or nav that was never closed ends here
            self._unseen.clear()
        elif tag in _BLOCKS:
            self._text.append("\n")
        elif tag in ("td", "th"):
            self._text.append(" ")
        self._verbatim += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unseen:
            del self._unseen[self._unseen.index(tag) :]
        elif _HEADING.fullmatch(tag) and self._heading is not None:
            level, name = int(tag[1]), " ".join("".join(self._heading).split())
            self._heading = None
            if name:
                self.has_h1 |= level == 1
                self._above = [*(one for one in self._above if one[0] < level), (level, name)]
                self._text.append(f"{name}\n")
        elif tag in _BLOCKS:
            self._text.append("\n")
        if tag == "pre" and self._verbatim:
            self._verbatim -= 1

    def handle_data(self, data: str) -> None:
        if self._unseen:
            if self._unseen[-1] == "title" and "svg" not in self._unseen:
                self.title = self.title or " ".join(data.split())
            return
        kept = data if self._verbatim else _BLANKS.sub(" ", data.replace("\n", " "))
        (self._text if self._heading is None else self._heading).append(kept)

    def end_section(self) -> None:
        text = _LINES.sub("\n\n", "".join(self._text)).strip()
        names = [name for _, name in self._above]
        bare = bool(names) and text == names[-1]
        self.found.append(Section(text, f"#{names[-1]}" if names else "", " > ".join(names), bare))
        self._text.clear()
