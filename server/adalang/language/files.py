"""The files that a program can name, by their endings."""

from __future__ import annotations

LINES = (".jsonl", ".ndjson")
"""Rows of which each is a line, so that one more can be added at the end."""
ROWS = (*LINES, ".json", ".csv", ".tsv")
CORPUS = (".md", ".txt", ".jsonl", ".csv")
DESCRIPTIONS = (".json", ".yaml", ".yml")
"""OpenAPI descriptions of what `http(…)` calls."""

NAMED = tuple(dict.fromkeys((".adal", ".py", *ROWS, *CORPUS, *DESCRIPTIONS)))
"""All of them: a change of one of these may change what there is to say about a program."""


def glob(*endings: str) -> str:
    """The pattern of all files with one of the endings, in any folder."""
    return f"**/*.{{{','.join(one.removeprefix('.') for one in endings)}}}"
