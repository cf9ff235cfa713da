"""Names of settings, keys of objects, and the parts of a body; declarations and their first words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from adalang.ide.completions.found import Found
from adalang.ide.occurrences import Site
from adalang.ide.stand_in import STAND_IN
from adalang.ide.words import DECLARATIONS, MESSAGES, OBJECT_KEYS, SNIPPETS
from adalang.language.settings import SETTINGS
from adalang.language.types import ObjectOf, OptionalOf, Type, Unknown, describe


def declarations() -> Iterator[Found]:
    """What may start at column 0."""
    for word in DECLARATIONS:
        yield Found(word, "keyword", f"keyword {word}", "declaration", SNIPPETS[word], snippet=True)


def settings(kind: str, given: frozenset[str], sign: str) -> Iterator[Found]:
    """The settings of a kind of declaration, or the keys of an object setting, that do not stand there yet.

    ``sign`` is what to write behind a name: "" where a `=` follows already.
    """
    keys = OBJECT_KEYS.get(kind)
    if keys is not None:
        for name in keys:
            if name not in given:
                yield Found(name, "setting", f"setting {kind} {name}", "", f"{name}{sign}")
        return
    for name, spec in SETTINGS.get(kind, {}).items():
        if name not in given:
            yield Found(name, "setting", f"setting {kind} {name}", spec.kind, f"{name}{sign}")
    if kind in ("prompt", "agent"):
        yield from _parts_of_body(sign)


def _parts_of_body(sign: str) -> Iterator[Found]:
    for role in MESSAGES:
        insert = f'{role} = """${{1}}"""' if sign else role
        yield Found(role, "message", f"message {role}", "message", insert, snippet=bool(sign), rank=1)
    if sign:
        param, demos = 'param ${1:instruction} = "${2}"', "demos ${1:shots} { max = ${2:4} }"
        yield Found("param", "keyword", "keyword param", "trainable text", param, snippet=True, rank=1)
        yield Found("demos", "keyword", "keyword demos", "trainable examples", demos, snippet=True, rank=1)


def statements(site: Site) -> Iterator[Found]:
    """At the start of a pipeline's line."""
    if site.item.declaration.kind == "pipeline":
        yield Found("return", "keyword", "keyword return", "statement", "return ", rank=1)
        body = "repeat ${1:3} until ${2:done} {\n  ${3}\n}"
        yield Found("repeat", "keyword", "keyword repeat", "statement", body, snippet=True, rank=1)


def keys(owner: Type, given: frozenset[str], assigned: bool) -> Iterator[Found]:
    """The fields that an object written here does not have yet: those that it must have first, and all of them at once."""
    if not isinstance(owner, ObjectOf):
        return
    sign = "" if assigned else " = "
    fields = [one for one in owner.fields if one.name not in given and one.name != STAND_IN]
    for one in fields:
        optional = isinstance(one.type, OptionalOf)
        detail = "" if isinstance(one.type, Unknown) else describe(one.type)
        yield Found(one.name, "field", "", detail, f"{one.name}{sign}", rank=int(optional))
    needed = [one.name for one in fields if not isinstance(one.type, OptionalOf)]
    if len(needed) > 1 and sign:
        insert = pairs(owner, given | {STAND_IN})
        yield Found(", ".join(needed), "snippet", "", "all at once", insert, snippet=True, rank=2)


def pairs(owner: ObjectOf, given: frozenset[str] = frozenset()) -> str:
    """A snippet with a place for each field that is needed."""
    needed = [one for one in owner.fields if one.name not in given and not isinstance(one.type, OptionalOf)]
    return ", ".join(f"{one.name} = {stop(number, one.type)}" for number, one in enumerate(needed, 1))


def in_snippet(text: str) -> str:
    """The text as a snippet that puts in just this text."""
    return re.sub(r"[\\$}]", r"\\\g<0>", text)


def stop(number: int, declared: Type) -> str:
    """A snippet's stop for a value, in quotes where it is a text."""
    return f'"${{{number}}}"' if describe(declared) == "str" or hasattr(declared, "labels") else f"${{{number}}}"
