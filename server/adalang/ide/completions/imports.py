"""Names of files that are not imported yet, with the line that imports them."""

from __future__ import annotations

import os.path
from collections.abc import Iterator

from adalang.ide.completions.found import ELSEWHERE, REST, Found, matches
from adalang.ide.occurrences import Site
from adalang.ide.surroundings import Surroundings
from adalang.language.declarations import ImportDeclaration
from adalang.language.program import Module
from adalang.language.text import Edit, Span

_MOST = 40
"""More than that is no help, and would push what is near out of the answer."""


def candidates(site: Site, kinds: frozenset[str], around: Surroundings, typed: str) -> Iterator[Found]:
    """Declarations of the wanted kinds that match what is typed; none before something is."""
    if not typed:
        return
    count = 0
    taken = {*site.program.imported(site.module), *site.module.names}
    imported = set(site.program.imports.get(site.module.path, {}).values())
    for module in around.modules:
        stem = module.path.stem
        if module.path == site.module.path or module.path in imported or stem in taken or not stem.isidentifier():
            continue
        for name, item in module.names.items():
            if item.declaration.kind not in kinds or not matches(typed, f"{stem}.{name}"):
                continue
            written = path_to(site.module, module)
            edit = import_line(site.module, written)
            about = f"elsewhere {name} {module.path}"
            yield Found(
                f"{stem}.{name}", "declaration", about, f'import "{written}"', rank=REST + ELSEWHERE, edits=(edit,)
            )
            count += 1
            if count == _MOST:
                return


def path_to(importer: Module, module: Module) -> str:
    """How an import line of ``importer`` names ``module``."""
    return os.path.relpath(module.path, importer.path.parent).replace(os.sep, "/")


def import_line(module: Module, written: str) -> Edit:
    """The edit that adds an import: behind the last one, else at the top, below the file's first comment."""
    source = module.source
    last = [item for item in module.items if isinstance(item.declaration, ImportDeclaration)]
    newline = "\r\n" if b"\r\n" in source.data[:4096] else "\n"
    if last:
        line = source.line_of(max(last[-1].start, last[-1].span.end - 1))
        at = source.line_span(line).end
        return Edit(Span(at, at), f'{newline}import "{written}"')
    at = _below_the_first_comment(module)
    behind = newline * 2 if at < len(source.data) else newline
    return Edit(Span(at, at), f'import "{written}"{behind}')


def _below_the_first_comment(module: Module) -> int:
    """Where the text begins that is not the file's own head: a byte-order mark, or comments that an empty line ends."""
    source = module.source
    start = 3 if source.data.startswith(b"\xef\xbb\xbf") else 0
    for line in range(source.line_count):
        span = source.line_span(line)
        text = source.data[max(span.start, start) : span.end].strip()
        if not text and line:
            return source.line_start(line + 1)
        if not text.startswith(b"#"):
            return start
    return start
