"""What to say about text that the grammar cannot read: one message per mistake, that names the mend.

The grammar marks most mistakes itself: a gap is a ``missing`` node, ``:`` for ``=`` a ``mistyped`` one, a bracket that stays
open an ``unclosed`` one. What is left are ERROR nodes; the rules below look at what stands there and say what a person would.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from tree_sitter import Query, QueryCursor

from adalang.language import models
from adalang.language.declarations import Problem, Text
from adalang.language.literal import encode
from adalang.language.settings import KEYWORDS
from adalang.language.syntax import Node, grammar
from adalang.language.text import BOM, SourceText, Span
from adalang.language.types import BUILT_IN

_OPENERS = {"(": ")", "[": "]", "{": "}"}

FORMS = {
    "import": 'Write `import "file.adal"`.',
    "model": 'Write `model name = "provider/model" { temperature = 0 }`.',
    "type": 'Write `type Name = "a" | "b"` or `type Name = { field: str }`.',
    "param": 'Write `param name = "text"`.',
    "prompt": 'Write `prompt name(input: str) -> str { user = """…""" }`.',
    "retriever": "Write `retriever name(query: str) -> Passage[] { … }`.",
    "tool": 'Write `tool name(input: str) -> str = python("file.py:function")`.',
    "agent": "Write `agent name(input: str) -> str { … }`.",
    "pipeline": "Write `pipeline name(input: str) -> str { step = …  return step }`.",
    "dataset": 'Write `dataset name = "file.jsonl"`.',
    "eval": "Write `eval name of component { data = …  metric = … }`.",
    "optimize": "Write `optimize eval_name { budget = { calls = 100 } }`.",
    "demos": "Write `demos name { max = 4 }`.",
    "repeat": "Write `repeat 3 until done { … }`.",
}
_TYPES = "str, int, float, bool, T[], T? or a declared type"


@cache
def _query() -> Query:
    return Query(
        grammar(),
        """
        (ERROR) @error (MISSING) @missing (missing) @missing (unclosed) @unclosed (jinja_unclosed) @jinja
        (mistyped) @mistyped (parameter !type) @untyped
        """,
    )


def of_declaration(node: Node, source: SourceText) -> list[Problem]:
    """The syntax mistakes inside a declaration; spans count from its start."""
    return _Mistakes(source, node.start_byte).of(node)


def of_top_level(node: Node, source: SourceText) -> list[Problem]:
    """The mistakes of an ERROR node between declarations; spans count from the file's start."""
    mistakes = _Mistakes(source, 0)
    word = mistakes.first_word(node)
    if word is None or word[0] in KEYWORDS:
        return mistakes.of(node)
    text, span = word
    meant = _similar(text)
    hint = f"Did you mean `{meant}`?" if meant else f"There are {', '.join(KEYWORDS)}."
    fixes = ((f"Change to `{meant}`", ((span, meant),), False),) if meant else ()
    return [Problem("ADL007", span, f"No declaration starts with `{text}`. {hint}", fixes)]


@dataclass(frozen=True, slots=True)
class _Spot:
    """A node that marks a mistake, with its ancestors (outermost first), its field, and its neighbours.

    Gaps have no width, and several may stand at one place: which is which only their order in their parent tells.
    """

    node: Node
    ancestors: tuple[Node, ...]
    field: str | None
    before: Node | None
    after: Node | None

    @property
    def parent(self) -> Node:
        return self.ancestors[-1] if self.ancestors else self.node

    def inside_unclosed(self, above: int = 0) -> bool:
        """Whether it stands in, or right behind, a list that is never closed: that is the mistake then."""
        behind = self.before is not None and self.before.type in _LISTS and _is_unclosed(self.before)
        inside = self.ancestors[: len(self.ancestors) - above]
        return behind or any(one.type in _LISTS and _is_unclosed(one) for one in inside)


_LISTS = frozenset({"parameters", "arguments", "array"})
_MARKS = frozenset({"ERROR", "missing", "unclosed", "jinja_unclosed", "mistyped"})


def _is_unclosed(node: Node) -> bool:
    return bool(node.children) and node.children[-1].type == "unclosed"


def _spots(node: Node, ancestors: tuple[Node, ...]) -> Iterator[_Spot]:
    """All marks below (and of) a node, in the order of the text; what an ERROR holds belongs to it."""
    if not ancestors and node.type == "ERROR":
        yield _Spot(node, (), None, None, None)
        return
    children = node.children
    for index, child in enumerate(children):
        before = children[index - 1] if index else None
        after = children[index + 1] if index + 1 < len(children) else None
        is_mark = child.type in _MARKS or child.is_missing
        if is_mark or (child.type == "parameter" and child.child_by_field_name("type") is None):
            yield _Spot(child, (*ancestors, node), node.field_name_for_child(index), before, after)
        if child.type != "ERROR":
            yield from _spots(child, (*ancestors, node))


class _Mistakes:
    """Finds and words the mistakes below one node. ``base``: the byte from which their spans count."""

    def __init__(self, source: SourceText, base: int) -> None:
        self._source, self._base = source, base

    def of(self, node: Node) -> list[Problem]:
        if not QueryCursor(_query()).captures(node):
            return []
        problems: list[tuple[Problem, bool]] = []  # with whether it makes the rest of its line doubtful
        for spot in _spots(node, ()):
            one = spot.node
            if len(problems) == MOST:
                break
            if (habit := self._habit(one)) is not None:
                problems.append((habit, True))
            elif one.type == "unclosed":
                if not spot.inside_unclosed(above=1):
                    problems.append((self._unclosed(spot), True))
            elif one.type == "jinja_unclosed":
                problems.append((self._unclosed_jinja(spot), False))
            elif one.type == "parameter":
                problems += [(problem, False) for problem in self._untyped(spot)]
            elif spot.inside_unclosed():
                continue
            elif one.type == "ERROR":
                problems.append((self._error(spot), True))
            elif one.type == "mistyped":
                behind = self._behind_signature(one.start_byte)
                problems.append((behind or self._mistyped(spot), behind is not None))
            elif not (spot.field == "until" and any(child.type == "ERROR" for child in spot.parent.children)):
                problems.append((self._missing(spot), spot.field not in _HARMLESS))
        return self._without_echoes(problems)

    def _without_echoes(self, problems: list[tuple[Problem, bool]]) -> list[Problem]:
        """One mistake often upsets the parser twice at the same place; the first thing said is enough."""
        kept: list[Problem] = []
        end, spoilt = -1, set[int]()
        for one, doubtful in sorted(problems, key=lambda pair: (pair[0].span.start, pair[0].code in _VAGUE)):
            line = self._source.line_of(one.span.start + self._base)
            if one.span.start > end and line not in spoilt:
                kept.append(one)
                end = max(end, one.span.end)
                spoilt.update([line] if doubtful else ())
        return kept

    # -- small things

    def _span(self, start: int, end: int) -> Span:
        return Span(start - self._base, end - self._base)

    def _slice(self, node: Node) -> str:
        return self._source.slice(Span(node.start_byte, node.end_byte))

    def _end_before(self, node: Node) -> int:
        """Where the text before a node ends, white space left out."""
        return self._end_of_text(node.start_byte)

    def _end_of_text(self, end: int) -> int:
        while end and self._source.data[end - 1 : end].isspace():
            end -= 1
        return end

    def _line_at(self, offset: int) -> Span:
        """The line of a byte, without its end and a byte-order mark."""
        line = self._source.line_span(self._source.line_of(offset))
        start = line.start + len(BOM) * self._source.data.startswith(BOM, line.start)
        return Span(start, line.end)

    def _word_before(self, end: int) -> tuple[str, Span]:
        """The word or sign that ends at ``end``, and where it stands."""
        start = max(self._source.line_start(self._source.line_of(max(end - 1, 0))), end - _LONGEST_LINE)
        line = self._source.data[start:end].decode("utf-8", "replace")[-_LONGEST_WORD:]
        match = re.search(r"([\w.]+|->|=>|[=!<>]=|[^\s\w])\s*$", line)
        word = match.group(1) if match else ""
        return word, self._span(end - len(word.encode()), end)

    def _word_after(self, start: int) -> tuple[str, int] | None:
        """The word behind ``start`` on the same line, and where it starts."""
        match = re.compile(rb"[ \t]*([\w.]+)").match(self._source.data, start)
        return (match.group(1).decode("utf-8", "replace"), match.start(1)) if match else None

    def first_word(self, node: Node) -> tuple[str, Span] | None:
        match = re.compile(rb"\s*([A-Za-z_]\w*)").match(self._source.data, node.start_byte)
        if match is None or match.end() > node.end_byte:
            return None
        return match.group(1).decode(), self._span(match.start(1), match.end(1))

    # -- brackets and tags

    def _unclosed(self, spot: _Spot) -> Problem:
        node, children = spot.node, spot.parent.children
        opener = next((child for child in children if child.type in _OPENERS), None)
        if opener is None:
            return Problem("ADL003", self._span(node.start_byte, node.end_byte), "A bracket is never closed.")
        closer = _OPENERS[opener.type]
        end = self._end_before(node)
        if opener.type == "(" and spot.parent.type == "parameters":
            end = self._end_of_signature(spot.parent, end)
        own_line = self._source.line_of(end) != self._source.line_of(opener.start_byte) and closer == "}"
        text = f"{self._source.newline}{self._indent_of(opener)}{closer}" if own_line else closer
        return Problem(
            "ADL003",
            self._span(opener.start_byte, opener.end_byte),
            f"This `{opener.type}` is never closed; add `{closer}`.",
            ((f"Add `{closer}`", ((self._span(end, end), text),), True),),
        )

    def _end_of_signature(self, parameters: Node, end: int) -> int:
        """Where `(` should have been closed: before the sign that goes on after a signature."""
        line = self._source.line_span(self._source.line_of(parameters.start_byte))
        match = re.compile(rb"\s*(?:->|=[^=]|\{)").search(self._source.data, parameters.start_byte, line.end)
        return match.start() if match else end

    def _indent_of(self, node: Node) -> str:
        line = self._source.slice(self._source.line_span(self._source.line_of(node.start_byte)))
        return line[: len(line) - len(line.lstrip(" \t"))]

    def _unclosed_jinja(self, spot: _Spot) -> Problem:
        tag = spot.parent
        opener, closer = ("{{", "}}") if tag.type == "interpolation" else ("{%", "%}")
        last = tag.children[-2] if len(tag.children) > 1 else tag.children[0]
        return Problem(
            "ADL012",
            self._span(tag.start_byte, max(last.end_byte, tag.start_byte + 2)),
            f"This `{opener}` is never closed; add `{closer}`.",
            ((f"Add `{closer}`", ((self._span(last.end_byte, last.end_byte), f" {closer}"),), True),),
        )

    def _habit(self, node: Node) -> Problem | None:
        """The mistake when the mark stands in something that is written so elsewhere."""
        data = self._source.data
        first = _MARK.search(data, node.start_byte, node.end_byte)
        start = first.start() if first else node.start_byte
        line = self._line_at(start)
        if line.end - line.start > _LONGEST_LINE:
            return None
        for pattern, code, message, mend in _HABITS:
            for found in pattern.finditer(self._source.slice(line)):
                low = line.start + len(found.string[: found.start(1)].encode())
                high = low + len(found.group(1).encode())
                one, mended = self._span(low, high), mend(found)
                if low <= start <= high and mended != found.group(1):
                    fix = (f"Change to `{mended}`", ((one, mended),), True)
                    return Problem(code, one, message.format(mended), (fix,))
        return None

    # -- gaps

    def _missing(self, spot: _Spot) -> Problem:
        node, parent = spot.node, spot.parent
        end = self._end_before(node)
        before, place = self._word_before(end)
        insert = self._span(end, end)
        owner = parent.type.removesuffix("_declaration")
        match spot.field:
            case _ if node.type in (")", "]", "}"):
                return self._unclosed(spot)
            case "name" if parent.type in ("member", "dotted_name"):
                return Problem("ADL013", place, "A field's name is missing after the dot.")
            case "name":
                return Problem("ADL013", place, f"A name is missing after `{before}`. {FORMS.get(owner, '')}".strip())
            case "parameters" if self._source.data[end : end + 1] in (b"[", b"{"):
                return Problem("ADL008", place, f"Inputs stand between `(` and `)`: `{before}(question: str)`.")
            case "parameters":
                message = f"The inputs of `{before}` are missing: write `{before}()` or `{before}(question: str)`."
                return Problem("ADL008", place, message, (("Add `()`", ((insert, "()"),), False),))
            case "type" if parent.type == "object_field" and before != ":":
                fix = ("Add `: str`", ((insert, ": str"),), False)
                return Problem("ADL009", place, f"The field `{before}` has no type: write `{before}: str`.", (fix,))
            case "type" | "item":
                return Problem("ADL009", place, f"A type is missing after `{before}`: {_TYPES}.")
            case "returns":
                return Problem("ADL009", place, f"The type of the result is missing after `->`: {_TYPES}.")
            case "target":
                what = "The eval that it raises" if owner == "optimize" else "The component that it scores"
                return Problem("ADL013", place, f"{what} is missing after `{before}`. {FORMS[owner]}")
            case "until":
                return Problem("ADL008", place, f"`until` is missing. {FORMS['repeat']}")
            case "body" | "settings":
                return Problem("ADL002", place, f"This {owner} is not complete. {FORMS.get(owner, '')}".strip())
            case "path":
                return Problem("ADL002", place, f"The file is missing after `import`. {FORMS['import']}")
            case None if parent.type == "union_type":
                return Problem("ADL002", place, "A label is missing after `|`.")
            case None:
                return self._missing_sign(spot, before, place, insert)
            case _ if before not in ("=", ":"):
                form = FORMS.get(owner, "")
                return Problem("ADL002", place, f"A value is missing after `{before}`. {form}".strip())
            case "text" if (word := self._word_after(end)) is not None:
                role = self._slice(parent.children[0]) if parent.type == "message" else "prompt …"
                return self._no_text(role, *word)
            case field:
                what = "text" if field == "text" else "value"
                name = self._word_before(self._end_of_text(end - 1))[0]
                return Problem("ADL002", place, f"A {what} is missing after `{name} {before}`.")

    def _missing_sign(self, spot: _Spot, before: str, place: Span, insert: Span) -> Problem:
        node, parent = spot.node, spot.parent
        sign = node.type if not node.is_named else "of" if parent.type == "eval_declaration" else "="
        if parent.type == "match":
            return Problem("ADL002", place, 'The arms are missing: write `match x { "a" => …, _ => … }`.')
        if parent.type == "binding" and before in _FOREIGN_STATEMENTS:
            return Problem("ADL011", place, f"There is no `{before}` here. {_FOREIGN_STATEMENTS[before]}")
        value = spot.after
        if parent.type in ("setting", "binding") and value is not None and self._word_after(value.end_byte):
            line = self._source.line_span(self._source.line_of(node.start_byte))
            words = self._source.slice(Span(self._source.data.find(before.encode(), line.start), line.end)).strip()
            return Problem("ADL001", place, f"`{_short(words)}` means nothing here. Write `name = value`.")
        return Problem("ADL008", place, f"`{sign}` is missing after `{before}`.", (_add(sign, insert, space=True),))

    def _untyped(self, spot: _Spot) -> Iterator[Problem]:
        node = spot.node
        name, default = node.child_by_field_name("name"), node.child_by_field_name("default")
        if name is None or node.child_by_field_name("type") is not None or node.has_error:
            return
        if any(one is not None and one.type == "ERROR" for one in (spot.before, spot.after)):
            return  # `name type`: the missing colon is reported there
        text, span = self._slice(name), self._span(name.start_byte, name.end_byte)
        if default is not None and self._slice(default) in BUILT_IN:
            given = self._slice(default)
            whole = self._span(name.end_byte, default.start_byte)
            fix = (f"Change to `{text}: {given}`", ((whole, ": "),), True)
            yield Problem("ADL011", span, f"An input's type stands behind a colon: `{text}: {given}`.", (fix,))
            return
        fix = ("Add `: str`", ((self._span(name.end_byte, name.end_byte), ": str"),), False)
        yield Problem("ADL009", span, f"The input `{text}` has no type: write `{text}: str`.", (fix,))

    def _mistyped(self, spot: _Spot) -> Problem:
        node, parent = spot.node, spot.parent
        sign = self._slice(node)
        name = parent.child_by_field_name("name") or parent.child_by_field_name("role")
        word = self._slice(name) if name is not None else "name"
        place = self._span(node.start_byte, node.end_byte)
        if not sign and parent.type == "binding" and name is not None:
            if word in _FOREIGN_STATEMENTS:
                message = f"There is no `{word}` here. {_FOREIGN_STATEMENTS[word]}"
                return Problem("ADL011", self._span(name.start_byte, name.end_byte), message)
            fix = (
                f"Add `{word}_result =`",
                ((self._span(name.start_byte, name.start_byte), f"{word}_result = "),),
                False,
            )
            message = f"A step needs a name: write `name = {word}(…)`, or `return {word}(…)`."
            return Problem("ADL013", self._span(name.start_byte, name.end_byte), message, (fix,))
        space = "" if self._source.data[node.start_byte - 1 : node.start_byte].isspace() else " "
        if sign == "=":
            start = name.end_byte if name is not None else node.start_byte
            fix = ("Change `=` to `:`", ((self._span(start, node.end_byte), ":"),), True)
            return Problem("ADL011", place, f"A field's type stands behind a colon: `{word}: …`.", (fix,))
        what = _MISTYPED.get(parent.type, f"A {parent.type.removesuffix('_declaration')}'s value")
        fix = ("Change `:` to `=`", ((place, f"{space}="),), True)
        return Problem("ADL011", place, f"{what} is written `{word} = …`.", (fix,))

    def _behind_signature(self, colon: int) -> Problem | None:
        """What a `:` behind `)` or behind the result's type means: `->`, nothing, or the start of a body."""
        data, line = self._source.data, self._line_at(colon)
        before = data[line.start : colon].rstrip()
        next_sign = _MARK.search(data, colon + 1)
        after = next_sign.start() if next_sign else len(data)
        place, rest = (
            self._span(colon, colon + 1),
            data[after : self._line_at(after).end],
        )
        if not _SIGNATURE.match(before) or (rest.startswith(b'"') and b"|" not in rest):
            return None
        if before.endswith(b")") and _RESULT.match(data, colon + 1, line.end):
            sign = "->" if data[colon - 1 : colon].isspace() else " ->"
            fix = ("Change `:` to `->`", ((place, sign),), True)
            return Problem("ADL011", place, "The type of the result stands behind `->`: `-> str`.", (fix,))
        if rest.startswith(b"{"):
            return Problem("ADL011", place, "No `:` stands before a body.", (("Remove `:`", ((place, ""),), True),))
        if not (before.endswith(b")") or b"->" in before):
            return None
        kind = before.split(maxsplit=1)[0].decode()
        return Problem("ADL011", place, f"A {kind} does not go on with `:`. {FORMS.get(kind, '')}".strip())

    # -- everything else

    def _error(self, spot: _Spot) -> Problem:
        node = spot.node
        data = self._source.data[node.start_byte : node.end_byte]
        start = node.start_byte + len(data) - len(data.lstrip())
        text = data.decode("utf-8", "replace").strip()
        first = text.split("\n")[0].rstrip()
        span = self._span(start, start + len(first.encode()))
        parent = spot.parent.type
        special = self._foreign(text, start) or self._text_wanted(spot, text, start) or self._in_place(spot, text, span)
        if special is not None:
            return special
        before, _ = self._word_before(self._end_before(node))
        if not text:
            return Problem("ADL002", span, f"Something is missing after `{before}`.")
        if text in (")", "]", "}"):
            fix = (f"Remove `{text}`", ((span, ""),), True)
            return Problem("ADL001", span, f"Nothing is open here that `{text}` could close.", (fix,))
        if text == ",":
            return Problem("ADL001", span, "This comma separates nothing.", (("Remove it", ((span, ""),), True),))
        half = re.fullmatch(r"([^\W\d]\w*)\s*=", text)
        if half:
            return Problem("ADL002", span, f"A value is missing after `{half.group(1)} =`.")
        word = re.match(r"[A-Za-z_]\w*", text)
        if parent in ("source_file", "ERROR") and word and word.group() in KEYWORDS:
            return Problem("ADL001", span, f"This {word.group()} cannot be read. {FORMS[word.group()]}")
        form = FORMS.get(parent.removesuffix("_declaration"), "Remove it, or write `name = value`.")
        return Problem("ADL001", span, f"`{_short(first)}` means nothing here. {form}")

    def _foreign(self, text: str, start: int) -> Problem | None:
        """Signs that other languages have and this one has not."""
        if text.startswith(";"):
            one = self._span(start, start + 1)
            return Problem("ADL011", one, "Lines need no `;` here.", (("Remove `;`", ((one, ""),), True),))
        if text.startswith(("//", "/*")):
            one = self._span(start, start + 2)
            return Problem("ADL011", one, "A comment starts with `#`.", (("Change to `#`", ((one, "#"),), True),))
        sign = re.search("['‘“”]", text)
        if sign is None:
            return None
        at = start + len(text[: sign.start()].encode())
        message = 'Texts stand between double quotes: "…".'
        quoted = _OTHER_QUOTES.match(self._source.slice(Span(at, self._source.line_span(self._source.line_of(at)).end)))
        if quoted is None or quoted.string.count("'", quoted.end()) % 2:  # an apostrophe may be no quote
            return Problem("ADL011", self._span(at, at + len(sign.group().encode())), message)
        one = self._span(at, at + len(quoted.group().encode()))
        mended = f'"{quoted.group(quoted.lastindex or 0)}"'
        return Problem("ADL011", one, message, ((f"Change to {mended}", ((one, mended),), True),))

    def _text_wanted(self, spot: _Spot, text: str, start: int) -> Problem | None:
        """A name, a number or nothing quoted where only a text can stand."""
        imported = re.match(r"import\s+([^\s\"]+)", text)
        if imported is None and spot.parent.type == "import_declaration":
            imported = re.fullmatch(r"([^\s\"]+)", text)
        if imported:
            low = start + len(text[: imported.start(1)].encode())
            one, mended = self._span(low, low + len(imported.group(1).encode())), f'"{imported.group(1)}"'
            fix = (f"Change to {mended}", ((one, mended),), True)
            return Problem("ADL014", one, f"An import names a file, in quotes: `import {mended}`.", (fix,))
        message = re.match(r"(system|user|assistant)\s*=\s*([\w.]+)?", text)
        if message:
            name = message.group(2)
            low = start + len(text[: message.start(2) if name else 0].encode())
            return self._no_text(message.group(1), name or text, low)
        following = spot.after
        if (
            spot.parent.type == "prompt_declaration"
            and text.endswith("=")
            and following is not None
            and following.is_named
        ):
            return self._no_text("prompt …", self._slice(following), following.start_byte)
        return None

    def _no_text(self, owner: str, name: str, start: int) -> Problem:
        one = self._span(start, start + len(name.encode()))
        if re.fullmatch(r"[^\W\d][\w.]*", name):
            mended = f'"""{{{{ {name} }}}}"""'
            fix = (f"Change to {mended}", ((one, mended),), False)
            return Problem("ADL014", one, f"A message is a text: `{owner} = {mended}`.", (fix,))
        return Problem("ADL014", one, f'A message is a text: `{owner} = """…"""`.')

    def _in_place(self, spot: _Spot, text: str, span: Span) -> Problem | None:
        """Mistakes that depend on where the text stands."""
        node, parent = spot.node, spot.parent.type
        name = re.fullmatch(r"[^\W\d]\w*", text)
        after = Span(span.end, span.end)
        if name and parent == "object_type":
            fix = ("Add `: str`", ((after, ": str"),), False)
            return Problem("ADL009", span, f"The field `{text}` has no type: write `{text}: str`.", (fix,))
        untyped = spot.before
        if name and untyped is not None and untyped.type == "parameter" and ":" not in self._slice(untyped):
            word, place = self._slice(untyped), self._span(untyped.start_byte, untyped.end_byte)
            fix = ("Add `:`", ((Span(place.end, place.end), ":"),), True)
            return Problem("ADL008", place, f"`:` is missing after `{word}`.", (fix,))
        if parent == "repeat":
            return Problem("ADL008", span, f"`until` is missing. {FORMS['repeat']}")
        if name and parent == "parameters":
            return Problem("ADL008", span, f"`:` is missing after `{text}`.", (("Add `:`", ((after, ":"),), True),))
        if text == "{" and parent == "object":
            end = self._end_before(node)
            end = self._end_of_text(end - 1) if self._source.data[end - 1 : end] == b"," else end
            fix = ("Add `}`", ((self._span(end, end), " }"),), True)
            return Problem("ADL003", span, "The object before this `{` is never closed; add `}`.", (fix,))
        before = spot.before
        if name and parent == "binding" and before is not None and self._slice(before) in ("let", "var", "const"):
            word = self._slice(before)
            whole = self._span(before.start_byte, node.start_byte)
            gap = len(self._source.data[node.start_byte : node.end_byte]) - len(text.encode())
            fix = (f"Remove `{word}`", ((Span(whole.start, whole.end + gap), ""),), True)
            return Problem("ADL011", Span(whole.start, span.end), f"Names are bound without `{word}`.", (fix,))
        equal = re.fullmatch(r"([^\W\d]\w*)\s*==.*", text)
        if equal:
            at = span.start + text.encode().find(b"==")
            one = Span(at, at + 2)
            fix = ("Change `==` to `=`", ((one, "="),), True)
            return Problem("ADL011", one, f"`==` compares; a setting is written `{equal.group(1)} = …`.", (fix,))
        if text.startswith(":") and parent == "arguments":
            low, high = spot.parent.start_byte + 1, spot.parent.end_byte - 1
            mended = '"' + self._source.data[low:high].decode("utf-8", "replace").strip() + '"'
            one = self._span(low, high)
            fix = (f"Change to {mended}", ((one, mended),), True)
            return Problem("ADL014", one, f"The file and the function stand in quotes: {mended}.", (fix,))
        colon = re.match(r"([^\W\d]\w*)?\s*:", text)
        if colon and parent not in ("parameters", "object_type", "parameter"):
            at = span.start + text.encode().find(b":")
            behind = self._behind_signature(at + self._base)
            if behind is not None:
                return behind
            one = Span(at, at + 1)
            word = colon.group(1) or self._word_before(span.start + self._base)[0]
            fix = ("Change `:` to `=`", ((one, " ="),), True)
            return Problem("ADL011", one, f"A setting is written `{word} = …`.", (fix,))
        return None


_MARK = re.compile(rb"\S")


def _quoted_model(found: re.Match[str]) -> str:
    written = found.group(1)
    return f'"{written if "/" in written else models.likely(written) or written}"'


_LONGEST_LINE = 1000
"""Longer lines, in bytes, were written by no person, and would be searched anew for each of their mistakes."""
_LONGEST_WORD = 100
MOST = 1000
"""So many mistakes of one declaration are told at most; the rest once these are mended."""

_LABEL = rf'(?:(?!(?:{"|".join(BUILT_IN)})\b)\w+|"\w+")'

# Group 1 is what is written; the function gives what is meant.
_HABITS: tuple[tuple[re.Pattern[str], str, str, Callable[[re.Match[str]], str]], ...] = (
    (
        re.compile(r"[:>=]\s*((?:list|List|Sequence|Iterable|Array)\s*[\[<]\s*([\w.]+)\s*[\]>])"),
        "ADL011",
        "A list's type is written `{}`.",
        lambda found: f"{found[2]}[]",
    ),
    (
        re.compile(r"[:>]\s*(\[\s*([\w.]+)\s*\])"),
        "ADL011",
        "A list's type is written `{}`.",
        lambda found: f"{found[2]}[]",
    ),
    (
        re.compile(r"[:>=]\s*((\w+)\s*\|\s*(?:None|null|undefined)\b|Optional\[\s*(\w+)\s*\])"),
        "ADL011",
        "A type that may be null is written `{}`.",
        lambda found: f"{found[2] or found[3]}?",
    ),
    (
        re.compile(rf"(?:[:>]|^type\s+\w+\s*=)\s*({_LABEL}(?:\s*\|\s*{_LABEL})+)"),
        "ADL014",
        "Labels are texts: `{}`.",
        lambda found: re.sub(r'(?<!")\b\w+\b(?!")', r'"\g<0>"', found[1]),
    ),
    (
        re.compile(r"\b(?:model|teacher|embedding)(?:\s+\w+)?\s*=\s*([A-Za-z]\w*(?:[-./:][\w-]+)+)"),
        "ADL014",
        "A model's id is a text, in quotes: {}.",
        _quoted_model,
    ),
)

_SIGNATURE = re.compile(rb"(?:prompt|retriever|tool|agent|pipeline)\b|\)")
_RESULT = re.compile(rb'\s*(?:[^\W\d][\w.]*(?:\[\]|\?)*|"[^"]*"(?:\s*\|\s*"[^"]*")+)\s*(?:=|\{|$)')
_OTHER_QUOTES = re.compile(r"""(?:'([^"\\]*?)'|[“”]([^"\\“”]*)”|‘([^"\\]*?)’)(?=[\s,)\]}]|$)""")

_MISTYPED = {
    "setting": "A setting",
    "binding": "A step",
    "message": "A message",
    "pair": "A field's value",
    "named_argument": "An input's value",
}
_FOREIGN_STATEMENTS = {
    "if": "Choose with `name = match x { … }`.",
    "else": "Choose with `name = match x { … }`.",
    "for": "Run over a list with `name = [f(x) for x in xs]`.",
    "while": "Repeat with `repeat 3 until done { … }`.",
    "print": "What a pipeline gives back stands behind `return`.",
}


def _add(sign: str, insert: Span, *, space: bool = False) -> tuple[str, tuple[tuple[Span, str], ...], bool]:
    return f"Add `{sign}`", ((insert, f" {sign}" if space else sign),), True


_HARMLESS = frozenset({"value", "type", "name", "default", "right", "source", "condition"})
"""Gaps that leave no doubt about what follows them on their line."""


_VAGUE = frozenset({"ADL001", "ADL002", "ADL008"})
"""Of two messages for one place, one of these is said second."""


# ---- texts


def of_text(text: Text, source: SourceText, base: int) -> list[Problem]:
    """What is wrong inside a text literal; spans count from the declaration's start, the byte ``base`` of the file."""
    found = []
    passed, at = 0, text.span.start
    for one in text.decoded.problems[:MOST]:
        if one.start >= passed:  # most come in order, and the text may be long
            at += len(text.raw[passed : one.start].encode())
        else:
            at = text.span.start + len(text.raw[: one.start].encode())
        passed = one.start
        span = Span(at, at + len(text.raw[one.start : one.end].encode()))
        if one.kind == "escape":
            found.append(
                Problem(
                    "ADL006",
                    span,
                    f'`{one.detail}` is no escape; there are \\n \\t \\r \\0 \\\\ \\" and \\u{{…}}. '
                    "For a backslash write `\\\\`, or use a fence of three quotes.",
                    (("Write a backslash", ((span, "\\" + one.detail),), True),),
                )
            )
        elif one.kind == "indentation":
            found.append(
                Problem(
                    "ADL005",
                    span,
                    "This line is indented less than the closing quotes; indent it, or move the quotes to the left.",
                    (("Indent the line", ((span, one.detail),), True),),
                )
            )
        elif one.kind == "run-on":
            found.append(_run_on(text, span))
        else:
            found.append(_cut_text(text, span, source, base) or _unclosed_text(text, span))
    return found


class Cut(NamedTuple):
    """What stands behind a text that a line at column 0 cut off: the rest of it, up to its closing quotes' line.

    ``region`` counts from the source's start. ``indent`` is that of the closing quotes; ``None`` where there are none, and no
    line shows either that the text had ended before.
    """

    region: Span
    indent: str | None


def cut_off(text: Text, source: SourceText, base: int) -> Cut | None:
    """What was cut off of a text (over lines) that is never closed; ``None`` where something else follows."""
    start = base + text.span.end
    line = source.line_of(start)
    if not source.data[start : source.line_span(line).end].strip():
        start = source.line_start(line + 1)
    found = telling_line(source.data, start, len(source.data), text.decoded.fence)
    if found is None:
        return Cut(Span(start, len(source.data)), None)
    span, closes = found
    written = source.data[span.start : span.end]
    return Cut(Span(start, span.end), written[: len(written) - len(written.lstrip())].decode()) if closes else None


def telling_line(data: bytes, start: int, end: int, fence: int) -> tuple[Span, bool] | None:
    """The first line from ``start`` that tells where a text ended which was cut off before, and whether it closes that text.

    ``None``: there is none that starts before ``end``.
    """
    found = _telling(fence).search(data, start, end)
    if found is None:
        return None
    low = max(data.rfind(b"\n", start, found.start()), data.rfind(b"\r", start, found.start()), start - 1) + 1
    high = _LINE_BREAK.search(data, found.start())
    line = Span(low, high.start() if high else len(data))
    whole = data[line.start : line.end]
    quotes = b'"' * fence
    ends = whole.rstrip().endswith(quotes) and whole.count(quotes) == 1 and not _OPENING.search(whole)
    return line, bool(ends and not _DECLARATION.match(whole))


@cache
def _telling(fence: int) -> re.Pattern[bytes]:
    return re.compile(rb'"{%d}|^%s' % (fence, _DECLARATION.pattern), re.MULTILINE)


_LINE_BREAK = re.compile(rb"\r|\n")
_OPENING = re.compile(rb'[=:]\s*"+\s*$')
_DECLARATION = re.compile(rb'(?:(?:%s)[ \t]+\w+[ \t]*(?:[=({]|of\b)|import[ \t]+"[^"]*")' % "|".join(KEYWORDS).encode())


def _cut_text(text: Text, span: Span, source: SourceText, base: int) -> Problem | None:
    """A text whose lines start at column 0, as they do when pasted."""
    found = cut_off(text, source, base) if text.decoded.form != "quoted" else None
    if found is None or found.indent is None:
        return None
    region, indent = found
    message = (
        "A line at column 0 cuts this text off, because column 0 belongs to declarations; indent the text's lines."
    )
    quotes = '"' * text.decoded.fence
    written = _NEWLINE.split(source.slice(Span(base + text.span.start + text.decoded.fence, region.end)))
    if written[0].strip() or written[-1].strip() != quotes:  # the quotes do not stand alone either
        body = [written[0].strip(), *written[1:]] if written[0].strip() else written[1:] or [""]
        body[-1] = body[-1].rstrip().removesuffix(quotes).rstrip()
        if not body[-1]:
            body.pop()
        block = source.newline.join([quotes, *(f"  {line}" if line.strip() else "" for line in body), f"  {quotes}"])
        whole = Span(text.span.start, region.end - base)
        return Problem("ADL004", span, message, (("Make it a block", ((whole, block),), False),))
    lines = [source.line_span(line) for line in range(source.line_of(region.start), source.line_of(region.end))]
    places = [Span(one.start - base, one.start - base) for one in lines if source.slice(one).strip()]
    if not indent:
        close = source.line_start(source.line_of(region.end)) - base
        places.append(Span(close, close))
    return Problem(
        "ADL004",
        span,
        message,
        (("Indent the text", tuple((place, indent or "  ") for place in places), False),),
    )


def _closing(text: Text, fence: str) -> tuple[Span, str]:
    """The closing quotes, behind the last line that holds something: on its own line, or on the only one."""
    body = text.raw.rstrip()
    at = text.span.start + len(body.encode())
    lines = _NEWLINE.split(body)
    if len(lines) == 1:
        return Span(at, at), fence
    return Span(at, at), f"{_newline(text)}{_indent(lines[1]) or '  '}{fence}"


def _run_on(text: Text, span: Span) -> Problem:
    mended = encode(text.value, indent=text.decoded.indent or "  ", newline=_newline(text))
    return Problem(
        "ADL010",
        span,
        "A text over several lines starts on the line below its opening quotes, and its closing quotes stand alone.",
        (("Put the quotes on lines of their own", ((text.span, mended),), True),),
    )


_NEWLINE = re.compile(r"\r\n|\n|\r")


def _newline(text: Text) -> str:
    """The line end that a text of several lines has."""
    found = _NEWLINE.search(text.raw)
    return found.group() if found else "\n"


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _unclosed_text(text: Text, span: Span) -> Problem:
    if text.decoded.form == "quoted":
        return Problem(
            "ADL004",
            span,
            'This text is never closed; add `"`. For several lines use """ … """.',
            (('Add `"`', ((Span(text.span.end, text.span.end), '"'),), True),),
        )
    fence = '"' * text.decoded.fence
    lines = _NEWLINE.split(text.raw.rstrip())
    if lines[-1].rstrip().endswith(fence) and len(lines) > 1:
        body = text.raw.rstrip()[: -text.decoded.fence]
        at = text.span.start + len(body.encode())
        line = _newline(text) + _indent(lines[-1])
        return Problem(
            "ADL004",
            span,
            "The closing quotes stand on a line of their own.",
            (("Put the closing quotes on their own line", ((Span(at, at), line),), True),),
        )
    return Problem(
        "ADL004",
        span,
        f"This text is never closed: add a line with {fence}, indented like the text.",
        (("Add the closing quotes", (_closing(text, fence),), False),),
    )


# ---- small things


def _similar(word: str) -> str | None:
    import difflib

    return _ALIASES.get(word) or next(iter(difflib.get_close_matches(word, KEYWORDS, n=1, cutoff=0.6)), None)


_ALIASES = {
    "function": "prompt",
    "fn": "prompt",
    "def": "prompt",
    "class": "type",
    "enum": "type",
    "data": "dataset",
    "test": "eval",
    "flow": "pipeline",
    "chain": "pipeline",
    "client": "model",
    "include": "import",
    "from": "import",
    "let": "param",
    "var": "param",
    "const": "param",
}


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
