"""What every peer gets: the task, the same server for student and teacher, and a way to say what it would choose now."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openai import OpenAI

os.environ.setdefault("OPENAI_API_KEY", "none")


@dataclass(frozen=True)
class Job:
    """`first`: the prompts of the stages; rows have `text` and `answer`."""

    url: str
    first: list[str]
    train: list[dict[str, str]]
    val: list[dict[str, str]]
    budget: int
    seed: int
    folder: Path

    @property
    def api(self) -> str:
        return f"{self.url}/v1"

    @property
    def names(self) -> list[str]:
        return ["work"] if len(self.first) == 1 else ["read", "hand"]

    def client(self) -> OpenAI:
        return OpenAI(base_url=self.api, api_key="none", max_retries=0)

    def student(self, prompt: str, user: str) -> str:
        """One answer of the student."""
        messages: Any = [{"role": "system", "content": prompt}, {"role": "user", "content": user}]
        answer = self.client().chat.completions.create(model="student", messages=messages)
        return answer.choices[0].message.content or ""

    def best(self, prompts: list[str]) -> None:
        """Tells what the system would choose now; ends the process when that is good enough or the budget is used up."""
        body = json.dumps({"prompts": prompts}).encode()
        request = urllib.request.Request(f"{self.url}/best", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as response:
            if json.load(response)["over"]:
                os._exit(0)


def job() -> Job:
    """The job of this process, which its one argument names."""
    folder = Path(sys.argv[1])
    return Job(**json.loads((folder / "job.json").read_text(encoding="utf-8")), folder=folder)


def feedback(answer: str, expected: str) -> str:
    """The words of the metric: the same for all systems."""
    return "right" if answer == expected else f'expected "{expected}", got "{answer}"'
