"""Workspace symbols: declarations of many files by a few letters of their names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from adalang.language.program import Module
from adalang.language.text import Span

_WORD_STARTS = re.compile(r"(?:^|(?<=[_.\W])|(?<=[a-z0-9])(?=[A-Z]))\w")


@dataclass(frozen=True, slots=True)
class Found:
    """A declaration. ``container`` is its file's name, as imports write it."""

    name: str
    kind: str
    container: str
    path: Path
    span: Span


def workspace_symbols(modules: Iterable[Module], query: str, limit: int = 200) -> list[Found]:
    """The declarations whose names have the letters of ``query`` in that order, the best first, at most ``limit``.

    Better are those that begin with it, then those whose words do, then those that hold it as it is. A query with a dot is
    looked for in the name with the file's name in front. Case does not matter.
    """
    wanted = query.strip().casefold()
    ranked: list[tuple[int, int, str, str, Found]] = []
    for module in modules:
        for name, item in module.names.items():
            rank = _rank(wanted, f"{module.path.stem}.{name}" if "." in wanted else name)
            if rank is not None:
                span = item.declaration.name.span.shifted(item.start)
                found = Found(name, item.declaration.kind, module.path.stem, module.path, span)
                ranked.append((rank, len(name), name.casefold(), str(module.path), found))
    ranked.sort(key=lambda one: one[:4])
    return [found for *_, found in ranked[:limit]]


def _rank(wanted: str, name: str) -> int | None:
    """How well a name fits, 0 best; ``None``: not at all."""
    folded = name.casefold()
    if folded.startswith(wanted):
        return 0 if len(folded) == len(wanted) else 1
    if not _is_within(wanted, folded):
        return None
    if _is_within(wanted, "".join(_WORD_STARTS.findall(name)).casefold()):
        return 2
    return 3 if wanted in folded else 4


def _is_within(letters: str, text: str) -> bool:
    """Whether the letters stand in the text in their order."""
    rest = iter(text)
    return all(letter in rest for letter in letters)
