"""Projects that editors are tried on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ADALANG = str(Path(sys.executable).with_name("adalang"))
EXAMPLE = Path(__file__).parents[2] / "examples" / "support-triage"
SHARED = 'param style = "Short."\n'
PAGE = '''\
import "shared.adal"

model offline = "builtin/lexical"

# 😀 Greets somebody
prompt greet(name: str) -> str {
  model = offline
  param tone = "😀 kind"
  user = """😀 {{ shared.style }} {{ tone }} {{ name }}"""
}
'''


def put_page(folder: Path) -> Path:
    """A file that imports another, in a workspace of their own."""
    (folder / "adalang.toml").touch()
    (folder / "shared.adal").write_text(SHARED, encoding="utf-8")
    page = folder / "page.adal"
    page.write_text(PAGE, encoding="utf-8")
    return page


def optimized(folder: Path) -> tuple[Path, str]:
    """A copy of an example for which a search has made a proposal; gives its file, and the text that it has once the command
    line has applied the proposal."""
    shutil.copytree(EXAMPLE, folder)
    (folder / "adalang.toml").touch()
    adalang(folder, "optimize", "triage.adal")
    copy = folder.with_name("applied")
    shutil.copytree(folder, copy)
    adalang(copy, "proposals", "apply")
    applied = (copy / "triage.adal").read_text(encoding="utf-8")
    assert applied != (folder / "triage.adal").read_text(encoding="utf-8")
    return folder / "triage.adal", applied


def adalang(folder: Path, *arguments: str) -> None:
    done = subprocess.run([ADALANG, *arguments], cwd=folder, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
