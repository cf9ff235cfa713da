"""A whole evaluation: rows from a file, rendering, cache on disk, call, reading, scoring, the kept result.

With `--cached` as last argument the evaluation is run once before the clock starts, and measured when run again.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from common import SYSTEM, WARM_UP, Clock, arguments, question

from adalang.config import load_settings
from adalang.engine.session import Session

FILE = '''model m = "openai/gpt-4o-mini" {{ temperature = 0, api_base = "{url}", api_key = env("BENCH_KEY") }}

prompt classify(ticket: str) -> "billing" | "shipping" {{
  model = m
  system = """
    {system}
    """
  user = """
    {{{{ ticket }}}}
    """
}}

dataset tickets {{ train = "train.jsonl", val = "val.jsonl" }}

eval quality of classify {{
  data = tickets.val
  expect = row.label
  metric = exact_match
}}
'''


def write(folder: Path, url: str, calls: int, warm_up: int) -> Path:
    file = folder / "tickets.adal"
    file.write_text(FILE.format(url=url, system=SYSTEM.split(".")[0] + "."))
    for name, numbers in (("train", range(-warm_up, 0)), ("val", range(calls))):
        rows = ({"ticket": question(number), "label": "billing"} for number in numbers)
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


async def main() -> None:
    url, calls, concurrency = arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = write(folder, url, calls, max(WARM_UP, concurrency))
        settings = load_settings(folder, {"BENCH_KEY": "none"}).with_values(concurrency=concurrency)
        async with Session(folder, settings) as session:
            program = session.load(file)
            await session.evaluation(program, "quality", split="train")
            cached = "--cached" in sys.argv
            if cached:
                await session.evaluation(program, "quality")
            clock = Clock()
            found = await session.evaluation(program, "quality")
            clock.tell()
            assert not found.void and len(found.rows) == calls
            assert (found.usage.calls, found.usage.cached_calls) == ((0, calls) if cached else (calls, 0))


asyncio.run(main())
