"""Fixes for types and the values of settings."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from adalang.ide.fixes.broken import Broken, Mend
from adalang.ide.fixes.calls import number_or_bool
from adalang.ide.placement import removal
from adalang.language.declarations import (
    Constant,
    Demos,
    Hole,
    Member,
    ObjectExpression,
    ObjectField,
    Pair,
    Reference,
    Repeat,
    Setting,
    Text,
    ToolDeclaration,
    TypeDeclaration,
    UnionType,
    setting,
)
from adalang.language.diagnostics import did_you_mean
from adalang.language.settings import RETRIEVAL_METHODS, SETTINGS, SPLIT_NAMES, WORDS, SettingSpec
from adalang.language.text import Edit
from adalang.language.types import BOOL, FLOAT


def recursive(broken: Broken) -> Iterator[Mend]:
    """A text in the place of the type that contains itself."""
    if broken.item is not None and isinstance(broken.item.declaration, TypeDeclaration):
        yield broken.replaced("str")


def field_twice(broken: Broken) -> Iterator[Mend]:
    found = broken.part(ObjectField, Pair)
    if found is None and broken.holder(UnionType) is not None:
        found = broken.part(Text)
    if found is not None:
        place = found.span.shifted(broken.start)
        yield broken.mend(f"Remove `{broken.source.slice(place)}`", removal(broken.source, place))


# ---- settings


def setting_value(broken: Broken) -> Iterator[Mend]:
    """A value that is plainly meant: a number in quotes, one beyond its range, a name where a list of names is wanted."""
    item = broken.item
    value = broken.part(Text, Constant, Reference, Member)
    if item is None or value is None:
        return
    repeat, holder = broken.holder(Repeat), broken.holder(Setting)
    pair = broken.holder(Pair)
    meant: str | None = None
    if repeat is not None and repeat.times is value:
        meant = _number(value, SettingSpec("repeat", "int", "", 1))
    elif isinstance(item.declaration, ToolDeclaration) and item.declaration.value is value:
        meant = f"python({broken.word})" if isinstance(value, Text) and ".py:" in value.value else None
    elif pair is not None and holder is not None:
        meant = _in_object(holder.name.text, pair, value)
    elif holder is not None and holder.value is value:
        demos = broken.holder(Demos)
        kind = "demos" if demos is not None else item.declaration.kind
        spec = SETTINGS.get(kind, {}).get(holder.name.text)
        meant = _raised(demos, value) or (_meant(broken, spec, value) if spec is not None else None)
    if meant is not None:
        yield broken.replaced(meant)


def _raised(demos: Demos | None, value: Any) -> str | None:
    """As many examples as there are."""
    found = setting(demos.settings, "max") if demos is not None else None
    if demos is None or demos.value is None or found is None or found.value is not value:
        return None
    most = value.value if isinstance(value, Constant) else None
    count = len([one for one in demos.value.items if not isinstance(one, Hole)])
    return str(count) if isinstance(most, int) and 0 <= most < count <= 100 else None


def _meant(broken: Broken, spec: SettingSpec, value: Any) -> str | None:
    match spec.kind:
        case "int" | "number":
            return _number(value, spec)
        case "bool" if isinstance(value, Text):
            return number_or_bool(value.value, BOOL)
        case "text" | "file" if not isinstance(value, Text):
            return json.dumps(broken.word, ensure_ascii=False) if isinstance(value, Reference | Constant) else None
        case "components" | "params" if isinstance(value, Reference | Member):
            return f"[{broken.word}]"
        case "words" if isinstance(value, Text):
            known = next(words for (_, name), words in WORDS.items() if name == spec.name)
            return f'["{value.value}"]' if value.value in known else None
        case "method":
            named = value.name if isinstance(value, Reference) else getattr(value, "value", "")
            return did_you_mean(str(named), RETRIEVAL_METHODS)
        case _:
            return None


def _number(value: Any, spec: SettingSpec) -> str | None:
    """The number that was meant, within the range."""
    if isinstance(value, Text):
        plain = number_or_bool(value.value, FLOAT)
        found = json.loads(plain) if plain is not None else None
    else:
        found = value.value if isinstance(value, Constant) else None
    if found is None or isinstance(found, bool):
        return None
    low, high = spec.low if spec.low is not None else -math.inf, spec.high if spec.high is not None else math.inf
    bounded = min(max(found, low), high)
    if not math.isfinite(bounded):
        return None
    return str(round(bounded)) if spec.kind == "int" or bounded == round(bounded) else repr(bounded)


def _in_object(name: str, pair: Pair, value: Any) -> str | None:
    """A fraction of a split, a bound of a budget."""
    plain = number_or_bool(value.value, FLOAT) if isinstance(value, Text) else None
    number = json.loads(plain) if plain is not None else getattr(value, "value", None)
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    if name == "split" and pair.name.text in SPLIT_NAMES:
        share = number / 100 if 1 < number <= 100 else number
        return repr(round(share, 6)) if 0 <= share <= 1 else None
    return plain


def fractions(broken: Broken) -> Iterator[Mend]:
    """The same proportions, adding up to 1."""
    value = broken.part(ObjectExpression)
    shares = [one.value.value if isinstance(one.value, Constant) else None for one in value.pairs] if value else []
    numbers = [one for one in shares if isinstance(one, int | float) and not isinstance(one, bool) and one >= 0]
    total = sum(numbers)
    if value is None or len(numbers) != len(value.pairs) or not total > 1:
        return
    scaled = [round(one / total, 2) for one in numbers]
    scaled[-1] = round(scaled[-1] + 1 - sum(scaled), 2)
    if min(scaled) > 0:
        listed = ", ".join(f"{pair.name.text} = {share:g}" for pair, share in zip(value.pairs, scaled, strict=True))
        yield broken.mend(
            f"Change to {{ {listed} }}",
            *(
                Edit(pair.value.span.shifted(broken.start), f"{share:g}")
                for pair, share in zip(value.pairs, scaled, strict=True)
            ),
        )
