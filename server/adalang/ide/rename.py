"""Rename: the edits, in all files, that give something another name and change nothing else; or why there are none.

A rename is worked out, tried on the text, and compared with what was there before (:mod:`adalang.ide.rename_proof`): it is
given only when every word still names the same thing and no check finds more to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from adalang.ide.occurrences import Site
from adalang.ide.references import references_to, searched
from adalang.ide.rename_doubts import doubt
from adalang.ide.rename_proof import objection
from adalang.ide.rename_rows import Refused, row_edits
from adalang.ide.slots import SettingName
from adalang.ide.targets import Names, Target, innermost
from adalang.language.checks import NO_FACTS, Checked, Facts
from adalang.language.declarations import AgentDeclaration, ParamDeclaration, PromptDeclaration
from adalang.language.program import Program
from adalang.language.settings import RESERVED
from adalang.language.templates import TAKEN
from adalang.language.text import Edit, Span
from adalang.language.types import BUILT_IN

_REASONING = "reasoning_steps"
_SHOWN = frozenset({"input", "param", "demos", "variable"})
"""What a template can name."""


@dataclass(frozen=True, slots=True)
class Renameable:
    """The word that may be renamed, and the name to begin with."""

    span: Span
    placeholder: str


@dataclass(frozen=True, slots=True)
class Renamed:
    """The edits by file; nobody's order matters."""

    edits: Mapping[Path, tuple[Edit, ...]] = field(default_factory=dict)


def prepare_rename(program: Program, offset: int) -> Renameable | Refused:
    """Whether the word at byte ``offset`` of the root file may be renamed, whatever to."""
    word = Names(program).at(offset)
    if word is None:
        return Refused(_why_nothing(program, offset))
    reason = _fixed(word.target)
    return Refused(reason) if reason else Renameable(word.span, word.target.name)


def rename(
    program: Program,
    offset: int,
    name: str,
    users: Iterable[Program] = (),
    facts: Facts = NO_FACTS,
    known: Mapping[Path, Checked] = MappingProxyType({}),
) -> Renamed | Refused:
    """Give what the word at byte ``offset`` names the name ``name``, here and in the files of ``users`` that import it.

    ``facts`` tell the columns of data files: an eval whose input is renamed goes on to read the column of the old name.
    ``known`` are checks of any version of the files, which the proof then need not begin anew.
    """
    prepared = prepare_rename(program, offset)
    word = Names(program).at(offset)
    if isinstance(prepared, Refused) or word is None:
        return prepared if isinstance(prepared, Refused) else Refused("Nothing here has a name.")
    target, users = word.target, tuple(users)
    if name == target.name:
        return Renamed()
    reason = _unfit(target, name)
    if reason:
        return Refused(reason)
    doubtful = doubt(target, program, users)
    if doubtful:
        return Refused(doubtful)
    edits: defaultdict[Path, list[Edit]] = defaultdict(list)
    for one in references_to(target, program, users):
        edits[one.place.path].append(Edit(one.place.span, name))
    inserted: dict[Path, list[Edit]] = {}
    for names, module in searched(target, program, users):
        rows = row_edits(names, module, target, name, facts)
        if isinstance(rows, Refused):
            return rows
        if rows:
            inserted[module.path] = rows
    changes = {path: (*edits[path], *inserted.get(path, ())) for path in {**edits, **inserted}}
    against = objection(target, name, program, users, changes, inserted, facts, known)
    return Refused(against) if against else Renamed(changes)


# ---- what may not be renamed


def _why_nothing(program: Program, offset: int) -> str:
    item = program.root.item_at(offset)
    found = innermost(Site(program, program.root, item), offset) if item is not None else None
    if found is None:
        return "Nothing here has a name."
    if isinstance(found.slot, SettingName):
        return f"`{found.text}` is a setting of the language."
    return (
        f"`{found.text}` is built in, or nothing that is declared." if found.text.isidentifier() else "This is a text."
    )


def _fixed(target: Target) -> str:
    """Why a thing keeps its name; empty when it need not."""
    name, declaration = target.name, target.entity.declaration if target.entity is not None else None
    if target.kind == "file":
        return f"`{name}` is called after its file; rename the file and the import lines."
    if target.kind == "split":
        return f"`{name}` is a word of the language."
    if target.kind == "column" and target.entity is not None and target.place.span == target.entity.name_span:
        return f"`{name}` is a column of a data file; rename it there."
    if target.kind == "input" and declaration is not None and declaration.kind == "tool":
        return f"The function behind `{declaration.name.text}` takes `{name}` by that name."
    if target.kind == "param" and name == _REASONING and isinstance(declaration, PromptDeclaration | AgentDeclaration):
        return f"A param called `{name}` says how to reason; under another name it would not."
    return ""


def _unfit(target: Target, name: str) -> str:
    """Why nothing can be called so; empty when the name is one."""
    if not name.isidentifier():
        return f"`{name}` is no name: letters, digits and _, and no digit first."
    if name in RESERVED or (target.kind == "type" and name in BUILT_IN):
        return f"`{name}` is a word of the language."
    if name == _REASONING and target.kind == "param":
        return f"A param called `{name}` says how to reason."
    declaration = target.entity.declaration if target.entity is not None else None
    if name in TAKEN and isinstance(declaration, PromptDeclaration | AgentDeclaration | ParamDeclaration):
        return f"`{name}` is a built-in name in messages." if target.kind in _SHOWN else ""
    return ""
