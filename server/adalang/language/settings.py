"""The settings of each kind of declaration: what they are called, what they take, what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ValueKind = Literal[
    "model",  # a model declaration's name, or a text "provider/model"
    "models",
    "text",
    "bool",
    "int",
    "number",
    "object",
    "dataset",
    "columns",  # an expression over `row`
    "metric",
    "components",
    "params",
    "inputs",  # a list of names of the component's own inputs
    "words",  # a list of texts, each one of WORDS
    "file",
    "method",
    "embedding",
    "condition",
    "any",
]


@dataclass(frozen=True, slots=True)
class SettingSpec:
    name: str
    kind: ValueKind
    doc: str
    low: float | None = None
    high: float | None = None


def _table(*rows: SettingSpec) -> dict[str, SettingSpec]:
    return {row.name: row for row in rows}


_S = SettingSpec

DEFAULT_MAX_STEPS = 8
"""Steps with tools that an agent takes at most, where its file does not say."""
DEFAULT_K, DEFAULT_CHUNK, DEFAULT_OVERLAP = 4, 300, 30
"""Of retrievers: passages given, tokens of the longest one, tokens that neighbours share."""

MODEL_OPTIONS = _table(
    _S("temperature", "number", "Randomness of the answers; 0 gives the likeliest one.", 0, 2),
    _S("max_tokens", "int", "Longest answer, in tokens.", 1),
    _S("top_p", "number", "Share of the likeliest tokens that answers are drawn from.", 0, 1),
    _S("seed", "int", "Seed, for providers that have one."),
    _S("stop", "any", "Text or list of texts that end an answer."),
    _S("frequency_penalty", "number", "Less of what was said often.", -2, 2),
    _S("presence_penalty", "number", "Less of what was said at all.", -2, 2),
    _S("reasoning_effort", "text", "For models that reason: minimal, low, medium or high."),
    _S("api_base", "text", 'Where the provider\'s API is, when not at its usual address. May be env("NAME").'),
    _S("api_key", "text", 'The key; only as env("NAME"), never written out.'),
    _S("api_version", "text", "The API's version, for providers that ask for one."),
    _S("organization", "text", "The provider's organization."),
    _S("region", "text", "The provider's region, for providers that have several."),
    _S("fallback", "models", "Models that are asked in turn when this one cannot answer."),
    _S("retries", "int", "How often a call is tried again after a failure of transport.", 0, 20),
    _S("timeout", "number", "Seconds until a call counts as failed.", 0.001),
    _S("rpm", "int", "Requests per minute that the provider allows; calls wait for their turn.", 1),
    _S("tpm", "int", "Tokens per minute that the provider allows, sent and received.", 1),
    _S("headers", "object", "Further HTTP headers."),
    _S("window", "int", "Tokens that the model reads at most, where it is not known or smaller than it could be.", 16),
)
_CUT = _S(
    "cut", "inputs", "Inputs that may be shortened to fit the model's window, the first one first: [history, passages]."
)

SETTINGS: Mapping[str, Mapping[str, SettingSpec]] = {
    "model": MODEL_OPTIONS,
    "prompt": _table(
        _S("model", "model", "The model that answers. Absent: the workspace's default."),
        _S("reasoning", "bool", "Ask for the reasoning before the answer."),
        _CUT,
    ),
    "agent": _table(
        _S("model", "model", "The model that decides. Absent: the workspace's default."),
        _S("tools", "components", "What it may call: tools, retrievers, prompts, pipelines."),
        _S("max_steps", "int", "How many steps it may take.", 1, 1000),
        _S("reasoning", "bool", "Ask for the reasoning before each step."),
        _CUT,
    ),
    "retriever": _table(
        _S(
            "corpus",
            "file",
            "The files to search: a path, a pattern or a list of them; .md, .txt, .html, .jsonl, .json, .csv, .tsv, .pdf.",
        ),
        _S("encoding", "text", 'How the text of its files is written, such as "latin-1". Absent: UTF-8.'),
        _S("method", "method", "bm25, vector or hybrid. Absent: bm25."),
        _S("embedding", "embedding", "The model that embeds, for vector and hybrid. Absent: builtin/lexical."),
        _S("k", "int", f"How many passages to give. Absent: {DEFAULT_K}.", 1, 1000),
        _S("rerank", "any", "A prompt or a model that orders what was found."),
        _S("chunk", "int", f"Longest passage, in tokens. Absent: {DEFAULT_CHUNK}.", 16),
        _S("overlap", "int", f"Tokens that neighbouring passages share. Absent: {DEFAULT_OVERLAP}.", 0),
        _S(
            "store",
            "text",
            'Where vectors are kept and searched: "faiss", "lancedb:FOLDER#TABLE" or "qdrant:URL#COLLECTION". Absent: here, exactly.',
        ),
    ),
    "tool": _table(
        _S("approve", "condition", "When a person has to agree: true, or a condition over the inputs."),
        _S(
            "effects",
            "bool",
            "Whether a call changes something outside; the optimizer never makes such calls.",
        ),
        _S("timeout", "number", "Seconds until a call counts as failed. Absent: 60.", 0.001),
        _S("memory", "int", "Megabytes of address space that a Python function's process may take. Absent: 4096.", 64),
    ),
    "dataset": _table(
        _S(
            "split",
            "object",
            "Fractions of the rows, by a stable hash: { train = 0.4, val = 0.3, test = 0.3 }.",
        ),
        _S("seed", "int", "Changes which rows fall into which split."),
        _S("train", "file", "File of the rows that the search learns from."),
        _S("val", "file", "File of the rows that the search selects on."),
        _S("test", "file", "File of the hold-out rows, which only the ship test looks at."),
    ),
    "eval": _table(
        _S("data", "dataset", "The data set, or one split of it: `tickets`, `tickets.val`."),
        _S("inputs", "object", "The target's inputs, where columns have other names: { ticket = row.text }."),
        _S("expect", "columns", "The column with the right answer: row.label."),
        _S(
            "metric",
            "metric",
            'How to score: a built-in metric, a prompt, a tool or python("file.py:function").',
        ),
        _S("goal", "number", "The score to reach; `adalang eval` ends with 1 below it.", 0, 1),
        _S("on_save", "int", "How many examples to run at each save. Absent: none.", 1),
        _S("repeats", "int", "How many samples of each row to score.", 1, 100),
    ),
    "optimize": _table(
        _S("teacher", "model", "The model that reads failures and writes edits. Absent: the target's own."),
        _S(
            "budget",
            "object",
            "What the search may spend: { calls = 600, usd = 2.0, minutes = 20, tokens = …, usd_per_point = … }.",
        ),
        _S(
            "params",
            "params",
            "Only these params and demos: [classify.shots]. Absent: all that the target reaches.",
        ),
        _S(
            "allow",
            "words",
            'What else may change besides params and demos: ["structure", "models", "tools"]. Absent: nothing.',
        ),
        _S("seed", "int", "Seed of the search's random choices."),
        _S("prefer", "object", "What else counts besides the score: { cost = 0.2, latency = 0.1 }."),
    ),
    "demos": _table(_S("max", "int", "How many examples there may be at most.", 0, 100)),
}

ALLOWED: Mapping[str, str] = {
    "structure": "Order of output fields, `reasoning`, a step that checks an answer, `k` and `max_steps`.",
    "models": "Which declared model a prompt takes, and that model's options for this prompt.",
    "tools": "What a tool's description, the comment above it, tells the models that may call it.",
}
"""What a search may be allowed to change besides params and demos."""
WORDS: Mapping[tuple[str, str], Mapping[str, str]] = {("optimize", "allow"): ALLOWED}
"""The words of settings that take a list of some, by the kind of the declaration and their name."""
NUMBERS: Mapping[str, Mapping[str, SettingSpec]] = {
    "budget": _table(
        _S("calls", "int", "Model calls at most.", 1, 1e12),
        _S("tokens", "int", "Tokens at most, of questions and answers.", 1, 1e15),
        _S("usd", "number", "Money at most, in USD.", 0, 1e9),
        _S("minutes", "number", "Time at most.", 0, 1e6),
        _S("calls_per_point", "number", "The search ends when a point of score takes more calls than this.", 0, 1e12),
        _S("usd_per_point", "number", "The search ends when a point of score costs more USD than this.", 0, 1e9),
    ),
    "prefer": _table(
        _S("cost", "number", "How much a cheaper candidate counts.", 0, 100),
        _S("latency", "number", "How much a faster candidate counts.", 0, 100),
    ),
}
"""The keys of an `optimize` block's settings that are objects of numbers."""
SPLIT_NAMES = ("train", "val", "test")
RETRIEVAL_METHODS = ("bm25", "vector", "hybrid")
FUNCTIONS: Mapping[str, str] = {
    "env": 'env("NAME"): the value of an environment variable; the only way a secret gets in.',
    "python": 'python("file.py:function"): a function of a Python file beside this one.',
    "mcp": 'mcp("command …") or mcp("https://…"): a tool of a Model Context Protocol server.',
    "http": 'http("openapi.json:operation"): an HTTP call that an OpenAPI description, a file or an address, describes.',
}
_ENVIRONMENT = _S("env", "object", 'Further variables of its process: { TOKEN = env("TOKEN") }.')
_HEADERS = _S("headers", "object", 'Headers that are sent along: { Authorization = env("AUTHORIZATION") }.')
TOOL_OPTIONS: Mapping[str, Mapping[str, SettingSpec]] = {
    "python": _table(_ENVIRONMENT),
    "mcp": _table(
        _S("tool", "text", "The tool's name on its server. Absent: the name that is declared."), _ENVIRONMENT, _HEADERS
    ),
    "http": _table(
        _S(
            "operation",
            "text",
            "The operation's id. Absent: what stands behind the colon, or the name that is declared.",
        ),
        _S("base", "text", "The address of the API. Absent: the description's first server."),
        _HEADERS,
        _S("query", "object", 'Query parameters that are sent along: { key = env("KEY") }.'),
    ),
}
"""What may stand in a tool's parentheses behind the text that says where it is."""
KEYWORDS = (
    "import",
    "model",
    "type",
    "param",
    "prompt",
    "retriever",
    "tool",
    "agent",
    "pipeline",
    "dataset",
    "eval",
    "optimize",
)
RESERVED = frozenset(
    {
        "true",
        "false",
        "null",
        "and",
        "or",
        "not",
        "in",
        "for",
        "if",
        "match",
        "repeat",
        "until",
        "return",
        "of",
        "_",
    }
)
