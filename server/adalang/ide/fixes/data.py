"""Fixes for data, evals and optimizations: what an eval lacks, files and functions that are not there yet, splits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from adalang.ide.changes import Change, NewFile
from adalang.ide.fixes.broken import Broken, Mend
from adalang.ide.placeholders import plainest
from adalang.ide.placement import entry
from adalang.ide.refactorings.skeletons import metric_for, right_answer
from adalang.language.checks.data import rows_of
from adalang.language.checks.scope import Signature, signature
from adalang.language.datasets import DEFAULT_FRACTIONS, data_reference, plan
from adalang.language.declarations import (
    DatasetDeclaration,
    EvalDeclaration,
    Member,
    ObjectExpression,
    Reference,
    Setting,
    Text,
    ToolDeclaration,
    dotted,
    setting,
)
from adalang.language.files import LINES
from adalang.language.program import Entity, import_target
from adalang.language.text import Edit, Span
from adalang.language.types import Labels, ListOf, ObjectOf, OptionalOf, Type, describe, misfit

_MOST = 3
_PYTHON = {"str": "str", "int": "int", "float": "float", "bool": "bool"}


def _eval(broken: Broken) -> EvalDeclaration | None:
    declaration = broken.item.declaration if broken.item is not None else None
    return declaration if isinstance(declaration, EvalDeclaration) else None


def _target(broken: Broken, declaration: EvalDeclaration) -> Signature | None:
    entity = broken.program.resolve_expression(declaration.target, broken.module)
    return signature(broken.program, entity) if entity is not None else None


def _rows(broken: Broken, declaration: EvalDeclaration) -> list[Mapping[str, Any]]:
    data = setting(declaration.settings, "data")
    reference = data_reference(broken.program, broken.module, data.value) if data is not None else None
    return _rows_of(broken, reference[0]) if reference is not None else []


def _rows_of(broken: Broken, entity: Entity) -> list[Mapping[str, Any]]:
    return [row for row, _, _ in rows_of(broken.scope, plan(entity)) or []][:200]


def _added(broken: Broken, declaration: EvalDeclaration, title: str, *texts: str) -> Iterator[Mend]:
    """More settings, behind those that are there."""
    opened = broken.source.data.find(b"{", broken.start + declaration.target.span.end)
    if opened < 0 or broken.item is None:
        return
    end = declaration.span.end + broken.start
    body = Span(opened, end)
    last = declaration.settings[-1].span.shifted(broken.start) if declaration.settings else None
    edits = [entry(broken.source, body, last, text) for text in texts]
    yield broken.mend(title, Edit(edits[0].span, "".join(edit.text for edit in edits)))


# ---- evals


def no_metric(broken: Broken) -> Iterator[Mend]:
    declaration = _eval(broken)
    known = _target(broken, declaration) if declaration is not None else None
    if declaration is None or known is None:
        return
    metric = metric_for(known.returns)
    texts = [f"metric = {metric}"]
    if setting(declaration.settings, "expect") is None:
        expected = right_answer(_rows(broken, declaration), known)
        if expected is None:
            return
        texts = [f"expect = {expected}", *texts]
    yield from _added(broken, declaration, f"Score with `{metric}`", *texts)


def metric(broken: Broken) -> Iterator[Mend]:
    """The right answer that a metric compares with; a metric that scores what the target gives."""
    declaration = _eval(broken)
    known = _target(broken, declaration) if declaration is not None else None
    if declaration is None or known is None:
        return
    if "compares with" in broken.diagnostic.message:
        expected = right_answer(_rows(broken, declaration), known)
        if expected is not None:
            yield from _added(broken, declaration, f"Expect `{expected}`", f"expect = {expected}")
    elif broken.part(Reference) is not None and metric_for(known.returns) != broken.word:
        yield broken.replaced(metric_for(known.returns))


def no_rows(broken: Broken) -> Iterator[Mend]:
    """A data set whose columns give the target its inputs."""
    declaration = _eval(broken)
    known = _target(broken, declaration) if declaration is not None else None
    if declaration is None or known is None:
        return
    needed = {name for name, _, optional in known.inputs if not optional}
    fitting = []
    for name in broken.scope.visible_names("dataset"):
        entity = broken.program.resolve(name, broken.module)
        rows = _rows_of(broken, entity) if entity is not None else []
        if not rows or needed <= set(rows[0]):
            fitting.append(name)
    for name in fitting[:_MOST]:
        yield from _added(broken, declaration, f"Take the rows of `{name}`", f"data = {name}")


def no_column(broken: Broken) -> Iterator[Mend]:
    """The columns that could give the target an input."""
    declaration = _eval(broken)
    known = _target(broken, declaration) if declaration is not None else None
    rows = _rows(broken, declaration) if declaration is not None else []
    if declaration is None or known is None or not rows:
        return
    mapping = setting(declaration.settings, "inputs")
    mapped = {pair.name.text for pair in mapping.value.pairs} if _is_object(mapping) else set()  # type: ignore[union-attr]
    inputs = [one for one in known.inputs if one[0] not in mapped and not any(one[0] in row for row in rows)]
    named = next((one for one in inputs if f"input `{one[0]}`" in broken.diagnostic.message), None)
    if named is None:
        return
    name, wanted, _ = named
    taken = {one for one, _, _ in known.inputs}
    columns = [one for one in rows[0] if one not in taken and one.isidentifier() and _fit(rows, one, wanted)]
    for column in columns[:_MOST]:
        yield from _mapped(broken, declaration, mapping, name, column)


def _is_object(found: Setting | None) -> bool:
    return found is not None and isinstance(found.value, ObjectExpression)


def _fit(rows: list[Mapping[str, Any]], column: str, wanted: Type) -> bool:
    return all(column in row and misfit(row[column], wanted) is None for row in rows)


def _mapped(
    broken: Broken, declaration: EvalDeclaration, mapping: Setting | None, name: str, column: str
) -> Iterator[Mend]:
    title, text = f"Take `{name}` from `row.{column}`", f"{name} = row.{column}"
    if mapping is not None and isinstance(mapping.value, ObjectExpression):
        last = mapping.value.pairs[-1].span.shifted(broken.start) if mapping.value.pairs else None
        yield broken.mend(title, entry(broken.source, mapping.value.span.shifted(broken.start), last, text))
    elif mapping is None:
        yield from _added(broken, declaration, title, f"inputs = {{ {text} }}")


# ---- files


def no_file(broken: Broken) -> Iterator[Mend]:
    """A data file with one row to begin with, which has the columns that evals of it read."""
    declaration = broken.item.declaration if broken.item is not None else None
    text = broken.part(Text)
    if not isinstance(declaration, DatasetDeclaration) or text is None:
        return
    path = import_target(broken.module.path, text)
    if path.suffix.lower() not in LINES or broken.facts.exists(path) is not False:
        return
    row = _row(broken, declaration)
    created = NewFile(path, json.dumps(row, ensure_ascii=False) + "\n")
    yield Mend(f"Create {Path(text.value).as_posix()} with a row to fill in", Change(created=(created,)))


def _row(broken: Broken, declaration: DatasetDeclaration) -> dict[str, Any]:
    """What evals of the data set take from a row."""
    row: dict[str, Any] = {}
    for item in broken.module.items:
        if not isinstance(item.declaration, EvalDeclaration):
            continue
        data = setting(item.declaration.settings, "data")
        reference = data_reference(broken.program, broken.module, data.value) if data is not None else None
        known = _target(broken, item.declaration)
        if reference is None or reference[0].item is not broken.item or known is None:
            continue
        row |= {name: plainest(declared) for name, declared, _ in known.inputs}
        expect = setting(item.declaration.settings, "expect")
        if expect is not None and isinstance(expect.value, Member) and dotted(expect.value.object) == "row":
            row[expect.value.name.text] = plainest(known.returns)
    return row or {"input": "", "expected": ""}


def no_function(broken: Broken) -> Iterator[Mend]:
    """A Python file with the function that a tool calls."""
    declaration = broken.item.declaration if broken.item is not None else None
    text = broken.part(Text)
    if not isinstance(declaration, ToolDeclaration) or text is None:
        return
    file, _, function = text.value.rpartition(":")
    path = broken.module.path.parent / file
    if path.suffix != ".py" or broken.facts.exists(path) is not False or not function.isidentifier():
        return
    entity = broken.program.resolve(declaration.name.text, broken.module)
    known = signature(broken.program, entity) if entity is not None else Signature((), Labels(()))
    inputs = ", ".join(f"{name}: {_python(declared)}" for name, declared, _ in known.inputs)
    doc = declaration.doc.strip().split("\n")[0] or f"Called by the tool `{declaration.name.text}`."
    body = f'    """{doc}"""\n    raise NotImplementedError\n'
    made = NewFile(path, f"def {function}({inputs}) -> {_python(known.returns)}:\n{body}")
    yield Mend(f"Create {Path(file).as_posix()} with `{function}`", Change(created=(made,)))


def _python(declared: Type) -> str:
    match declared:
        case ListOf(item=item):
            return f"list[{_python(item)}]"
        case OptionalOf(item=item):
            return f"{_python(item)} | None"
        case ObjectOf():
            return "dict"
        case Labels():
            return "str"
        case _:
            return _PYTHON.get(describe(declared), "object")


# ---- splits


def no_hold_out(broken: Broken) -> Iterator[Mend]:
    """Fractions with a hold-out, in the place of those that are given."""
    of = broken.program.resolve(broken.word, broken.module)
    if of is None or not isinstance(of.declaration, EvalDeclaration):
        return
    data = setting(of.declaration.settings, "data")
    reference = data_reference(broken.program, of.module, data.value) if data is not None else None
    declaration = reference[0].declaration if reference is not None else None
    if reference is None or not isinstance(declaration, DatasetDeclaration):
        return
    given = setting(declaration.settings, "split")
    if given is not None and isinstance(given.value, ObjectExpression):
        shares = ", ".join(f"{name} = {share:g}" for name, share in DEFAULT_FRACTIONS.items())
        edit = Edit(given.value.span.shifted(reference[0].item.start), f"{{ {shares} }}")
        change = Change({reference[0].module.path: (edit,)})
        yield Mend(f"Split `{declaration.name.text}` so: {shares}", change)
