"""Real data, before and after an optimization: TREC, SQuAD, object counting and GSM8K.

    python benchmarks/real/run.py [--data ../shared/data] [--seeds 1 2 3 4 5] [--tasks trec,counting,…] [--peers PYTHON]

DATA holds the folders trec, squad, bbh_object_counting and gsm8k with `train.jsonl`, `val.jsonl` and `test.jsonl`. The search uses train
and val, its final test the rows of test, which nobody has looked at before: the official test questions of TREC and GSM8K. Each
file in tasks/ runs twice: with `builtin/lexical` as it stands, and, where that model cannot do the task, with a student (students.py)
and a teacher (served.py) behind a server on this machine; then only its model lines change.

PYTHON is an interpreter with `dspy`: its BootstrapFewShotWithRandomSearch and its GEPA get the same rows, metric, models and number of
calls, and its program is scored on the same test rows.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "search"))

from rows import SPLITS, prepared
from served import Course, Subject
from server import Server
from students import COUNTING, READING, SUMS, Row, Student

from adalang.config import load_settings
from adalang.engine.session import Session

HERE = Path(__file__).parent
LONGEST = 900  # seconds for one run of a peer


@dataclass(frozen=True)
class Task:
    """`file` in tasks/, `folder` of the data, `student` where `builtin/lexical` cannot do it, `peers` that run beside."""

    file: str
    folder: str
    eval: str
    budget: int
    student: Student | None = None
    peers: tuple[str, ...] = ("bootstrap", "gepa")


TASKS = {
    "trec": Task("trec.adal", "trec", "routing", 20_000, peers=("bootstrap",)),
    "squad": Task("squad.adal", "squad", "reading", 4_000, READING),
    "counting": Task("counting.adal", "bbh_object_counting", "counting", 2_000, COUNTING),
    "gsm8k": Task("gsm8k.adal", "gsm8k", "solving", 6_000, SUMS),
}


@dataclass(frozen=True)
class Result:
    """Scores are means over the test rows; `claimed` is the interval of a proposal's gain. `calls` are those of the search, the
    scoring of the test rows left out."""

    kind: str
    before: float
    after: float
    claimed: tuple[float, float] | None
    calls: int
    seconds: float


async def ours(task: Task, data: Path, seed: int, url: str | None) -> Result:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for split in SPLITS:
            (folder / f"{split}.jsonl").symlink_to(data / f"{split}.jsonl")
        text = (HERE / "tasks" / task.file).read_text(encoding="utf-8")
        text = re.sub(r"(?m)^(  seed +=) 1$", rf"\1 {seed}", text)
        for role in ("student", "teacher") if url else ():
            line = f'model {role} = "openai/{role}" {{ api_base = "{url}/v1", api_key = env("KEY"), temperature = 0 }}'
            text = text.replace(f'model {role} = "builtin/lexical"', line)
        file = folder / task.file
        file.write_text(text, encoding="utf-8")
        async with Session(folder, load_settings(folder, {"KEY": "none"})) as session:
            program = session.load(file)
            searched: list[int] = []

            def told(event: Any, usage: Any) -> None:
                if event.kind in ("chosen", "finished"):
                    searched.append(usage.calls)

            began = time.monotonic()
            result = await session.optimization(program, session.optimize_plan(program, task.eval), on_event=told)
            seconds = time.monotonic() - began
            print(f"{task.file} {seed}: {result.outcome.kind}: {result.outcome.reason}", file=sys.stderr, flush=True)
            evidence = result.outcome.evidence
            if result.outcome.kind == "proposal" and evidence is not None:
                claimed = (evidence.low, evidence.high)
                return Result("proposal", evidence.before, evidence.after, claimed, searched[0], seconds)
            # Nothing is changed, so that the test rows are scored as the file stands.
            scored = (await session.evaluation(program, task.eval, split="test")).score or 0.0
            return Result(result.outcome.kind, scored, scored, None, searched[0], seconds)


def peer(task: Task, data: Path, seed: int, url: str, how: str, python: str, course: Course) -> Result:
    """DSPy in a process of its own. It writes down the scores on the test rows before and after, and the calls in between."""
    with tempfile.TemporaryDirectory() as folder:
        student = task.student
        job = {
            "url": f"{url}/v1",
            "data": str(data),
            "model": "student" if student else "lexical",
            "first": student.first if student else _instruction(task),
            "fields": list(student.fields) if student else ["question"],
            "metric": "f1" if student is READING else "exact",
            "budget": task.budget,
            "how": how,
            "seed": seed,
        }
        Path(folder, "job.json").write_text(json.dumps(job), encoding="utf-8")
        command = [python, str(HERE / "peers" / "dspy_peer.py"), folder]
        with Path(folder, "log").open("w+", encoding="utf-8") as log:
            began = time.monotonic()
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(
                    command, cwd=folder, stdout=log, stderr=subprocess.STDOUT, timeout=LONGEST, check=False,
                    env={"HOME": folder, "OPENAI_API_KEY": "none", "PATH": "/usr/bin:/bin"},
                )  # fmt: skip
            log.seek(0)
            said = log.read()
        found = Path(folder, "result.json")
        if not found.exists():
            print(f"{task.file} {how} {seed}: {' '.join(said[-600:].split())}", file=sys.stderr)
            return Result("failed", 0.0, 0.0, None, course.spent, time.monotonic() - began)
        scores = json.loads(found.read_text(encoding="utf-8"))
        kind = "changed" if scores["changed"] else "unchanged"
        return Result(
            kind, scores["before"], scores["after"], None, course.spent - 2 * scores["rows"], scores["seconds"]
        )


def _instruction(task: Task) -> str:
    text = (HERE / "tasks" / task.file).read_text(encoding="utf-8")
    return text.split('param instruction = """')[1].split('"""')[0].strip()


def line(name: str, system: str, model: str, results: Sequence[Result]) -> str:
    def each(show: str, *values: float) -> str:
        return ", ".join(format(value, show) for value in values)

    claims = [
        f"[{100 * one.claimed[0]:+.0f}, {100 * one.claimed[1]:+.0f}]" if one.claimed else one.kind for one in results
    ]
    cells = [
        name,
        system,
        model,
        f"{100 * statistics.fmean(one.before for one in results):.1f}",
        each(".1f", *(100 * one.after for one in results)),
        f"{100 * statistics.fmean(one.after for one in results):.1f}",
        " ".join(claims) if any(one.claimed for one in results) else ", ".join(one.kind for one in results),
        f"{statistics.median(one.calls for one in results):.0f}",
        f"{statistics.median(one.seconds for one in results):.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter that has dspy; without it our runs stand alone")
    options = parser.parse_args()
    server = Server()
    print(
        "| data | system | model | before | after, by seed | mean | claimed gain or outcome | calls of the search | seconds |"
    )
    print("| --- | --- | --- | ---: | :---: | ---: | :---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.tasks.split(","):
            data = Path(folder, name)
            data.mkdir()
            rows = prepared(options.data / TASKS[name].folder, data)
            compared(name, TASKS[name], data, rows, options.seeds, options.peers, server)


def compared(
    name: str, task: Task, data: Path, rows: Sequence[Row], seeds: Sequence[int], peers: str | None, server: Server
) -> None:
    """Prints a line for each system and model on one task."""
    subject = Subject(task.student, rows) if task.student else None

    def served(system: str, seed: int) -> tuple[Course, str]:
        title = f"{name}-{system}-{seed}"
        server.runs[title] = course = Course(subject, title)
        return course, server.url(title)

    own = [asyncio.run(ours(task, data, seed, None)) for seed in seeds]
    print(line(name, "adalang", "builtin/lexical", own), flush=True)
    if subject is not None:
        own = [asyncio.run(ours(task, data, seed, served("adalang", seed)[1])) for seed in seeds]
        print(line(name, "adalang", "student", own), flush=True)
    for how in task.peers if peers else ():
        found = []
        for seed in seeds:
            course, url = served(how, seed)
            found.append(peer(task, data, seed, url, how, str(peers), course))
        print(line(name, f"DSPy {how}", "student" if subject else "builtin/lexical", found), flush=True)


if __name__ == "__main__":
    main()
