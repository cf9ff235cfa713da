"""Values that are read while they are written: always a beginning of what is read in the end, never anything else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adalang.language.types import BOOL, FLOAT, INT, STR, Field, Labels, ListOf, ObjectOf, OptionalOf, Primitive, Type
from adalang.runtime.answers import answer_form, read_answer
from adalang.runtime.partial import ABSENT, partial_reader

KIND = Labels(("billing", "bill"))
ITEM = ObjectOf((Field("name", STR), Field("count", INT), Field("price", OptionalOf(FLOAT))))
ORDER = ObjectOf((Field("kind", KIND), Field("items", ListOf(ITEM)), Field("note", STR), Field("urgent", BOOL)))


def seen(text: str, declared: Type, *, reasoning: bool = False, step: int = 1) -> list[Any]:
    """The different values that a text shows while it comes, a few characters at a time."""
    reader = partial_reader(answer_form(declared, reasoning=reasoning))
    assert reader is not None
    found: list[Any] = []
    for at in range(0, len(text), step):
        reader.feed(text[at : at + step])
        if reader.value is not ABSENT and (not found or reader.value != found[-1]):
            found.append(reader.value)
    return found


def test_fields_appear_and_texts_grow() -> None:
    text = '{"kind": "bill", "items": [{"name": "ab", "count": 12}], "note": "ok", "urgent": true}'
    a, ab, item = {"name": "a"}, {"name": "ab"}, {"name": "ab", "count": 12}
    assert seen(text, ORDER) == [
        {},
        {"kind": "bill"},
        {"kind": "bill", "items": []},
        {"kind": "bill", "items": [{}]},
        {"kind": "bill", "items": [a]},
        {"kind": "bill", "items": [ab]},
        {"kind": "bill", "items": [{**item, "price": None}]},
        {"kind": "bill", "items": [{**item, "price": None}], "note": "o"},
        {"kind": "bill", "items": [{**item, "price": None}], "note": "ok"},
        {"kind": "bill", "items": [{**item, "price": None}], "note": "ok", "urgent": True},
    ]


def test_a_list_grows_item_by_item() -> None:
    assert seen('{"answer": ["a", "b"]}', ListOf(STR)) == [[], ["a"], ["a", "b"]]
    assert seen('["a", "b"]', ListOf(STR)) == [[], ["a"], ["a", "b"]], "without the object that was asked for"
    assert seen('{"answer": [1, 23]}', ListOf(INT)) == [[], [1], [1, 23]], "2 is not shown: it may become 23"


def test_a_text_with_reasoning_before_it() -> None:
    text = '{"reasoning": "so \\"it\\" is", "answer": "d\\u00e9j\\u00e0"}'
    assert seen(text, STR, reasoning=True) == ["d", "dé", "déj", "déjà"]


def test_a_plain_text_is_shown_without_the_blanks_around_it() -> None:
    assert seen("  It is  so.\n\n", STR)[-1] == "It is  so."
    assert all(not one.endswith((" ", "\n")) for one in seen(" a b \n c ", STR))


@pytest.mark.parametrize("declared", [KIND, INT, FLOAT, BOOL])
def test_what_is_nothing_until_it_is_whole_is_not_shown(declared: Type) -> None:
    assert partial_reader(answer_form(declared)) is None


@pytest.mark.parametrize("text", ['```json\n{"a": "x"}\n```', 'Here it is:\n```\n{"a": "x"}', ' {"a": "x",}'])
def test_what_models_put_around_json_is_passed_over(text: str) -> None:
    assert seen(text, ObjectOf((Field("a", STR),)))[-1] == {"a": "x"}


@pytest.mark.parametrize(
    "text",
    [
        "no JSON at all",
        '{"a": 1',
        '{"a": "x" "b"',
        "{'a': 'x'",
        '{"a": "x\ny',
        '{"a": nil,',
        '{"a":: "x"',
        "```\nno\n",
        "{,",
    ],
)
def test_what_is_of_another_type_or_no_json_shows_nothing(text: str) -> None:
    shown = seen(text + "}", ObjectOf((Field("a", STR),)))
    assert shown == [] or all(one in ({}, {"a": ""}, {"a": "x"}) for one in shown)


def test_undeclared_fields_are_left_out() -> None:
    assert seen('{"b": {"c": [1]}, "a": "x"}', ObjectOf((Field("a", STR),))) == [{}, {"a": "x"}]


def types() -> st.SearchStrategy[Type]:
    simple = st.sampled_from([STR, INT, FLOAT, BOOL, KIND])

    def larger(inner: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
        fields = st.lists(inner, min_size=1, max_size=3)
        return st.one_of(
            inner.map(ListOf),
            inner.map(OptionalOf),
            fields.map(lambda found: ObjectOf(tuple(Field(f"f{n}", one) for n, one in enumerate(found)))),
        )

    return st.recursive(simple, larger, max_leaves=6)


def values(declared: Type) -> st.SearchStrategy[Any]:
    match declared:
        case Primitive(name="str"):
            return st.text(max_size=6)
        case Primitive(name="int"):
            return st.integers(-999, 99999)
        case Primitive(name="bool"):
            return st.booleans()
        case Labels(labels=labels):
            return st.sampled_from(labels)
        case ListOf(item=item):
            return st.lists(values(item), max_size=3)
        case OptionalOf(item=item):
            return st.none() | values(item)
        case ObjectOf(fields=fields):
            return st.fixed_dictionaries({one.name: values(one.type) for one in fields})
        case _:
            return st.floats(-1e6, 1e6, allow_nan=False)


def is_beginning(partial: Any, whole: Any) -> bool:
    """Whether a value may be what is known of another one: only the last of what has begun may lack something."""
    if isinstance(partial, dict) and isinstance(whole, dict):
        return all(name in whole and is_beginning(one, whole[name]) for name, one in partial.items())
    if isinstance(partial, list) and isinstance(whole, list):
        return len(partial) <= len(whole) and all(map(is_beginning, partial, whole))
    if isinstance(partial, str) and isinstance(whole, str):
        return whole.startswith(partial)
    return type(partial) is type(whole) and bool(partial == whole)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_what_is_shown_is_always_a_beginning_of_the_answer(data: st.DataObject) -> None:
    declared = data.draw(types().map(ListOf) | types().map(lambda one: ObjectOf((Field("a", one), Field("b", STR)))))
    value = data.draw(values(declared))
    wrap = isinstance(declared, ListOf)
    body = json.dumps({"answer": value} if wrap else value, ensure_ascii=data.draw(st.booleans()))
    text = data.draw(st.sampled_from(["{}", "```json\n{}\n```", "Here:\n```\n{}\n```\nDone."])).replace("{}", body)
    whole, _ = read_answer(text, answer_form(declared))
    shown = seen(text, declared, step=data.draw(st.integers(1, 7)))
    assert all(is_beginning(one, whole) for one in shown)
    assert shown[-1] == whole


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet='{}[]",:\\ab1u0 \n`', max_size=40))
def test_any_text_can_be_fed(text: str) -> None:
    for declared in (ORDER, ListOf(STR)):
        seen(text, declared)
