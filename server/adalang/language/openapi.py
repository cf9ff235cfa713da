"""OpenAPI descriptions (3.x): their operations, and what those take. Nothing is sent, and nothing fetched."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from adalang.language.schema_types import schema_type
from adalang.language.tool_inputs import Mismatch, Taken, mismatches
from adalang.language.types import BOOL, FLOAT, INT, STR, UNKNOWN, AnyOf, Type

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
_STYLES: Mapping[str, tuple[str, ...]] = {
    "path": ("simple", "json"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject", "json"),
    "header": ("simple", "json"),
    "cookie": ("form", "json"),
    "form": ("form", "spaceDelimited", "pipeDelimited", "deepObject", "json"),
}
"""How a value that is no text is written at each place; the first is what a description means that says nothing."""
_TEXT = AnyOf((STR, INT, FLOAT, BOOL))
"""What may be given for a text where only text can stand."""
_NAMED = 12
"""How many operations a message names."""


class DescriptionError(ValueError):
    """Why a description, or an operation of it, cannot be used. ``known``: the operations' names, where another was asked for."""

    def __init__(self, told: str, known: Sequence[str] = ()) -> None:
        super().__init__(told)
        self.known = known


@dataclass(frozen=True, slots=True)
class Place:
    """Where an input goes: ``where`` is path, query, header, cookie, form (a field of it), field (of a JSON body) or body (all of
    it). ``style`` and ``explode`` are OpenAPI's words for how lists and objects become text."""

    name: str
    where: str
    required: bool
    type: Type = UNKNOWN
    style: str = ""
    explode: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One name may have several places: an input fills them all. ``media`` is the media type of the body ("": none),
    ``open_body`` whether inputs of any name are fields of the body."""

    id: str
    method: str
    path: str
    places: tuple[Place, ...]
    media: str = ""
    open_body: bool = False

    def mismatches(self, declared: Mapping[str, Type]) -> Iterator[Mismatch]:
        """How a tool that is declared with these inputs does not fit."""
        who = f"the operation `{self.id}`"
        takes: dict[str, Taken] = {}
        for one in self.places:
            before = takes.get(one.name, Taken(_TEXT, False))
            kind = one.type if before.type == _TEXT else before.type
            takes[one.name] = Taken(kind, one.required or before.required)
        yield from mismatches(who, takes, declared, takes_others=self.open_body)
        for one in self.places:
            if one.name in declared and one.style not in _STYLES.get(one.where, (one.style,)):
                yield Mismatch(
                    f"{who} takes `{one.name}` in a way that is not known here: {one.style} in a {one.where}"
                )


@dataclass(frozen=True, eq=False)
class Description:
    """``data`` is what was written, ``where`` the file's name or the address, ``error`` why it is no description ("": it is)."""

    data: Mapping[str, Any]
    where: str
    error: str = ""

    @classmethod
    def parse(cls, text: str, where: str) -> Description:
        """A description in JSON or (with PyYAML installed) YAML."""
        try:
            data = _parsed(text, where)
        except DescriptionError as error:
            return cls({}, where, str(error))
        except (RecursionError, MemoryError):
            return cls({}, where, f"{where} is nested too deeply")
        if not isinstance(data, dict) or not str(data.get("openapi", "")).startswith("3"):
            return cls({}, where, f"{where} is no OpenAPI 3 description: it lacks `openapi` 3.x")
        if not isinstance(data.get("paths"), dict):
            return cls({}, where, f"{where} is no OpenAPI 3 description: it lacks `paths`")
        return cls(data, where)

    def operation(self, name: str) -> Operation:
        """The operation with this ``operationId``, or this method and path (`GET /orders/{id}`).

        Raises:
            DescriptionError: there is none, or two, or what it takes cannot be read.
        """
        if self.error:
            raise DescriptionError(self.error)
        try:
            method, _, rest = name.partition(" ")
            label = f"{method.upper()} {rest.strip()}"
            found = [
                one
                for one in self._operations()
                if one[3].get("operationId") == name or (rest and label == f"{one[0]} {one[1]}")
            ]
            if len(found) > 1:
                those = " and ".join(f"{method} {path}" for method, path, _, _ in found)
                raise DescriptionError(f"two operations are called `{name}`: {those}; name one like that")
            if not found:
                known = self._names()
                some = ", ".join(known[:_NAMED]) + (f" and {len(known) - _NAMED} more" if len(known) > _NAMED else "")
                raise DescriptionError(f"the description has no operation `{name}`; it has: {some or 'none'}", known)
            return self._read(name, *found[0])
        except (AttributeError, TypeError, KeyError) as error:
            raise DescriptionError(f"the operation `{name}` is not described as OpenAPI says") from error

    def base_address(self) -> str:
        """The first server, with its variables' defaults.

        Raises:
            DescriptionError: there is none that is a whole address.
        """
        try:
            server = (self.data.get("servers") or [{"url": "/"}])[0]
            url = str(server.get("url", "/"))
            for name, one in (server.get("variables") or {}).items():
                url = url.replace(f"{{{name}}}", str(one.get("default", "")))
        except (AttributeError, TypeError, KeyError) as error:
            raise DescriptionError("`servers` of the description are not written as OpenAPI says") from error
        if "://" not in url and "://" in self.where:
            url = urljoin(self.where, url)
        if "://" not in url:
            raise DescriptionError('the description names no server; say where it is: http("…", base = "https://…")')
        return url

    def _names(self) -> list[str]:
        """How the operations are called: by their ids, and those without one (or with another's) by method and path."""
        found = [(str(one.get("operationId") or ""), f"{method} {path}") for method, path, _, one in self._operations()]
        times = Counter(name for name, _ in found)
        return [name if name and times[name] == 1 else label for name, label in found]

    def _operations(self) -> Iterator[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]:
        """Method, path, the path's item, and the operation itself."""
        for path, item in self.data.get("paths", {}).items():
            shared = self._resolved(item)
            for method in _METHODS:
                if isinstance(found := shared.get(method), dict):
                    yield method.upper(), str(path), shared, found

    def _read(
        self, name: str, method: str, path: str, shared: Mapping[str, Any], found: Mapping[str, Any]
    ) -> Operation:
        listed = map(self._resolved, [*shared.get("parameters", ()), *found.get("parameters", ())])
        places = {(one["name"], one["in"]): self._parameter(one) for one in listed if "name" in one and "in" in one}
        content = self._resolved(found.get("requestBody") or {}).get("content") or {}
        media = next((one for one in (_JSON, FORM, *content) if one in content), "")
        if media and media != FORM and "json" not in media:
            raise DescriptionError(f"the operation `{name}` takes a body of {media}; only JSON and forms are known")
        body = tuple(self._body(content[media], media)) if media else ()
        return Operation(name, method, path, (*places.values(), *body), media, bool(media) and not body)

    def _parameter(self, one: Mapping[str, Any]) -> Place:
        where = one["in"]
        written = one.get("content") or {}
        schema = next(iter(written.values())).get("schema") if written else one.get("schema")
        if written:
            style = "json" if "json" in next(iter(written)) else next(iter(written))
        else:
            style = one.get("style") or _STYLES.get(where, ("",))[0]
        return self._place(one["name"], where, one.get("required", False) or where == "path", schema, style, one)

    def _body(self, content: Mapping[str, Any], media: str) -> Iterator[Place]:
        schema = self._resolved(content.get("schema") or {})
        if schema.get("type", "object") != "object":
            yield Place("body", "body", True, schema_type(schema, self.data))
            return
        needed = set(self._required(schema))
        for name, one in self._properties(schema):
            required = name in needed and not self._resolved(one).get("readOnly")
            if media == FORM:
                how = (content.get("encoding") or {}).get(name) or {}
                style = "json" if "json" in how.get("contentType", "") else how.get("style") or "form"
                yield self._place(name, "form", required, one, style, how)
            else:
                yield Place(name, "field", required, schema_type(one, self.data))

    def _place(self, name: str, where: str, required: bool, schema: Any, style: str, how: Mapping[str, Any]) -> Place:
        found = schema_type(schema, self.data)
        explode = bool(how.get("explode", style == "form"))
        return Place(name, where, required, _TEXT if found == STR else found, style, explode)

    def _properties(self, schema: Mapping[str, Any], depth: int = 0) -> Iterator[tuple[str, Any]]:
        yield from (schema.get("properties") or {}).items()
        for one in schema.get("allOf") or () if depth < 20 else ():
            yield from self._properties(self._resolved(one), depth + 1)

    def _required(self, schema: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
        yield from schema.get("required") or ()
        for one in schema.get("allOf") or () if depth < 20 else ():
            yield from self._required(self._resolved(one), depth + 1)

    def _resolved(self, found: Any) -> Mapping[str, Any]:
        """What a ``$ref`` leads to, inside the description.

        Raises:
            DescriptionError: it leads elsewhere, nowhere, or in a circle.
        """
        for _ in range(20):
            if not isinstance(found, dict):
                return {}
            written = found.get("$ref")
            if written is None:
                return found
            steps = str(written).removeprefix("#/").split("/") if str(written).startswith("#/") else [""]
            found = self.data
            for one in steps:
                found = found.get(one.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
            if found is None:
                raise DescriptionError(f"the description has a $ref that leads nowhere in it: {written}")
        raise DescriptionError("the description has a $ref that leads in a circle")


def description_file(path: Path) -> Description | None:
    """A description that is a file; ``None`` when it cannot be read."""
    try:
        if not path.is_file():  # a pipe would be waited for
            return None
        return Description.parse(path.read_text(encoding="utf-8"), path.name)
    except UnicodeDecodeError:
        return Description({}, path.name, f"{path.name} is not UTF-8; save it as that")
    except (OSError, ValueError):
        return None


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        place = f"{where}:{error.lineno}" if isinstance(error, json.JSONDecodeError) else where
        no_json = f"{place} is no JSON: {getattr(error, 'msg', error)}"
        if where.lower().endswith(".json"):
            raise DescriptionError(no_json) from error
    try:
        from yaml import CSafeLoader, MarkedYAMLError, YAMLError, load
    except ImportError as error:
        raise DescriptionError(f"{no_json}; YAML needs PyYAML: pip install pyyaml") from error
    try:
        return load(text, CSafeLoader)
    except YAMLError as error:
        if text.lstrip().startswith("{"):
            raise DescriptionError(no_json) from error
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        place = f"{where}:{mark.line + 1}" if mark is not None else where
        told = getattr(error, "problem", None) or "it cannot be read"
        raise DescriptionError(f"{place} is neither JSON nor YAML: {told}") from error
