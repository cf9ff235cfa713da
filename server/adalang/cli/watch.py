"""``adalang watch``: check at each save, and evaluate what a change reaches."""

from __future__ import annotations

import asyncio
from fnmatch import fnmatchcase
from pathlib import Path

import typer

from adalang.cli import check as check_verb
from adalang.cli.common import find_files, note, open_session, settings_for
from adalang.cli.evaluate import print_evaluation
from adalang.cli.failures import explain
from adalang.language.files import NAMED

Seen = dict[tuple[Path, str], str]
"""The fingerprint that each eval of a file had when it last ran."""


def watch(
    paths: list[Path] = typer.Argument(None, help="Files or folders; default: this folder.", show_default=False),
    evaluate: bool = typer.Option(True, "--eval/--no-eval", help="Run evals with on_save whose component changed."),
) -> None:
    """Check files whenever they are saved; evals with `on_save` run when what they test has changed. Ctrl-C ends it."""
    roots = paths or [Path()]
    seen: Seen = {}

    async def work() -> None:
        from watchfiles import awatch

        changes = awatch(*roots, watch_filter=lambda _, name: _interesting(name))
        coming = asyncio.ensure_future(anext(changes))
        await asyncio.sleep(0)  # from here on no change is missed, those during the first check neither
        for file in find_files(roots):
            _check(file)
            _remember(file, seen)
        note("Watching; Ctrl-C ends it.")
        while True:
            touched = {Path(name) for _, name in await coming}
            coming = asyncio.ensure_future(anext(changes))
            for file in find_files(roots):
                if _depends(file, touched) and _check(file) and evaluate:
                    await _evaluate(file, seen)

    asyncio.run(work())


def _interesting(name: str) -> bool:
    path = Path(name)
    return path.suffix.lower() in NAMED and ".adalang" not in path.parts


def _depends(file: Path, touched: set[Path]) -> bool:
    """Whether one of the touched files is this one, or one that it imports or reads: data, metrics, recordings."""
    from adalang.language.fingerprint import fingerprint
    from adalang.language.program import load

    program = load(file)
    if program is None:
        return False
    used = set(program.modules)

    def note_use(path: Path) -> None:
        used.add(path)

    for entity in program.entities():
        fingerprint(program, entity.id, note_use)
    names = {str(path.resolve()) for path in touched}
    patterns = [str(path.resolve()) for path in used]
    return any(pattern in names or any(fnmatchcase(name, pattern) for name in names) for pattern in patterns)


def _check(file: Path) -> bool:
    """Print the file's diagnostics; whether it can run."""
    found = check_verb.diagnose([file])
    shown = [(program, one) for program, one in found if one.severity != "hint"]
    print(check_verb.as_text(shown, 1), flush=True)
    return not any(one.severity == "error" for _, one in found)


def _remember(file: Path, seen: Seen) -> None:
    """Take what stands in the file now as evaluated: only changes are worth a run."""
    from adalang.engine.session import Session
    from adalang.language.program import load

    program = load(file)
    if program is None:
        return
    for name in _on_save(program):
        seen[file, name] = Session.fingerprint(program, name)


def _on_save(program: object) -> list[str]:
    from adalang.evaluation.plan import eval_plan
    from adalang.language.program import Program
    from adalang.runtime.failures import BugFailure

    assert isinstance(program, Program)
    found = []
    for entity in program.entities("eval"):
        if entity.module is not program.root:
            continue
        try:
            plan = eval_plan(program, entity.id)
        except BugFailure:
            continue
        if plan.on_save:
            found.append(entity.id)
    return found


async def _evaluate(file: Path, seen: Seen) -> None:
    from adalang.evaluation.plan import eval_plan

    settings = settings_for(file)
    async with open_session(settings) as session:
        session.services = session.services.replaying()
        try:
            program = session.load(file)
            for name in _on_save(program):
                mark = session.fingerprint(program, name)
                if seen.get((file, name)) == mark:
                    continue
                limit = eval_plan(program, name).on_save
                print_evaluation(await session.evaluation(program, name, limit=limit), 5)
                seen[file, name] = mark
        except Exception as error:
            message = explain(error)
            if message is None:
                raise
            note(f"error: {message}")
