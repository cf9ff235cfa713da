"""Optimizing again: what earlier runs have found is tried first, and nothing learned from a row is tested on it."""

from __future__ import annotations

import json
import re

import pytest

from adalang.config import load_settings
from adalang.engine.proposals import current_edits, why_outdated, write_files
from adalang.engine.session import Session
from adalang.store import Store
from tests.engine import world


async def optimized(folder, file, fresh=False, **plan):
    async with Session(folder, load_settings(folder, {})) as session:
        program = session.load(file)
        given = session.optimize_plan(program, "sorting", **plan)
        return await session.optimization(program, given, fresh=fresh)


def events(folder, nth=0):
    """The kinds of the events of the newest run but ``nth``, with their payloads."""
    with Store.open(folder) as store:
        run = store.optimizations()[nth]
        return {event.kind: event.payload for event in store.events(run.run_id)}


def edited(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize("edit", ["word", "seed", "rows", "applied"])
async def test_after_a_small_edit_at_most_a_fifth_of_the_calls_is_made(tmp_path, edit):
    file = world.write(tmp_path, count=400)
    lines = (tmp_path / "orders.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "orders.jsonl").write_text("".join(lines[:380]))
    given = {"seed": 2}
    first = await optimized(tmp_path, file, **given)
    assert first.outcome.kind == "proposal"
    match edit:
        case "word":
            edited(file, "Sort the order.", "Sort each order.")
        case "seed":
            given = {"seed": 9}
        case "rows":
            (tmp_path / "orders.jsonl").write_text("".join(lines))
        case "applied":
            async with Session(tmp_path, load_settings(tmp_path, {})) as session:
                program = session.load(file)
                write_files(program, current_edits(program, first.proposal))
    again = await optimized(tmp_path, file, **given)
    assert "warm_start" in events(tmp_path)
    # New texts mean new answers in the final test, which no experience replaces.
    news = [change.after for change in again.outcome.changes] != [change.after for change in first.outcome.changes]
    tested = 2 * first.outcome.evidence.holdout_n if news and edit != "applied" else 0
    assert again.usage.calls <= first.usage.calls / 5 + tested
    assert again.outcome.kind == ("nothing" if edit == "applied" else "proposal") or again.outcome.kind == "hint"


async def test_a_fresh_run_learns_nothing_from_others(tmp_path):
    file = world.write(tmp_path, count=200)
    await optimized(tmp_path, file)
    await optimized(tmp_path, file, fresh=True, seed=4)
    assert "warm_start" not in events(tmp_path)


async def test_a_plan_that_has_run_learns_again_from_the_same_runs_and_is_free(tmp_path):
    file = world.write(tmp_path, count=200)
    await optimized(tmp_path, file)
    second = await optimized(tmp_path, file, seed=4)
    runs = events(tmp_path)["warm_start"]["runs"]
    await optimized(tmp_path, file, seed=5)
    assert len(events(tmp_path)["warm_start"]["runs"]) == 2
    again = await optimized(tmp_path, file, seed=4)
    assert again.usage.calls == 0 and events(tmp_path)["warm_start"]["runs"] == runs
    assert again.outcome.changes == second.outcome.changes
    first_again = await optimized(tmp_path, file)
    assert first_again.usage.calls == 0 and "warm_start" not in events(tmp_path)


async def test_what_was_learned_from_a_row_is_never_tested_on_it(tmp_path):
    """Another seed of the data set makes train rows into held-out ones: the earlier run has nothing to say then."""
    file = world.write(tmp_path, count=200)
    await optimized(tmp_path, file)
    edited(file, "seed = 3 }", "seed = 4 }")
    await optimized(tmp_path, file)
    assert "warm_start" not in events(tmp_path)


async def test_a_few_rows_more_do_not_make_a_hold_out_fresh(tmp_path):
    file = world.write(tmp_path, count=210)
    rows = tmp_path / "orders.jsonl"
    lines = rows.read_text().splitlines(keepends=True)
    rows.write_text("".join(lines[:200]))
    first = await optimized(tmp_path, file)
    rows.write_text("".join(lines))
    again = await optimized(tmp_path, file)
    assert again.outcome.evidence.alpha < first.outcome.evidence.alpha
    relabelled = [json.loads(line) | {"label": "tool"} for line in lines]
    rows.write_text("".join(json.dumps(row) + "\n" for row in relabelled))
    with Store.open(tmp_path) as store:
        known = len(list(store.export(["holdout_looks"])))
    async with Session(tmp_path, load_settings(tmp_path, {})) as session:
        program = session.load(file)
        plan = session.optimize_plan(program, "sorting")
        await session.optimization(program, plan)
        from adalang.runtime.models.budget import Budget

        assert len(session.task(program, plan, Budget()).looks()) >= known, "another label, the same row"


async def test_evidence_goes_stale_when_what_it_rests_on_changes_and_not_before(tmp_path):
    file = world.write(tmp_path, count=380)
    result = await optimized(tmp_path, file, seed=2)
    proposal = result.proposal
    assert proposal is not None and proposal.evidence.verified

    async def why():
        async with Session(tmp_path, load_settings(tmp_path, {})) as session:
            return why_outdated(session.load(file), proposal)

    assert await why() == ""
    text = file.read_text()
    file.write_text("# read again\n" + text + '\nprompt other(text: str) -> str {\n  user = """{{ text }}"""\n}\n')
    assert await why() == ""
    file.write_text(text.replace("budget = { calls = 4000 }", "budget = { calls = 10 }"))
    assert await why() == ""
    file.write_text(text.replace("metric = exact_match", "metric = contains"))
    assert "scored" in await why()
    file.write_text(text.replace("seed = 3 }", "seed = 4 }"))
    assert "data" in await why()
    file.write_text(text)
    rows = tmp_path / "orders.jsonl"
    rows.write_text(rows.read_text().replace("cloth", "Cloth", 1))
    assert "data" in await why()


async def test_where_each_split_has_a_file_only_the_holdout_s_makes_evidence_stale(tmp_path):
    file = world.write(tmp_path, count=380)
    lines = (tmp_path / "orders.jsonl").read_text().splitlines(keepends=True)
    for split, part in (("train", lines[:130]), ("val", lines[130:250]), ("test", lines[250:])):
        (tmp_path / f"{split}.jsonl").write_text("".join(part))
    in_files = 'dataset orders { train = "train.jsonl", val = "val.jsonl", test = "test.jsonl" }'
    file.write_text(re.sub(r"dataset orders = .*", in_files, file.read_text()))
    result = await optimized(tmp_path, file, seed=2)
    assert result.proposal is not None and result.proposal.evidence.verified

    async def why():
        async with Session(tmp_path, load_settings(tmp_path, {})) as session:
            return why_outdated(session.load(file), result.proposal)

    for split, told in (("train", ""), ("val", ""), ("test", "data")):
        rows = tmp_path / f"{split}.jsonl"
        rows.write_text(rows.read_text().replace("cloth", "Cloth", 1))
        assert told in (found := await why()) and bool(found) == bool(told), split


@pytest.mark.parametrize(
    ("written", "tested"), [("openai/gpt-4o-mini", "--model builtin/lexical"), ("builtin/lexical", "")]
)
async def test_a_test_with_another_model_than_the_files_is_none_of_the_file(tmp_path, written, tested):
    file = world.write(tmp_path, count=380, model=written)
    async with Session(tmp_path, load_settings(tmp_path, {}), models={"*": "builtin/lexical"}) as session:
        program = session.load(file)
        result = await session.optimization(program, session.optimize_plan(program, "sorting"))
        assert result.proposal is not None and result.proposal.evidence.verified
        why = why_outdated(program, result.proposal)
    assert (tested in why) if tested else why == ""
