"""What completion may know of the world around a file, handed in by whoever asks: nothing here reads anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from adalang.language.program import Module


def _unknown(folder: Path) -> Sequence[str] | None:
    return None


@dataclass(frozen=True)
class Surroundings:
    """``listing`` gives the names in a folder, those of folders with a `/` behind, or ``None`` when it is not known (yet).

    ``environment`` holds the names of environment variables, never their values; ``modules`` are the workspace's files, as
    far as they are known, whether something imports them or not.
    """

    listing: Callable[[Path], Sequence[str] | None] = _unknown
    environment: Sequence[str] = ()
    modules: Iterable[Module] = ()


NOTHING_AROUND = Surroundings()
