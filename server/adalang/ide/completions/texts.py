"""What may stand inside quotes: labels, models' ids, files, functions of a Python file, environment variables."""

from __future__ import annotations

import os.path
from collections.abc import Iterator
from pathlib import Path

from adalang.ide.completions.found import ELSEWHERE, FITS, LIMIT, REST, UNSURE, Found, matches
from adalang.ide.occurrences import Site
from adalang.ide.slots import Literal
from adalang.ide.surroundings import Surroundings
from adalang.language.declarations import ImportDeclaration, ModelDeclaration, Text
from adalang.language.files import CORPUS, DESCRIPTIONS, ROWS
from adalang.language.literal import quote
from adalang.language.models import key_variables, known_models, known_providers, rank
from adalang.language.text import Span

_ENDINGS = {
    "import": (".adal",),
    "file": ROWS,
    "corpus": CORPUS,
    "python": (".py",),
    "http": DESCRIPTIONS,
    "replay": (".jsonl",),
    "attached": ("",),
}


def inside(site: Site, slot: Literal, typed: str, span: Span, around: Surroundings) -> Iterator[Found]:
    """What may stand between the quotes at ``span``, of which ``typed`` stands before the cursor."""
    match slot.what:
        case "label" | "arm":
            yield from (Found(one, "value", "", "label", rank=int(one in slot.given)) for one in slot.labels)
        case "model" | "embedding":
            yield from _model_text(site, typed, span, around, embedding=slot.what == "embedding")
        case "file" | "import" | "http":
            what = "corpus" if site.item.declaration.kind == "retriever" else slot.what
            yield from files(site, what, typed, around, span=span)
        case "python":
            yield from _python(site, typed, span, around)
        case "env":
            yield from environment(site, around)
        case _:
            pass


# ---- models


def models(typed: str, *, embedding: bool = False, quoted: bool = False) -> Iterator[Found]:
    """The models of the provider that is typed; before that, models that match, the makers' own before the resellers'."""
    mode = "embedding" if embedding else "chat"
    provider, slash, _ = typed.partition("/")
    known = [
        one
        for one, about in known_models().items()
        if about.mode == mode and ((about.provider == provider) if slash else matches(typed, one))
    ]
    if not slash:
        known = sorted(known, key=lambda one: (typed not in one, rank(one), one.count("/"), one))[: LIMIT + 1]
    quote = '"' if quoted else ""
    far = REST if quoted else FITS
    for model_id in known:
        yield Found(f"{quote}{model_id}{quote}", "model", f"model {model_id}", "", rank=far)
    if not slash and not quoted:
        yield from (Found(f"{one}/", "model", "", "provider", rank=UNSURE) for one in known_providers())


def _model_text(site: Site, typed: str, span: Span, around: Surroundings, *, embedding: bool) -> Iterator[Found]:
    if typed.startswith("replay/"):
        inner = Span(span.start + len("replay/"), span.end)
        yield from files(site, "replay", typed.removeprefix("replay/"), around, span=inner)
    else:
        yield from models(typed, embedding=embedding)


# ---- files


def files(
    site: Site, what: str, typed: str, around: Surroundings, *, span: Span | None = None, quoted: bool = False
) -> Iterator[Found]:
    """Files and folders in the folder that is typed. ``span`` is the text between the quotes."""
    before, slash, _ = typed.rpartition("/")
    folder = _joined(site.module.path.parent, before)
    start = span.start + len((before + slash).encode()) if span is not None else 0
    place = Span(start, max(start, span.end)) if span is not None else None
    endings = _ENDINGS[what]
    for name in around.listing(folder) or ():
        if name.endswith("/"):
            if not quoted:
                yield Found(name, "folder", rank=UNSURE, span=place)
        elif name.lower().endswith(endings):
            insert = f"{name}:" if what in ("python", "http") else quote(name) if quoted else name
            far = _is_imported(site, folder / name) if what == "import" else FITS
            yield Found(name, "file", f"file {folder / name}", "", insert, rank=far, span=place)


def _joined(folder: Path, written: str) -> Path:
    return Path(os.path.normpath(folder / written))


def _is_imported(site: Site, path: Path) -> int:
    own = site.item.declaration
    written = own.path.value if isinstance(own, ImportDeclaration) and isinstance(own.path, Text) else ""
    imports = site.program.imports.get(site.module.path, {})
    others = {found for text, found in imports.items() if text != written}
    return REST if path == site.module.path else ELSEWHERE if path in others else FITS


def _python(site: Site, typed: str, span: Span, around: Surroundings) -> Iterator[Found]:
    """A Python file; behind its colon a function of it."""
    file, colon, _ = typed.rpartition(":")
    if not colon:
        yield from files(site, "python", typed, around, span=span)
        return
    start = span.start + len((file + colon).encode())
    place = Span(start, max(start, span.end))
    known = site.facts.functions(_joined(site.module.path.parent, file))
    taken = {one.name.text for one in getattr(site.item.declaration, "parameters", ())}
    for name, function in known.functions.items() if known is not None else ():
        parameters = function.parameters
        far = (FITS if taken <= set(parameters) else UNSURE) + 5 * name.startswith("_")
        yield Found(name, "function", "", f"{name}({', '.join(parameters)})", rank=far, span=place)


def usual_variables(site: Site) -> tuple[str, ...]:
    """Where the key of the declared model's provider is usually kept."""
    declaration = site.item.declaration
    written = declaration.value if isinstance(declaration, ModelDeclaration) else None
    return key_variables(written.value.partition("/")[0]) if isinstance(written, Text) else ()


def environment(site: Site, around: Surroundings) -> Iterator[Found]:
    """The variables that hold a key of the model's provider first, then those that are set."""
    usual = usual_variables(site)
    names = set(around.environment)
    for name in usual:
        yield Found(name, "value", "", "set" if name in names else "usual name", rank=FITS)
    for name in sorted(names - set(usual)):
        yield Found(name, "value", "", "set", rank=UNSURE)
