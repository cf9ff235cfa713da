"""The request that a call of an OpenAPI operation is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus, unquote

from adalang.language.openapi import FORM, Operation, Place
from adalang.runtime.failures import BugFailure, ToolFailure

_Code = Callable[[str], str]
_encoded: _Code = partial(quote, safe="")
_BETWEEN: Mapping[str, str] = {"spaceDelimited": "%20", "pipeDelimited": "%7C"}


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """``url`` is encoded, with its query; ``form`` is an encoded form, ``json`` the other body, where ``has_json``."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    form: str | None = None
    json: Any = None
    has_json: bool = False


def request(found: Operation, base: str, inputs: Mapping[str, Any], fixed: Mapping[str, str]) -> HttpRequest:
    """The request that a call with these inputs is; inputs that are ``None`` are left out. ``fixed`` stands in the query besides.

    Raises:
        BugFailure: an input is nested more deeply than its place can say.
        ToolFailure: a value cannot stand in a path.
    """
    given = {name: value for name, value in inputs.items() if value is not None}
    path, headers, cookies = found.path, dict[str, str](), dict[str, str]()
    query, form = list[str](), list[str]()
    fields = {name: value for name, value in given.items() if found.open_body and not _has_place(found, name)}
    body: Any = None
    for one in found.places:
        if one.name not in given:
            continue
        value = given[one.name]
        match one.where:
            case "path":
                path = path.replace(f"{{{one.name}}}", _in_path(one, value))
            case "query":
                query += _pairs(one, value, _encoded)
            case "header":
                headers[one.name] = _simple(one, value, str)
            case "cookie":
                cookies[one.name] = _simple(one, value, str)
            case "form":
                form += _pairs(one, value, quote_plus)
            case "field":
                fields[one.name] = value
            case "body":
                body = value
    if "{" in path:
        raise BugFailure(f"the operation `{found.id}` has a path with more places than inputs: {path}")
    query = [one for one in query if unquote(one.partition("=")[0]) not in fixed]
    query += [f"{_encoded(name)}={_encoded(value)}" for name, value in fixed.items()]
    url = base.rstrip("/") + path
    if query:
        url += ("&" if "?" in url else "?") + "&".join(query)
    if found.media == FORM:
        for name, value in fields.items():
            form += _pairs(Place(name, "form", False, style="form", explode=True), value, quote_plus)
        return HttpRequest(found.method, url, headers, cookies, form="&".join(form) if form else None)
    body = fields or None if body is None else body
    return HttpRequest(found.method, url, headers, cookies, json=body, has_json=body is not None)


def _has_place(found: Operation, name: str) -> bool:
    return any(one.name == name for one in found.places)


def _pairs(place: Place, value: Any, code: _Code) -> Iterator[str]:
    """A value as `name=value`, several of them, or none, all encoded."""
    name = code(place.name)
    match value:
        case list() | dict() if place.style == "json":
            yield f"{name}={code(json.dumps(value, ensure_ascii=False))}"
        case dict() if place.style == "deepObject":
            yield from (f"{code(f'{place.name}[{key}]')}={code(text)}" for key, text in _entries(place, value))
        case dict() if place.explode:
            yield from (f"{code(key)}={code(text)}" for key, text in _entries(place, value))
        case list() if place.explode:
            yield from (f"{name}={code(_plain(place, one))}" for one in value)
        case list() | dict():
            if texts := [code(one) for one in _parts(place, value)]:
                yield f"{name}={_BETWEEN.get(place.style, ',').join(texts)}"
        case _:
            yield f"{name}={code(_plain(place, value))}"


def _simple(place: Place, value: Any, code: _Code) -> str:
    """A value as one text, whose parts stand between commas."""
    match value:
        case list() | dict() if place.style == "json":
            return code(json.dumps(value))
        case list() | dict() if place.where == "cookie" and place.explode:
            raise BugFailure(f"`{place.name}` is a list or an object, and a cookie holds one text")
        case dict() if place.explode:
            return ",".join(f"{code(key)}={code(text)}" for key, text in _entries(place, value))
        case list() | dict():
            return ",".join(map(code, _parts(place, value)))
        case _:
            return code(_plain(place, value))


def _in_path(place: Place, value: Any) -> str:
    """A value as one segment of a path: it can neither end it nor climb out of it."""
    plain = _simple(place, value, str)
    if plain in ("", ".", ".."):
        raise ToolFailure(f"`{place.name}` is {plain!r}, which cannot stand in an address")
    return _simple(place, value, _encoded)


def _parts(place: Place, value: list[Any] | dict[str, Any]) -> list[str]:
    if isinstance(value, dict):
        return [part for entry in _entries(place, value) for part in entry]
    return [_plain(place, one) for one in value]


def _entries(place: Place, value: dict[str, Any]) -> list[tuple[str, str]]:
    return [(key, _plain(place, one)) for key, one in value.items() if one is not None]


def _plain(place: Place, value: Any) -> str:
    if isinstance(value, list | dict):
        raise BugFailure(f"`{place.name}` has a list or an object within, which cannot be written in a {place.where}")
    return value if isinstance(value, str) else json.dumps(value)
