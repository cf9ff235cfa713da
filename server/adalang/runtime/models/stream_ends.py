"""Whether the end of a stream was told by the provider, or made up by litellm when the connection closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_GOOGLE = ("gemini", "vertex_ai", "vertex_ai_beta")


class StreamEnd:
    """Watches one of litellm's streams, from before its first chunk.

    Of Gemini's chunks litellm takes each for a last one; there the end is told by a `finishReason`, or by why nothing is said.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._make = getattr(stream, "make_call", None)
        self._gemini_ended: bool | None = None
        if stream.custom_llm_provider in _GOOGLE and self._make is not None:
            stream.make_call = self._made

    @property
    def told(self) -> bool:
        if self._gemini_ended is not None:
            return self._gemini_ended
        return bool(self._stream.received_finish_reason or self._stream.intermittent_finish_reason)

    async def _made(self, **given: Any) -> Any:
        """What litellm reads the stream by; Gemini's tells what it reads from now on."""
        from litellm.llms.vertex_ai.gemini.vertex_and_google_ai_studio_gemini import ModelResponseIterator

        assert self._make is not None
        found = await self._make(**given)
        if isinstance(found, ModelResponseIterator):
            self._gemini_ended = False
            parse = found.chunk_parser

            def parsed(chunk: dict[str, Any]) -> Any:
                self._gemini_ended = self._gemini_ended or _ends(chunk)
                return parse(chunk)

            found.chunk_parser = parsed
        return found


def _ends(chunk: Mapping[str, Any]) -> bool:
    finished = any(one.get("finishReason") for one in chunk.get("candidates") or ())
    return finished or bool((chunk.get("promptFeedback") or {}).get("blockReason"))
