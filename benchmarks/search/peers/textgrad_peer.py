"""TextGrad on the job, in the loop of its own evaluation scripts: batches of three, one step, and back to the earlier texts
when the selection rows say that they were better. What it would choose are the texts that it keeps."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import textgrad as tg
from job import Job, job
from textgrad.autograd.string_based_ops import StringBasedFunction
from textgrad.engine.local_model_openai_api import ChatExternalClient

BATCH = 3


def engine(task: Job, model: str) -> ChatExternalClient:
    found = ChatExternalClient(client=task.client(), model_string=model)
    # Its disk cache is shared by all processes, and noise must be drawn anew.
    found._check_cache = lambda key: None
    found._save_cache = lambda key, value: None
    return found


class Pipeline:
    """The stages, each a model with a system prompt that is to be improved."""

    def __init__(self, task: Job) -> None:
        student = engine(task, "student")
        self.prompts = [
            tg.Variable(
                text, requires_grad=True, role_description=f"system prompt of the step `{name}`, the rules to follow"
            )
            for name, text in zip(task.names, task.first, strict=True)
        ]
        self.models = [tg.BlackboxLLM(student, prompt) for prompt in self.prompts]
        self.join = StringBasedFunction(
            lambda text, note: f"{text}\n{note}", function_purpose="puts letter and note together"
        )

    def __call__(self, text: str) -> Any:
        letter = tg.Variable(text, requires_grad=False, role_description="the letter")
        found = self.models[0](letter)
        for model in self.models[1:]:
            joined = self.join(inputs={"text": letter, "note": found}, response_role_description="letter and note")
            found = model(joined)
        return found


def main() -> None:
    task = job()
    tg.set_backward_engine(engine(task, "teacher"), override=True)
    pipeline = Pipeline(task)
    loss_of = StringBasedFunction(
        lambda answer, expected: (
            f'expected "{expected.value}", got "{answer.value}"'
            if hasattr(answer, "value")
            else f'expected "{expected}", got "{answer}"'
        ),
        function_purpose="says whether the answer is the expected one",
    )
    optimizer = tg.TextualGradientDescent(parameters=pipeline.prompts)
    rng = random.Random(task.seed)

    def score() -> float:
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda row: pipeline(row["text"]).value, task.val))
        return sum(answer == row["answer"] for answer, row in zip(answers, task.val, strict=True)) / len(answers)

    best = score()
    task.best([prompt.value for prompt in pipeline.prompts])
    while True:
        rows = rng.sample(task.train, len(task.train))
        for at in range(0, len(rows) - BATCH + 1, BATCH):
            optimizer.zero_grad()
            losses = []
            for row in rows[at : at + BATCH]:
                expected = tg.Variable(row["answer"], requires_grad=False, role_description="the right answer")
                inputs = {"answer": pipeline(row["text"]), "expected": expected}
                losses.append(loss_of(inputs=inputs, response_role_description="the verdict"))
            tg.sum(losses).backward()
            before = [prompt.value for prompt in pipeline.prompts]
            optimizer.step()
            found = score()
            if found < best:
                for prompt, text in zip(pipeline.prompts, before, strict=True):
                    prompt.set_value(text)
            else:
                best = found
                task.best([prompt.value for prompt in pipeline.prompts])


if __name__ == "__main__":
    main()
