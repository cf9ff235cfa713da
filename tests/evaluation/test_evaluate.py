"""Evals run whole: rows, inputs, metrics of every kind, failures, intervals."""

import asyncio

import pytest
from tests.servers import LoopbackServer, RateLimited, Reply, scripted

from adalang.config import load_settings
from adalang.engine.checked import CheckFailed
from adalang.engine.session import Session
from adalang.evaluation.evaluate import evaluate
from adalang.language.data import inline_rows
from adalang.runtime.failures import BugFailure, TransportFailure

ECHO = 'prompt echo(q: str) -> str {\n  model = m\n  user = """{{ q }}"""\n}\n'
MODEL = 'model m = "openai/test" { api_base = env("BASE"), api_key = env("KEY"), retries = 0 }\n'
ROWS = (
    "dataset rows = [\n"
    + "".join(
        f'  {{ q = "{word}", answer = "{answer}" }},\n'
        for word, answer in [("a", "a"), ("b", "B"), ("c", "x"), ("d", "d")]
    )
    + "] { split = { val = 1.0 } }\n"
)


def last_user(incoming):
    return Reply([message.text for message in incoming.messages if message.role == "user"][-1])


async def evaluated(tmp_path, text, *, behaviour=last_user, eval_name="e", **options):
    file = tmp_path / "main.adal"
    file.write_text(text, encoding="utf-8")
    async with LoopbackServer(behaviour=behaviour) as server:
        settings = load_settings(tmp_path, {"BASE": server.api_base, "KEY": "k"})
        async with Session(tmp_path, settings) as session:
            found = await session.evaluation(session.load(file), eval_name, **options)
            return found, server, session


def an_eval(metric, *, expect="expect = row.answer", more=""):
    return f"eval e of echo {{\n  data = rows.val\n  {expect}\n  metric = {metric}\n  {more}\n}}\n"


async def test_scores_rows_with_reasons_and_an_interval(tmp_path):
    found, server, _ = await evaluated(tmp_path, MODEL + ECHO + ROWS + an_eval("exact_match"))
    assert [row.score for row in found.rows] == [1, 0, 0, 1]
    assert found.score == 0.5
    assert 0 < found.interval.low < 0.5 < found.interval.high < 1
    assert all(row.reason for row in found.failing)
    assert [row.output for row in found.rows] == ["a", "b", "c", "d"]
    assert found.usage.calls == 4 == len(server.log)


@pytest.mark.parametrize(
    ("metric", "score"),
    [
        ("answer_match", 0.75),
        ("answer_match(output, expected = row.answer)", 0.75),
        ("contains(output, expected = row.q)", 1.0),
        ('exact_match("a", expected = row.answer)', 0.25),
    ],
)
async def test_metrics_take_any_of_the_names(tmp_path, metric, score):
    found, _, _ = await evaluated(tmp_path, MODEL + ECHO + ROWS + an_eval(metric))
    assert found.score == score


async def test_a_prompt_judges(tmp_path):
    judge = (
        "prompt judge(q: str, output: str, expected: str) -> { score: float, reason: str } {\n  model = m\n"
        '  user = """JUDGE {{ q }} {{ output }} {{ expected }}"""\n}\n'
    )

    def behaviour(incoming):
        text = last_user(incoming).text
        if not text.startswith("JUDGE"):
            return Reply(text)
        _, _, got, wanted = text.split()
        return Reply(f'{{"score": {1.0 if got == wanted.lower() else 0.25}, "reason": "{got} for {wanted}"}}')

    found, server, _ = await evaluated(tmp_path, MODEL + ECHO + judge + ROWS + an_eval("judge"), behaviour=behaviour)
    assert [row.score for row in found.rows] == [1, 1, 0.25, 1]
    assert found.rows[2].reason == "c for x"
    assert found.usage.calls == 8 == len(server.log)


async def test_a_python_function_scores(tmp_path):
    (tmp_path / "metric.py").write_text(
        "def same(output, expected, row):\n    return {'score': float(output == expected.lower()), 'reason': row['q']}\n"
    )
    found, _, _ = await evaluated(tmp_path, MODEL + ECHO + ROWS + an_eval('python("metric.py:same")'))
    assert [(row.score, row.reason) for row in found.rows] == [(1, "a"), (1, "b"), (0, "c"), (1, "d")]


async def test_a_metric_that_raises_is_told_with_file_and_line(tmp_path):
    (tmp_path / "metric.py").write_text("def same(output):\n    return output.nope\n")
    with pytest.raises(BugFailure, match=r"metric\.py:same failed: metric\.py:2: AttributeError"):
        await evaluated(tmp_path, MODEL + ECHO + ROWS + an_eval('python("metric.py:same")'))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import sys\ndef same(output):\n    sys.exit(0)\n", r"metric\.py:same failed: metric\.py:3: SystemExit: 0"),
        (
            "import sys\nsys.exit(0)\ndef same(output):\n    return 1.0\n",
            r"metric\.py cannot be imported: metric\.py:2: SystemExit: 0",
        ),
        ("async def same(output):\n    raise SystemExit\n", r"metric\.py:same failed: metric\.py:2: SystemExit"),
        ("def same(output):\n    next(iter([]))\n", r"metric\.py:same failed: metric\.py:2: StopIteration"),
        (
            "import os\ndef same(output):\n    os._exit(3)\n",
            r"metric\.py:same failed: it ended its process \(exit code 3\)",
        ),
    ],
    ids=["at a call", "at import", "async", "StopIteration", "at once"],
)
async def test_a_metric_that_wants_to_end_the_process_ends_the_evaluation_alone(tmp_path, code, message):
    (tmp_path / "metric.py").write_text(code)
    with pytest.raises(BugFailure, match=message):
        await evaluated(tmp_path, MODEL + ECHO + ROWS + an_eval('python("metric.py:same")'))


async def test_a_metric_file_may_hold_dataclasses_and_print(tmp_path, capsys):
    (tmp_path / "metric.py").write_text(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "from typing import ClassVar\n"
        "print('imported')\n"
        "@dataclass\nclass Found:\n    best: ClassVar[float] = 1.0\n    score: float = 0.0\n"
        "def same(output, expected):\n    print('called')\n    return Found(float(output == expected)).score\n"
    )
    found, _, _ = await evaluated(tmp_path, MODEL + ECHO + ROWS + an_eval('python("metric.py:same")'))
    assert found.score == 0.5
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.count("called") == 4 and printed.err.count("imported") == 1


async def test_metrics_run_one_at_a_time_and_other_work_goes_on_meanwhile(tmp_path):
    (tmp_path / "metric.py").write_text(
        "import os, time\nrunning = 0\n"
        "def same(output):\n"
        "    global running\n    running += 1\n    ticks = os.path.getsize('{ticks}')\n"
        "    while os.path.getsize('{ticks}') < ticks + 5:\n        time.sleep(0.01)\n"
        "    alone = running == 1\n    running -= 1\n    return float(alone)\n".replace("{ticks}", f"{tmp_path}/ticks")
    )
    with (tmp_path / "ticks").open("wb", buffering=0) as ticks:

        async def tick():
            while True:
                await asyncio.sleep(0.01)
                ticks.write(b".")

        ticking = asyncio.create_task(tick())
        found, _, _ = await evaluated(tmp_path, MODEL + ECHO + ROWS + an_eval('python("metric.py:same")'))
        ticking.cancel()
    assert found.score == 1.0


@pytest.mark.parametrize(
    "code",
    [
        "import time\ndef same(output):\n    time.sleep(1000)\n",
        "import asyncio\nasync def same(output):\n    await asyncio.Event().wait()\n",
        "import time\nasync def same(output):\n    time.sleep(1000)\n",
    ],
    ids=["plain", "async", "async that blocks"],
)
async def test_a_metric_that_never_ends_is_named_and_the_next_evaluation_goes_on(tmp_path, code):
    (tmp_path / "metric.py").write_text(code)
    (tmp_path / "adalang.toml").write_text("metric_seconds = 0.3\n")
    text = MODEL + ECHO + ROWS + an_eval('python("metric.py:same")')
    with pytest.raises(BugFailure, match=r"metric\.py:same did not come back within 0\.3 seconds.*metric_seconds"):
        await evaluated(tmp_path, text)
    (tmp_path / "metric.py").write_text("def same(output):\n    return 0.5\n")
    (tmp_path / "adalang.toml").write_text("")
    assert (await evaluated(tmp_path, text))[0].score == 0.5


async def test_async_metrics_share_a_loop_and_their_failures_are_told(tmp_path):
    (tmp_path / "m.py").write_text(
        "import asyncio, sys\nloops = set()\n"
        "async def score(output, row):\n"
        "    loops.add(asyncio.get_running_loop())\n"
        "    await asyncio.sleep(0)\n"
        "    return len(loops)\n"
        "async def leave(output):\n    sys.exit(3)\n"
    )
    found, _, _ = await evaluated(tmp_path, MODEL + ECHO + ROWS + an_eval('python("m.py:score")'))
    assert found.score == 1.0
    with pytest.raises(BugFailure, match=r"inline:\d: the metric m\.py:leave failed: m\.py:8: SystemExit: 3"):
        await evaluated(tmp_path, MODEL + ECHO + ROWS + an_eval('python("m.py:leave")'))


async def test_what_one_row_finds_wrong_with_the_program_comes_before_what_another_failed_at():
    class Failing:
        async def run(self, runtime, row, sample):
            raise [KeyError("ours"), TransportFailure("late"), BugFailure("the column is missing")][row.line - 1]

    rows = inline_rows([{"q": "a"}, {"q": "b"}, {"q": "c"}])
    with pytest.raises(BugFailure, match="the column is missing"):
        await evaluate(Failing(), None, rows, split="val")


async def test_steps_of_a_pipeline_can_be_scored(tmp_path):
    pipeline = 'pipeline p(q: str) -> str {\n  first = echo(q)\n  second = echo("z")\n  return second\n}\n'
    text = (
        MODEL
        + ECHO
        + pipeline
        + ROWS
        + an_eval("exact_match(steps.first, expected = row.answer)").replace("of echo", "of p")
    )
    found, _, _ = await evaluated(tmp_path, text)
    assert found.score == 0.5


async def test_repeats_are_new_samples_and_a_second_evaluation_is_free(tmp_path):
    text = MODEL + ECHO + ROWS + an_eval("exact_match", more="repeats = 3")
    file = tmp_path / "main.adal"
    file.write_text(text, encoding="utf-8")
    async with LoopbackServer(behaviour=last_user) as server:
        settings = load_settings(tmp_path, {"BASE": server.api_base, "KEY": "k"})
        async with Session(tmp_path, settings) as session:
            first = await session.evaluation(session.load(file), "e")
            assert (first.usage.calls, first.interval.n, len(first.rows)) == (12, 4, 12)
            again = await session.evaluation(session.load(file), "e")
            assert (again.usage.calls, again.usage.cached_calls, again.score) == (0, 12, first.score)
            assert len(server.log) == 12
            kept = next(iter(session.store.evaluations(file, "e", limit=1)), None)
            assert kept is not None and kept.score == first.score and kept.n == 4


async def test_transport_failures_are_never_scored_zero(tmp_path):
    text = MODEL + ECHO + ROWS + an_eval("exact_match")
    found, _, _ = await evaluated(tmp_path, text, behaviour=scripted([RateLimited(0.0)], last_user))
    lost = [row for row in found.rows if row.status == "transport"]
    assert len(lost) == 1 and lost[0].score is None and "gave no answer" in lost[0].error
    assert found.void  # one of four is more than a fifth
    assert found.score is None and found.interval.n == 3


async def test_a_goal_that_is_missed_is_told(tmp_path):
    found, _, _ = await evaluated(tmp_path, MODEL + ECHO + ROWS + an_eval("exact_match", more="goal = 0.6"))
    assert found.goal_missed


async def test_copies_of_a_row_count_once_and_are_told(tmp_path):
    """Five copies of each row make no interval narrower, and weigh no row more; another answer to a question is no copy."""
    lines = [
        f'  {{ q = "{q}", answer = "{right}", at = {at} }},\n' for q, right in ("aa", "bB", "bb") for at in range(5)
    ]
    text = MODEL + ECHO + f"dataset rows = [\n{''.join(lines)}] {{ split = {{ val = 1.0 }} }}\n"
    once, _, _ = await evaluated(tmp_path, text + an_eval("exact_match"))
    assert (once.interval.n, once.copies, len(once.rows)) == (3, 12, 15)
    assert once.on_rows == "3 rows (copies counted once: 12)" and once.to_json()["copies"] == 12
    assert once.interval.mean == pytest.approx(2 / 3) and once.interval.low < 0.3
    whole, _, _ = await evaluated(tmp_path, text + an_eval("contains(output, expected = row.answer)", expect=""))
    assert (whole.interval.n, whole.copies) == (15, 0), "a metric may look at `at`"


async def test_limit_and_split(tmp_path):
    text = (
        MODEL
        + ECHO
        + ROWS.replace("val = 1.0", "train = 0.5, val = 0.5")
        + an_eval("exact_match").replace("rows.val", "rows")
    )
    found, _, _ = await evaluated(tmp_path, text, split="train", limit=1)
    assert (found.split, len(found.rows)) == ("train", 1)
    with pytest.raises(BugFailure, match="there is no split `test`"):
        await evaluated(tmp_path, text, split="test")


async def test_a_file_with_errors_does_not_run(tmp_path):
    with pytest.raises(CheckFailed, match=r"main\.adal:4:\d+: ADL301 `qq` is no input"):
        await evaluated(tmp_path, MODEL + ECHO.replace("{{ q }}", "{{ qq }}") + ROWS + an_eval("exact_match"))
