"""What is said before the first call: a range that holds, in calls, tokens and money; what is paid for; what is not known."""

from __future__ import annotations

import pytest

from adalang.config import load_settings
from adalang.engine.session import Session
from tests.engine import world
from tests.servers import LoopbackServer


async def forecast(folder, file, **plan):
    async with Session(folder, load_settings(folder, {"KEY": "k"})) as session:
        program = session.load(file)
        return await session.prepared(program, session.optimize_plan(program, "sorting", **plan)).forecast()


async def test_it_makes_no_call_and_names_each_part(tmp_path):
    async with LoopbackServer() as server:
        options = f'api_base = "{server.api_base}", api_key = env("KEY")'
        file = world.write(tmp_path, model="openai/gpt-4o-mini", options=options, count=200)
        told = "\n".join(await forecast(tmp_path, file))
        assert not server.log
    for part in ("learning", "screens", "duels", "choice", "final test"):
        assert f"{part}: " in told
    assert "tokens, $" in told and "at list prices" in told and "Paid for already" not in told


async def test_what_an_evaluation_has_paid_for_is_told_as_free(tmp_path):
    file = world.write(tmp_path, count=200)
    async with Session(tmp_path, load_settings(tmp_path, {})) as session:
        found = await session.evaluation(session.load(file), "sorting", split="val", limit=20)
    assert len(found.rows) == 20
    assert "present text on 20 of" in "\n".join(await forecast(tmp_path, file))


async def test_a_forecast_calls_none_of_the_users_code(tmp_path):
    file = world.write(tmp_path, count=200)
    file.write_text(file.read_text().replace("metric = exact_match", 'metric = python("metric.py:right")'))
    code = "from pathlib import Path\n\ndef right(output, expected):\n    Path({!r}).touch()\n    return output == expected\n"
    (tmp_path / "metric.py").write_text(code.format(str(tmp_path / "called")))
    async with Session(tmp_path, load_settings(tmp_path, {})) as session:
        await session.evaluation(session.load(file), "sorting", split="val", limit=20)
    (tmp_path / "called").unlink()
    assert "present text on 20 of" in "\n".join(await forecast(tmp_path, file))
    assert not (tmp_path / "called").exists()


async def test_an_unknown_price_is_told_and_that_no_bound_in_money_can_be_held(tmp_path):
    file = world.write(tmp_path, model="hosted_vllm/mine", options='api_base = "http://127.0.0.1:9"', count=200)
    told = "\n".join(await forecast(tmp_path, file, usd=2.0))
    assert "The price of hosted_vllm/mine is not known; the bound of $2.00 cannot be held for it" in told
    assert "at list prices" not in told


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"calls": 100}, "100 calls do not pay for the final test"),
        ({"calls": 900}, "900 calls pay for the final test"),
        ({"calls": 100_000}, ""),
        ({"tokens": 5000}, "The budget of 5,000 tokens may end the search"),
    ],
)
async def test_what_a_smaller_budget_pays_for_is_told(tmp_path, given, words):
    file = world.write(tmp_path, count=200)
    told = "\n".join(await forecast(tmp_path, file, **given))
    assert words in told
    assert ("pay for" in told or "may end" in told) == bool(words)


async def test_real_runs_stay_below_the_upper_end(tmp_path):
    for seed in (1, 2, 3):
        folder = tmp_path / str(seed)
        folder.mkdir()
        file = world.write(folder, count=120 + 40 * seed)
        async with Session(folder, load_settings(folder, {})) as session:
            program = session.load(file)
            plan = session.optimize_plan(program, "sorting", seed=seed)
            prepared = session.prepared(program, plan)
            most = prepared.estimate.calls
            result = await prepared.run()
        assert result.usage.calls <= most
