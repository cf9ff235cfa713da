"""Writing new values of params and demos into a file: exactly those, or not at all.

An edit is made from the text that stands there (its form, its indentation, the file's line ends), applied to a copy,
read again and compared: every token outside the named values has to be the same, and the values have to be the wanted
ones. Beside it the helpers that show an edit (hunks, diffs) and that carry one over to a text that has changed meanwhile.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adalang.language.datasets import NotConstant, constant
from adalang.language.declarations import Demos, Param, Text
from adalang.language.literal import encode, quote
from adalang.language.program import Module, Program
from adalang.language.reach import Trainable, trainables
from adalang.language.syntax import Node, parse
from adalang.language.text import STEP, Edit, Span

Examples = Sequence[Mapping[str, Any]]

WIDTH = 110
"""Examples that fit into this many columns stand on one line."""

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class EditRefused(ValueError):
    """The edit cannot be made exactly; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class FileEdit:
    """An edit with the file that it belongs to; the span refers to the file's text in the program."""

    path: Path
    edit: Edit


# ---- from values to edits


def param_edit(program: Program, param_id: str, new_text: str) -> FileEdit:
    """The edit that gives a param ("classify.instruction") a new text, in the form that its text has.

    Raises:
        EditRefused: there is no such param, or its text is broken or not a text.
    """
    found = _trainable(program, param_id)
    part = found.part
    if not isinstance(part, Param):
        raise EditRefused(f"`{param_id}` is a demos block; it takes a list of examples, not a text.")
    if not isinstance(part.value, Text) or not part.value.closed:
        raise EditRefused(f"`{param_id}` holds no complete text; mend the file first.")
    source = found.owner.module.source
    span = part.value.span.shifted(found.owner.item.start)
    like = part.value.decoded
    indent = like.indent or source.indent_at(span.start) + STEP
    return FileEdit(
        found.owner.module.path, Edit(span, encode(new_text, indent=indent, newline=source.newline, like=like))
    )


def demos_edit(program: Program, demos_id: str, examples: Examples) -> FileEdit:
    """The edit that gives a demos block ("classify.shots") new examples.

    Raises:
        EditRefused: there is no such demos block, or an example holds a value that the language cannot write.
    """
    found = _trainable(program, demos_id)
    part = found.part
    if not isinstance(part, Demos):
        raise EditRefused(f"`{demos_id}` is a param; it takes a text, not examples.")
    source, start = found.owner.module.source, found.owner.item.start
    indent = source.indent_at(part.span.start + start)
    written = _examples_literal(examples, indent, source.newline)
    if part.value is not None:
        return FileEdit(found.owner.module.path, Edit(part.value.span.shifted(start), written))
    place = Span(part.head_end + start, part.head_end + start)
    if part.head_end != part.span.end:
        raise EditRefused(f"`{demos_id}` is followed by something that is no list of examples; mend the file first.")
    return FileEdit(found.owner.module.path, Edit(place, f" = {written}" if examples else ""))


def apply_changes(program: Program, changes: Mapping[str, str | Examples]) -> dict[Path, tuple[Edit, ...]]:
    """The edits, by file, that give the named params and demos their new values and change nothing else.

    Args:
        changes: new text of a param or new examples of a demos block, by id.

    Raises:
        EditRefused: an id is unknown, a value cannot be written, or the edited file would not read back exactly.
    """
    edits: dict[Path, list[Edit]] = {}
    for name, value in changes.items():
        one = param_edit(program, name, value) if isinstance(value, str) else demos_edit(program, name, value)
        edits.setdefault(one.path, []).append(one.edit)
    _verify(program, changes, edits)
    return {path: tuple(sorted(found, key=lambda edit: edit.span)) for path, found in edits.items()}


def _trainable(program: Program, name: str) -> Trainable:
    known = trainables(program)
    if name not in known:
        meant = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
        hint = f" Did you mean `{meant[0]}`?" if meant else f" There are {', '.join(known) or 'none'}."
        raise EditRefused(f"{program.path.name} has no param or demos `{name}`.{hint}")
    return known[name]


# ---- writing values


def value_literal(value: Any, indent: str = "", newline: str = "\n") -> str:
    """A plain value as the language writes it: texts, numbers, bools, null, lists, objects.

    Args:
        indent: indentation of the line on which the value starts; further lines go one step deeper.

    Raises:
        EditRefused: the value is of another kind, or a number that is not finite.
    """
    short = _one_line(value)
    if short is not None and len(indent) + len(short) <= WIDTH:
        return short
    deeper = indent + STEP
    if isinstance(value, str):
        return encode(value, indent=deeper, newline=newline)
    if isinstance(value, Mapping) and value:
        lines = [f"{deeper}{_key(name)} = {value_literal(inner, deeper, newline)}," for name, inner in value.items()]
        return newline.join(["{", *lines, indent + "}"])
    if isinstance(value, list | tuple) and value:
        lines = [f"{deeper}{value_literal(inner, deeper, newline)}," for inner in value]
        return newline.join(["[", *lines, indent + "]"])
    assert short is not None
    return short


def _one_line(value: Any) -> str | None:
    """The value on one line; ``None`` when a text in it needs several."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            if not math.isfinite(value):
                raise EditRefused(f"{value} cannot be written in a file; only finite numbers can.")
            return repr(value)
        case str():
            written = encode(value, indent=STEP)
            return None if "\n" in written else written
        case Mapping():
            pairs = [(_key(name), _one_line(inner)) for name, inner in value.items()]
            if any(inner is None for _, inner in pairs):
                return None
            return "{ " + ", ".join(f"{name} = {inner}" for name, inner in pairs) + " }" if pairs else "{}"
        case list() | tuple():
            items = [_one_line(inner) for inner in value]
            return None if None in items else "[" + ", ".join(str(inner) for inner in items) + "]"
        case _:
            raise EditRefused(f"A value of type {type(value).__name__} cannot be written in a file.")


def _key(name: Any) -> str:
    if not isinstance(name, str):
        raise EditRefused(f"A field's name is a text, not {name!r}.")
    return name if _IDENTIFIER.fullmatch(name) else quote(name)


def _examples_literal(examples: Examples, indent: str, newline: str) -> str:
    if not examples:
        return "[]"
    inner = indent + STEP
    lines = []
    for number, example in enumerate(examples, 1):
        if not isinstance(example, Mapping):
            raise EditRefused(f"Example {number} is not an object of inputs and `output`.")
        lines.append(f"{inner}{value_literal(example, inner, newline)},")
    return newline.join(["[", *lines, indent + "]"])


# ---- proof that an edit does what it says


def _verify(program: Program, changes: Mapping[str, str | Examples], edits: Mapping[Path, list[Edit]]) -> None:
    modules = dict(program.modules)
    for path, found in edits.items():
        before = program.modules[path]
        modules[path] = Module.parse(path, before.source.apply(found), before)
        spans = [edit.span for edit in sorted(found, key=lambda one: one.span)]
        if _outside(before, spans) != _outside(modules[path], _moved(found)):
            raise EditRefused(
                f"The edit would change more of {path.name} than it names; mend the file's mistakes first."
            )
    after = replace(program, root=modules[program.root.path], modules=modules)
    values = trainables(after)
    for name, wanted in changes.items():
        if name not in values or not _same(_value_of(values[name].part), _plain(wanted)):
            raise EditRefused(f"`{name}` cannot hold that value exactly as it stands in the file.")


def _moved(edits: Iterable[Edit]) -> list[Span]:
    """Where the new texts stand after all edits."""
    result, by = [], 0
    for edit in sorted(edits, key=lambda one: one.span):
        size = len(edit.text.encode("utf-8", "surrogatepass"))
        result.append(Span(edit.span.start + by, edit.span.start + by + size))
        by += size - (edit.span.end - edit.span.start)
    return result


def _outside(module: Module, spans: Sequence[Span]) -> list[tuple[str, bytes]]:
    """The kinds and bytes of all tokens that lie outside the (sorted, disjoint) spans."""
    data, result, at = module.source.data, [], 0
    for leaf in _leaves(parse(module.source).root_node):
        while at < len(spans) and spans[at].end <= leaf.start_byte and spans[at].end < leaf.end_byte:
            at += 1
        if at < len(spans) and spans[at].start <= leaf.start_byte and leaf.end_byte <= spans[at].end:
            continue
        result.append((leaf.type, data[leaf.start_byte : leaf.end_byte]))
    return result


def _leaves(node: Node) -> Iterator[Node]:
    cursor = node.walk()
    while True:
        if not cursor.goto_first_child():
            if cursor.node is not None:
                yield cursor.node
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent():
                    return


def _value_of(part: Param | Demos) -> Any:
    if isinstance(part, Param):
        return part.text
    try:
        return constant(part.value) if part.value is not None else []
    except NotConstant:
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _same(left: Any, right: Any) -> bool:
    """Equal in kind and value: 1, 1.0 and true are three values."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return type(left) is type(right) and bool(left == right)


# ---- carrying an edit over to a text that has changed


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines ``start`` to ``end`` (zero-based, half-open) of a text, and the lines that take their place."""

    start: int
    end: int
    removed: tuple[str, ...]
    added: tuple[str, ...]


def hunks(before: str, after: str) -> tuple[Hunk, ...]:
    """The changed runs of lines that lead from ``before`` to ``after``, in order."""
    old, new = before.split("\n"), after.split("\n")
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return tuple(
        Hunk(low, high, tuple(old[low:high]), tuple(new[new_low:new_high]))
        for kind, low, high, new_low, new_high in matcher.get_opcodes()
        if kind != "equal"
    )


def apply_hunks(before: str, chosen: Iterable[Hunk]) -> str:
    """``before`` with some of its hunks put in.

    Raises:
        EditRefused: a hunk does not stand in this text, or two overlap.
    """
    lines, result, done = before.split("\n"), [], 0
    for hunk in sorted(chosen, key=lambda one: (one.start, one.end)):
        if hunk.start < done or tuple(lines[hunk.start : hunk.end]) != hunk.removed:
            raise EditRefused("The text has changed since the hunk was made.")
        result += [*lines[done : hunk.start], *hunk.added]
        done = hunk.end
    return "\n".join([*result, *lines[done:]])


def rebase(before: str, after: str, current: str) -> str | None:
    """``current`` with the change from ``before`` to ``after`` put in; ``None`` where both changed the same lines.

    Changes count as apart only with an unchanged line between them, so that nothing is ever merged by luck.
    """
    if current in (before, after):
        return after
    ours, theirs = hunks(before, after), hunks(before, current)
    for one in ours:
        for other in theirs:
            if one != other and one.start <= other.end and other.start <= one.end:
                return None
    return apply_hunks(before, dict.fromkeys((*ours, *theirs)))


def unified_diff(path: Path | str, old: str, new: str) -> str:
    """The change of a whole file as ``diff -u`` writes it; empty when nothing changes."""
    name = Path(path).as_posix()
    lines = difflib.unified_diff(_lines(old), _lines(new), f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+\Z", text)
