"""Operations of an OpenAPI description (3.x): what they take, and the request that a call of one is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urljoin

from adalang.runtime.failures import BugFailure, ToolFailure

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    place: str  # path, query, header or cookie
    required: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """``body`` is the media type of its body ("": none), ``fields`` the names of the body's fields that are known, each with
    whether it is required. A body that is no object is the input called ``body``."""

    id: str
    method: str
    path: str
    parameters: tuple[Parameter, ...]
    body: str = ""
    fields: Mapping[str, bool] = field(default_factory=dict)
    whole_body: bool = False
    open_body: bool = False

    def check(self, inputs: Mapping[str, Any]) -> None:
        """Whether the declaration's inputs are the operation's.

        Raises:
            BugFailure: one is unknown, or one that it needs is missing.
        """
        known = {one.name: one.required for one in self.parameters} | dict(self.fields)
        if self.whole_body:
            known["body"] = True
        for name in inputs:
            if name not in known and not self.open_body:
                raise BugFailure(
                    f"the operation `{self.id}` takes no `{name}`; it takes: {', '.join(known) or 'nothing'}"
                )
        for name, required in known.items():
            if required and name not in inputs:
                raise BugFailure(f"the operation `{self.id}` needs `{name}`; the declaration does not give it")


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """``query`` are pairs, as a list is several of one name; ``json`` and ``form`` are bodies, of which there is one at most."""

    method: str
    url: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    cookies: dict[str, str]
    json: Any = None
    form: dict[str, str] | None = None
    has_body: bool = False


def parsed(text: str, where: str) -> Mapping[str, Any]:
    """A description's text, JSON or (with PyYAML installed) YAML, as data.

    Raises:
        BugFailure: it is neither, or no OpenAPI 3 description.
    """
    try:
        found = json.loads(text)
    except ValueError as error:
        try:
            from yaml import YAMLError, safe_load
        except ImportError:
            raise BugFailure(f"{where} is no JSON ({error}); YAML needs PyYAML: pip install pyyaml") from error
        try:
            found = safe_load(text)
        except YAMLError as problem:
            raise BugFailure(f"{where} is neither JSON nor YAML: {' '.join(str(problem).split())}") from problem
    if not isinstance(found, dict) or not str(found.get("openapi", "")).startswith("3") or "paths" not in found:
        raise BugFailure(f"{where} is no OpenAPI 3 description: it lacks `openapi` 3.x or `paths`")
    return found


def operation(description: Mapping[str, Any], name: str) -> Operation:
    """The operation with this ``operationId``.

    Raises:
        BugFailure: there is none.
    """
    known = []
    for path, item in description["paths"].items():
        shared = _resolved(description, item)
        for method in _METHODS:
            found = shared.get(method)
            if not isinstance(found, dict):
                continue
            known.append(str(found.get("operationId", "")))
            if found.get("operationId") == name:
                return _operation(description, name, method, path, shared, found)
    raise BugFailure(
        f"the description has no operation `{name}`; it has: {', '.join(filter(None, known)) or 'none with an id'}"
    )


def base_address(description: Mapping[str, Any], where: str) -> str:
    """The description's first server, with its variables' defaults.

    Raises:
        BugFailure: it has none that is a whole address.
    """
    servers = description.get("servers") or [{"url": "/"}]
    url = str(servers[0].get("url", "/"))
    for name, one in (servers[0].get("variables") or {}).items():
        url = url.replace(f"{{{name}}}", str(one.get("default", "")))
    if "://" not in url and "://" in where:
        url = urljoin(where, url)
    if "://" not in url:
        raise BugFailure('the description names no server; say where it is: http("…", base = "https://…")')
    return url


def request(found: Operation, base: str, inputs: Mapping[str, Any]) -> HttpRequest:
    """The request that a call with these inputs is; inputs that are ``None`` are left out.

    Raises:
        BugFailure: see :meth:`Operation.check`.
        ToolFailure: a value cannot stand in a path.
    """
    found.check(inputs)
    given = {name: value for name, value in inputs.items() if value is not None}
    path, query, headers, cookies = found.path, [], {}, {}
    for one in found.parameters:
        if one.name not in given:
            continue
        value = given.pop(one.name)
        match one.place:
            case "path":
                path = path.replace(f"{{{one.name}}}", _in_path(one.name, value))
            case "query":
                query += [(one.name, _text(each)) for each in (value if isinstance(value, list) else [value])]
            case "header":
                headers[one.name] = _text(value)
            case _:
                cookies[one.name] = _text(value)
    if "{" in path:
        raise BugFailure(f"the operation `{found.id}` has a path with more places than inputs: {path}")
    url = base.rstrip("/") + path
    body = given.get("body") if found.whole_body else given
    if not found.body or (not found.whole_body and not body):
        return HttpRequest(found.method, url, query, headers, cookies)
    if found.body == _FORM and isinstance(body, dict):
        form = {name: _text(value) for name, value in body.items()}
        return HttpRequest(found.method, url, query, headers, cookies, form=form, has_body=True)
    return HttpRequest(found.method, url, query, headers, cookies, json=body, has_body=True)


def _operation(
    description: Mapping[str, Any],
    name: str,
    method: str,
    path: str,
    shared: Mapping[str, Any],
    found: Mapping[str, Any],
) -> Operation:
    parameters = {
        (one["name"], one["in"]): Parameter(one["name"], one["in"], one.get("required", False) or one["in"] == "path")
        for one in _parameters(description, [*shared.get("parameters", ()), *found.get("parameters", ())])
    }
    content = _resolved(description, found.get("requestBody") or {}).get("content") or {}
    media = next((one for one in (_JSON, _FORM, *content) if one in content), "")
    if media and media != _FORM and "json" not in media:
        raise BugFailure(f"the operation `{name}` takes a body of {media}; only JSON and forms are known")
    schema = _resolved(description, content[media].get("schema") or {}) if media else {}
    whole = bool(media) and schema.get("type", "object") != "object"
    needed = set(schema.get("required") or ())
    fields = {} if whole else {one: one in needed for one in _properties(description, schema)}
    return Operation(
        name,
        method.upper(),
        path,
        tuple(parameters.values()),
        media,
        fields,
        whole,
        bool(media) and not whole and not fields,
    )


def _parameters(description: Mapping[str, Any], listed: list[Any]) -> Iterator[Mapping[str, Any]]:
    for one in listed:
        found = _resolved(description, one)
        if "name" in found and "in" in found:
            yield found


def _properties(description: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    yield from schema.get("properties") or {}
    for one in schema.get("allOf") or ():
        yield from _properties(description, _resolved(description, one))


def _resolved(description: Mapping[str, Any], found: Any) -> Mapping[str, Any]:
    """What a ``$ref`` leads to, inside the description.

    Raises:
        BugFailure: it leads elsewhere, nowhere, or in a circle.
    """
    for _ in range(20):
        if not isinstance(found, dict):
            return {}
        written = found.get("$ref")
        if written is None:
            return found
        steps = str(written).removeprefix("#/").split("/") if str(written).startswith("#/") else [""]
        found = description
        for one in steps:
            found = found.get(one.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        if found is None:
            raise BugFailure(f"the description has a $ref that leads nowhere in it: {written}")
    raise BugFailure("the description has a $ref that leads in a circle")


def _in_path(name: str, value: Any) -> str:
    """A value as one segment of a path: it can neither end it nor climb out of it."""
    text = ",".join(map(_text, value)) if isinstance(value, list) else _text(value)
    if text in ("", ".", ".."):
        raise ToolFailure(f"`{name}` is {text!r}, which cannot stand in an address")
    return quote(text, safe="")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
