"""Runs with a name: one that was stopped goes on where it was, and one that is finished is what the next one remembers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from adalang.engine.locks import alone
from adalang.engine.sessions import lacks_secret, session_key
from adalang.language.declarations import AgentDeclaration, PromptDeclaration
from adalang.language.fingerprint import fingerprint
from adalang.language.program import Entity
from adalang.language.turns import placed_as_turns
from adalang.runtime.agents.kept import Kept
from adalang.runtime.answers import written_value
from adalang.runtime.failures import BugFailure, RefusedFailure, UnreadableFailure
from adalang.runtime.inputs import checked_inputs
from adalang.runtime.interpreter import RunFailed, Runtime
from adalang.runtime.trace import Trace
from adalang.store import Store
from adalang.store.records import SessionRecord


async def run_in_session(
    runtime: Runtime,
    store: Store,
    entity: Entity,
    name: str,
    inputs: Mapping[str, Any],
    *,
    resume: bool = False,
    trace: Trace | None = None,
) -> tuple[Any, Trace]:
    """Run a component in its session ``name``. With ``resume`` the run that was stopped goes on, with its own inputs. What
    happens is told to ``trace``, if one is given, while it does.

    An input of turns that is not given holds what was said in the session's finished runs.

    Raises:
        BugFailure: there is nothing to go on with, or there is and that was not asked for, or what is kept is of another program;
            or the session is at work already, here or in another process.
        RunFailed: as :meth:`Runtime.run`; the session stays open unless the model's own answer is at fault.
    """
    if not name.strip():
        raise BugFailure("a session needs a name")
    file = store.relative(entity.module.path)
    key = session_key(file, entity.id, name)
    async with alone(
        store.root, key, f"the session `{name}` of `{entity.id}` is at work already; wait for it or stop it"
    ):
        record = _begun(runtime, entity, store.session(file, entity.id, name), name, inputs, resume=resume)
        if not resume:
            store.put_session(record)
        try:
            output, trace = await runtime.run(entity, record.inputs, journal=Kept(store, record.id), trace=trace)
        except RunFailed as failed:
            if isinstance(failed.failure, UnreadableFailure | RefusedFailure):
                store.put_session(replace(record, status="finished"))
            raise
        store.put_session(replace(record, status="finished", turns=_told(runtime, entity, record, output)))
        return output, trace


def _begun(
    runtime: Runtime, entity: Entity, known: SessionRecord | None, name: str, inputs: Mapping[str, Any], *, resume: bool
) -> SessionRecord:
    """The run to go on with, or a new one."""
    is_open = known is not None and known.status == "open"
    # Not of the files that it names: a run that a tool's mistake has stopped goes on when that is mended.
    is_now = fingerprint(runtime.program, entity.id, lambda path: None)
    if resume:
        if known is None or not is_open:
            what = "there is none of that name" if known is None else "its last run is finished"
            raise BugFailure(f"the session `{name}` of `{entity.id}` cannot be resumed: {what}")
        if known.fingerprint != is_now:
            raise BugFailure(
                f"the session `{name}` cannot be resumed: `{entity.id}`, or what it uses, was changed since; change it back, or see "
                f"what was done (`adalang sessions show {name}`), delete the session and begin anew"
            )
        if lacks_secret(known):
            raise BugFailure(
                f"the session `{name}` cannot be resumed: a secret was among its inputs, and none is kept; see what was done "
                f"(`adalang sessions show {name}`), delete the session and begin anew"
            )
        return known
    if is_open:
        raise BugFailure(
            f"the session `{name}` of `{entity.id}` has a run that is not finished: resume it (`--resume`), or take another name"
        )
    file = str(entity.module.path)
    record = replace(
        known or SessionRecord(file, entity.id, name, {}), status="open", inputs=dict(inputs), fingerprint=is_now
    )
    record = replace(record, inputs=_remembering(runtime, entity, record))
    checked_inputs(runtime.program, entity, record.inputs)
    return record


def _remembering(runtime: Runtime, entity: Entity, record: SessionRecord) -> dict[str, Any]:
    """The inputs, with what was said before in the one that is made for it."""
    histories = _histories(runtime, entity)
    left = [name for name in histories if name not in record.inputs]
    return {**record.inputs, **({left[0]: list(record.turns)} if left else {})}


def _told(runtime: Runtime, entity: Entity, record: SessionRecord, output: Any) -> tuple[Mapping[str, Any], ...]:
    """What was said before and in this run, where the component remembers it at all."""
    if not _histories(runtime, entity):
        return record.turns
    asked = [one.text for one in runtime.messages(entity, record.inputs) if one.role == "user"]
    answer = written_value(output, runtime.prompts.form(entity))
    return (*record.turns, {"role": "user", "text": asked[-1]}, {"role": "assistant", "text": answer})


def _histories(runtime: Runtime, entity: Entity) -> tuple[str, ...]:
    declaration = entity.declaration
    if not isinstance(declaration, PromptDeclaration | AgentDeclaration):
        return ()
    return placed_as_turns(runtime.program, entity.module, declaration)
