"""What hover and completion say about the words of the language that no other table explains."""

from __future__ import annotations

from collections.abc import Mapping

from adalang.language.settings import BUDGET_KEYS, SPLIT_NAMES

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

BUDGET: Mapping[str, str] = {
    "calls": "Model calls at most.",
    "tokens": "Tokens at most, of questions and answers.",
    "usd": "Money at most, in USD.",
    "minutes": "Time at most.",
}

OBJECT_KEYS: Mapping[str, Mapping[str, str]] = {"split": SPLITS, "budget": BUDGET}
"""The keys of settings that are objects."""

METHODS: Mapping[str, str] = {
    "bm25": "By the words that question and passage share, weighted by how rare they are.",
    "vector": "By how near the embeddings are.",
    "hybrid": "Both, their rankings joined.",
}

assert tuple(SPLITS) == SPLIT_NAMES and tuple(BUDGET) == BUDGET_KEYS
