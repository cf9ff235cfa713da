"""The parts of the gateway that are plain functions: schemas, recordings' words, the table of models."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from adalang.language.models import estimate_tokens, known_models, known_providers, price
from adalang.runtime.models.schemas import response_format

LABEL = {"type": "string", "enum": ["a", "b"]}


def strict_of(schema: dict[str, Any]) -> bool:
    form = response_format(schema, "answer")
    assert form is not None
    return bool(form["json_schema"]["strict"])


def test_a_schema_is_strict_where_every_object_requires_all_it_has() -> None:
    inner = {"type": "object", "properties": {"x": LABEL}, "required": ["x"]}
    assert strict_of(inner)
    assert strict_of({"type": "object", "properties": {"y": inner}, "required": ["y"]})
    assert not strict_of({"type": "object", "properties": {"x": LABEL, "y": LABEL}, "required": ["x"]})
    assert not strict_of({"type": "object", "properties": {"y": {**inner, "required": []}}, "required": ["y"]})
    assert not strict_of({**inner, "additionalProperties": {"type": "string"}})
    assert not strict_of({"type": "object", "additionalProperties": True})


def test_objects_are_closed_at_every_depth_and_the_schema_given_is_left_alone() -> None:
    schema = {
        "type": "object",
        "properties": {"rows": {"type": "array", "items": {"$ref": "#/$defs/Row"}}},
        "required": ["rows"],
        "$defs": {"Row": {"type": "object", "properties": {"x": LABEL}, "required": ["x"]}},
    }
    before = json.dumps(schema)
    form = response_format(schema, "answer")
    assert form is not None
    sent = form["json_schema"]["schema"]
    assert sent["additionalProperties"] is sent["$defs"]["Row"]["additionalProperties"] is False
    assert json.dumps(schema) == before


def test_only_objects_can_be_asked_for_by_schema() -> None:
    assert response_format({"type": "array", "items": LABEL}, "answer") is None
    assert response_format(LABEL, "answer") is None


def test_the_table_knows_models_prices_and_prefixes() -> None:
    model = known_models()["openai/gpt-4o-mini"]
    assert (model.provider, model.mode, model.window, model.answer_window) == ("openai", "chat", 128000, 16384)
    assert set(model.can) == {"v", "t", "s"}
    assert price("openai/gpt-4o-mini") == pytest.approx((1.5e-07, 6e-07))
    assert price("builtin/lexical") == price("replay/x.jsonl") == (0.0, 0.0)
    assert price("openai/not-yet-out") is None
    assert {"openai", "anthropic", "ollama", "gemini", "azure", "bedrock", "hosted_vllm"} <= set(known_providers())
    assert {"builtin", "replay"} <= set(known_providers())
    assert any(model.mode == "embedding" for model in known_models().values())
    assert list(known_models()) == sorted(known_models())


def test_the_table_is_current_and_small() -> None:
    root = Path(__file__).resolve().parents[3]
    script = root / "scripts" / "generate_models.py"
    subprocess.run([sys.executable, script, "--check"], check=True, timeout=60)
    assert (root / "server/adalang/language/models.json").stat().st_size < 250_000


def test_the_table_and_the_gateway_need_no_litellm() -> None:
    code = (
        "import sys, adalang.language.models, adalang.runtime.models.gateway as g\n"
        "adalang.language.models.known_models(); g.Gateway(None)\n"
        "assert not {'litellm', 'numpy', 'openai', 'aiohttp'} & set(sys.modules)"
    )
    path = {"PYTHONPATH": str(Path(__file__).resolve().parents[3] / "server")}
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, env=path)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [("", 0, 0), ("The quick brown fox jumps over the lazy dog.", 9, 12), ("日本語のテキストです", 6, 12)],
)
def test_tokens_are_estimated_in_the_right_order_of_size(text: str, least: int, most: int) -> None:
    assert least <= estimate_tokens(text) <= most
