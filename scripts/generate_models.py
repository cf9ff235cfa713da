"""Write server/adalang/language/models.json from the price table that is bundled with the installed litellm.

python scripts/generate_models.py            write the file
python scripts/generate_models.py --check    exit 1 if the file is not what would be written
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "server" / "adalang" / "language" / "models.json"
MODES = {"chat": "chat", "responses": "chat", "embedding": "embedding"}

# A letter for each ability that the table tells (see KnownModel.can).
ABILITIES = {
    "v": "supports_vision",
    "t": "supports_function_calling",
    "s": "supports_response_schema",
    "r": "supports_reasoning",
}

# The table's provider -> the prefix that a model id is written with; a name here is what users have keys for.
PREFIXES = {
    "anthropic": "anthropic",
    "azure": "azure",
    "azure_ai": "azure_ai",
    "bedrock": "bedrock",
    "bedrock_converse": "bedrock",
    "cerebras": "cerebras",
    "cohere": "cohere",
    "cohere_chat": "cohere",
    "dashscope": "dashscope",
    "databricks": "databricks",
    "deepinfra": "deepinfra",
    "deepseek": "deepseek",
    "fireworks_ai": "fireworks_ai",
    "fireworks_ai-embedding-models": "fireworks_ai",
    "gemini": "gemini",
    "groq": "groq",
    "hosted_vllm": "hosted_vllm",
    "hyperbolic": "hyperbolic",
    "minimax": "minimax",
    "mistral": "mistral",
    "moonshot": "moonshot",
    "nebius": "nebius",
    "ollama": "ollama",
    "openai": "openai",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
    "replicate": "replicate",
    "sambanova": "sambanova",
    "together_ai": "together_ai",
    "vertex_ai": "vertex_ai",
    "vertex_ai-anthropic_models": "vertex_ai",
    "vertex_ai-embedding-models": "vertex_ai",
    "vertex_ai-language-models": "vertex_ai",
    "vertex_ai-llama_models": "vertex_ai",
    "vertex_ai-mistral_models": "vertex_ai",
    "vertex_ai-openai_models": "vertex_ai",
    "voyage": "voyage",
    "watsonx": "watsonx",
    "xai": "xai",
    "zai": "zai",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    text = render(price_table(), providers())
    if not arguments.check:
        TARGET.write_text(text, encoding="utf-8")
        return 0
    if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write(f"{TARGET} is not current; run python scripts/generate_models.py\n")
    return 1


def price_table() -> dict[str, dict[str, Any]]:
    """litellm's own table, read from its file: no import, no network."""
    spec = find_spec("litellm")
    if spec is None or spec.origin is None:
        raise SystemExit("litellm is not installed")
    file = Path(spec.origin).parent / "model_prices_and_context_window_backup.json"
    table: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    del table["sample_spec"]
    return table


def providers() -> list[str]:
    """Every prefix that litellm routes."""
    os.environ |= {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION"}
    from litellm.types.utils import LlmProviders

    return sorted(provider.value for provider in LlmProviders)


def render(table: dict[str, dict[str, Any]], prefixes: list[str]) -> str:
    """The file's text: a model a line, sorted, so that a new litellm gives a readable difference."""
    models: dict[str, list[Any]] = {}
    for name, entry in sorted(table.items()):
        prefix, mode = PREFIXES.get(entry.get("litellm_provider", "")), MODES.get(entry.get("mode", ""))
        if prefix is None or mode is None or name.startswith("ft:"):
            continue
        model_id = name if name.startswith(prefix + "/") else f"{prefix}/{name}"
        models.setdefault(model_id, describe(entry, mode))
    lines = ",\n".join(f"{json.dumps(name)}:{compact(models[name])}" for name in sorted(models))
    return f'{{"providers":{compact(prefixes)},\n"models":{{\n{lines}\n}}}}\n'


def describe(entry: dict[str, Any], mode: str) -> list[Any]:
    """The fields of :class:`adalang.language.models.KnownModel` behind id and provider, in their order: windows in tokens,
    prices in USD per million tokens, null where the table does not know them."""
    window, answer = entry.get("max_input_tokens") or entry.get("max_tokens"), entry.get("max_output_tokens")
    prices = (entry.get("input_cost_per_token"), entry.get("output_cost_per_token"))
    return [
        mode,
        window if isinstance(window, int) else None,
        *(float(f"{one * 1e6:.6g}") if isinstance(one, int | float) else None for one in prices),
        answer if isinstance(answer, int) and mode == "chat" else None,
        "".join(letter for letter, key in ABILITIES.items() if entry.get(key)),
    ]


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


if __name__ == "__main__":
    sys.exit(main())
