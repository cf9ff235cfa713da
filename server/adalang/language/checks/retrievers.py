"""Retrievers: their corpus, and settings that have to go together."""

from __future__ import annotations

from adalang.language import models
from adalang.language.checks import components
from adalang.language.checks.scope import Scope
from adalang.language.declarations import (
    Constant,
    Expression,
    Hole,
    ListExpression,
    Member,
    Reference,
    RetrieverDeclaration,
    Setting,
    Text,
)
from adalang.language.files import encoding_name, no_corpus
from adalang.language.lower import Item
from adalang.language.program import Entity
from adalang.language.settings import DEFAULT_CHUNK, DEFAULT_OVERLAP
from adalang.language.types import FLOAT, PASSAGE, STR, ListOf, ObjectOf, Type, describe, fits

_OUTSIDE = ("lancedb:", "qdrant:")
_FOR_VECTORS = ("embedding", "store")


def check(scope: Scope, item: Item) -> None:
    declaration = item.declaration
    if not isinstance(declaration, RetrieverDeclaration):
        return
    components.settings_values(scope, item, declaration.settings, "retriever")
    given = {one.name.text: one for one in declaration.settings if not isinstance(one.value, Hole)}
    method = _word(given["method"].value) if "method" in given else "bm25"
    outside = "store" in given and _word(given["store"].value).startswith(_OUTSIDE)
    if "corpus" in given:
        _corpus(scope, item, given["corpus"].value)
    elif not outside and not declaration.problems:
        message = 'A retriever needs its files: `corpus = "docs/*.md"`.'
        scope.report.add("ADL002", item, declaration.name.span, message)
    if "encoding" in given and encoding_name(_word(given["encoding"].value)) is None:
        message = f'There is no encoding `{_word(given["encoding"].value)}`; it is one such as "latin-1", "cp1252" or "utf-16".'
        scope.report.add("ADL212", item, given["encoding"].value.span, message)
    if "embedding" in given:
        _embedding(scope, item, given["embedding"].value)
    if "store" in given:
        _store(scope, item, given["store"].value, method, given)
    if "rerank" in given:
        _rerank(scope, item, given["rerank"].value)
    for name in _FOR_VECTORS if method == "bm25" and "corpus" in given else ():
        if name in given:
            message = f"`{name}` has no effect with `method = bm25`; it counts for vector and hybrid."
            scope.report.add("ADL217", item, given[name].name.span, message)
    _overlap(scope, item, given)
    _signature(scope, item, declaration)


def _corpus(scope: Scope, item: Item, value: Expression) -> None:
    written = value.items if isinstance(value, ListExpression) else (value,)
    if not written:
        scope.report.add("ADL212", item, value.span, 'The list names no files: `corpus = ["docs/*.md"]`.')
    for one in written:
        if not isinstance(one, Text):
            continue
        problem = no_corpus(one.value)
        if problem:
            scope.report.add("ADL212", item, one.span, problem)
        elif scope.facts.exists(scope.module.path.parent / one.value) is False:
            message = f"There is no file `{one.value}` (looked beside this file)."
            scope.report.add("ADL501", item, one.span, message)


def _embedding(scope: Scope, item: Item, value: Expression) -> None:
    if isinstance(value, Reference | Member):
        scope.require(item, value, ("model",), "model")
    elif isinstance(value, Text):
        known = models.known_models().get(value.value)
        if known is None:
            components.model_id(scope, item, value)
        elif known.mode != "embedding" and known.provider != "builtin":
            message = f'"{value.value}" writes texts and gives no embeddings; take one such as "openai/text-embedding-3-small".'
            scope.report.add("ADL212", item, value.span, message)


def _store(scope: Scope, item: Item, value: Expression, method: str, given: dict[str, Setting]) -> None:
    written = _word(value)
    place, _, name = written.partition(":")[2].rpartition("#")
    if written != "faiss" and not (written.startswith(_OUTSIDE) and place and name):
        message = '`store` takes "faiss", "lancedb:FOLDER#TABLE" or "qdrant:URL#COLLECTION".'
        scope.report.add("ADL212", item, value.span, message)
    elif (
        written != "faiss" and method != "bm25" and ("embedding" not in given or _is_lexical(given["embedding"].value))
    ):
        message = f"What is kept in `{place}` needs the `embedding` of a model: the built-in one hangs on the corpus."
        scope.report.add("ADL212", item, value.span, message)
    elif "corpus" not in given and method != "vector":
        message = "Without a `corpus` only `method = vector` can search: the words are not known here."
        scope.report.add("ADL212", item, given["method"].value.span if "method" in given else value.span, message)


def _rerank(scope: Scope, item: Item, value: Expression) -> None:
    if isinstance(value, Text):
        if "rerank" not in value.value.lower():  # of those there is no table
            components.model_id(scope, item, value)
        return
    if not isinstance(value, Reference | Member):
        message = "`rerank` takes a prompt or a model."
        scope.report.add("ADL212", item, value.span, message)
        return
    entity = scope.require(item, value, ("prompt", "model"), "prompt or model")
    if entity is not None and entity.kind == "prompt":
        problem = _unfit(scope, entity)
        if problem:
            message = f"`{entity.id}` cannot rerank: {problem}."
            scope.report.add("ADL205", item, value.span, message, related=[scope.declared_at(entity)])


def _unfit(scope: Scope, prompt: Entity) -> str:
    """What keeps a prompt from ordering passages; empty for nothing."""
    signature = scope.signature(prompt)
    types = [wanted for _, wanted, _ in signature.inputs]
    lists = [one for one in types if isinstance(one, ListOf)]
    if len(types) != 2 or len(lists) > 1 or not any(fits(STR, one) for one in types):
        return "it has to take a query, and a passage or a list of passages"
    taken = lists[0].item if lists else types[1]
    if not (fits(PASSAGE, taken) or fits(STR, taken)):
        return f"it takes {describe(taken)} where a Passage or a str is given"
    returns = signature.returns
    if lists:
        inner = _field(returns, ("order", "scores")) or returns
        fit = isinstance(inner, ListOf) and fits(inner.item, FLOAT)
        return "" if fit else "for a list of passages it has to give int[] (their order) or float[] (their scores)"
    inner = _field(returns, ("score",)) or returns
    return "" if describe(inner) in ("int", "float", "bool") else "for one passage it has to give a number or a bool"


def _field(declared: Type, names: tuple[str, ...]) -> Type | None:
    fields = declared.fields if isinstance(declared, ObjectOf) else ()
    return next((one.type for one in fields if one.name in names), None)


def _overlap(scope: Scope, item: Item, given: dict[str, Setting]) -> None:
    chunk, overlap = _number(given, "chunk", DEFAULT_CHUNK), _number(given, "overlap", DEFAULT_OVERLAP)
    if "overlap" in given and overlap > chunk // 2:
        message = f"`overlap` is at most half of `chunk`, which is {chunk}."
        scope.report.add("ADL212", item, given["overlap"].value.span, message)


def _signature(scope: Scope, item: Item, declaration: RetrieverDeclaration) -> None:
    entity = scope.program.entity(scope.module, item)
    signature = scope.signature(entity)
    returns = signature.returns
    if not (isinstance(returns, ListOf) and fits(PASSAGE, returns.item)):
        span = declaration.returns.span if declaration.returns else declaration.name.span
        scope.report.add("ADL205", item, span, f"A retriever gives Passage[], not {describe(returns)}.")
    if not any(fits(STR, wanted) for _, wanted, _ in signature.inputs) and not declaration.problems:
        message = "A retriever needs its query: an input that is a str."
        scope.report.add("ADL205", item, declaration.name.span, message)


def _is_lexical(value: Expression) -> bool:
    return isinstance(value, Text) and value.value == "builtin/lexical"


def _word(value: Expression) -> str:
    return value.value if isinstance(value, Text) else value.name if isinstance(value, Reference) else ""


def _number(given: dict[str, Setting], name: str, default: int) -> int:
    value = given[name].value if name in given else None
    return value.value if isinstance(value, Constant) and isinstance(value.value, int) else default
