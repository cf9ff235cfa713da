"""Loads ``python("file.py:function")``. The user's code runs in this process: the command line's or the worker's, never
the language server's."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adalang.runtime.failures import BugFailure


def load_function(folder: Path, written: str) -> Callable[..., Any]:
    """The function that ``written`` ("file.py:function") names, its file found beside the program.

    Raises:
        BugFailure: the file or the function does not exist, or the file cannot be imported.
    """
    file, _, name = written.rpartition(":")
    path = folder / file
    if not file or not path.is_file():
        raise BugFailure(f'python("{written}"): there is no file {file!r} in {folder.name}/')
    spec = importlib.util.spec_from_file_location(f"adalang_user_{path.stem}_{abs(hash(path))}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    search = str(path.parent)
    sys.path.insert(0, search)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise BugFailure(f"{file} cannot be imported: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(search)
    function = getattr(module, name, None)
    if not callable(function):
        raise BugFailure(f"{file} has no function `{name}`")
    return function  # type: ignore[no-any-return]
