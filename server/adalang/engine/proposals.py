"""Proposals on their way into a file: how they read, whether they still fit, and the edits that apply them.

Knows the language and the store alone, so that the language server can use it as it is.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adalang.language.datasets import NotConstant, constant
from adalang.language.declarations import Param
from adalang.language.edits import EditRefused, apply_changes, rebase, unified_diff
from adalang.language.program import Program
from adalang.language.reach import Trainable, trainables
from adalang.language.text import Edit, SourceText
from adalang.store.records import Change, Proposal

__all__ = ["EditRefused", "current_edits", "diff", "evidence_line", "new_values", "title", "write_files"]


def title(proposal: Proposal) -> str:
    """The quick fix's title, which carries the evidence."""
    if proposal.evidence.verified:
        return f"Apply proposed edit: {evidence_line(proposal)}"
    return f"Try unverified suggestion: {evidence_line(proposal)}"


def evidence_line(proposal: Proposal) -> str:
    """``routing 41% -> 78% on 150 held-out examples [+29, +45]``; says plainly when nothing is proven."""
    found = proposal.evidence
    if not found.holdout_n:
        return f"{proposal.eval} (not tested: too few examples)"
    points = f"{proposal.eval} {100 * found.before:.0f}% -> {100 * found.after:.0f}% on {found.holdout_n}"
    interval = f"[{_signed(found.low)}, {_signed(found.high)}]"
    if found.verified:
        return f"{points} held-out examples {interval}"
    return f"{points} examples {interval}, not confirmed"


def _signed(share: float) -> str:
    return f"{round(100 * share):+d}"


def new_values(program: Program, proposal: Proposal) -> dict[str, Any]:
    """The params' new values for the file as it is now; a text that was edited since is merged line by line.

    Raises:
        EditRefused: a param is gone, or was changed in the same place; the message names it.
    """
    known = trainables(program)
    return {change.param: _new_value(change, known.get(change.param)) for change in proposal.changes}


def _new_value(change: Change, one: Trainable | None) -> Any:
    if one is None:
        raise EditRefused(f"`{change.param}` is no longer in the file; the proposal is out of date")
    current = _current(one)
    if current == change.before:
        return change.after
    if current == change.after:
        return change.after
    if isinstance(current, str) and isinstance(change.before, str) and isinstance(change.after, str):
        merged = rebase(change.before, change.after, current)
        if merged is not None:
            return merged
    raise EditRefused(
        f"`{change.param}` was changed since the proposal was made, in the same place; optimize again or dismiss it"
    )


def _current(one: Trainable) -> Any:
    if isinstance(one.part, Param):
        return one.part.text
    try:
        return list(constant(one.part.value)) if one.part.value is not None else []
    except NotConstant as error:
        raise EditRefused(f"the examples of `{one.id}` hold more than plain values") from error


def current_edits(program: Program, proposal: Proposal) -> dict[Path, tuple[Edit, ...]]:
    """The edits, by file, that apply the proposal to the program as it is now.

    Raises:
        EditRefused: it cannot be applied exactly.
    """
    return apply_changes(program, new_values(program, proposal))


def diff(program: Program, proposal: Proposal, root: Path) -> str:
    """The proposal as a unified diff of the files as they are now.

    Raises:
        EditRefused: it cannot be applied exactly.
    """
    parts = []
    for path, edits in current_edits(program, proposal).items():
        source = program.modules[path].source
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
        parts.append(unified_diff(name, str(source), str(source.apply(edits))))
    return "".join(parts)


def write_files(program: Program, edits: Mapping[Path, tuple[Edit, ...]]) -> None:
    """Put the edits on disk, each file whole or not at all.

    Raises:
        EditRefused: a file on disk is no longer the text that the edits were made for.
    """
    texts: dict[Path, SourceText] = {}
    for path, found in edits.items():
        source = program.modules[path].source
        if path.read_bytes() != source.data:
            raise EditRefused(f"{path.name} changed while the edit was made; nothing was written, try again")
        texts[path] = source.apply(found)
    for path, text in texts.items():
        replace_file(path, text.data)


def replace_file(path: Path, data: bytes) -> None:
    """Write a file so that a crash leaves the old one or the new one; links and permissions stay."""
    path = path.resolve()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(path.stat().st_mode & 0o7777 if path.exists() else 0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
