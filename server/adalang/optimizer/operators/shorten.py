"""The same in fewer words: the teacher's shorter version of a text, and the text without one of its parts.

Not for rounds that look for a gain: what these offer is tried by leaving it out (`cheaper`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from adalang.optimizer.candidate import Candidate
from adalang.optimizer.edits import EDITS_SCHEMA, EditRefused, apply_edits, read_edits
from adalang.optimizer.gates import refuse_text
from adalang.optimizer.minimise import Removal, WithoutDemo, in_groups
from adalang.optimizer.state import Search
from adalang.optimizer.task import Param
from adalang.runtime.failures import BugFailure, Failure
from adalang.runtime.models.types import Message

HYPOTHESIS = "The same can be said with less."
_LEAST_WORDS = 40
_MOST_TEXTS = 2
_MOST_PIECES = 16
_FENCE = re.compile(r"^\s*(```|~~~)")
_SENTENCE_END = re.compile(r"(?<=[.!?])[ \t]+(?=\S)|(?<=[。！？])(?=\S)")


async def shorter(search: Search, candidate: Candidate) -> list[Removal]:
    """Ways to shorten a candidate's texts and examples, what saves most first."""
    params = search.task.info.params
    long = [one for one in params if one.kind == "text" and len(candidate.text(one.id).split()) >= _LEAST_WORDS]
    long.sort(key=lambda one: -len(candidate.text(one.id)))
    found: list[Removal] = []
    for param in long[:_MOST_TEXTS]:
        found += await _by_teacher(search, param, candidate.text(param.id))
    for param in long[:_MOST_TEXTS]:
        words = search.task.info.words(param)
        parts = pieces(candidate.text(param.id))
        single: list[Removal] = [_WithoutPiece(param.id, part, words) for part in parts]
        found += sorted(in_groups(single, _MOST_PIECES), key=lambda one: len(_text(one(candidate), param)))
    for param in params:
        if param.kind == "demos" and len(candidate.demos(param.id)) > 1:
            found += in_groups([WithoutDemo(param.id, demo) for demo in candidate.demos(param.id)])
    return found


def pieces(text: str) -> list[str]:
    """The parts of a text that can be taken out alone: its lines, a fenced block as one; a single line's sentences.

    Put together with what stands between them they are the text.
    """
    blocks: list[list[str]] = []
    fence = ""
    for line in text.split("\n"):
        if fence:
            blocks[-1].append(line)
            fence = "" if line.strip() == fence else fence
        else:
            blocks.append([line])
            opened = _FENCE.match(line)
            fence = opened.group(1) if opened else ""
    lines = [part for block in blocks if (part := "\n".join(block)).strip()]
    return [one for one in _SENTENCE_END.split(lines[0]) if one] if len(lines) == 1 else lines


@dataclass(frozen=True, slots=True)
class _WithoutPiece:
    """Takes one part out of a text, unless that would cost what other parts of the program rely on."""

    param: str
    piece: str
    words: Sequence[str]

    def __call__(self, candidate: Candidate) -> Candidate:
        text = candidate.text(self.param)
        at = text.find(self.piece)
        if at < 0:
            return candidate
        end = at + len(self.piece)
        # With the piece goes what set it off from the next one.
        while end < len(text) and text[end] in " \t":
            end += 1
        after = text[:at] + text[end + 1 if text[end : end + 1] == "\n" else end :]
        after = after if end < len(text) else after.rstrip("\n ") + ("\n" if text.endswith("\n") else "")
        refused = refuse_text(text, after, tried=(), data=(), words=self.words)
        return candidate if refused else candidate.with_value(self.param, after)


@dataclass(frozen=True, slots=True)
class _Rewritten:
    """Puts a shorter version in a text's place."""

    param: str
    before: str
    after: str

    def __call__(self, candidate: Candidate) -> Candidate:
        same = candidate.text(self.param) == self.before
        return candidate.with_value(self.param, self.after) if same else candidate


async def _by_teacher(search: Search, param: Param, text: str) -> list[Removal]:
    """The teacher's shorter version, if it wrote one that is shorter and passes the gates."""
    order = (
        "Make this text of a prompt shorter, so that a model that follows it answers just as before: drop what repeats, what goes "
        "without saying and what no answer hangs on. Keep every rule, name and placeholder. Answer with JSON: a list of edits, each "
        "a replacement of a piece that occurs exactly once (`find`, copied letter for letter) by a shorter one (`text`, empty to "
        f"delete it).\n\n<<<\n{text}\n>>>"
    )
    try:
        answer = await search.task.ask((Message("user", order),), EDITS_SCHEMA, 0)
        after = apply_edits(text, read_edits(answer))
    except EditRefused as refused:
        search.log.add("gated", param=param.id, change=HYPOTHESIS, reason=str(refused))
        return []
    except BugFailure:
        raise
    except Failure as failure:
        search.log.add("teacher_failed", error=str(failure))
        return []
    words = search.task.info.words(param)
    reason = refuse_text(text, after, tried=(), data=search.data, words=words, most=len(text) - 1)
    if reason is not None:
        search.log.add("gated", param=param.id, change=HYPOTHESIS, reason=reason)
        return []
    return [_Rewritten(param.id, text, after)]


def _text(candidate: Candidate, param: Param) -> str:
    return candidate.text(param.id)
