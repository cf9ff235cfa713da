"""DSPy's `Evaluate` of a one-prompt program, with as many threads as calls may run at once.

With `--cached` as last argument the evaluation is run once before the clock starts, and measured when run again: the
answers then come out of DSPy's cache in memory.
"""

from __future__ import annotations

import os
import sys
import tempfile

from common import WARM_UP, Clock, arguments, question

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["DSPY_CACHEDIR"] = tempfile.mkdtemp()
import dspy


def main() -> None:
    url, calls, concurrency = arguments()
    cached = "--cached" in sys.argv
    model = dspy.LM("openai/gpt-4o-mini", api_base=url, api_key="none", temperature=0, cache=cached)
    # The server answers in one word, whatever format it is asked for.
    dspy.configure(lm=model, adapter=Plain())

    def evaluate(numbers: range) -> int:
        rows = [dspy.Example(ticket=question(number), label="billing").with_inputs("ticket") for number in numbers]
        scored = dspy.Evaluate(
            devset=rows,
            metric=lambda row, found, trace=None: found.label == row.label,
            num_threads=concurrency,
            display_progress=False,
        )(dspy.Predict("ticket -> label"))
        return len(scored.results)

    evaluate(range(-max(WARM_UP, concurrency), 0))
    if cached:
        evaluate(range(calls))
    clock = Clock()
    assert evaluate(range(calls)) == calls
    clock.tell()


class Plain(dspy.ChatAdapter):
    """DSPy's usual prompt, with the whole answer read as the one output."""

    def parse(self, signature: object, completion: str) -> dict[str, str]:
        return {"label": completion.strip()}


main()
