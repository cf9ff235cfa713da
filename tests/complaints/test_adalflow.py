"""AdalFlow's complaints."""

import json
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import adalang
from adalang.optimizer.loop import optimise
from adalang.optimizer.settings import Settings
from tests.complaints import complaint
from tests.complaints.runs import command, optimized, options, with_teacher
from tests.engine import world
from tests.optimizer.world import World
from tests.servers import LoopbackServer, Reply

ROOT = Path(__file__).parents[2]


@complaint("adalflow#246")
@pytest.mark.parametrize(
    "answer",
    [
        None,
        "",
        "null",
        "Sure! I would change the second sentence.",
        '{"hypotheses": null}',
        '{"hypotheses": [null, 7, {"cause": "c"}]}',
        '{"hypotheses": [{"cause": "c", "change": "x", "examples": "all", "edits": [{"action": "replace", "text": null}]}]}',
        '```json\n{"hypotheses": [{"cause":\n```',
    ],
)
async def test_a_teacher_that_answers_nonsense_ends_the_search_and_never_crashes_it(tmp_path, answer):
    async with LoopbackServer(behaviour=with_teacher(lambda _: Reply(answer))) as server:
        file = world.write(tmp_path, model="openai/gpt-4o-mini", options=options(server), count=120)
        file.write_text(file.read_text().replace("  demos shots { max = 3 }\n", ""))
        result = await optimized(tmp_path, file, calls=300)
    assert result.outcome.kind == "nothing" and result.proposal is None


@complaint("adalflow#256")
@pytest.mark.parametrize(
    "returned", ["hit", "float(hit)", "int(hit)", "{'score': float(hit)}", "{'score': hit, 'reason': 'because'}"]
)
async def test_a_metric_may_give_a_number_or_an_object(tmp_path, returned):
    file = world.write(tmp_path, count=90)
    file.write_text(file.read_text().replace("metric = exact_match", 'metric = python("metric.py:score")'))
    metric = f"def score(output, expected):\n    hit = output == expected\n    return {returned}\n"
    (tmp_path / "metric.py").write_text(metric)
    assert (await optimized(tmp_path, file, calls=200)).outcome.kind in ("proposal", "hint", "nothing")


@complaint("adalflow#256")
def test_what_is_no_score_is_told_in_one_line(tmp_path):
    file = world.write(tmp_path, count=90)
    file.write_text(file.read_text().replace("metric = exact_match", 'metric = python("metric.py:score")'))
    (tmp_path / "metric.py").write_text("def score(output, expected):\n    return 1.0, 'fine'\n")
    done = command("optimize", file, "--yes", cwd=tmp_path)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "return a number from 0 to 1, or score and reason" in done.stderr


@complaint("adalflow#249")
async def test_nothing_is_downloaded(tmp_path, monkeypatch):
    """The tutorial's whole way, with a machine that reaches nobody."""

    def refuse(*_: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    result = await optimized(tmp_path, world.write(tmp_path, count=160), calls=400)
    assert result.outcome.kind in ("proposal", "hint")


@complaint("adalflow#382", "adalflow#448")
async def test_rows_need_no_ids(tmp_path):
    file = world.write(tmp_path, count=120)
    assert all("id" not in json.loads(line) for line in (tmp_path / "orders.jsonl").read_text().splitlines())
    seen: set[str] = set()

    def told(event, usage):
        seen.update(event.payload.get("batch", ()))

    await optimized(tmp_path, file, told, calls=200)
    assert seen and all(isinstance(row, str) and row for row in seen)


@complaint("adalflow#357")
async def test_a_local_model_is_one_line(tmp_path):
    """Any server that speaks the protocol, without a key and without a class of one's own."""
    async with LoopbackServer() as server:
        file = world.write(tmp_path, model="openai/my-own-model", options=options(server), count=100)
        result = await optimized(tmp_path, file, calls=300)
        assert result.usage.calls == len(server.answered) > 0
        assert {incoming.model for incoming in server.log} == {"my-own-model"}


@complaint("adalflow#375", "adalflow#381", "adalflow#443", "adalflow#272")
def test_every_example_and_every_page_is_run_by_the_tests():
    """A notebook that nobody runs breaks with the next signature."""
    from tests.docs.test_docs import RUNNABLE
    from tests.examples.test_examples import EXAMPLES

    assert {file.parent for file in (ROOT / "examples").rglob("*.adal")} == set(EXAMPLES)
    assert ROOT / "README.md" in RUNNABLE


@complaint("adalflow#459", "adalflow#472")
def test_the_quick_start_hangs_on_no_tracker():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert not [name for name in project["dependencies"] if "mlflow" in name or "wandb" in name]
    script = (
        "import sys, adalang.engine.session, adalang.optimizer.loop\n"
        "print([name for name in sys.modules if name.partition('.')[0] in ('mlflow', 'wandb', 'tiktoken', 'litellm')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


@complaint("adalflow#219")
async def test_a_search_that_is_stuck_looks_elsewhere():
    """The first advice is harmful and looks plausible; the right one comes only after it has failed."""

    def advice(text: str) -> list[str]:
        if "harm" not in text:
            return ["rule red harm blue", "rule green harm black"]
        return [f"rule {kind}" for kind in ("red", "green", "blue", "black")]

    world_ = World(train=60, val=60, test=80, advice=advice)
    events = []
    outcome = await optimise(world_, Settings(), events.append)
    assert outcome.kind == "proposal" and outcome.evidence.after > 0.9
    dropped = [event for event in events if event.kind == "raced" and not event.payload["accepted"]]
    screened = [event for event in events if event.kind == "screened" and not event.payload["passed"]]
    assert dropped or screened


@complaint("adalflow#486", "adalflow#487", "adalflow#488")
def test_the_public_names_are_written_down():
    """What is public does not come and go: a change of it has to change this list, and the changelog."""
    assert set(adalang.__all__) == {
        "ApprovalRequest",
        "Approve",
        "BudgetExceeded",
        "CheckFailed",
        "Component",
        "Conversation",
        "Decision",
        "Diagnostic",
        "DynamicProgram",
        "EditRefused",
        "Evaluation",
        "Failure",
        "Optimized",
        "Piece",
        "Program",
        "ProgramClosed",
        "Proposal",
        "RunFailed",
        "Trace",
        "Unproven",
        "__version__",
        "load",
    }
