"""What several verbs share: naming a file and something in it, finding files, opening the workspace."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from adalang import figures
from adalang.config import Settings, find_root, load_settings
from adalang.language.files import source_files
from adalang.report.visible import visible

if TYPE_CHECKING:
    from adalang.engine.session import Session
    from adalang.language.program import Entity, Program
    from adalang.store import Store

TARGET_HELP = "A .adal file, or FILE:NAME for one thing in it."


def split_target(target: str) -> tuple[Path, str]:
    """``FILE`` or ``FILE:NAME``; a drive letter's colon is part of the file.

    Raises:
        typer.BadParameter: there is no such file.
    """
    path = Path(target)
    if path.is_file():
        return path, ""
    file, colon, name = target.rpartition(":")
    if colon and len(file) > 1 and Path(file).is_file():
        return Path(file), name
    wanted = file if colon and len(file) > 1 else target
    hint = ""
    if Path(wanted).is_dir():
        hint = " (that is a folder)"
    raise typer.BadParameter(f"there is no file {wanted}{hint}")


def find_files(paths: Iterable[Path]) -> list[Path]:
    """The .adal files that are named, or that stand below the named folders as :func:`.source_files` finds them.

    Raises:
        typer.BadParameter: a path does not exist, or holds no .adal file.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(source_files(path))
            if not inside:
                raise typer.BadParameter(f"there is no .adal file in {path}")
            found.update(dict.fromkeys(inside))
        elif path.is_file():
            found[path] = None
        else:
            raise typer.BadParameter(f"there is no file {path}")
    return list(found)


def load_program(file: Path) -> Program:
    """The file with what it imports; it may have errors."""
    from adalang.language.program import load

    program = load(file)
    if program is None:
        raise typer.BadParameter(f"{file} cannot be read")
    return program


def settings_for(file: Path, **given: Any) -> Settings:
    """The settings of the file's workspace with values from the command line; problems are told on standard error."""
    settings = load_settings(find_root(file))
    for problem in settings.problems:
        note(f"warning: {problem}")
    return settings.with_values(**given)


def open_session(settings: Settings, models: Iterable[str] = (), record_to: Path | None = None) -> Session:
    from adalang.engine.session import Session

    check_writable(record=record_to)
    session = Session(settings.root, settings, models=chosen_models(models), record_to=record_to)
    if session.store.notice:
        note(f"warning: {session.store.notice}")
    return session


def open_store(settings: Settings) -> Store:
    """The workspace's store, made where there is none."""
    from adalang.store import Store

    store = Store.open(settings.root)
    if store.notice:
        note(f"warning: {store.notice}")
    return store


def chosen_models(given: Iterable[str]) -> dict[str, str]:
    """``--model PROMPT=MODEL`` or ``--model MODEL`` for every prompt ("*")."""
    chosen: dict[str, str] = {}
    for one in given:
        name, equals, model = one.partition("=")
        chosen[name.strip() if equals else "*"] = (model if equals else name).strip()
    return chosen


def say_offline(settings: Settings, chosen: Mapping[str, str], reached: Iterable[Entity]) -> None:
    """Tell when prompts or agents that name no model, among those that will run, are answered by the offline one."""
    from adalang.language.declarations import AgentDeclaration, PromptDeclaration, setting

    if settings["model"] or "*" in chosen:
        return
    for entity in reached:
        declaration = entity.declaration
        if not isinstance(declaration, PromptDeclaration | AgentDeclaration) or entity.id in chosen:
            continue
        if setting(declaration.settings, "model") is None:
            note(
                f"note: `{entity.id}` names no model, so the offline {settings.model} answers. "
                "Set one in the file, in adalang.toml or as ADALANG_MODEL."
            )
            return


def check_chosen(program: Program, chosen: Mapping[str, str]) -> None:
    """Whether every prompt that ``--model`` names exists.

    Raises:
        typer.BadParameter: one does not.
    """
    from adalang.language.diagnostics import did_you_mean

    known = [one.id for one in program.entities("prompt", "agent")]
    for name in chosen:
        if name != "*" and name not in known:
            meant = did_you_mean(name, known)
            hint = f"did you mean `{meant}`?" if meant else f"there are: {', '.join(known) or 'none'}"
            raise typer.BadParameter(f"--model: no prompt is called `{name}`; {hint}")


def existing_store(root: Path | None) -> Store:
    """The store of a workspace that has one; to look is no reason to make one.

    Raises:
        typer.BadParameter: there is none yet.
    """
    from adalang.store import Store

    found = find_root(root or Path.cwd())
    if not (found / ".adalang" / "store.db").is_file():
        raise typer.BadParameter(f"{found} has no store yet: `run`, `eval` and `optimize` make one")
    return Store.open(found)


def say(text: str) -> None:
    """A text for a person on standard output: what rows, models and files put into it cannot steer the terminal."""
    print(visible(text), flush=True)


def note(text: str) -> None:
    """A line for the person at the terminal; standard output stays clean for other programs."""
    print(visible(text), file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def check_writable(**reports: Path | None) -> None:
    """Before anything is spent: whether reports can be written, each named as its option.

    Raises:
        typer.BadParameter: one cannot.
    """
    for option, file in reports.items():
        if file is None:
            continue
        if file.is_dir():
            raise typer.BadParameter(f"--{option}: {file} cannot be written: it is a folder; name a file")
        there = next(one for one in (file.absolute(), *file.absolute().parents) if one.exists())
        if (there != file.absolute() and not there.is_dir()) or not os.access(there, os.W_OK):
            raise typer.BadParameter(f"--{option}: {file} cannot be written")


def write_report(file: Path, content: str) -> None:
    """Write a report where the user wants it, with the folders that it needs."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    except OSError as error:  # one of writing, such as a disk that is full, names no file
        raise OSError(error.errno, error.strerror, str(file)) from error
    note(f"wrote {file}")


def now() -> str:
    """For a report's foot: `2026-11-23 06:12`."""
    return datetime.now().strftime("%Y-%m-%d %H:%M")


def percent(share: float | None) -> str:
    return "-" if share is None else figures.percent(share, 1)


def money(usd: float, priced: bool = True) -> str:
    if not priced:
        return "price unknown"
    return "free" if usd == 0 else f"${usd:.4f}" if usd < 0.1 else f"${usd:.2f}"
