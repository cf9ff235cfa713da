"""Names of files that are not imported yet, with the line that imports them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from adalang.ide.completions.found import ELSEWHERE, REST, Found, matches
from adalang.ide.imports import import_edit, import_line
from adalang.ide.occurrences import Site
from adalang.ide.surroundings import Surroundings
from adalang.language.lower import Item
from adalang.language.program import Module

_MOST = 40
"""More than that is no help, and would push what is near out of the answer."""


def candidates(
    site: Site, is_wanted: Callable[[Module, Item], bool], around: Surroundings, typed: str
) -> Iterator[Found]:
    """Declarations that are wanted and match what is typed; none before something is."""
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
            if not matches(typed, f"{stem}.{name}") or not is_wanted(module, item):
                continue
            line, edit = import_line(site.module.path, module.path), import_edit(site.module, module.path)
            about = f"elsewhere {name} {module.path}"
            yield Found(f"{stem}.{name}", "declaration", about, line, rank=REST + ELSEWHERE, edits=(edit,))
            count += 1
            if count == _MOST:
                return
