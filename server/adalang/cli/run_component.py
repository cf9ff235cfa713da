"""``adalang run``: one component on one input."""

from __future__ import annotations

import asyncio
import json
import sys
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
from adalang.report.visible import visible

if TYPE_CHECKING:
    from adalang.language.program import Entity, Program


def run(
    target: str = typer.Argument(..., help=TARGET_HELP),
    set: list[str] = typer.Option([], "--set", "-s", help="An input: NAME=VALUE, NAME=@file, or NAME:=JSON."),
    inputs: str = typer.Option("", "--inputs", "-i", help="All inputs as a JSON object; - reads standard input."),
    model: list[str] = typer.Option([], "--model", "-m", help="PROMPT=MODEL, or MODEL for every prompt."),
    record: Path = typer.Option(
        None, "--record", help="Also write every answer to this recording, for replay/FILE.", show_default=False
    ),
    json_output: bool = typer.Option(False, "--json", help="Print output, usage and trace as JSON."),
    show_prompt: bool = typer.Option(False, "--show-prompt", help="Print the messages and call nothing."),
) -> None:
    """Run a prompt or a pipeline and print its answer."""
    file, name = split_target(target)
    settings = settings_for(file)
    values = _inputs(set, inputs)
    as_text = {one.partition("=")[0] for one in set if not one.partition("=")[0].endswith(":")}

    async def work() -> None:
        from adalang.engine.checked import find_component
        from adalang.language.reach import reached

        async with open_session(file, settings, model, record) as session:
            program = session.load(file)
            check_chosen(program, chosen_models(model))
            entity = find_component(program, name)
            given = _typed(program, entity, values, as_text)
            if show_prompt:
                for message in session.runtime(program).messages(entity, given):
                    say(f"--- {message.role}\n{message.text}")
                return
            say_offline(program, settings, chosen_models(model), reached(program, entity))
            output, trace, _ = await session.run_component(file, name or entity.id, given)
            usage = trace.usage
            if json_output:
                print_json({"output": output, "usage": _plain(usage), "trace": trace.to_json()})
                return
            text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False, indent=2)
            print(visible(text) if sys.stdout.isatty() else text)
            calls = f"{usage.calls} call{'s' if usage.calls != 1 else ''}"
            cached = f", {usage.cached_calls} from the cache" if usage.cached_calls else ""
            note(f"({calls}{cached}, {usage.tokens} tokens, {money(usage.usd, usage.priced)})")

    asyncio.run(work())


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
