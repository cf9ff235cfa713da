"""Proposals on their way into a file: how they read, whether they still fit, what their test still proves, and the edits that
apply them.

Knows the language and the store alone, so that the language server can use it as it is.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adalang.engine.changeable import Changeable, changeable_named, edits_for, rewritten
from adalang.figures import percent, points
from adalang.language.datasets import data_reference, plan
from adalang.language.declarations import AgentDeclaration, EvalDeclaration, PromptDeclaration, setting
from adalang.language.edits import EditRefused, rebase, unified_diff
from adalang.language.fingerprint import FileHash, disk_hash, fingerprint, ground
from adalang.language.program import Entity, Program
from adalang.language.reach import reached, trainable
from adalang.language.text import Edit, SourceText
from adalang.store.records import Change, Proposal

__all__ = [
    "EditRefused",
    "current_edits",
    "diff",
    "evidence_line",
    "new_values",
    "replace_file",
    "rests_on",
    "target_of_eval",
    "title",
    "why_outdated",
    "write_files",
]


def title(proposal: Proposal, *, outdated: bool = False) -> str:
    """The quick fix's title, which carries the evidence; ``outdated`` as :func:`why_outdated` finds it."""
    if not proposal.evidence.verified:
        return f"Try unverified suggestion: {evidence_line(proposal)}"
    if outdated:
        return f"Try proposed edit, tested on an older version: {evidence_line(proposal)}"
    return f"Apply proposed edit: {evidence_line(proposal)}"


def evidence_line(proposal: Proposal) -> str:
    """``routing 41% -> 78% on 150 held-out examples [+29, +45]``; says plainly when nothing is proven.

    Of a proposal that costs less: ``routing same score (-1 [-4, +2]) on 150 held-out examples, 38% fewer tokens``.
    """
    found = proposal.evidence
    if not found.holdout_n:
        return f"{proposal.eval} (not tested: too few examples)"
    if cheaper := found.extra.get("cheaper"):
        shift = f"{points(found.after - found.before)} [{points(found.low)}, {points(found.high)}]"
        saved = percent(1 - cheaper["ratio"])
        less = f"{saved} fewer tokens" if cheaper["unit"] == "tokens" else f"{saved} less money"
        doubt = "" if found.verified else ", not confirmed"
        return f"{proposal.eval} same score ({shift}) on {found.holdout_n} held-out examples, {less}{doubt}"
    moved = f"{proposal.eval} {percent(found.before)} -> {percent(found.after)} on {found.holdout_n}"
    interval = f"[{points(found.low)}, {points(found.high)}]"
    if found.verified:
        return f"{moved} held-out examples {interval}"
    return f"{moved} examples {interval}, not confirmed"


def new_values(program: Program, proposal: Proposal) -> dict[str, Any]:
    """The new values for the file as it is now; a text that was edited since is merged line by line.

    Raises:
        EditRefused: something is gone, or was changed in the same place; the message names it.
    """
    return {change.param: _new_value(change, changeable_named(program, change.param)) for change in proposal.changes}


def _new_value(change: Change, one: Changeable | None) -> Any:
    if one is None:
        raise EditRefused(f"`{change.param}` is no longer in the file; the proposal is out of date")
    current = one.value
    if current in (change.before, change.after):
        return change.after
    if change.kind == "text" and isinstance(current, str):
        merged = rebase(change.before, change.after, current)
        if merged is not None:
            return merged
    raise EditRefused(
        f"`{change.param}` was changed since the proposal was made, in the same place; optimize again or dismiss it"
    )


def rests_on(program: Program, eval_name: str, file_hash: FileHash, default_model: str) -> Mapping[str, str]:
    """What a test of an eval hangs on besides the answers of its target, as hashes.

    ``scores``: how answers are scored; ``data``: the hold-out's file, or the file of all rows and how it is split; ``model``: the default model, where a
    prompt names none.
    """
    evaluated, target = program.resolve(eval_name), target_of_eval(program, eval_name)
    if evaluated is None or target is None or not isinstance(evaluated.declaration, EvalDeclaration):
        return {}
    data = setting(evaluated.declaration.settings, "data")
    reference = data_reference(program, evaluated.module, data.value) if data is not None else None
    asked = [one.declaration for one in reached(program, target)]
    unnamed = any(
        isinstance(one, PromptDeclaration | AgentDeclaration) and setting(one.settings, "model") is None
        for one in asked
    )
    params = [one.id for one in trainable(program, target)]
    return {
        "scores": ground(program, eval_name, file_hash, params),
        "data": _tested_data(program, reference[0], file_hash) if reference is not None else "",
        "model": default_model if unnamed else "",
    }


def _tested_data(program: Program, dataset: Entity, file_hash: FileHash) -> str:
    """Where the hold-out has a file of its own, other rows say nothing of the proof."""
    holdout = plan(dataset).files.get("test")
    return (file_hash(holdout) or "") if holdout is not None else fingerprint(program, dataset.id, file_hash)


def why_outdated(program: Program, proposal: Proposal, file_hash: FileHash = disk_hash, default_model: str = "") -> str:
    """Why the proposal's test does not speak for the file as it is now; "" when it does, and for a hint, which proves nothing.

    It does when what decides the answers, the proposal's own changes aside, is what was tested: the same fingerprint; and when
    they were scored in the same way, on the same data. A text that has to be merged was never tested. Without a
    ``default_model`` it is not asked whether that is the same.
    """
    if not proposal.evidence.verified:
        return ""
    made = {}
    for change in proposal.changes:
        one = changeable_named(program, change.param)
        if one is None:
            return f"`{change.param}` is no longer in the file"
        try:
            current = one.value
        except EditRefused as error:
            return str(error)
        if current == change.before:
            continue
        if current != change.after:
            return f"`{change.param}` was edited since, and the merged text was never tested"
        made[change.param] = change.before
    target = target_of_eval(program, proposal.eval)
    if target is None:
        return f"the eval `{proposal.eval}` is no longer in the file"
    try:
        tested = rewritten(program, made) if made else program
    except EditRefused as error:
        return str(error)
    if fingerprint(tested, target.id, file_hash) != proposal.fingerprint:
        return f"what decides the answers of `{target.id}` (a model, message, type or file) was changed since"
    then = proposal.evidence.extra.get("rests_on", {})
    now = rests_on(tested, proposal.eval, file_hash, default_model or then.get("model", ""))
    changed = [name for name in then if then[name] != now.get(name, "")]
    return next((why.format(**then) for name, why in _CHANGED.items() if name in changed), "")


_CHANGED = {
    "scores": "how the answers are scored was changed since",
    "data": "the data that it was tested on, or its split, was changed since",
    "model": "it was tested with another default model, {model}",
    "chosen": "it was tested with --model {chosen}, and the file names another model",
}


def target_of_eval(program: Program, name: str) -> Entity | None:
    """What the eval of that name scores; ``None`` where there is no such eval, or its target is not declared."""
    found = program.resolve(name)
    if found is None or not isinstance(found.declaration, EvalDeclaration):
        return None
    return program.resolve_expression(found.declaration.target, found.module)


def current_edits(program: Program, proposal: Proposal) -> dict[Path, tuple[Edit, ...]]:
    """The edits, by file, that apply the proposal to the program as it is now.

    Raises:
        EditRefused: it cannot be applied exactly.
    """
    return edits_for(program, new_values(program, proposal))


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
    """Write a file so that a crash leaves the old one or the new one; links and permissions stay.

    Raises:
        PermissionError: the file is marked read-only, which a replacement would pass over.
    """
    path = path.resolve()
    if path.exists() and not path.stat().st_mode & 0o222:
        raise PermissionError(errno.EACCES, "the file is read-only", str(path))
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:  # told of the file that was meant
        raise OSError(error.errno, error.strerror, str(path)) from error
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
