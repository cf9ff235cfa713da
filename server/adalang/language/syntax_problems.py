"""What to say about text that the grammar cannot read: one message per mistake, that names the mend.

The parser says where it lost its way; these rules look at what stands there and say what a person would.
"""

from __future__ import annotations

import re
from functools import cache

from tree_sitter import Query, QueryCursor

from adalang.language.declarations import Problem, Text
from adalang.language.settings import KEYWORDS
from adalang.language.syntax import Node, grammar
from adalang.language.text import SourceText, Span

_OPENERS = {"(": ")", "[": "]", "{": "}"}
_WORDS = {
    "identifier": "a name",
    "named_type": "a type",
    "string_start": "a text",
    "template": "a text",
    "string": "a text",
    "number": "a number",
}


@cache
def _query() -> Query:
    return Query(grammar(), "(ERROR) @error (MISSING) @missing (unclosed) @unclosed (jinja_unclosed) @jinja")


def of_declaration(node: Node, source: SourceText) -> list[Problem]:
    """The syntax mistakes inside a declaration; spans count from its start."""
    return _of(node, source, node.start_byte)


def of_top_level(node: Node, source: SourceText) -> list[Problem]:
    """The mistakes of an ERROR node between declarations; spans count from the file's start."""
    word = _first_word(node, source)
    if word is None:
        return _of(node, source, 0)
    text, span = word
    if text in KEYWORDS:
        return _of(node, source, 0)
    meant = _similar(text)
    message = f"No declaration starts with `{text}`." + (
        f" Did you mean `{meant}`?" if meant else f" There are {', '.join(KEYWORDS)}."
    )
    fixes = ((f"Change to `{meant}`", ((span, meant),), False),) if meant else ()
    return [Problem("ADL007", span, message, fixes)]


def _of(node: Node, source: SourceText, base: int) -> list[Problem]:
    captures = QueryCursor(_query()).captures(node)
    problems: list[Problem] = []
    for unclosed in captures.get("unclosed", []):
        problems.append(_unclosed(unclosed, source, base))
    for tag in captures.get("jinja", []):
        problems.append(_unclosed_jinja(tag, base))
    for missing in captures.get("missing", []):
        problems.append(_missing(missing, source, base))
    covered: list[Span] = []
    for error in sorted(captures.get("error", []), key=lambda one: (one.start_byte, -one.end_byte)):
        span = Span(error.start_byte, error.end_byte)
        if any(other.start <= span.start and span.end <= other.end for other in covered):
            continue
        covered.append(span)
        problems.append(_error(error, source, base))
    return _without_echoes(problems)


def _without_echoes(problems: list[Problem]) -> list[Problem]:
    """One mistake often upsets the parser twice at the same place; the first thing said is enough."""
    kept: list[Problem] = []
    for one in sorted(problems, key=lambda problem: problem.span):
        if not any(other.span.start <= one.span.start <= other.span.end for other in kept):
            kept.append(one)
    return kept


# ---- kinds of mistakes


def _unclosed(node: Node, source: SourceText, base: int) -> Problem:
    opener = next((child for child in node.parent.children if child.type in _OPENERS), None) if node.parent else None
    if opener is None:
        return Problem("ADL003", Span(node.start_byte - base, node.end_byte - base), "A bracket is never closed.")
    closer = _OPENERS[opener.type]
    end = _last_content(node, source)
    own_line = source.line_of(end) != source.line_of(opener.start_byte) and closer == "}"
    indent = _indent_of(opener, source)
    text = f"{source.newline}{indent}{closer}" if own_line else closer
    place = Span(end - base, end - base)
    return Problem(
        "ADL003",
        Span(opener.start_byte - base, opener.end_byte - base),
        f"This `{opener.type}` is never closed; add `{closer}`.",
        ((f"Add `{closer}`", ((place, text),), True),),
    )


def _last_content(node: Node, source: SourceText) -> int:
    """Where the text before a zero-width node ends, white space left out."""
    return len(source.data[: node.start_byte].rstrip())


def _indent_of(node: Node, source: SourceText) -> str:
    line = source.slice(source.line_span(source.line_of(node.start_byte)))
    return line[: len(line) - len(line.lstrip(" \t"))]


def _unclosed_jinja(node: Node, base: int) -> Problem:
    tag = node.parent
    assert tag is not None
    closer = "}}" if tag.type == "interpolation" else "%}"
    opener = "{{" if tag.type == "interpolation" else "{%"
    last = tag.children[-2] if len(tag.children) > 1 else tag.children[0]
    place = Span(last.end_byte - base, last.end_byte - base)
    return Problem(
        "ADL012",
        Span(tag.start_byte - base, max(last.end_byte, tag.start_byte + 2) - base),
        f"This `{opener}` is never closed; add `{closer}`.",
        ((f"Add `{closer}`", ((place, f" {closer}"),), True),),
    )


def _missing(node: Node, source: SourceText, base: int) -> Problem:
    end = _last_content(node, source)
    before = _word_before(end, source)
    place = Span(max(end - len(before.encode()), 0) - base, end - base)
    insert = Span(end - base, end - base)
    kind, parent = node.type, node.parent.type if node.parent else ""
    if kind in (")", "]", "}"):
        return Problem("ADL003", place, f"A `{kind}` is missing here.", ((f"Add `{kind}`", ((insert, kind),), True),))
    if kind in ("identifier", "string_start", "number") or node.is_named:
        if parent == "named_type" or kind == "named_type":
            return Problem(
                "ADL009",
                place,
                f"A type is missing after `{before}`: str, int, float, bool, T[], T? or a name.",
            )
        if parent in _NAMED_FIRST and before in (*KEYWORDS, "demos"):
            return Problem("ADL013", place, f"A name is missing after `{before}`.")
        if parent == "member":
            return Problem("ADL013", place, "A field's name is missing after the dot.")
        return Problem("ADL002", place, f"A value is missing after `{before}`.")
    return Problem(
        "ADL008",
        place,
        f"`{kind}` is missing after `{before}`.",
        ((f"Add `{kind}`", ((insert, f" {kind}"),), False),),
    )


_NAMED_FIRST = frozenset(f"{word}_declaration" for word in KEYWORDS) | {"demos"}


def _error(node: Node, source: SourceText, base: int) -> Problem:
    text = source.data[node.start_byte : node.end_byte].decode("utf-8", "replace").strip()
    start = (
        node.start_byte
        + len(source.data[node.start_byte : node.end_byte])
        - len(source.data[node.start_byte : node.end_byte].lstrip())
    )
    first = text.split("\n")[0].rstrip()
    span = Span(start - base, start + len(first.encode()) - base)
    before = _word_before(_last_content(node, source), source)
    parent = node.parent.type if node.parent else ""
    foreign = _foreign(node, source, text, span, parent, base)
    if foreign is not None:
        return foreign
    if not text:
        return Problem("ADL002", span, f"Something is missing after `{before}`.")
    if text in (")", "]", "}"):
        return Problem(
            "ADL001",
            span,
            f"Nothing is open here that `{text}` could close.",
            ((f"Remove `{text}`", ((span, ""),), True),),
        )
    if text == ",":
        return Problem("ADL001", span, "This comma stands where nothing ends.", (("Remove it", ((span, ""),), True),))
    half = re.fullmatch(r"([A-Za-z_]\w*)\s*=", text)
    if half:
        return Problem("ADL002", span, f"A value is missing after `{half.group(1)} =`.")
    word = re.match(r"[A-Za-z_]\w*", text)
    if parent == "eval_declaration" or (before in KEYWORDS and text.startswith("=")):
        return Problem("ADL008", span, _form_of(node.parent, before))
    if parent == "source_file" and word and word.group() in KEYWORDS:
        return Problem("ADL001", span, f"This {word.group()} cannot be read. {FORMS[word.group()]}")
    if parent in _NAMED_FIRST and parent.removesuffix("_declaration") in FORMS:
        return Problem(
            "ADL001",
            span,
            f"`{_short(first)}` means nothing here. {FORMS[parent.removesuffix('_declaration')]}",
        )
    return Problem("ADL001", span, f"`{_short(first)}` means nothing here; remove it, or write `name = value`.")


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
}


def _form_of(node: Node | None, before: str) -> str:
    kind = node.type.removesuffix("_declaration") if node is not None else before
    return f"This cannot be read. {FORMS.get(kind, FORMS.get(before, ''))}".strip()


def _foreign(node: Node, source: SourceText, text: str, span: Span, parent: str, base: int) -> Problem | None:
    """Signs that other languages have and this one has not."""
    line = source.slice(source.line_span(source.line_of(span.start + base)))
    if text.startswith(";") or text == ";":
        one = Span(span.start, span.start + 1)
        return Problem("ADL011", one, "Lines need no `;` here.", (("Remove `;`", ((one, ""),), True),))
    if text.startswith("//") or text.startswith("/*"):
        one = Span(span.start, span.start + 2)
        return Problem("ADL011", one, "A comment starts with `#`.", (("Change to `#`", ((one, "#"),), True),))
    if "'" in text:
        at = span.start + base + text.encode().find(b"'")
        match = re.match(rb"'([^'\n\"\\]*)'", source.data[at:])
        if match:
            one = Span(at - base, at - base + match.end())
            mended = '"' + match.group(1).decode("utf-8", "replace") + '"'
            return Problem(
                "ADL011",
                one,
                "Texts stand between double quotes.",
                ((f"Change to {mended}", ((one, mended),), True),),
            )
        return Problem("ADL011", Span(at - base, at - base + 1), "Texts stand between double quotes.")
    colon = re.match(r"([A-Za-z_]\w*)\s*:", text)
    if (text.startswith(":") or colon) and parent not in ("parameters", "object_type", "parameter"):
        offset = text.encode().find(b":")
        one = Span(span.start + offset, span.start + offset + 1)
        name = colon.group(1) if colon else _word_before(span.start + base, source)
        return Problem(
            "ADL011",
            one,
            f"A setting is written `{name} = …`.",
            (("Change `:` to `=`", ((one, " ="),), True),),
        )
    if text.startswith("=>") or text.startswith("->") or "'" not in line:
        return None
    return None


# ---- texts


def of_text(text: Text) -> list[Problem]:
    """What is wrong inside a text literal; spans count from the declaration's start."""
    found = []
    for one in text.decoded.problems:
        start, end = (text.span.start + len(text.raw[:index].encode()) for index in (one.start, one.end))
        span = Span(start, end)
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
            found.append(_unclosed_text(text, span))
    return found


def _run_on(text: Text, span: Span) -> Problem:
    from adalang.language.literal import encode

    mended = encode(text.value, indent=text.decoded.indent or "  ")
    return Problem(
        "ADL010",
        span,
        "A text over several lines starts on the line below its opening quotes, and its closing quotes stand alone.",
        (("Put the quotes on lines of their own", ((text.span, mended),), True),),
    )


def _unclosed_text(text: Text, span: Span) -> Problem:
    if text.decoded.form == "quoted":
        return Problem(
            "ADL004",
            span,
            'This text is never closed; add `"`. For several lines use """ … """.',
            (('Add `"`', ((Span(text.span.end, text.span.end), '"'),), True),),
        )
    fence = '"' * text.decoded.fence
    lines = text.raw.rstrip().split("\n")
    if lines[-1].rstrip().endswith(fence) and len(lines) > 1:
        body = text.raw.rstrip()[: -text.decoded.fence]
        at = text.span.start + len(body.encode())
        indent = re.match(r"[ \t]*", lines[-1])
        assert indent is not None
        return Problem(
            "ADL004",
            span,
            "The closing quotes stand on a line of their own.",
            (("Put the closing quotes on their own line", ((Span(at, at), "\n" + indent.group()),), True),),
        )
    return Problem(
        "ADL004",
        span,
        f"This text is never closed: add a line with {fence}. Its lines must be indented, because a line at column 0 ends it.",
        (("Add the closing quotes", ((Span(text.span.end, text.span.end), f"\n  {fence}"),), False),),
    )


# ---- small things


def _first_word(node: Node, source: SourceText) -> tuple[str, Span] | None:
    match = re.compile(rb"\s*([A-Za-z_]\w*)").match(source.data, node.start_byte)
    if match is None or match.end() > node.end_byte:
        return None
    return match.group(1).decode(), Span(match.start(1), match.end(1))


def _similar(word: str) -> str | None:
    import difflib

    aliases = {
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
    return aliases.get(word) or next(iter(difflib.get_close_matches(word, KEYWORDS, n=1, cutoff=0.6)), None)


def _word_before(end: int, source: SourceText) -> str:
    line = source.data[source.line_start(source.line_of(max(end - 1, 0))) : end].decode("utf-8", "replace")
    match = re.search(r"([A-Za-z_][\w.]*|->|=>|[^\s\w])\s*$", line)
    return match.group(1) if match else ""


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
