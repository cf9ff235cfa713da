"""An MCP server without the SDK, which starts at once and goes wrong as its first argument says: `python mcp_faults.py FAULT`."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

FAULT = sys.argv[1]
NOTE = sys.argv[2] if len(sys.argv) > 2 else ""


def tell(message: dict[str, Any]) -> None:
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def answer(message: dict[str, Any]) -> dict[str, Any]:
    match message["method"]:
        case "initialize":
            if FAULT == "hangs":
                time.sleep(1000)
            version = message["params"]["protocolVersion"]
            about = {"name": "faults", "version": "1"}
            return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": about}
        case "tools/list":
            taken = {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]}
            return {"tools": [{"name": "do", "inputSchema": taken}]}
        case "tools/call":
            if NOTE:
                with Path(NOTE).open("a") as note:
                    note.write("called\n")
            if FAULT == "dies in a call":
                print("out of paper", file=sys.stderr, flush=True)
                os._exit(3)
            if FAULT == "hangs in a call":
                time.sleep(1000)
            return {"content": [{"type": "text", "text": message["params"]["arguments"]["x"]}]}
        case _:
            return {}


def main() -> None:
    if FAULT == "dies at once":
        print("no licence", file=sys.stderr, flush=True)
        sys.exit(1)
    while FAULT == "rubbish alone":
        print("y" * 1000, flush=True)
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message:
            continue
        if FAULT == "rubbish too":
            print("a line of a library\n{}\n[1", flush=True)
        tell({"id": message["id"], "result": answer(message)})
        if FAULT == "dies between calls" and message["method"] == "tools/call":
            os._exit(0)


if __name__ == "__main__":
    main()
