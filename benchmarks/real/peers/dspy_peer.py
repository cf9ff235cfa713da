"""DSPy on real rows: BootstrapFewShotWithRandomSearch or GEPA, with as many calls as the file's budget allows."""

from __future__ import annotations

import json
import string
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, Literal

import dspy

KINDS = Literal["ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM"]


def normal(text: str) -> list[str]:
    bare = "".join(char for char in text.lower() if char not in string.punctuation)
    return [word for word in bare.split() if word not in ("a", "an", "the")]


def f1(got: str, wanted: str) -> float:
    shared = sum((Counter(normal(got)) & Counter(normal(wanted))).values())
    return 2 * shared / (len(normal(got)) + len(normal(wanted))) if shared else 0.0


def main() -> None:
    folder = Path(sys.argv[1])
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    common = {"api_base": job["url"], "api_key": "none", "num_retries": 0, "temperature": 0.0}
    dspy.configure(lm=dspy.LM(f"openai/{job['model']}", **common))
    dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=True)

    def examples(split: str) -> list[Any]:
        lines = Path(job["data"], f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
        return [example(json.loads(line)) for line in lines]

    def example(row: dict[str, Any]) -> Any:
        answer = row["answers"][0] if "answers" in row else row.get("answer", row.get("label"))
        return dspy.Example(**{name: row[name] for name in job["fields"]}, answer=str(answer)).with_inputs(
            *job["fields"]
        )

    def score(gold: Any, predicted: Any, trace: Any = None) -> float:
        answer = str(predicted.answer).strip()
        return f1(answer, gold.answer) if job["metric"] == "f1" else float(answer == gold.answer)

    def told(gold: Any, predicted: Any, trace: Any = None, name: Any = None, own: Any = None) -> Any:
        found = score(gold, predicted)
        said = "right" if found == 1.0 else f'expected "{gold.answer}", got "{predicted.answer}"'
        return dspy.Prediction(score=found, feedback=said)

    train, val, test = examples("train"), examples("val"), examples("test")
    kinds = {"answer": KINDS} if job["model"] == "lexical" else {}
    signature = dspy.Signature(f"{', '.join(job['fields'])} -> answer", job["first"])
    for name, kind in kinds.items():
        signature = signature.with_updated_fields(name, type_=kind)
    program = dspy.Predict(signature)
    evaluate = dspy.Evaluate(devset=test, metric=score, num_threads=8, display_progress=False)
    before = evaluate(program).score / 100
    began = time.monotonic()
    if job["how"] == "gepa":
        optimizer: Any = dspy.GEPA(
            metric=told,
            reflection_lm=dspy.LM("openai/teacher", **common),
            max_metric_calls=job["budget"],
            num_threads=8,
            seed=job["seed"],
        )
        found = optimizer.compile(program, trainset=train, valset=val)
    else:
        most = 24 if job["model"] == "lexical" else 2
        optimizer = dspy.BootstrapFewShotWithRandomSearch(
            metric=(lambda gold, predicted, trace=None: score(gold, predicted) >= 0.9)
            if job["metric"] == "f1"
            else score,
            max_bootstrapped_demos=most // 2,
            max_labeled_demos=most,
            # It runs every candidate on all selection rows: so many fit into the budget.
            num_candidate_programs=max(1, job["budget"] // len(val) - 3),
            num_threads=8,
        )
        # It draws by numbers of its own; the order of the rows is what a seed can vary.
        shift = job["seed"] * 97 % len(train)
        found = optimizer.compile(program, trainset=train[shift:] + train[:shift], valset=val)
    seconds = time.monotonic() - began
    after = evaluate(found).score / 100
    changed = found.signature.instructions != program.signature.instructions or bool(found.demos)
    result = {"before": before, "after": after, "rows": len(test), "seconds": seconds, "changed": changed}
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
