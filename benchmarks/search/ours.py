"""Our optimizer on a world: a file with one prompt or a pipeline of two, run by the same session as `adalang optimize`."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

from server import Run
from world import World

from adalang.config import load_settings
from adalang.engine.session import Session
from adalang.runtime.failures import BugFailure

ROOM = 3
"""The file's own budget also has to hold the final test, and is reckoned without the cache; the server keeps the real one."""

FILE = """
model student = "openai/student" {{ api_base = "{url}", api_key = env("KEY") }}
model teacher = "openai/teacher" {{ api_base = "{url}", api_key = env("KEY") }}
{program}
dataset letters {{ train = "train.jsonl", val = "val.jsonl", test = "holdout.jsonl" }}

eval sorting of {target} {{
  data   = letters
  expect = row.answer
  metric = exact_match
}}

optimize sorting {{
  teacher = teacher
  budget  = {{ calls = {calls} }}
  seed    = {seed}
}}
"""
ONE = '''
prompt work(text: str) -> str {{
  model = student
  param instruction = """
    {0}
    """
  system = """{{{{ instruction }}}}"""
  user   = """{{{{ text }}}}"""
}}
'''
TWO = '''
prompt read(text: str) -> str {{
  model = student
  param instruction = """
    {0}
    """
  system = """{{{{ instruction }}}}"""
  user   = """{{{{ text }}}}"""
}}

prompt hand(text: str, note: str) -> str {{
  model = student
  param instruction = """
    {1}
    """
  system = """{{{{ instruction }}}}"""
  user   = """{{{{ text }}}}\\n{{{{ note }}}}"""
}}

pipeline work(text: str) -> str {{
  note = read(text)
  return hand(text, note)
}}
'''


def params(world: World) -> list[str]:
    """The ids of the params of a world's file, in the order of its stages."""
    return ["work.instruction"] if world.stages == 1 else ["read.instruction", "hand.instruction"]


def optimize(run: Run, url: str, seed: int) -> str:
    """Runs our optimizer until it ends; returns how it ended. Its choices are told to `run` as they are made."""
    return asyncio.run(_optimize(run, url, seed))


async def _optimize(run: Run, url: str, seed: int) -> str:
    world = run.world
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for split, letters in (("train", world.train), ("val", world.val), ("holdout", world.holdout)):
            rows = [json.dumps({"text": letter.text, "answer": world.right(letter)}) for letter in letters]
            (folder / f"{split}.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
        program = (ONE if world.stages == 1 else TWO).format(*world.first)
        file = folder / "work.adal"
        text = FILE.format(url=f"{url}/v1", program=program, target="work", calls=ROOM * run.budget, seed=seed)
        file.write_text(text, encoding="utf-8")
        known = dict(zip(params(world), world.first, strict=True))

        def told(event: Any, _: Any) -> None:
            if event.kind == "best":
                values = {**known, **event.payload["values"]}
                run.best([values[param] for param in params(world)])

        async with Session(folder, load_settings(folder, {"KEY": "none"})) as session:
            loaded = session.load(file)
            try:
                result = await session.optimization(loaded, session.optimize_plan(loaded, "sorting"), on_event=told)
            except BugFailure:
                if not run.over:
                    raise
                return "stopped by the benchmark"
        return f"{result.outcome.kind}: {result.outcome.reason}"
