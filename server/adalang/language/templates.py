"""What a message's Jinja template uses, judged by Jinja's own parser, with positions from our own tree.

Jinja gives names without columns; the grammar gives every token a range. A template is therefore parsed twice: by Jinja for
what it means (cached by its text), and by the grammar for where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from adalang.language.declarations import JinjaTag, JinjaToken, Template
from adalang.language.text import Span

if TYPE_CHECKING:
    from jinja2 import nodes

    from adalang.language.sandbox import Environment

WORDS = frozenset({"and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None"})
"""What Jinja never takes for a variable. Its other words are words only in their place in a tag: see :func:`_reads`."""

PART_FUNCTIONS = frozenset({"image", "file"})
"""The renderer's own functions, whose value is a part of the message."""

TAKEN = WORDS | PART_FUNCTIONS | {"loop", "self"}
"""Names under which a message never, or not everywhere, shows an input or a param: Jinja or the renderer has its own."""

GLOBALS = frozenset({"range", "dict", "lipsum", "cycler", "joiner", "namespace"}) | PART_FUNCTIONS
_TAG = r"""\{%(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?!%\}).)*?%\}|\{\#.*?\#\}"""
_CONTROL_LINE = re.compile(rf"^[ \t]*((?:{_TAG})(?:[ \t]*(?:{_TAG}))*)[ \t]*(?:\n|\Z)", re.MULTILINE | re.DOTALL)


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The environment that templates are judged in."""
    from adalang.language.sandbox import Environment

    return Environment()


def without_control_lines(text: str) -> str:
    """The template with lines that hold only Jinja control tags or comments reduced to their tags."""
    return _CONTROL_LINE.sub(lambda match: match.group(1), text) if "{%" in text or "{#" in text else text


@dataclass(frozen=True, slots=True)
class JinjaFault:
    """Jinja's own complaint; ``line`` is zero-based in the template's text."""

    message: str
    line: int
    kind: str


@dataclass(frozen=True, slots=True)
class TemplateMeaning:
    """``undeclared``: names that must come from outside (none where there is a ``fault``)."""

    undeclared: frozenset[str]
    fault: JinjaFault | None


@lru_cache(maxsize=4096)
def meaning(text: str) -> TemplateMeaning:
    """What Jinja makes of a template's text."""
    from jinja2 import TemplateSyntaxError

    from adalang.language.sandbox import undeclared

    try:
        tree = environment().parse(text)
        unknown = _unknown_filter(tree)
        if unknown is not None:
            return TemplateMeaning(frozenset(), unknown)
        names = undeclared(tree) - GLOBALS
    except TemplateSyntaxError as error:
        return TemplateMeaning(frozenset(), JinjaFault(error.message or "cannot be read", error.lineno - 1, "syntax"))
    except RecursionError:
        return TemplateMeaning(frozenset(), JinjaFault("it is nested too deeply", 0, "syntax"))
    except ValueError as error:  # a number with too many digits
        return TemplateMeaning(frozenset(), JinjaFault(str(error), 0, "syntax"))
    return TemplateMeaning(names, None)


def _unknown_filter(tree: nodes.Template) -> JinjaFault | None:
    from jinja2 import nodes

    known = environment()
    for found in tree.find_all((nodes.Filter, nodes.Test)):
        assert isinstance(found, nodes.Filter | nodes.Test)
        table, what = (known.filters, "filter") if isinstance(found, nodes.Filter) else (known.tests, "test")
        if found.name not in table:
            return JinjaFault(f"no {what} is called `{found.name}`", found.lineno - 1, f"{what}:{found.name}")
    return None


@dataclass(frozen=True, slots=True)
class Use:
    """A name at the start of a path in a tag: `p` in ``{{ p.text }}``, with the fields that follow it."""

    name: str
    span: Span
    fields: tuple[tuple[str, Span], ...]


def uses(template: Template) -> Iterator[Use]:
    """Every place where a tag reads a name, in order."""
    for tag in template.tags:
        tokens = tag.tokens
        for index in _reads(tag):
            token = tokens[index]
            if token.kind != "name" or token.text in WORDS or _is_part(tokens, index):
                continue
            yield Use(token.text, token.span, tuple(_fields(tokens, index)))


def _reads(tag: JinjaTag) -> range:
    """The tokens among which variables may stand: without the tag's own words, such as `recursive` behind a `for`."""
    words = [token.text for token in tag.tokens]
    head = next((index for index, token in enumerate(tag.tokens) if token.kind == "name"), len(words))
    end = len(words)
    if tag.kind == "interpolation":
        return range(end)
    name = words[head] if head < end else ""
    if name in ("include", "import") and words[-2:] in (["with", "context"], ["without", "context"]):
        end -= 2
    match name:
        case "for" if words[-1] == "recursive":
            end -= 1
        case "include" if words[end - 2 : end] == ["ignore", "missing"]:
            end -= 2
        case "import" if "as" in words:
            end = words.index("as", head)
        case "from" if "import" in words:
            end = words.index("import", head)
        case "filter" | "macro":  # the name behind it is no variable's
            return range(head + 2, end)
        case "block" | "endblock" | "endmacro":
            return range(0)
    return range(head + 1, end)


def _is_part(tokens: tuple[JinjaToken, ...], index: int) -> bool:
    """Whether the name is a field, a filter, a test or a keyword argument's name."""
    before = tokens[index - 1].text if index else ""
    after = tokens[index + 1].text if index + 1 < len(tokens) else ""
    if before in (".", "|", "is") or (before == "not" and index > 1 and tokens[index - 2].text == "is"):
        return True
    return after == "=" and index > 0 and tokens[0].text != "set"


def _fields(tokens: tuple[JinjaToken, ...], index: int) -> Iterator[tuple[str, Span]]:
    at = index + 1
    while at + 1 < len(tokens) and tokens[at].text == "." and tokens[at + 1].kind == "name":
        yield tokens[at + 1].text, tokens[at + 1].span
        at += 2
