"""What there is to say about one candidate: looked up when somebody looks at it, not for all of them at each keystroke."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from adalang.ide import jinja
from adalang.ide.hovers.data import of_file
from adalang.ide.meaning import about_model, of_entity
from adalang.ide.surroundings import Surroundings
from adalang.ide.words import DECLARATIONS, MESSAGES, METHODS, OBJECT_KEYS, PARTS, PRIMITIVES
from adalang.language.builtins import METRIC_SIGNATURES
from adalang.language.checks import Facts
from adalang.language.declarations import Param
from adalang.language.models import known_models
from adalang.language.program import Program, link
from adalang.language.reach import trainable_named
from adalang.language.settings import FUNCTIONS, SETTINGS
from adalang.language.text import Span
from adalang.language.types import OBJECTS

_NOWHERE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Explanation:
    """``detail`` is one line of code or words, ``doc`` Markdown; "" where there is nothing to say."""

    detail: str = ""
    doc: str = ""


def explain(program: Program, about: str, facts: Facts, around: Surroundings) -> Explanation:
    """``about`` is what a :class:`~adalang.ide.completions.found.Found` carries; nothing for what is not there."""
    what, _, name = about.partition(" ")
    match what:
        case "declaration":
            return _declaration(program, name)
        case "elsewhere":
            return _elsewhere(name, around)
        case "trainable":
            found = trainable_named(program, name)
            doc = found.part.doc if found is not None and isinstance(found.part, Param) else ""
            return Explanation(found.kind, doc) if found is not None else _NOTHING
        case "setting":
            kind, _, key = name.partition(" ")
            return _setting(kind, key)
        case "model":
            known = known_models().get(name)
            return Explanation(known.mode if known else "", about_model(name))
        case "metric":
            metric = METRIC_SIGNATURES.get(name)
            inputs = ", ".join(one.name for one in metric.parameters) if metric else ""
            return Explanation(f"metric {name}({inputs})", metric.meaning) if metric else _NOTHING
        case "file":
            return Explanation("", next(of_file(program, Path(name), "file", facts), ""))
        case "import":
            imported = program.imported(program.root).get(name)
            return Explanation(f"import {name}", f"The file `{imported.path.name}`.") if imported else _NOTHING
        case _:
            return Explanation("", _doc_of_word(what, name))


_NOTHING = Explanation()


def _doc_of_word(what: str, name: str) -> str:
    match what:
        case "keyword":
            return DECLARATIONS.get(name) or PARTS.get(name, "")
        case "message":
            return MESSAGES.get(name, "")
        case "method":
            return METHODS.get(name, "")
        case "type":
            return PRIMITIVES.get(name) or OBJECTS[name][1]
        case "function":
            return FUNCTIONS.get(name, "")
        case "filter":
            return jinja.filters().get(name, "")
        case "test":
            return jinja.tests().get(name, "")
        case "jinja":
            return jinja.STATEMENTS.get(name) or jinja.GLOBALS.get(name, "")
        case _:
            return ""


def _declaration(program: Program, name: str) -> Explanation:
    entity = program.resolve(name)
    if entity is None:
        return _NOTHING
    found = of_entity(program, entity, _NOWHERE)
    return Explanation(found.title, found.doc)


def _elsewhere(about: str, around: Surroundings) -> Explanation:
    """A declaration of a file that is not imported yet."""
    name, _, path = about.partition(" ")
    module = next((one for one in around.modules if str(one.path) == path), None)
    if module is None or name not in module.names:
        return _NOTHING
    alone = link(module, lambda path: None)
    found = of_entity(alone, alone.entity(module, module.names[name]), _NOWHERE)
    return Explanation(found.title, found.doc)


def _setting(kind: str, name: str) -> Explanation:
    if kind in OBJECT_KEYS:
        return Explanation("", OBJECT_KEYS[kind].get(name, ""))
    spec = SETTINGS.get(kind, {}).get(name)
    return Explanation(spec.kind, spec.doc) if spec is not None else _NOTHING
