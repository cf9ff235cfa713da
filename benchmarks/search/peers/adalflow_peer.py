"""AdalFlow on the job, in its constrained strategy with its defaults. What it would choose are the prompts that its trainer
holds after each step."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import litellm

# Its import reads an encoding from the network, unless it lies where another package has brought it.
os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(Path(litellm.__file__).parent / "litellm_core_utils" / "tokenizers"))

import adalflow as adal
from adalflow.components.model_client.openai_client import OpenAIClient
from adalflow.core.base_data_class import DataClass
from adalflow.optim.types import ParameterType
from job import Job, job

TEMPLATE = """<START_OF_SYSTEM_PROMPT>
{{system_prompt}}
<END_OF_SYSTEM_PROMPT>
<START_OF_USER>
{{input_str}}
<END_OF_USER>
"""


@dataclass
class Example(DataClass):
    id: str = ""
    question: str = ""
    answer: str = ""


class Pipeline(adal.Component):
    def __init__(self, task: Job) -> None:
        super().__init__()
        self.steps = []
        for name, text in zip(task.names, task.first, strict=True):
            prompt = adal.Parameter(
                data=text,
                role_desc=f"system prompt of the step `{name}`, the rules to follow",
                requires_opt=True,
                param_type=ParameterType.PROMPT,
            )
            step = adal.Generator(
                model_client=OpenAIClient(base_url=task.api, api_key="none"),
                model_kwargs={"model": "student"},
                template=TEMPLATE,
                prompt_kwargs={"system_prompt": prompt},
                use_cache=False,
            )
            setattr(self, name, step)
            self.steps.append(step)

    def bicall(self, text: str, id: str | None = None) -> Any:
        found = self.steps[0](prompt_kwargs={"input_str": text}, id=id)
        for step in self.steps[1:]:
            found = step(prompt_kwargs={"input_str": self.joined(text, found)}, id=id)
        return found

    def joined(self, text: str, note: Any) -> Any:
        if isinstance(note, adal.Parameter):
            note.data_in_prompt = lambda one: f"{text}\n{one.data.data if hasattr(one.data, 'data') else one.data}"
            return note
        return f"{text}\n{note.data}"


class Sorting(adal.AdalComponent):
    def __init__(self, task: Job) -> None:
        def right(y: Any, y_gt: Any) -> float:
            return float(str(y) == str(y_gt))

        teacher = {
            "model_client": OpenAIClient(base_url=task.api, api_key="none"),
            "model_kwargs": {"model": "teacher"},
        }
        super().__init__(
            task=Pipeline(task),
            eval_fn=right,
            loss_fn=adal.EvalFnToTextLoss(eval_fn=right, eval_fn_desc="exact_match: 1 if str(y) == str(y_gt) else 0"),
            backward_engine_model_config=teacher,
            text_optimizer_model_config=teacher,
        )

    def prepare_task(self, sample: Any) -> Any:
        return self.task.bicall, {"text": sample.question, "id": sample.id}

    def prepare_eval(self, sample: Any, y_pred: Any) -> Any:
        return self.eval_fn, {"y": y_pred.data if y_pred is not None else "", "y_gt": sample.answer}

    def prepare_loss(self, sample: Any, pred: Any) -> Any:
        expected = adal.Parameter(name="y_gt", data=sample.answer, eval_input=sample.answer, requires_opt=False)
        pred.eval_input = pred.data.data if hasattr(pred.data, "data") else pred.data
        return self.loss_fn, {"kwargs": {"y": pred, "y_gt": expected}, "id": sample.id}


def main() -> None:
    task = job()
    component = Sorting(task)
    trainer = adal.Trainer(
        adaltask=component,
        strategy="constrained",
        max_steps=1000,
        ckpt_path=str(task.folder / "checkpoints"),
        optimization_order="sequential",
        sequential_order=["text"],
    )
    added = trainer._add_one_step_in_trainer_results

    def told(*arguments: Any, **named: Any) -> Any:
        found = added(*arguments, **named)
        task.best([str(step.prompt_kwargs["system_prompt"].data) for step in component.task.steps])
        return found

    trainer._add_one_step_in_trainer_results = told
    rows = {
        name: [Example(id=f"{name}{at}", question=row["text"], answer=row["answer"]) for at, row in enumerate(found)]
        for name, found in (("train", task.train), ("val", task.val))
    }
    trainer.fit(train_dataset=rows["train"], val_dataset=rows["val"], debug=False)


if __name__ == "__main__":
    main()
