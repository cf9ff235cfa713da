"""The kinds of semantic tokens."""

from __future__ import annotations

TYPES = (
    "namespace",
    "type",
    "parameter",
    "variable",
    "property",
    "enumMember",
    "function",
    "macro",
    "keyword",
    "comment",
    "string",
    "number",
    "operator",
    "decorator",
)
"""The protocol's own types. Jinja's delimiters are decorators, the first words of its tags macros."""

MODIFIERS = ("declaration", "readonly", "modification", "documentation", "defaultLibrary", "trainable")
"""The protocol's own, and ``trainable``: what the optimizer may change."""
