"""Draws docs/images/trace.png: the page of a run of examples/refund-agent, taken with Chromium.

    python scripts/picture_trace.py [--chromium /usr/bin/chromium]

The example runs as it is but for its model, whose answers come from a server on this machine after a while, as a provider's
do: so the page has waiting, tokens and prices to show.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "server"), str(ROOT)]

from tests.servers import LoopbackServer, Reply  # noqa: E402
from tests.servers.behaviour import Incoming  # noqa: E402

from adalang.config import load_settings  # noqa: E402
from adalang.engine.session import Session  # noqa: E402
from adalang.report.trace import trace_page  # noqa: E402

TARGET = ROOT / "docs" / "images" / "trace.png"
MESSAGE = "The chandelier (L-1071) and the bulbs (L-1003) came broken. Please refund both."
MODEL = 'model small = "openai/gpt-4o-mini" { api_base = env("BASE"), api_key = env("KEY") }\n\n'
AGENT = "agent desk(message: str) -> Outcome {\n"
TURNS = (
    Reply(None, (("find_order", '{"reference": "L-1071"}'), ("find_order", '{"reference": "L-1003"}'))),
    Reply(None, (("refund", '{"reference": "L-1003", "amount": 12.0}'), ("refund", '{"reference": "L-1071", "amount": 320.0}'))),
    Reply("waiting"),
)  # fmt: skip
_LATENCY = 0.4
_CHARACTERS = 4
"""Of a token."""
_SIZE = "1200,960"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        page = Path(name) / "trace.html"
        page.write_text(asyncio.run(_page(Path(name) / "desk")), encoding="utf-8")
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=2"]
        command = [options.chromium, *flags, f"--user-data-dir={name}/profile", f"--window-size={_SIZE}"]
        subprocess.run([*command, f"--screenshot={TARGET}", page.as_uri()], check=True, timeout=120)


async def _page(work: Path) -> str:
    shutil.copytree(ROOT / "examples" / "refund-agent", work, ignore=shutil.ignore_patterns(".adalang", "*.log"))
    file = work / "refund.adal"
    file.write_text(file.read_text().replace(AGENT, f"{MODEL}{AGENT}  model = small\n"))
    async with LoopbackServer(behaviour=_answer, latency=_LATENCY) as models:
        settings = load_settings(work, {"BASE": models.api_base, "KEY": "of-nobody"})
        async with Session(work, settings) as session:
            # The first run of a process also waits for the client of the provider to be loaded.
            await session.run_component(file, "desk", {"message": "Good morning. Please refund L-1003."})
            _, _, run = await session.run_component(file, "desk", {"message": MESSAGE})
            session.tracer.flush()
            record = session.store.runs.get(run)
    assert record is not None
    return trace_page([record])


def _answer(incoming: Incoming) -> Reply:
    """The next turn: one for each time that the model has asked for tools already."""
    turn = TURNS[sum(bool(one.tool_calls) for one in incoming.messages)]
    written = sum(len(name) + len(arguments) for name, arguments in turn.tool_calls)
    return replace(turn, output_tokens=written // _CHARACTERS) if written else turn


if __name__ == "__main__":
    main()
