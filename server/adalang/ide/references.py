"""References: every word, in all files that can see it, that names what the word at the cursor names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from adalang.ide.targets import Access, Names, Place, Target
from adalang.language.program import Module, Program


@dataclass(frozen=True, slots=True)
class Reference:
    place: Place
    access: Access


def references(
    program: Program, offset: int, users: Iterable[Program] = (), *, declaration: bool = True
) -> list[Reference]:
    """The places that name what the word at byte ``offset`` of the root file names, the root's first.

    ``users`` are the programs of other files that may import what is searched for; those that do not are passed over.
    Without ``declaration`` the places that declare it are left out.
    """
    word = Names(program).at(offset)
    if word is None:
        return []
    found = references_to(word.target, program, users)
    return [one for one in found if declaration or one.access != "declaration"]


def references_to(target: Target, program: Program, users: Iterable[Program] = ()) -> list[Reference]:
    """The places that name ``target``, each file's in the order of its text, the root's first."""
    found: list[Reference] = []
    for names, module in searched(target, program, users):
        places = {Place(module.path, word.span): word.access for word in names.words_for(module, target)}
        found += [Reference(place, places[place]) for place in sorted(places, key=lambda one: one.span)]
    return found


def searched(target: Target, program: Program, users: Iterable[Program]) -> Iterator[tuple[Names, Module]]:
    """Every module that can see where ``target`` is declared, once, with the names of a program that has it."""
    done = set()
    for one in (program, *users):
        if target.place.path not in one.modules:
            continue
        names = Names(one)
        for module in one.modules.values():
            if module.path not in done and _sees(one, module, target):
                done.add(module.path)
                yield names, module


def _sees(program: Program, module: Module, target: Target) -> bool:
    """Whether a module's imports, direct or not, lead to where the target is declared."""
    waiting, seen = [module.path], {module.path}
    while waiting:
        path = waiting.pop()
        if path == target.place.path:
            return True
        for imported in program.imports.get(path, {}).values():
            if imported is not None and imported not in seen:
                seen.add(imported)
                waiting.append(imported)
    return False
