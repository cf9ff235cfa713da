"""Which version of a metric's file is called, and in which process."""

from __future__ import annotations

import os
from pathlib import Path

from adalang.evaluation.python_metric import PythonMetrics
from adalang.runtime.tools.host import Tools

CODE = "import os\nfrom score_of import SCORE\n\ndef score(output):\n    return [SCORE, os.getpid()]\n"


def write(folder: Path, value: float) -> None:
    """Python takes bytecode for current when the time, in seconds, and the size are those of the source."""
    for name, text in (("metric", CODE), ("score_of", f"SCORE = {value}\n")):
        (folder / f"{name}.py").write_text(text)
        os.utime(folder / f"{name}.py", (1_000_000_000, 1_000_000_000 + value))


async def called(metrics: PythonMetrics, tools: Tools, folder: Path) -> tuple[float, int]:
    function = await metrics.function(tools, folder, "metric.py:score")
    score, process = await metrics.call(function, "metric.py:score", {"output": "x", "row": {}}, 20)
    return score, process


async def test_one_process_serves_all_until_the_file_changes_and_whoever_has_begun_keeps_the_old(
    tmp_path: Path,
) -> None:
    tools, first, second = Tools(), PythonMetrics(), PythonMetrics()
    try:
        write(tmp_path, 0.0)
        score, process = await called(first, tools, tmp_path)
        assert score == 0.0 and process != os.getpid()
        assert await called(second, tools, tmp_path) == (score, process)
        second.give_back()
        assert await called(second, tools, tmp_path) == (score, process), "it stays warm"
        second.give_back()
        write(tmp_path, 0.5)
        assert (await called(second, tools, tmp_path))[0] == 0.5
        assert await called(first, tools, tmp_path) == (0.0, process), "an evaluation is of one version"
        first.give_back()
        assert (await called(first, tools, tmp_path))[0] == 0.5
    finally:
        await tools.aclose()
