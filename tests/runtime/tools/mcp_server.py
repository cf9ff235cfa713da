"""A server of the official SDK, over standard streams or (with a port) HTTP, whose tools do all that tools do."""

import os
import sys
import time
from pathlib import Path

from mcp.server import MCPServer

server = MCPServer("orders")


@server.tool()
def find_order(order_id: str) -> str:
    """Look an order up."""
    return f"order {order_id}"


@server.tool()
def add(a: int, b: int) -> int:
    return a + b


@server.tool()
def sizes(n: int) -> list[str]:
    return ["s"] * n


@server.tool()
def order(n: int) -> dict[str, int]:
    return {"n": n}


@server.tool()
def secret(n: int) -> str:
    return os.environ.get("SHOP_PASS", "unset") + os.environ.get("OPENAI_API_KEY", "")


@server.tool()
def process(n: int) -> int:
    return os.getpid()


@server.tool()
def dies(n: int) -> str:
    print("the last words", file=sys.stderr, flush=True)
    os._exit(3)


@server.tool()
def dies_once(note: str) -> str:
    if Path(note).exists():
        return "back"
    Path(note).touch()
    os._exit(3)


@server.tool()
def hangs(n: int) -> str:
    time.sleep(1000)
    return ""


@server.tool()
def large(megabytes: int) -> str:
    return "x" * (megabytes << 20)


@server.tool()
def fails(n: int) -> str:
    from mcp.server.mcpserver.exceptions import ToolError

    raise ToolError("there is no such order")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", port=int(sys.argv[1]))
    else:
        server.run("stdio")
