"""What is told of a run that was stopped: how it goes on, or what it may have done that must not be done twice."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adalang.language.program import Entity, Program
    from adalang.runtime.trace import Trace
    from adalang.store import Store
    from adalang.store.records import SessionRecord


class Stopped(Exception):
    """Ctrl-C, or what ends a process as that does, where more is to be told than that the same command goes on."""


def how_to_go_on(store: Store, kept: SessionRecord | None, target: str) -> str:
    """How the run of a session that did not end goes on, or why it does not; "" where there is none.

    ``target`` is what was run, as it was written."""
    from adalang.engine.sessions import in_doubt, lacks_secret

    if kept is None or kept.status != "open":
        return ""
    delete = shlex.join(["adalang", "sessions", "delete", kept.name])
    if lacks_secret(kept):
        return f"A secret was among its inputs, so that it cannot go on. Look what was done; to begin anew: {delete}"
    if doubtful := in_doubt(store, kept):
        doubt = f"{_listed(doubtful)} was called, and it is not known whether it took effect"
        return f"{doubt}. Look whether it did; to begin anew: {delete}"
    again = shlex.join(["adalang", "run", target, "--session", kept.name, "--resume"])
    return f"What was done is kept. Go on with: {again}"


def done_already(program: Program, trace: Trace) -> str:
    """What a run of which nothing is kept has done, and would do twice; "" for nothing."""
    from adalang.runtime.tools.source import is_repeatable

    called = dict.fromkeys(one.component for one in trace.made)
    lasting = [name for name in called if (tool := program.resolve(name)) is None or not is_repeatable(tool)]
    if not lasting:
        return ""
    return f"{_listed(lasting)} was called and may have taken effect: look whether it did. A new run calls it again."


def would_call_again(components: Iterable[Entity]) -> str:
    """What is told of an eval that reaches tools with effects; "" where it reaches none."""
    from adalang.runtime.tools.source import has_effects

    lasting = [one.id for one in components if one.kind == "tool" and has_effects(one)]
    if not lasting:
        return ""
    return (
        f"What models answered is kept, but {_listed(lasting)} may have been called: the same command calls it again."
    )


def _listed(tools: Iterable[str]) -> str:
    return ", ".join(f"`{one}`" for one in tools)
