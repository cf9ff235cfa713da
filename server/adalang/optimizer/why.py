"""Why a candidate is what it is: the changes on its way that still stand in it, in words."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from adalang.optimizer.candidate import Candidate, Value
from adalang.optimizer.rebase import tokens

_LONGEST, _MOST = 160, 6  # characters of a change, and changes, where there are several
_NEARLY = 0.9


@dataclass(frozen=True, slots=True)
class Step:
    """A change in words, and a candidate without and with it."""

    change: str
    before: Candidate
    after: Candidate

    def stands_in(self, candidate: Candidate, origin: Candidate) -> bool:
        """Whether a candidate has a part of it that `origin` has not."""
        return any(
            _stands(self.before.values[param], self.after.values[param], candidate.values[param], origin.values[param])
            for param in self.after.changed(self.before)
        )


def why(steps: Sequence[Step], candidate: Candidate, origin: Candidate) -> str:
    """The changes that still stand in a candidate, oldest first, each once; where none can be made out, the last of all."""
    held = [step.change for step in steps if step.change and step.stands_in(candidate, origin)]
    told = list(dict.fromkeys(held)) or [step.change for step in steps[-1:]]
    if len(told) == 1:
        return told[0]
    short = [change if len(change) <= _LONGEST else f"{change[: _LONGEST - 1]}…" for change in told]
    more = [f"and {len(short) - _MOST} more"] if len(short) > _MOST else []
    return "; ".join([*(change.rstrip(". ") for change in short[:_MOST]), *more])


def _stands(before: Value, after: Value, now: Value, origin: Value) -> bool:
    """Whether something that the change put in stands in `now` oftener than at first, or what it took out more seldom."""
    if isinstance(after, str) and isinstance(before, str) and isinstance(now, str) and isinstance(origin, str):
        added = list(_put_in(before, after))
        if added:
            return any(_more(piece, now, origin) for piece in added)
        return any(now.count(piece) < origin.count(piece) for piece in _put_in(after, before))
    if isinstance(after, tuple) and isinstance(before, tuple) and isinstance(now, tuple) and isinstance(origin, tuple):
        shown = [demo for demo in after if demo not in before]
        hidden = [demo for demo in before if demo not in after]
        return any(demo in now and demo not in origin for demo in shown) or any(
            demo not in now and demo in origin for demo in hidden
        )
    return now == after != origin


def _more(piece: str, now: str, origin: str) -> bool:
    """Whether a piece stands in `now` oftener than at first, if need be with a word changed by another hand."""
    return now.count(piece) > origin.count(piece) or (_nearly(piece, now) and not _nearly(piece, origin))


def _nearly(piece: str, text: str) -> bool:
    lines = [tokens(line) for line in text.splitlines()]
    return any(_share(tokens(part), line) >= _NEARLY for part in piece.splitlines() for line in lines)


def _share(part: list[str], line: list[str]) -> float:
    """The share of a line's words that stand in another, in their order."""
    blocks = difflib.SequenceMatcher(a=part, b=line, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / len(part) if part else 0.0


def _put_in(before: str, after: str) -> Iterator[str]:
    """The pieces of a text that another has not, but for white space."""
    old, new = tokens(before), tokens(after)
    for tag, _, _, start, end in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        piece = "".join(new[start:end]).strip()
        if tag in ("insert", "replace") and piece:
            yield piece
