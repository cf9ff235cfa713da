"""Names and texts as Python writes them."""

from __future__ import annotations

import keyword
import re

RESERVED = frozenset(
    [
        "Any",
        "Literal",
        "Path",
        "Program",
        "Sequence",
        "TypeAlias",
        "TypedDict",
        "NotRequired",
        "Mapping",
        "adalang",
        "load",
        "overload",
        "str",
        "int",
        "float",
        "bool",
        "list",
        "tuple",
        "None",
    ]
)
"""What the written modules use themselves."""


class Names:
    """The names that a module has given away; none is given twice."""

    def __init__(self) -> None:
        self._taken = set(RESERVED)

    def take(self, wanted: str, instead: str) -> str:
        """``wanted``; ``instead`` where it is taken, with a mark where that is taken too."""
        name = wanted if wanted not in self._taken and is_plain(wanted) else instead
        while name in self._taken or not is_plain(name):
            name += "_"
        self._taken.add(name)
        return name


def is_plain(name: str) -> bool:
    """Whether a name can be written where Python wants one."""
    return name.isidentifier() and not keyword.iskeyword(name)


def camel(name: str) -> str:
    """``common.find_order`` as ``CommonFindOrder``."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[\W_]+", name))


def quoted(text: str) -> str:
    """A literal that is the text, in double quotes where that takes no more escapes."""
    found = repr(text)
    return f'"{found[1:-1]}"' if found[0] == "'" and '"' not in found else found


def docstring(text: str, indent: str) -> list[str]:
    """The lines of a docstring; none for no text."""
    if not text.strip():
        return []
    escaped = "\n".join(repr(line)[1:-1].replace("\\'", "'") for line in text.strip().split("\n"))
    lines = escaped.replace('"""', '\\"\\"\\"').split("\n")
    if lines[-1].endswith('"'):
        lines[-1] = lines[-1][:-1] + '\\"'
    if len(lines) == 1:
        return [f'{indent}"""{lines[0]}"""']
    return [f'{indent}"""{lines[0]}', *(f"{indent}{line}".rstrip() for line in lines[1:]), f'{indent}"""']
