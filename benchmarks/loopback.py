"""An OpenAI-protocol server on 127.0.0.1 for measuring clients: next to no work per request, a fixed latency.

    python benchmarks/loopback.py [--latency-ms 50]

Prints its address (`http://127.0.0.1:PORT/v1`) and serves until its stdin ends. Answers `billing` or `shipping`, by the
length of the request. `GET /log` tells how many requests came and how many ran at the same time at most.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys


class Counts:
    """What the server has seen."""

    def __init__(self) -> None:
        self.requests = self.running = self.most = 0


class Connection(asyncio.Protocol):
    """One connection; requests come one after the other, as no client here pipelines."""

    def __init__(self, latency: float, counts: Counts) -> None:
        self._latency, self._counts = latency, counts
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, blank, rest = self._buffer.partition(b"\r\n\r\n")
        if not blank:
            return
        if head.startswith(b"GET"):
            self._buffer = b""
            self._send({"requests": self._counts.requests, "most": self._counts.most})
            return
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
        )
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        self._counts.requests += 1
        self._counts.running += 1
        self._counts.most = max(self._counts.most, self._counts.running)
        asyncio.get_running_loop().call_later(self._latency, self._answer, self._counts.requests, length)

    def _answer(self, number: int, length: int) -> None:
        self._counts.running -= 1
        self._send(
            {
                "id": f"chatcmpl-{number}",
                "object": "chat.completion",
                "created": 1700000000,
                "model": "gpt-4o-mini",
                "choices": [
                    {
                        "index": 0,
                        "message": {"role": "assistant", "content": ("billing", "shipping")[length % 2]},
                        "finish_reason": "stop",
                        "logprobs": None,
                    }
                ],
                "usage": {"prompt_tokens": 90, "completion_tokens": 2, "total_tokens": 92},
            }
        )

    def _send(self, value: object) -> None:
        body = json.dumps(value).encode()
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(head.encode() + body)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency-ms", type=float, default=50.0)
    latency = parser.parse_args().latency_ms / 1000
    counts, loop = Counts(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(latency, counts), "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
