"""``adalang stubs``: Python modules with types for .adal files."""

from __future__ import annotations

from pathlib import Path

import typer

from adalang.cli.common import find_files, note


def stubs(
    paths: list[Path] = typer.Argument(..., help="Files or folders.", show_default=False),
    out: Path = typer.Option(
        None, "--out", "-o", help="Write into this folder; default: beside each file.", show_default=False
    ),
    check: bool = typer.Option(False, "--check", help="Write nothing; end with 1 when a module is not current."),
) -> None:
    """Write a Python module for each file, `support_adal` for support.adal, that type checkers understand.

    `from support_adal import load` then gives the program with the types of its components: one .py that loads the file,
    and one .pyi with the types. Ends with 2 when a file has errors.
    """
    from adalang.api.stubs import module_files
    from adalang.engine.checked import load_checked
    from adalang.engine.proposals import replace_file

    wanted: dict[Path, str] = {}
    for file in find_files(paths):
        for path, text in module_files(load_checked(file), (out or file.parent).absolute()).items():
            if wanted.setdefault(path, text) != text:
                raise typer.BadParameter(
                    f"two files want the module {path.stem}; rename one, or give each its own --out"
                )
    old = [path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    for path in old:
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, wanted[path].encode("utf-8"))
        note(f"{'is not current:' if check else 'wrote'} {_shown(path)}")
    if not old:
        note(f"{len(wanted) // 2} module{'s' if len(wanted) != 2 else ''} current.")
    if old and check:
        raise typer.Exit(1)


def _shown(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
