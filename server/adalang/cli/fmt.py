"""``adalang fmt``: one canonical layout; prompt text never changes."""

from __future__ import annotations

from pathlib import Path

import typer

from adalang.cli.common import find_files, note


def fmt(
    paths: list[Path] = typer.Argument(None, help="Files or folders; default: this folder.", show_default=False),
    check: bool = typer.Option(False, "--check", help="Change nothing; end with 1 when a file would change."),
    diff: bool = typer.Option(False, "--diff", help="Change nothing; print what would change."),
) -> None:
    """Format files in place. Not a byte of prompt text changes.

    Ends with 1 when ``--check`` finds something to do, with 2 when a file is not UTF-8: such a file stays as it is.
    """
    from adalang.engine.proposals import replace_file
    from adalang.language.edits import unified_diff
    from adalang.language.format import format_source
    from adalang.language.text import SourceText

    changed = unreadable = 0
    files = find_files(paths or [Path()])
    for file in files:
        data = file.read_bytes()
        source = SourceText(data)
        if (wrong := source.first_undecodable()) is not None:
            unreadable += 1
            place = source.position(wrong)
            note(f"error: {file}:{place.line + 1}:{place.column + 1} is not UTF-8; not formatted")
            continue
        formatted = format_source(source).encode("utf-8")
        if formatted == data:
            continue
        changed += 1
        if diff:
            print(unified_diff(file, data.decode("utf-8"), formatted.decode("utf-8")), end="")
        if not (check or diff):
            replace_file(file, formatted)
        note(f"{'would change' if check or diff else 'formatted'} {file}")
    note(
        f"{len(files)} file{'s' if len(files) != 1 else ''}, {changed} {'to format' if check or diff else 'formatted'}."
    )
    if unreadable:
        raise typer.Exit(2)
    if changed and check:
        raise typer.Exit(1)
