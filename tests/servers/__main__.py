"""A loopback server as a process: `python -m tests.servers --protocol openai --port 0 --latency-ms 20`.

Prints the `api_base` of a model declaration and serves `builtin/lexical` until it is interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib

from tests.servers.loopback import LoopbackServer
from tests.servers.wires import WIRES


async def _serve(arguments: argparse.Namespace) -> None:
    async with LoopbackServer(
        arguments.protocol,
        port=arguments.port,
        latency=arguments.latency_ms / 1000,
        api_key=arguments.api_key,
    ) as server:
        print(server.api_base, flush=True)
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--protocol", choices=WIRES, default="openai")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--api-key", default=None, help="answer 401 to every other key")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
