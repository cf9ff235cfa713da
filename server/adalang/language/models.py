"""Which models exist, what they cost and how much they read: a table for checks, estimates and budgets.

The table is models.json, made by scripts/generate_models.py from litellm's; reading it needs neither
litellm nor a network. A model that is missing here may still work: new ones come out every week.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

_OWN_PROVIDERS = ("builtin", "replay")

_MAKERS = ("openai", "anthropic", "gemini", "mistral", "groq", "deepseek", "xai", "cohere", "perplexity", "moonshot")
_RESELLERS = ("azure", "azure_ai", "bedrock", "databricks", "replicate", "vertex_ai", "watsonx")

# Providers that want nothing but a key, and where it is looked for.
_KEY_VARIABLES = {
    "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    "cerebras": ("CEREBRAS_API_KEY",),
    "cohere": ("COHERE_API_KEY", "CO_API_KEY"),
    "deepseek": ("DEEPSEEK_API_KEY",),
    "fireworks_ai": ("FIREWORKS_AI_API_KEY", "FIREWORKS_API_KEY", "FIREWORKSAI_API_KEY"),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "groq": ("GROQ_API_KEY",),
    "mistral": ("MISTRAL_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "openrouter": ("OPENROUTER_API_KEY",),
    "perplexity": ("PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"),
    "together_ai": ("TOGETHERAI_API_KEY", "TOGETHER_API_KEY", "TOGETHER_AI_API_KEY"),
    "voyage": ("VOYAGE_API_KEY",),
    "xai": ("XAI_API_KEY",),
}
_LOGINS = frozenset(
    {"AWS_BEARER_TOKEN_BEDROCK", "AZURE_API_KEY", "AZURE_AI_API_KEY", "AZURE_OPENAI_API_KEY", "DATABRICKS_TOKEN"}
)


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model of the table: prices in USD per million tokens, windows in tokens, None where unknown.

    ``can`` has a letter for each thing that it is known to do: see :data:`ABILITIES`.
    """

    id: str
    provider: str
    mode: Literal["chat", "embedding"]
    window: int | None = None
    input_usd_per_1m: float | None = None
    output_usd_per_1m: float | None = None
    answer_window: int | None = None
    can: str = ""


ABILITIES: Mapping[str, str] = {"v": "vision", "t": "tools", "s": "JSON schema", "r": "reasoning"}


def known_models() -> Mapping[str, KnownModel]:
    """Every model of the table by its id (`openai/gpt-4o-mini`), in the order of the ids."""
    return _table()[0]


def known_providers() -> tuple[str, ...]:
    """Every prefix that a model id may begin with, `builtin` and `replay` among them, sorted."""
    return _table()[1]


def likely(name: str) -> str | None:
    """The id that somebody means who leaves out the provider: that of the model's own maker before its resellers'."""
    found = [one for one in known_models() if one.endswith(f"/{name}")]
    return min(found, key=lambda one: (one.count("/"), rank(one), one), default=None)


def rank(model_id: str) -> int:
    """How far a provider is from the model's maker: makers by how widely they are used, then other hosts, then resellers."""
    provider = model_id.partition("/")[0]
    return _MAKERS.index(provider) if provider in _MAKERS else len(_MAKERS) + (provider in _RESELLERS)


def price(model_id: str) -> tuple[float, float] | None:
    """USD per input token and per output token, or None where no price is known."""
    if model_id.partition("/")[0] in _OWN_PROVIDERS:
        return 0.0, 0.0
    model = known_models().get(model_id)
    if model is None or model.input_usd_per_1m is None:
        return None
    return model.input_usd_per_1m / 1e6, (model.output_usd_per_1m or 0.0) / 1e6


def key_variables(provider: str) -> tuple[str, ...]:
    """The environment variables any of which holds a provider's key, the usual one first.

    Empty for providers that need no key and for those with a login of their own kind (azure, bedrock, …).
    """
    return _KEY_VARIABLES.get(provider, ())


def provider_key_variables() -> frozenset[str]:
    """Every variable that is known to hold a provider's key, those with a login of their own kind too."""
    return frozenset(name for names in _KEY_VARIABLES.values() for name in names) | _LOGINS


def estimate_tokens(text: str) -> int:
    """About how many tokens a text has: four ASCII characters to a token, other scripts a character or so."""
    if text.isascii():
        return math.ceil(len(text) / 4)
    wide = sum(ord(character) > 127 for character in text)
    return math.ceil((len(text) - wide) / 4 + wide * 0.8)


@cache
def _table() -> tuple[Mapping[str, KnownModel], tuple[str, ...]]:
    data = json.loads(files(__package__).joinpath("models.json").read_text(encoding="utf-8"))
    models = {
        model_id: KnownModel(model_id, model_id.partition("/")[0], *row) for model_id, row in data["models"].items()
    }
    own = KnownModel("builtin/lexical", "builtin", "chat", None, 0.0, 0.0)
    models = dict(sorted((models | {own.id: own}).items()))
    return models, tuple(sorted({*data["providers"], *_OWN_PROVIDERS}))
