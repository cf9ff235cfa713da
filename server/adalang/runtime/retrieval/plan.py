"""What a retriever's settings ask for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from adalang.language.declarations import (
    Constant,
    Expression,
    ListExpression,
    Reference,
    RetrieverDeclaration,
    Text,
    setting,
)
from adalang.language.files import UTF_8, encoding_name
from adalang.language.program import Entity, Program
from adalang.language.settings import DEFAULT_CHUNK, DEFAULT_K, DEFAULT_OVERLAP
from adalang.runtime.failures import BugFailure
from adalang.runtime.models.types import ModelSpec
from adalang.runtime.resolve import Models
from adalang.runtime.retrieval.corpus import Corpus

LEXICAL = "builtin/lexical"


@dataclass(frozen=True)
class Plan:
    """``embedding`` is None for the built-in one, or where the method needs none; ``rerank`` a prompt, a model or nothing.
    ``corpus`` is None where the store has all passages already; paths in it start at ``folder``."""

    folder: Path
    corpus: Corpus | None
    method: str
    embedding: ModelSpec | None
    k: int
    rerank: Entity | ModelSpec | None
    store: str

    @property
    def lexical(self) -> bool:
        """Whether it searches by the built-in embedding."""
        return self.method != "bm25" and self.embedding is None


def plan_of(program: Program, models: Models, entity: Entity) -> Plan:
    """Raises BugFailure for settings that do not go together; the checks tell the same."""
    declaration = entity.declaration
    assert isinstance(declaration, RetrieverDeclaration)
    values = {one.name.text: one.value for one in declaration.settings}
    method = _word(values.get("method")) or "bm25"
    store = _word(values.get("store"))
    patterns = tuple(_texts(values["corpus"])) if "corpus" in values else ()
    if not patterns and not store:
        raise BugFailure(f"`{entity.id}` has no corpus")
    embedding = None
    if method != "bm25" and "embedding" in values:
        spec = models.of_value(values["embedding"], entity.module)
        embedding = spec if spec.id != LEXICAL else None
    chunk, overlap = _number(values.get("chunk"), DEFAULT_CHUNK), _number(values.get("overlap"), DEFAULT_OVERLAP)
    encoding = encoding_name(_word(values.get("encoding")) or UTF_8)
    if encoding is None:
        raise BugFailure(f"`{entity.id}`: there is no such encoding")
    plan = Plan(
        folder=entity.module.path.parent,
        corpus=Corpus(entity.module.path.parent, patterns, chunk, overlap, encoding) if patterns else None,
        method=method,
        embedding=embedding,
        k=_number(values.get("k"), DEFAULT_K),
        rerank=_rerank(program, models, entity),
        store=store if method != "bm25" or not patterns else "",  # it holds vectors
    )
    if plan.store not in ("", "faiss") and plan.embedding is None:
        raise BugFailure(f"`{entity.id}`: what is kept in {plan.store} needs an `embedding` by a model")
    if plan.corpus is None and (plan.method != "vector" or plan.store == "faiss"):
        raise BugFailure(f"`{entity.id}`: without a corpus only method = vector in a store outside can be searched")
    return plan


def _rerank(program: Program, models: Models, entity: Entity) -> Entity | ModelSpec | None:
    declaration = entity.declaration
    assert isinstance(declaration, RetrieverDeclaration)
    found = setting(declaration.settings, "rerank")
    if found is None:
        return None
    named = program.resolve_expression(found.value, entity.module) if not isinstance(found.value, Text) else None
    if named is not None and named.kind == "prompt":
        return named
    return models.of_value(found.value, entity.module)


def _texts(value: Expression) -> list[str]:
    items = value.items if isinstance(value, ListExpression) else (value,)
    return [one.value for one in items if isinstance(one, Text)]


def _word(value: Expression | None) -> str:
    """A setting that is one word, with or without quotes."""
    return value.value if isinstance(value, Text) else value.name if isinstance(value, Reference) else ""


def _number(value: Expression | None, default: int) -> int:
    return int(value.value) if isinstance(value, Constant) and value.value is not None else default
