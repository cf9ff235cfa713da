"""A workspace as it was at a git revision, laid out in a folder of its own for as long as it is needed.

What git has stored is copied as it is: no filter, no hook, no network, and neither the working tree nor the index is looked
at or touched. What a file of that revision reads and git does not know (data that is not committed) is taken from the working
tree, by a link.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from adalang.config import find_root
from adalang.language.fingerprint import fingerprint
from adalang.language.program import load
from adalang.runtime.failures import BugFailure

_REGULAR, _EXECUTABLE, _LINK = "100644", "100755", "120000"
_SETTINGS = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"}
_NO_NETWORK = ("-c", "protocol.allow=never")


@dataclass(frozen=True, slots=True)
class Checkout:
    """A file as it was: `file` inside `root`, the workspace's copy; `borrowed` are the files of today that it reads."""

    file: Path
    root: Path
    commit: str
    borrowed: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class _Blob:
    mode: str
    id: str
    path: PurePosixPath


def _environment() -> dict[str, str]:
    """Without what git tells its hooks, which names another repository or index than the file's own."""
    told = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")
    return {name: value for name, value in os.environ.items() if name not in told} | _SETTINGS


@contextmanager
def checked_out(file: Path, revision: str) -> Iterator[Checkout]:
    """The file's workspace at a revision; the folder is gone afterwards.

    Raises:
        BugFailure: git is missing, the file is in no repository, or the revision or the file in it does not exist.
    """
    file = file.absolute()
    start = next(folder for folder in file.parents if folder.is_dir())
    top = Path(os.fsdecode(_git(start, "rev-parse", "--show-toplevel").rstrip(b"\n"))).resolve()
    commit = _commit(top, revision)
    file = start.resolve() / file.relative_to(start)
    workspace = find_root(start.resolve())
    workspace = workspace if workspace.is_relative_to(top) else top
    blobs = _blobs(top, commit, workspace)
    if PurePosixPath(file.relative_to(top).as_posix()) not in {blob.path for blob in blobs}:
        raise BugFailure(
            f"{file.relative_to(top).as_posix()} is not in {revision} ({commit[:8]}); "
            f"git log --all -- {file.name} shows where it is"
        )
    with tempfile.TemporaryDirectory(prefix="adalang-") as temporary:
        copy = Path(temporary).resolve()
        _write(top, blobs, copy)
        then = copy / file.relative_to(top)
        borrowed = tuple(_borrow(then, copy, top))
        yield Checkout(then, copy / workspace.relative_to(top), commit, borrowed)


def _commit(top: Path, revision: str) -> str:
    try:
        found = _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except BugFailure:
        raise BugFailure(
            f"there is no revision `{revision}` in {top.name}; git branch --all and git log show those that there are"
        ) from None
    return found.decode("ascii").strip()


def _blobs(top: Path, commit: str, workspace: Path) -> list[_Blob]:
    """The files of the workspace, links too; of submodules git has stored nothing here."""
    inside = workspace.relative_to(top).as_posix()
    only = ["--", inside] if inside != "." else []
    listed = _git(top, "ls-tree", "-r", "-z", "--full-tree", commit, *only)
    blobs = []
    for entry in os.fsdecode(listed).split("\0"):
        if entry:
            about, _, path = entry.partition("\t")
            mode, _, blob = about.split(" ")
            if mode in (_REGULAR, _EXECUTABLE, _LINK):
                blobs.append(_Blob(mode, blob, PurePosixPath(path)))
    return blobs


def _write(top: Path, blobs: Sequence[_Blob], copy: Path) -> None:
    command = ["git", *_NO_NETWORK, "-C", str(top), "cat-file", "--batch"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment()
    ) as git:
        assert git.stdin is not None and git.stdout is not None
        for blob in blobs:
            git.stdin.write(f"{blob.id}\n".encode())
            git.stdin.flush()
            head = git.stdout.readline().split()
            if len(head) != 3:
                raise BugFailure(
                    f"git has not stored {blob.path} here (a partial clone?); fetch that revision whole first"
                )
            content = git.stdout.read(int(head[2]))
            git.stdout.read(1)
            _put(copy, blob, content)


def _put(copy: Path, blob: _Blob, content: bytes) -> None:
    """Write one file. A link stays a link where it points to something of the same revision, and is left out elsewhere."""
    path = copy / blob.path
    if not Path(os.path.normpath(path)).is_relative_to(copy):
        raise BugFailure(f"the revision holds a file outside of its own folder: {blob.path}")
    path.parent.mkdir(parents=True, exist_ok=True)
    if blob.mode != _LINK:
        path.write_bytes(content)
        return
    target = Path(os.path.normpath(path.parent / os.fsdecode(content)))
    if target.is_relative_to(copy):
        path.symlink_to(os.fsdecode(content))


def _borrow(file: Path, copy: Path, top: Path) -> Iterator[Path]:
    """Link what the program reads and its revision lacks to what stands there today."""
    program = load(file)
    assert program is not None
    read: set[Path] = set()

    def noted(path: Path) -> str:
        read.add(path)
        return ""

    for entity in program.entities("eval", "prompt", "agent", "pipeline", "tool", "retriever", "dataset"):
        fingerprint(program, entity.id, noted)
    for path in sorted(read):
        wanted = Path(os.path.normpath(path))
        if wanted.exists() or not wanted.is_relative_to(copy):
            continue
        today = top / wanted.relative_to(copy)
        if today.is_file():
            wanted.parent.mkdir(parents=True, exist_ok=True)
            wanted.symlink_to(today)
            yield today


def _git(folder: Path, *arguments: str) -> bytes:
    command = ["git", *_NO_NETWORK, "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, env=_environment(), check=False)
    except FileNotFoundError:
        raise BugFailure("git is not installed, and a revision cannot be read without it") from None
    if done.returncode:
        raise BugFailure(f"git cannot read {folder}: {os.fsdecode(done.stderr).strip() or 'it says nothing'}")
    return done.stdout
