"""``adalang init``: a small project that works at once."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import typer

from adalang.cli.common import note


def init(
    folder: Path = typer.Argument(Path(), help="Where to put it; made when it is not there."),
) -> None:
    """Write a working starter project: a prompt, its data, an eval and an optimize block."""
    template = files("adalang.cli").joinpath("starter")
    names = sorted(one.name for one in template.iterdir() if one.is_file())
    if folder.is_file():
        raise typer.BadParameter(f"{folder} is a file; name a folder")
    taken = [name for name in names if (folder / name).exists()]
    if taken:
        raise typer.BadParameter(f"{folder} has {', '.join(taken)} already; nothing was written")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter(
            f"the folder {folder} cannot be made: {(error.strerror or str(error)).lower()}"
        ) from error
    for name in names:
        (folder / name).write_bytes(template.joinpath(name).read_bytes())
        note(f"wrote {folder / name}")
    where = "" if folder == Path() else f"{folder}/"
    print(
        f"\nNext:\n  adalang check {where}triage.adal\n  adalang eval {where}triage.adal\n  adalang optimize {where}triage.adal"
    )
