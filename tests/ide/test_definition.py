from __future__ import annotations

from tests.ide.fixtures import Case, cases

from adalang.ide.definition import Definition, definition, implementation, python_function_span, type_definition
from adalang.language.checks import DiskFacts
from adalang.language.program import read_from_disk
from adalang.language.text import SourceText, Span


@cases("definition")
def test_definition(case: Case, update: bool) -> None:
    case.check(_told(case, definition(case.program, case.offset, DiskFacts())), update)


@cases("type_definition")
def test_type_definition(case: Case, update: bool) -> None:
    case.check(_told(case, type_definition(case.program, case.offset, DiskFacts())), update)


@cases("implementation")
def test_implementation(case: Case, update: bool) -> None:
    case.check(_told(case, implementation(case.program, case.offset, DiskFacts())), update)


def _told(case: Case, found: Definition | None) -> list[str]:
    if found is None:
        return []
    path, span = found.place.path, found.place.span
    module = case.program.modules.get(path)
    where = path.relative_to(case.path.parent).as_posix() if path != case.path else "here"
    place = case.excerpt(span, module) if module else []
    if found.function:
        source = read_from_disk(path)
        inside = python_function_span(source, found.function) if source is not None else None
        line = source.line_span(source.line_of(inside.start)) if source is not None and inside is not None else None
        place = [f"function {found.function}: {source.slice(line) if source and line else 'nowhere'}"]
    return [*case.excerpt(found.origin), f"-> {where}", *place]


def test_python_function_is_found_by_its_definition() -> None:
    source = SourceText(
        '"""def f"""\n@wrap(def_f)\nasync def  größe (x):\n    def f(): ...\n\ndef f(x): ...\n'.encode()
    )
    assert python_function_span(source, "f") == Span(source.data.rindex(b"f(x)"), source.data.rindex(b"f(x)") + 1)
    found = python_function_span(source, "größe")
    assert found is not None and source.slice(found) == "größe"
    assert python_function_span(source, "missing") is None
    assert python_function_span(SourceText(b"def f(:"), "f") is None
    assert python_function_span(SourceText(b"\xff\x00"), "f") is None
