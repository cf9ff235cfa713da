"""What only a whole file shows: names declared twice or never used, imports that are missing, broken or go round in a circle.

These run at each keystroke, over what is known of each declaration: nothing here may look into one, but for an optimize block's `allow`.
"""

from __future__ import annotations

import os.path
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from adalang.language.declarations import ImportDeclaration, OptimizeDeclaration
from adalang.language.diagnostics import Fix, Related, Report
from adalang.language.lower import Item
from adalang.language.program import Module, Program
from adalang.language.reach import allowed
from adalang.language.text import Edit, Span


@dataclass(frozen=True, slots=True)
class Whole:
    """A file and what each of its declarations refers to. ``used``: every name that one of them takes from outside itself;
    ``optimized``: the optimize blocks with the id of the eval that each raises."""

    program: Program
    module: Module
    used: frozenset[str]
    optimized: Sequence[tuple[Item, str]]


def check(whole: Whole, report: Report) -> None:
    _declared_twice(whole, report)
    _imports(whole, report)
    _optimized_twice(whole, report)
    if not whole.module.broken:
        _unused(whole, report)


# ---- names


def _declared_twice(whole: Whole, report: Report) -> None:
    module, names = whole.module, whole.module.names
    for item in module.duplicates:
        name = item.declaration.name
        report.add(
            "ADL102",
            item,
            name.span,
            f"`{name.text}` is declared twice; rename one of the two.",
            related=[Related(module.path, _name_span(names[name.text]), f"`{name.text}` is declared here")],
        )
    lines = {path: item for item, _, path in module.imports}
    for stem, path in whole.program.brought.get(module.path, {}).items():
        if stem in names:
            item = names[stem]
            report.add(
                "ADL104",
                item,
                item.declaration.name.span,
                f"`{stem}` hides the imported file of that name; rename one of the two.",
                related=[Related(module.path, lines[path].span, f"`{stem}` is imported here")],
            )


def _name_span(item: Item) -> Span:
    return item.declaration.name.span.shifted(item.start)


# ---- imports


def _imports(whole: Whole, report: Report) -> None:
    program, module = whole.program, whole.module
    targets = program.imports.get(module.path, {})
    first: dict[str, tuple[Path, Item]] = {}
    for item, written, path in module.imports:
        if targets.get(written.value) is None:
            looked = Path(os.path.relpath(path, module.path.parent)).as_posix()
            message = f"There is no file `{looked}`; the path counts from this file's folder."
            report.add("ADL109", item, written.span, message)
            continue
        if path == module.path:
            fix = Fix("Remove the import", (Edit(_whole_lines(module, item), ""),))
            report.add("ADL108", item, written.span, "A file cannot import itself; remove the line.", fixes=[fix])
            continue
        other, line = first.setdefault(path.stem, (path, item))
        if other != path:
            report.add(
                "ADL102",
                item,
                written.span,
                f"Two imported files are called `{path.stem}`; rename one of them.",
                related=[Related(module.path, line.span, f"`{path.stem}` is imported here")],
            )
        mistake = program.modules[path].first_mistake
        if mistake is not None:
            report.add(
                "ADL110",
                item,
                written.span,
                f"{path.name} has errors, so its names may be missing here; mend that file first.",
                related=[Related(path, mistake, "the first error is here")],
            )
        circle = _import_circle(program, module, path)
        if circle:
            report.add(
                "ADL108",
                item,
                written.span,
                f"The files import each other in a circle: {circle}. Move what both need to a third.",
            )


def _import_circle(program: Program, module: Module, start: Path) -> str | None:
    trail: list[tuple[Path, tuple[str, ...]]] = [(start, (module.path.name,))]
    seen: set[Path] = set()
    while trail:
        path, names = trail.pop()
        if path == module.path:
            return " -> ".join((*names, module.path.name))
        if path in seen:
            continue
        seen.add(path)
        for target in program.imports.get(path, {}).values():
            if target is not None:
                trail.append((target, (*names, path.name)))
    return None


# ---- optimize blocks


def _optimized_twice(whole: Whole, report: Report) -> None:
    seen: dict[str, Item] = {}
    for item, target in whole.optimized:
        first = seen.setdefault(target, item)
        if first is not item:
            assert isinstance(item.declaration, OptimizeDeclaration)
            report.add(
                "ADL102",
                item,
                item.declaration.target.span,
                f"`{target}` has an optimize block already; keep one of the two.",
                related=[Related(whole.module.path, _name_span(first), f"`{target}` is optimized here")],
            )


# ---- unused


def _unused(whole: Whole, report: Report) -> None:
    """A file without evals and optimize blocks may exist to be imported: then only its imports are looked at."""
    program, module = whole.program, whole.module
    targets, brought = program.imports.get(module.path, {}), program.brought.get(module.path, {})
    for item, written, path in module.imports:
        if targets.get(written.value) == path != module.path and path.stem in brought and path.stem not in whole.used:
            assert isinstance(item.declaration, ImportDeclaration)
            report.add(
                "ADL103",
                item,
                item.declaration.span,
                f"Nothing here uses `{path.stem}`; remove the import.",
                fixes=[Fix("Remove the import", (Edit(_whole_lines(module, item), ""),))],
            )
    if not any(item.declaration.kind in ("eval", "optimize") for item in module.items):
        return
    searches = (one.declaration for one in module.items if isinstance(one.declaration, OptimizeDeclaration))
    choices = {"model"} if any("models" in allowed(one) for one in searches) else set()  # each is one
    for item in module.items:
        kind, name = item.declaration.kind, item.declaration.name
        if kind in _USED - choices and name.text and name.text not in whole.used:
            report.add(
                "ADL103",
                item,
                name.span,
                f"Nothing uses the {kind} `{name.text}`.",
                fixes=[Fix(f"Remove `{name.text}`", (Edit(_whole_lines(module, item), ""),))],
            )


_USED = frozenset({"model", "type", "param", "dataset"})


def _whole_lines(module: Module, item: Item) -> Span:
    source = module.source
    last = source.line_of(max(item.start, item.span.end - 1))
    return Span(item.start, source.line_start(last + 1))
