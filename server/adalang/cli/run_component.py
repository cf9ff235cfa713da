"""``adalang run``: one component on one input."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from adalang.cli.common import (
    TARGET_HELP,
    check_chosen,
    chosen_models,
    money,
    note,
    open_session,
    print_json,
    say,
    say_offline,
    settings_for,
    split_target,
)
from adalang.cli.stopped import Stopped, done_already, how_to_go_on
from adalang.report.visible import visible

if TYPE_CHECKING:
    from adalang.language.program import Entity, Program
    from adalang.store.records import SessionRecord


def run(
    target: str = typer.Argument(..., help=TARGET_HELP),
    set: list[str] = typer.Option([], "--set", "-s", help="An input: NAME=VALUE, NAME=@file, or NAME:=JSON."),
    inputs: str = typer.Option("", "--inputs", "-i", help="All inputs as a JSON object; - reads standard input."),
    model: list[str] = typer.Option([], "--model", "-m", help="PROMPT=MODEL, or MODEL for every prompt."),
    record: Path = typer.Option(
        None, "--record", help="Also write every answer to this recording, for replay/FILE.", show_default=False
    ),
    session_name: str = typer.Option(
        None, "--session", help="Keep the run under this name after each step, to go on with it.", show_default=False
    ),
    resume: bool = typer.Option(False, "--resume", help="Go on with the session's run that was stopped."),
    json_output: bool = typer.Option(False, "--json", help="Print output, usage and trace as JSON."),
    stream: bool = typer.Option(
        None,
        "--stream/--no-stream",
        help="Show the answer while it is written (on a terminal: yes); with --json as events, one a line.",
        show_default=False,
    ),
    show_prompt: bool = typer.Option(False, "--show-prompt", help="Print the messages and call nothing."),
) -> None:
    """Run a component, such as a prompt, a pipeline or a tool, and print its answer.

    Inputs: `--set question="Where is it?"`, `--set mail=@mail.txt`, `--set tags:='["a", "b"]'`.
    All at once: `--inputs '{"question": "Where is it?", "k": 3}'`.

    Ends with 2 when there is no answer, with 130 when it is interrupted.
    """
    file, name = split_target(target)
    settings = settings_for(file)
    streams = stream if stream is not None else sys.stdout.isatty() and not json_output
    values = _inputs(set, inputs)
    if session_name is not None and not session_name.strip():
        raise typer.BadParameter("--session needs a name")
    if resume and session_name is None:
        raise typer.BadParameter("--resume needs the session's name: --session NAME")
    if resume and values:
        raise typer.BadParameter("--resume goes on with the inputs that the session was begun with; give none")
    as_text = {one.partition("=")[0] for one in set if not one.partition("=")[0].endswith(":")}

    told = ""

    async def work() -> None:
        nonlocal told
        from dataclasses import replace

        from adalang.cli.approving import NO_TERMINAL, terminal_approver
        from adalang.cli.streamed import AnswerShown
        from adalang.engine.checked import find_component
        from adalang.language.reach import reached
        from adalang.runtime.failures import CannotGoOn
        from adalang.runtime.interpreter import RunFailed
        from adalang.runtime.trace import CUT_OFF, Trace

        async with open_session(settings, model, record) as session:
            uncalled: dict[str, None] = {}
            session.services = replace(session.services, approver=terminal_approver(uncalled.setdefault))
            program = session.load(file)
            check_chosen(program, chosen_models(model))
            entity = find_component(program, name)
            given = _typed(program, entity, values, as_text)
            if show_prompt:
                messages, tools, cuts = session.runtime(program).opening(entity, given)
                for message in messages:
                    say(f"--- {message.role}\n{message.shown}")
                for tool in tools:
                    say(f"--- tool\n{json.dumps(tool['function'], ensure_ascii=False, indent=2)}")
                for cut in cuts:
                    note(f"note: `{entity.id}`: {cut}")
                return
            say_offline(settings, chosen_models(model), reached(program, entity))
            shown = AnswerShown(events=json_output) if streams else None
            trace = Trace()

            def kept() -> SessionRecord | None:
                return session.store.session(file.absolute(), entity.id, session_name) if session_name else None

            try:
                with shown.listening() if shown is not None else nullcontext():
                    output, _, _ = await session.run_component(
                        file, name or entity.id, given, session=session_name, resume=resume, trace=trace
                    )
            except asyncio.CancelledError:
                told = how_to_go_on(session.store, kept(), target) or done_already(program, trace)
                raise
            except RunFailed as failed:
                if not isinstance(failed.failure, CannotGoOn) and (how := how_to_go_on(session.store, kept(), target)):
                    note(how)
                raise
            usage = trace.usage
            if shown is not None:
                shown.finish(output)
            for one in trace.calls:
                for cut in one.cuts:
                    note(f"note: `{one.component}`: {cut}")
                if one.cut_off:
                    note(f"note: `{one.component}`: the answer was {CUT_OFF}")
            for refused in uncalled:
                note(f"note: `{refused}` was not called: nobody could approve it; {NO_TERMINAL}")
            if json_output:
                whole = {"output": output, "usage": _plain(usage), "trace": trace.to_json()}
                print_json(whole) if shown is None else print(json.dumps({"event": "done", **whole}, default=str))
                return
            if shown is None:
                text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False, indent=2)
                print(visible(text) if sys.stdout.isatty() else text)
            calls = f"{usage.calls} call{'s' if usage.calls != 1 else ''}"
            cached = f", {usage.cached_calls} from the cache" if usage.cached_calls else ""
            about = "" if usage.exact else "about "  # a call broke off, and nobody tells what it took
            note(f"({calls}{cached}, {about}{usage.tokens} tokens, {money(usage.usd, usage.priced)})")

    try:
        asyncio.run(work())
    except KeyboardInterrupt:
        if told:
            raise Stopped(visible(told)) from None
        raise


def _typed(program: Program, entity: Entity, values: dict[str, Any], as_text: set[str]) -> dict[str, Any]:
    """Texts from ``--set NAME=VALUE`` read as the numbers or bools that the inputs want."""
    from adalang.language.checks.scope import signature
    from adalang.language.types import INT, describe, fits, misfit, type_of_value

    wanted = {name: declared for name, declared, _ in signature(program, entity).inputs}
    if entity.kind == "retriever":
        wanted.setdefault("k", INT)
    typed = dict(values)
    for name in as_text & wanted.keys():
        if misfit(values[name], wanted[name]) is None:
            continue
        try:
            typed[name] = json.loads(values[name])
        except ValueError:
            typed[name] = None
        if not fits(type_of_value(typed[name]), wanted[name]):
            example = {"int": "4", "float": "0.5", "bool": "true"}.get(describe(wanted[name]), "[…]")
            raise typer.BadParameter(
                f"`{name}` is {describe(wanted[name])}, and {values[name]!r} is not; write --set {name}:={example}"
            )
    return typed


def _plain(usage: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(usage)


def _inputs(given: list[str], whole: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if whole:
        text = sys.stdin.read() if whole == "-" else whole
        try:
            values = json.loads(text)
        except ValueError as error:
            raise typer.BadParameter(f"--inputs takes a JSON object: {error}") from error
        if not isinstance(values, dict):
            raise typer.BadParameter('--inputs takes a JSON object: {"name": "value"}')
    for one in given:
        name, equals, text = one.partition("=")
        if not equals:
            raise typer.BadParameter(f"--set takes NAME=VALUE, not {one!r}")
        if name.endswith(":"):
            try:
                values[name[:-1]] = json.loads(text)
            except ValueError as error:
                raise typer.BadParameter(f"--set {name}=… takes JSON: {error}") from error
        elif text.startswith("@"):
            try:
                values[name] = Path(text[1:]).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise typer.BadParameter(f"--set {one}: {error}") from error
        else:
            values[name] = text
    return values
