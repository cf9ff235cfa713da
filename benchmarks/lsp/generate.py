"""Files to measure language servers on: valid, of about the same make in each language, and of exactly so many lines.

    python benchmarks/lsp/generate.py adal 1000 > thousand.adal

A language is a template in ``units/``: a head, ``%%%``, and a unit that is repeated under other names, in blocks divided by ``%%``, of
which the first few are a valid file too. ``«name»`` marks a place for the measurements; the marks of the unit in the middle of the file count, and at
``«format»`` there is one space too many, so that there is something to format. A block with ``«once»`` stands in the first unit alone.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template

UNITS = Path(__file__).parent / "units"
_MARK = re.compile(r"«(\w+)»")
_TOPICS = ("invoice", "parcel", "ticket", "booking", "repair", "recipe", "garden", "ferry", "museum", "library")
_SHOPS = ("Holm ferry", "bike shop", "bakery on Mill Lane", "town library", "garden centre")
_LABELS = ("billing", "delivery", "refund", "damage", "opening", "account", "website", "lost")
_MESSAGES = (
    "I was charged twice for one order",
    "Please bring two rye loaves to 14 Mill Lane",
    "When does the last boat leave today?",
    "My parcel came open and half of it was gone",
    "Das Paket für Müller ist nie angekommen",
    "Where can I read what I agreed to?",
)


@dataclass(frozen=True)
class Language:
    """``comment`` begins a comment line; ``typo`` is the character that makes a mistake at ``toggle``."""

    name: str
    suffix: str
    comment: str = "#"
    typo: str = "x"


LANGUAGES = {
    one.name: one
    for one in (
        Language("adal", ".adal"),
        Language("python", ".py"),
        Language("toml", ".toml"),
        Language("yaml", ".yaml", typo="["),
        Language("baml", ".baml", comment="//"),
    )
}


@dataclass(frozen=True)
class Place:
    """Zero-based; only ASCII stands before it on its line, so that the column is the same in every encoding."""

    line: int
    column: int


@dataclass(frozen=True)
class Sample:
    """``places``: where to type, hover and so on. Very short files have only some of them."""

    language: Language
    text: str
    places: dict[str, Place]


def generate(language: str, lines: int) -> Sample:
    """A valid file of exactly ``lines`` lines, always the same."""
    found = LANGUAGES[language]
    head, _, unit = (UNITS / f"{language}.txt").read_text(encoding="utf-8").rpartition("%%%\n")
    blocks = list(_fitting(unit.split("%%\n"), lines - head.count("\n")))
    middle = max((number for number, _ in blocks), default=0) // 2
    kept = head.splitlines()
    for number, block in blocks:
        kept += (block if number == middle else _MARK.sub("", block)).splitlines()
    kept += [f"{found.comment} the end"] * (lines - len(kept))
    places = {}
    for index, line in enumerate(kept):
        while mark := _MARK.search(line):
            assert line[: mark.start()].isascii()
            places[mark[1]] = Place(index, mark.start())
            line = line[: mark.start()] + (" " if mark[1] == "format" else "") + line[mark.end() :]
        kept[index] = line
    return Sample(found, "\n".join(kept) + "\n", places)


def _fitting(blocks: list[str], lines: int) -> Iterator[tuple[int, str]]:
    """As many blocks as fit into ``lines``, each with the number of its unit."""
    for number in itertools.count():
        words = _words(number)
        for block in blocks:
            if number and "«once»" in block:
                continue
            text = Template(block).substitute(words)
            lines -= text.count("\n")
            if lines < 0:
                return
            yield number, text


def _words(number: int) -> dict[str, object]:
    chance = random.Random(number)
    topic = _TOPICS[number % len(_TOPICS)]
    one, two = chance.sample(_LABELS, 2)
    first, second = chance.sample(_MESSAGES, 2)
    return {
        "n": number,
        "topic": topic,
        "Topic": topic.title(),
        "TOPIC": topic.upper(),
        "one": one,
        "two": two,
        "words": ", ".join(chance.sample(_LABELS, 4)),
        "shop": chance.choice(_SHOPS),
        "first": first,
        "second": second,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("language", choices=LANGUAGES)
    parser.add_argument("lines", type=int)
    given = parser.parse_args()
    sys.stdout.write(generate(given.language, given.lines).text)


if __name__ == "__main__":
    main()
