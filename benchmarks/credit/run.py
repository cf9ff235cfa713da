"""Whether the text that is broken is blamed first: pipelines of two to five prompts, one of them broken at random.

    python benchmarks/credit/run.py [--pipelines 200] [--right 0.7] [--http 40]

Each pipeline (world.py) is a program that the real interpreter runs and the real optimizer works on; what it would change first counts.
The teacher (teacher.py) is right with the given chance at each single judgement. Beside it stand what the same walk says when shares are
only multiplied and added up, one question about the whole trace of each row, the last prompt, and chance. With `--http` so many
pipelines go the whole way: files, session, HTTP to a server on this machine that is student and teacher.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from teacher import Teacher, Wrong, judged
from world import SPLITS, World

from adalang.config import load_settings
from adalang.engine.file_task import FileTask
from adalang.engine.session import Session
from adalang.evaluation.results import RowResult
from adalang.language.program import Program
from adalang.optimizer.backward.walk import walk
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.events import RunEvent
from adalang.optimizer.loop import optimise
from adalang.runtime.interpreter import Runtime
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.types import Request, Response, Usage

OURS, SUMMED = "adalang", "the same walk, shares multiplied and added"
WHOLE, WHOLE_STEPS = "one question per trace, one judgement", "one question per trace, a judgement per prompt"
LAST, CHANCE = "the last prompt", "chance"

PROGRAM = """
model student = "openai/student" {{ api_base = "{url}", api_key = env("KEY") }}
model teacher = "openai/teacher" {{ api_base = "{url}", api_key = env("KEY") }}
{program}
"""
EVAL = """
dataset cases { train = "train.jsonl", val = "val.jsonl", test = "test.jsonl" }

eval right of work {
  data   = cases
  expect = row.answer
  metric = exact_match
}

optimize right {
  teacher = teacher
  budget  = { calls = 4000 }
}
"""


class Found(Exception):
    """The optimizer has said what it would change; nothing further matters."""


@dataclass
class Result:
    """The param blamed first by each system, and what it asked: `calls` of ours to the teacher, `rows` that it looked at."""

    world: World
    first: dict[str, str] = field(default_factory=dict)
    calls: int = 0
    rows: int = 0


class Direct:
    """Stands in for the gateway: student and teacher answer in this process."""

    def __init__(self, world: World, teacher: Teacher, spoilt: bool = True) -> None:
        self.world, self.teacher, self.spoilt = world, teacher, spoilt

    async def complete(self, request: Request, *, budget: Budget | None = None) -> Response:
        asked = request.messages[-1].text
        if request.model.id.endswith("teacher"):
            assert request.schema is not None
            text = json.dumps(self.teacher.answer(asked, request.schema))
        else:
            text = self.world.student(asked, spoilt=self.spoilt)
        return Response(text, (), Usage(calls=1), request.model.id, False, "stop", "", Usage(calls=1))


class Inside(Session):
    """A session whose runs call student and teacher in this process."""

    def __init__(self, folder: Path, direct: Direct) -> None:
        super().__init__(folder, load_settings(folder, {"KEY": "none"}))
        self._direct = direct

    def runtime(self, program: Program, *, budget: Budget | None = None) -> Runtime:
        return replace(super().runtime(program, budget=budget), gateway=self._direct)


async def write(folder: Path, world: World, url: str) -> Path:
    """The program and its data; the right answers are those of the same program with nothing broken."""
    text = PROGRAM.format(url=url, program=world.program)
    file = folder / "work.adal"
    file.write_text(text, encoding="utf-8")
    async with Inside(folder, Direct(world, Teacher(world, 1.0, "unsure"), spoilt=False)) as session:
        program = session.load(file)
        entity, runtime = program.resolve("work"), session.runtime(program)
        assert entity is not None
        cases = iter(range(sum(SPLITS.values())))
        for split, count in SPLITS.items():
            rows = []
            for case in islice(cases, count):
                inputs = world.inputs(case)
                answer, _ = await runtime.run(entity, inputs)
                rows.append(json.dumps({**inputs, "answer": answer}))
            (folder / f"{split}.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    file.write_text(text + EVAL, encoding="utf-8")
    return file


async def direct(seed: int, right: float, wrong: Wrong) -> Result:
    """One pipeline, with student and teacher in this process, and what other ways to blame would have said of the same rows."""
    world = World(seed)
    teacher, result = Teacher(world, right, wrong), Result(world)
    with tempfile.TemporaryDirectory() as name:
        file = await write(Path(name), world, "http://127.0.0.1:9/v1")
        async with Inside(Path(name), Direct(world, teacher)) as session:
            program = session.load(file)
            plan = session.optimize_plan(program, "right")
            task = session.task(program, plan, Budget())
            told: dict[str, Any] = {}

            def keep(event: RunEvent) -> None:
                if event.kind == "feedback":
                    told.update(event.payload)
                    raise Found

            try:
                await optimise(task, plan.search, keep)
            except Found:
                pass
            result.first[OURS] = str(told.get("target", ""))
            result.calls = len(teacher.asked)
            rows = list(dict.fromkeys(note["row"] for note in told.get("notes", ())))
            result.rows = len(rows)
            await _others(task, world, rows, right, wrong, result)
    return result


async def _others(
    task: FileTask, world: World, names: Sequence[str], right: float, wrong: Wrong, result: Result
) -> None:
    candidate = Candidate({param.id: param.value for param in task.info.params})
    examples = {row.id: row for row in task.rows("train")}
    rows = [await task.run(candidate, examples[name], 0) for name in names]
    summed: Counter[str] = Counter()
    for row in rows:
        for note in (await walk(task, candidate, row)).notes:
            summed[note.param] += note.blame
    result.first[SUMMED] = max(summed, key=lambda param: (summed[param], param), default="")
    rng = random.Random(f"others {world.seed}")
    result.first[WHOLE] = _most(_whole(rng, world, row, right, wrong) for row in rows)
    result.first[WHOLE_STEPS] = _most(_step_by_step(rng, world, row, right) for row in rows)
    result.first[LAST] = f"{world.shape.prompts[-1][0]}.text"
    result.first[CHANCE] = rng.choice(world.params)


def _case(row: RowResult) -> int:
    return int(json.dumps(row.inputs).split("case ")[1].split(" ")[0].strip('"}]'))


def _whole(rng: random.Random, world: World, row: RowResult, right: float, wrong: Wrong) -> Mapping[str, float]:
    """A teacher that sees all prompts at once and is right about them all as often as about a single one."""
    return judged(rng, world.params, [world.fault[_case(row)]], right, wrong)


def _step_by_step(rng: random.Random, world: World, row: RowResult, right: float) -> Mapping[str, float]:
    """A teacher that has to judge each prompt of the trace for itself, and blames all that it holds guilty."""
    fault = world.fault[_case(row)]
    held = [param for param in world.params if (param == fault) == (rng.random() < right)]
    return {param: 1 / len(held) for param in held}


def _most(votes: Any) -> str:
    total: Counter[str] = Counter()
    for vote in votes:
        total.update(vote)
    return max(total, key=lambda param: (total[param], param), default="")


async def over_http(seed: int, right: float, wrong: Wrong) -> Result:
    """One pipeline the whole way: a folder, a session, and HTTP to a server on this machine."""
    from tests.servers import Incoming, LoopbackServer, Reply

    world = World(seed)
    teacher, result = Teacher(world, right, wrong), Result(world)

    def behaviour(incoming: Incoming) -> Reply:
        asked = incoming.messages[-1].text
        if incoming.model.endswith("teacher"):
            assert incoming.schema is not None
            return Reply(json.dumps(teacher.answer(asked, incoming.schema)))
        return Reply(world.student(asked))

    def told(event: RunEvent, usage: Usage) -> None:
        if event.kind == "feedback":
            result.first[OURS] = str(event.payload["target"])
            result.rows = len({note["row"] for note in event.payload["notes"]})
            raise Found

    async with LoopbackServer(behaviour=behaviour) as server:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            file = await write(folder, world, server.api_base)
            async with Session(folder, load_settings(folder, {"KEY": "none"})) as session:
                program = session.load(file)
                try:
                    await session.optimization(program, session.optimize_plan(program, "right"), on_event=told)
                except Found:
                    pass
    result.calls = len(teacher.asked)
    return result


def hits(results: Sequence[Result], system: str) -> str:
    count = sum(result.first.get(system) == result.world.broken for result in results)
    return f"{count} of {len(results)} ({count / len(results):.0%})"


def report(title: str, results: Sequence[Result]) -> None:
    systems = [system for system in (OURS, SUMMED, WHOLE, WHOLE_STEPS, LAST, CHANCE) if system in results[0].first]
    print(f"\n{title}\n\n| who blames | the broken text first |\n| --- | ---: |")
    for system in systems:
        print(f"| {system} | {hits(results, system)} |")
    calls, rows = ([getattr(result, name) for result in results] for name in ("calls", "rows"))
    print(
        f"\nQuestions: median {statistics.median(calls):.0f}, at most {max(calls)}; rows: median {statistics.median(rows):.0f}."
    )
    shapes = sorted({result.world.shape.name for result in results})
    sizes = sorted({len(result.world.shape.prompts) for result in results})
    groups = [(shape, [one for one in results if one.world.shape.name == shape]) for shape in shapes]
    groups += [(f"{size} prompts", [one for one in results if len(one.world.shape.prompts) == size]) for size in sizes]
    print("\n| adalang, by | the broken text first |\n| --- | ---: |")
    for name, group in groups:
        print(f"| {name} | {hits(group, OURS)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pipelines", type=int, default=200)
    parser.add_argument("--right", type=float, nargs="+", default=[0.7])
    parser.add_argument("--http", type=int, default=0)
    options = parser.parse_args()
    for right in options.right:
        for wrong in ("unsure", "mistaken"):
            results = [asyncio.run(direct(seed, right, wrong)) for seed in range(options.pipelines)]
            report(f"Teacher right {right:.0%} of the time, else {wrong}; {options.pipelines} pipelines", results)
        if options.http:
            results = [asyncio.run(over_http(seed, right, "unsure")) for seed in range(options.http)]
            report(f"Over HTTP: teacher right {right:.0%} of the time, else unsure; {options.http} pipelines", results)


if __name__ == "__main__":
    main()
