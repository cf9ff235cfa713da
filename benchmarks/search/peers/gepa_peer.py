"""gepa on the job, with its defaults. What it would choose is the candidate with the best mean on the selection rows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import gepa
from gepa.core.adapter import EvaluationBatch
from job import Job, feedback, job


class Pipeline:
    """The stages one after the other; what each of them did is kept for the reflection."""

    propose_new_texts = None

    def __init__(self, job: Job) -> None:
        self.job = job

    def evaluate(self, batch: list[dict[str, str]], candidate: dict[str, str], capture_traces: bool = False) -> Any:
        with ThreadPoolExecutor(4) as pool:
            traces = list(pool.map(lambda row: self.run(row, candidate), batch))
        scores = [float(trace["answer"] == trace["row"]["answer"]) for trace in traces]
        return EvaluationBatch([trace["answer"] for trace in traces], scores, traces if capture_traces else None)

    def run(self, row: dict[str, str], candidate: dict[str, str]) -> dict[str, Any]:
        trace: dict[str, Any] = {"row": row}
        note = ""
        for name in self.job.names:
            user = f"{row['text']}\n{note}" if note else row["text"]
            note = self.job.student(candidate[name], user)
            trace[name] = {"Inputs": user, "Generated Outputs": note}
        return {**trace, "answer": note}

    def make_reflective_dataset(self, candidate: dict[str, str], evaluated: Any, components: list[str]) -> Any:
        return {
            name: [
                {**trace[name], "Feedback": feedback(trace["answer"], trace["row"]["answer"])}
                for trace in evaluated.trajectories
            ]
            for name in components
        }


class Choice:
    def __init__(self, job: Job) -> None:
        self.job = job

    def on_valset_evaluated(self, event: dict[str, Any]) -> None:
        if event["is_best_program"]:
            self.job.best([event["candidate"][name] for name in self.job.names])


def main() -> None:
    task = job()

    def teacher(prompt: str) -> str:
        messages: Any = prompt if isinstance(prompt, list) else [{"role": "user", "content": prompt}]
        return (
            task.client().chat.completions.create(model="teacher", messages=messages).choices[0].message.content or ""
        )

    gepa.optimize(
        seed_candidate=dict(zip(task.names, task.first, strict=True)),
        trainset=task.train,
        valset=task.val,
        adapter=Pipeline(task),
        reflection_lm=teacher,
        max_metric_calls=task.budget,
        callbacks=[Choice(task)],
        seed=task.seed,
    )


if __name__ == "__main__":
    main()
