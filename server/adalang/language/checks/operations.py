"""HTTP tools: the OpenAPI file that one names has the operation, and it is as the tool is declared."""

from __future__ import annotations

from pathlib import Path

from adalang.language.checks.scope import Scope
from adalang.language.declarations import CallExpression, Expression, Text, ToolDeclaration
from adalang.language.diagnostics import did_you_mean, replace
from adalang.language.lower import Item
from adalang.language.openapi import DescriptionError
from adalang.language.tool_sources import http_source


def described_operation(scope: Scope, item: Item, call: CallExpression, declaration: ToolDeclaration) -> None:
    """``http("openapi.json:operation")``; a description at an address is known only when the tool is called."""
    text = call.arguments[0].value if call.arguments else None
    if not isinstance(text, Text) or "://" in text.value:
        return
    file, written = http_source(text.value)
    path = Path(scope.module.path.parent / file)
    if scope.facts.exists(path) is False:
        scope.report.add("ADL501", item, text.span, f"There is no file `{file}` (looked beside this file).")
        return
    options = {one.name.text: one.value for one in call.arguments[1:] if one.name is not None}
    named = options.get("operation")
    if named is not None and not isinstance(named, Text):
        return
    description = scope.facts.description(path)
    if description is None:
        return
    if description.error:
        scope.report.add("ADL513", item, text.span, _sentence(description.error))
        return
    place: Expression = text if named is None else named
    name = named.value if named is not None else written or declaration.name.text
    try:
        operation = description.operation(name)
        if "base" not in options:
            description.base_address()
    except DescriptionError as error:
        meant = did_you_mean(name, error.known)
        hint = f" Did you mean `{meant}`?" if meant else ""
        change = f'"{meant}"' if named is not None else f'"{file}:{meant}"'
        fixes = [replace(item, place.span, change)] if meant else ()
        scope.report.add("ADL513", item, place.span, _sentence(str(error)) + hint, fixes=fixes)
        return
    inputs = {one.name.text: scope.program.type_of(one.type, scope.module) for one in declaration.parameters}
    for one in operation.mismatches(inputs):
        scope.report.add("ADL205" if one.of_type else "ADL203", item, place.span, _sentence(one.message))


def _sentence(told: str) -> str:
    """Words that a run says after the tool's name, as a sentence of their own; files' names stay as they are."""
    return (told[0].upper() + told[1:] if told.startswith(("the ", "two ")) else told) + "."
