"""What a template reads, against what Jinja makes of it: the names that come from outside, and the types of values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import TemplateError, Undefined
from markupsafe import Markup

from adalang.language.declarations import PromptDeclaration, Template
from adalang.language.program import Module
from adalang.language.template_reads import Binding, MemberRead, NameBound, NameRead, Read, reads
from adalang.language.templates import GLOBALS, WORDS, environment, meaning
from adalang.language.text import SourceText
from adalang.language.types import (
    INT,
    STR,
    UNKNOWN,
    Field,
    Labels,
    ListOf,
    ObjectOf,
    OptionalOf,
    Type,
    describe,
    misfit,
)

BODY = ObjectOf((Field("size", INT), Field("title", STR)), "Body")
DOC = ObjectOf((Field("title", STR), Field("kind", Labels(("a", "b"))), Field("body", OptionalOf(BODY))), "Doc")
TYPES: Mapping[str, Type] = {"doc": DOC, "docs": ListOf(DOC), "tags": ListOf(STR), "name": STR, "n": INT}
DOCS: list[Any] = [
    {"title": "one", "kind": "a", "body": {"size": 3, "title": "inner"}},
    {"title": "two", "kind": "b", "body": {"size": 5, "title": "other"}},
]
VALUES = {"doc": DOCS[0], "docs": DOCS, "tags": ["x", "y"], "name": "a name", "n": 1}


def template(text: str) -> Template:
    source = SourceText.of(f"prompt p() = '''{text}'''\n".replace("'''", '"""'))
    (item,) = Module.parse(Path("/nowhere/main.adal"), source).items
    assert isinstance(item.declaration, PromptDeclaration)
    return item.declaration.messages[0].template


def read(text: str, names: Mapping[str, Type] = TYPES) -> list[Read]:
    return list(reads(template(text), names))


def type_of(expression: str) -> Type:
    """The type of an expression, by way of a variable that gets its value."""
    bound = [one.binding for one in read(f"{{% set it = {expression} %}}") if isinstance(one, NameBound)]
    (binding,) = bound
    assert isinstance(binding, Binding) and not isinstance(binding.held, Module)
    return binding.held


@pytest.mark.parametrize(
    ("expression", "meant"),
    [
        ("docs[0]", "Doc"),
        ("(docs | first)", "Doc"),
        ("docs | sort(attribute='title') | last", "Doc"),
        ("docs[1:]", "Doc[]"),
        ("docs | slice(2) | first", "Doc[]"),
        ("docs | map(attribute='body.size')", "int[]"),
        ("docs | map(attribute='body') | map(attribute='title') | list", "str[]"),
        ("docs | map('attr', 'title') | map('upper')", "str[]"),
        ("docs | sum(attribute='body.size')", "int"),
        ("docs | groupby('kind') | map(attribute='list') | first", "Doc[]"),
        ("(doc.body or {}).title", "str"),
        ("doc.body | default({'size': 1})", "anything"),
        ("docs[0] if n else none", "Doc?"),
        ("docs[0] if n else doc", "Doc"),
        ("docs[0] if n else name", "anything"),
        ("docs + [doc]", "Doc[]"),
        ("{'a': doc}.a.body", "Body?"),
        ("[doc, docs[0]] | random", "Doc"),
        ("[doc, name] | random", "anything"),
        ("name.split()[0].title()", "str"),
        ("n / 2", "float"),
        ("name ~ n", "str"),
        ("not docs", "bool"),
        ("docs | length", "int"),
        ("range(n) | first", "int"),
        ("dict(a=doc).a", "Doc"),
        ("docs[n]", "Doc"),
        ("doc[name]", "anything"),
    ],
)
def test_types(expression: str, meant: str) -> None:
    assert describe(type_of(expression)) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("{% for d in docs %}{{ d.x }}{% else %}{{ d.x }}{% endfor %}{{ d.x }}", "Doc anything anything"),
        ("{% for d in docs if d.x recursive %}{{ loop.previtem.x }}{% endfor %}", "Doc Doc?"),
        ("{% for kind, group in docs | groupby('kind') %}{{ kind.x }}{{ group.0.x }}{% endfor %}", '"a" | "b" Doc'),
        ("{% set d = docs[0] %}{% if n %}{% set d = docs[1] %}{% endif %}{{ d.x }}", "Doc"),
        ("{% set d = docs[0] %}{% if n %}{% set d = doc.body %}{% endif %}{{ d.x }}", "anything"),
        ("{% set d = docs[0] %}{% set d = doc.body %}{{ d.x }}", "Body?"),
        ("{% for t in tags %}{% set doc = t %}{{ doc.x }}{% endfor %}{{ doc.x }}", "str Doc"),
        ("{% set a, b = doc, name %}{{ a.x }}{{ b.x }}", "Doc str"),
        ("{% set a %}text{% endset %}{{ a.x }}", "str"),
        ("{% with doc = doc.body %}{{ doc.x }}{% endwith %}{{ doc.x }}", "Body? Doc"),
        ("{% macro doc(name) %}{{ name.x }}{% endmacro %}{{ name.x }}{{ doc.x }}", "anything str anything"),
        ("{% call(doc) name() %}{{ doc.x }}{% endcall %}{{ doc.x }}", "anything Doc"),
        (
            "{{ doc.body['x'] }}{{ docs | sort(attribute='x,body.x') }}{{ docs | join('-', 'x') }}",
            "Body? Doc Body? Doc",
        ),
    ],
)
def test_owners_of_fields(text: str, meant: str) -> None:
    owners = [one.owner for one in read(text) if isinstance(one, MemberRead) and one.text == "x"]
    assert " ".join("a file" if isinstance(one, Module) else describe(one) for one in owners) == meant


# ---- against Jinja

_NAMES = st.sampled_from(["doc", "docs", "tags", "name", "n", "missing", "d"])
_ATOMS = _NAMES | st.sampled_from(["1", "2.5", "'title'", "true", "none", "[]", "{}", "range(3)", "loop"])

_BEHIND = [
    *(".title", ".body", ".size", "[0]", "['kind']", "[1:]", ".upper()", "[n]", "['ti' ~ 'tle']"),
    *("|first", "|last", "|list", "|sort(attribute='title')", "|map(attribute='body')", "|map('first')", "|join"),
    *("|map('attr', 'title')", "|length", "|default('x')", "|default({})", "|reverse", "|unique", "|batch(2)"),
    *("|groupby('kind')", "|sum(attribute='size')", "|upper", "|attr('title')", "|selectattr('title', 'eq', 'one')"),
    *(" is defined", " is not none", " is sameas n", " is divisibleby 2", "|max(attribute='title')", "|int"),
]


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["+", "~", "and", "or", "==", "in", "not in", "*", "/", "<"])
    behind = st.sampled_from(_BEHIND)
    return st.one_of(
        st.builds("{}{}".format, inner, behind),
        st.builds("({}){}".format, inner, behind),
        st.builds("({} {} {})".format, inner, operators, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("({} if {})".format, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{'a': {}, 'title': {}}}".format, inner, inner),
        st.builds("dict(a={})".format, inner),
        st.builds("(not {})".format, inner),
    )


EXPRESSIONS = st.recursive(_ATOMS, _larger, max_leaves=6)
_STATEMENTS = st.one_of(
    st.builds("{{{{ {} }}}}".format, EXPRESSIONS),
    st.builds("{{% set {} = {} %}}".format, _NAMES, EXPRESSIONS),
    st.builds("{{% set {}, {} = {}, 1 %}}".format, _NAMES, _NAMES, EXPRESSIONS),
    st.builds("{{% set {} | upper %}}x{{% endset %}}".format, _NAMES),
)


def _blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(inner, max_size=3).map("".join)
    return st.one_of(
        st.builds("{{% for {} in {} %}}{}{{% else %}}{}{{% endfor %}}".format, _NAMES, EXPRESSIONS, body, body),
        st.builds("{{% for a, d in {} if {} %}}{}{{% endfor %}}".format, EXPRESSIONS, EXPRESSIONS, body),
        st.builds("{{% if {} %}}{}{{% elif {} %}}{}{{% endif %}}".format, EXPRESSIONS, body, EXPRESSIONS, body),
        st.builds("{{% with {} = {} %}}{}{{% endwith %}}".format, _NAMES, EXPRESSIONS, body),
        st.builds("{{% filter replace({}, 'a') %}}{}{{% endfilter %}}".format, EXPRESSIONS, body),
        st.builds("{{% macro f({}, b=1) %}}{}{{% endmacro %}}".format, _NAMES, body),
    )


TEMPLATES = st.lists(st.recursive(_STATEMENTS, _blocks, max_leaves=4), max_size=3).map("".join)


@given(TEMPLATES)
@settings(max_examples=100, deadline=None)
def test_every_name_from_outside_is_read(text: str) -> None:
    known = meaning(text)
    if known.fault is None and not known.undeclared & WORDS:  # in `x is defined if y` the test takes an argument `if`
        found = {one.text for one in read(text, {}) if isinstance(one, NameRead) and one.text not in one.scope}
        bound = {one.text for one in read(text, {}) if isinstance(one, NameBound)}
        assert known.undeclared - bound <= found <= known.undeclared | GLOBALS | bound


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@given(EXPRESSIONS)
@example("(name if doc else doc)|reverse")  # a text, or a list
@settings(max_examples=300, deadline=None)
def test_a_value_is_of_its_type(expression: str) -> None:
    """What Jinja computes is what was said that it would be."""
    declared = type_of(expression)
    try:
        value = environment().compile_expression(expression, undefined_to_none=False)(**VALUES)
        plain = _plain(value)
    except (TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError):
        return
    if not _has_gaps(plain):
        assert misfit(plain, declared) is None, (describe(declared), plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if hasattr(value, "grouper"):
        return {"grouper": value.grouper, "list": _plain(value.list)}
    if isinstance(value, Markup):
        return str(value)
    return (
        [_plain(one) for one in value]
        if isinstance(value, Iterable) and not isinstance(value, str | Undefined)
        else value
    )


def _has_gaps(value: Any) -> bool:
    """Whether something in it is missing or empty, which may stand for anything."""
    if isinstance(value, Undefined) or not value:
        return True
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return any(_has_gaps(one) for one in inside)


_TOKENS = ["a", "if", "in", "is", "not", "else", "recursive", "true", "0", "'x'", '"', *".,|()[]{}=:+-~%"]


@given(st.lists(st.sampled_from(_TOKENS), max_size=20).map(" ".join))
@settings(max_examples=300, deadline=None)
def test_anything_is_read(text: str) -> None:
    for tag in (
        "{{{{ {} }}}}",
        "{{% for {} %}}",
        "{{% set {} %}}",
        "{{% with {} %}}",
        "{{% macro {} %}}",
        "{{% {} %}}",
    ):
        list(reads(template(tag.format(text)), {"a": UNKNOWN}))


@pytest.mark.parametrize("nest", ["(", "[", "{'a': ", "f(", "a[", "not ", "-", "a if b else ", "a or ", "a|f("])
def test_what_nests_deeply_is_read(nest: str) -> None:
    assert [one for one in read(f"{{{{ {nest * 800} last }}}}", {}) if one.text == "last"]


def test_the_renderers_function_is_no_input() -> None:
    found = read("{{ image(image) }}", {"image": STR})
    assert [one.span.start for one in found] == [len('prompt p() = """{{ image(')]
    assert "image" in GLOBALS
