"""What hover and completion say about the words of the language that no other table explains."""

from __future__ import annotations

from collections.abc import Mapping

from adalang.language.settings import FUNCTIONS, NUMBERS, SPLIT_NAMES, TOOL_OPTIONS

DECLARATIONS: Mapping[str, str] = {
    "import": "Makes another file's names visible here, behind the file's name and a dot.",
    "model": "A model under a name, with its options.",
    "type": "A type under a name: labels, an object, a list.",
    "param": "Text that the optimizer may change. Plain text, never a template.",
    "prompt": "A component that asks a model.",
    "retriever": "A component that finds passages in a corpus.",
    "tool": "A component that calls code.",
    "agent": "A component that lets a model call tools until it has an answer.",
    "pipeline": "A component made of other components. Lines that do not depend on each other run at the same time.",
    "dataset": "Examples, from a file or written here.",
    "eval": "How well a component does on a data set.",
    "optimize": "A search for better params and demos, proven on examples that the search never saw.",
}

SNIPPETS: Mapping[str, str] = {
    "import": 'import "${1:common}.adal"',
    "model": 'model ${1:fast} = "${2:openai/gpt-4o-mini}"',
    "type": 'type ${1:Label} = "${2:yes}" | "${3:no}"',
    "param": 'param ${1:tone} = "${2:Be brief and kind.}"',
    "prompt": 'prompt ${1:answer}(${2:question}: str) -> ${3:str} {\n  user = """{{ ${2:question} }}"""\n}',
    "retriever": 'retriever ${1:search}(query: str) -> Passage[] {\n  corpus = "${2:docs/**/*.md}"\n  method = ${3:bm25}\n}',
    "tool": 'tool ${1:name}(${2:text}: str) -> ${3:str} = python("${4:tools.py}:${1:name}")',
    "agent": "agent ${1:helper}(${2:question}: str) -> ${3:str} {\n  tools = [${4}]\n  max_steps = ${5:6}\n}",
    "pipeline": "pipeline ${1:main}(${2:question}: str) -> ${3:str} {\n  answer = ${4}\n  return answer\n}",
    "dataset": 'dataset ${1:examples} = "${2:examples.jsonl}"',
    "eval": "eval ${1:quality} of ${2:answer} {\n  data   = ${3:examples}\n  expect = row.${4:label}\n"
    "  metric = ${5:exact_match}\n}",
    "optimize": "optimize ${1:quality} {\n  budget = { calls = ${2:600} }\n}",
}

PARTS: Mapping[str, str] = {
    "demos": "Few-shot examples, chosen by the optimizer and kept in the file.",
    "return": "What the pipeline gives back.",
    "repeat": "Again and again, at most so often, until the condition holds.",
    "match": "A choice by a value: an arm for each label, or `_` for the rest.",
}
"""The words inside declarations that start something."""

PRIMITIVES: Mapping[str, str] = {
    "str": "Text.",
    "int": "A whole number.",
    "float": "A number.",
    "bool": "true or false.",
}

MESSAGES: Mapping[str, str] = {
    "system": "A message that sets the model's task. A Jinja2 template.",
    "user": "A message with the inputs. A Jinja2 template.",
    "assistant": "A message in the model's own voice. A Jinja2 template.",
}

SPLITS: Mapping[str, str] = {
    "train": "The rows that the search learns from.",
    "val": "The rows that the search selects on, and that `eval` scores unless told otherwise.",
    "test": "The hold-out: only the ship test looks at it, and each look is counted.",
}

OBJECT_KEYS: Mapping[str, Mapping[str, str]] = {
    "split": SPLITS,
    **{name: {key: spec.doc for key, spec in keys.items()} for name, keys in {**NUMBERS, **TOOL_OPTIONS}.items()},
}
"""The keys of settings that are objects, and the options of tools' functions."""

CHOICES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("model", "reasoning_effort"): ("minimal", "low", "medium", "high"),
}
"""Settings of texts that take one of a few, by the kind of the declaration and their name."""

DEFAULTS: Mapping[tuple[str, str], str] = {
    ("model", "retries"): "2",
    ("model", "timeout"): "120",
    ("prompt", "reasoning"): "false",
    ("dataset", "split"): "{ train = 0.4, val = 0.3, test = 0.3 }",
    ("dataset", "seed"): "0",
    ("eval", "repeats"): "1",
    ("optimize", "seed"): "0",
}
"""What holds where a setting is absent, as it would be written."""

FUNCTION_PARAMETERS: Mapping[str, tuple[str, str]] = {
    "env": ("name", "The environment variable, in quotes. Its value is read at each run and kept nowhere."),
    "python": ("target", "`file.py:function`, the file's path counted from this file's folder."),
    "mcp": ("server", "The command that starts the server, or its `https://` address."),
    "http": (
        "description",
        "`openapi.json:operation`: the description's path or address, and the id of an operation in it.",
    ),
}
"""The one argument of each function: how it is called, and what it takes."""

METHODS: Mapping[str, str] = {
    "bm25": "By the words that question and passage share, weighted by how rare they are.",
    "vector": "By how near the embeddings are.",
    "hybrid": "Both, their rankings joined.",
}

assert tuple(SPLITS) == SPLIT_NAMES and FUNCTION_PARAMETERS.keys() == FUNCTIONS.keys()
