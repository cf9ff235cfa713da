"""DSPy's GEPA on the job, with its defaults. What it would choose is the program with the best mean on the selection rows."""

from __future__ import annotations

from typing import Any

import dspy
from job import Job, feedback, job


def program(task: Job) -> dspy.Module:
    class One(dspy.Module):
        def __init__(self) -> None:
            super().__init__()
            self.work = dspy.Predict(dspy.Signature("text -> answer", task.first[0]))

        def forward(self, text: str) -> Any:
            return self.work(text=text)

    class Two(dspy.Module):
        def __init__(self) -> None:
            super().__init__()
            self.read = dspy.Predict(dspy.Signature("text -> note", task.first[0]))
            self.hand = dspy.Predict(dspy.Signature("text, note -> answer", task.first[-1]))

        def forward(self, text: str) -> Any:
            return self.hand(text=text, note=self.read(text=text).note)

    return One() if len(task.first) == 1 else Two()


class Choice:
    def __init__(self, task: Job) -> None:
        self.task = task

    def on_valset_evaluated(self, event: dict[str, Any]) -> None:
        if event["is_best_program"]:
            self.task.best([event["candidate"][name] for name in self.task.names])


def metric(gold: Any, predicted: Any, trace: Any = None, name: Any = None, own: Any = None) -> Any:
    answer = str(predicted.answer)
    return dspy.Prediction(score=float(answer == gold.answer), feedback=feedback(answer, gold.answer))


def main() -> None:
    task = job()
    common = {"api_base": task.api, "api_key": "none", "num_retries": 0}
    dspy.configure(lm=dspy.LM("openai/student", **common))
    dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=True)
    rows = {
        name: [dspy.Example(**row).with_inputs("text") for row in found]
        for name, found in (("train", task.train), ("val", task.val))
    }
    optimizer = dspy.GEPA(
        metric=metric,
        reflection_lm=dspy.LM("openai/teacher", **common),
        max_metric_calls=task.budget,
        num_threads=4,
        seed=task.seed,
        gepa_kwargs={"callbacks": [Choice(task)]},
    )
    optimizer.compile(program(task), trainset=rows["train"], valset=rows["val"])


if __name__ == "__main__":
    main()
