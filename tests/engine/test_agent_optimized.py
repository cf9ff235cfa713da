"""Agents learn: what an instruction or a tool's description lacks comes from a teacher that reads what the tool said."""

import json
import re
from pathlib import Path

import pytest

from adalang.config import load_settings
from adalang.engine.logs import kept_events
from adalang.engine.session import Session
from adalang.report.explain import run_lines
from adalang.report.story import Story
from tests.servers import Incoming, LoopbackServer, Reply

FILE = """
model m = "openai/gpt-4o-mini" { api_base = "BASE", api_key = env("KEY"), temperature = 0 }

# Says how many of an item there are.
tool stock(item: str) -> str = python("tools.py:stock") SETTINGS

agent keeper(question: str) -> str {
  model = m
  tools = [stock]
  max_steps = 3
  param instruction = "Look the item up and answer with the number alone."
}

dataset questions = "questions.jsonl" { split = { train = 0.3, val = 0.3, test = 0.4 }, seed = 3 }
dataset items = "items.jsonl"

eval counts of keeper {
  data = questions
  expect = row.answer
  metric = exact_match
}

eval known of stock {
  data = items
  expect = row.answer
  metric = exact_match
}

optimize counts { budget = { calls = 3000 }ALLOW }
"""
CODE = """
def stock(item: str) -> str:
    with open("called", "a") as note:
        note.write(item + "\\n")
    number = item.removeprefix("ITEM").removesuffix("X")
    return str(3 * int(number) + 1) if number.isdigit() else "no such item"
"""
RULE = "Write item names in upper case."


def teacher(incoming: Incoming) -> Reply:
    """Blames what the tool said on the step that called it, and there its description; knows the rule once it was shown that the
    tool does not know an item."""
    text = incoming.messages[-1].text
    fields = (incoming.schema or {}).get("properties", {})
    said = dict.fromkeys(fields, "")
    if "feedback" in fields:
        names = fields["feedback"]["items"]["properties"]["name"]["enum"]
        blamed = next((one for one in sorted(names) if one.startswith("stock")), names[0])
        said = {"feedback": [{"name": blamed, "blame": 1, "note": "no such item: it was asked for in lower case"}]}
    if "hypotheses" in fields:
        rule = RULE if "no such item" in text else "Be brief."
        edit = {"action": "append", "find": "", "text": rule}
        said = {"hypotheses": [{"cause": "no item found", "change": rule, "examples": [1], "edits": [edit]}]}
    return Reply(json.dumps(said))


def behaviour(reads):
    """A model that calls the tool with the name as it was typed, unless what it ``reads`` tells it otherwise; says what the tool
    said."""

    def student(incoming: Incoming) -> Reply:
        if incoming.messages[-1].role == "tool":
            return Reply(incoming.messages[-1].text)
        item = re.findall(r"of (\w+)", incoming.messages[-1].text)[-1]
        item = item.upper() if RULE in reads(incoming) else item
        return Reply(None, (("stock", json.dumps({"item": item})),), "tool_calls")

    return lambda incoming: student(incoming) if incoming.tools else teacher(incoming)


def instruction(incoming):
    return incoming.messages[0].text


def description(incoming):
    return incoming.tools[0]["function"]["description"]


def write(folder, base, allow="", settings="", count=120):
    questions = [{"question": f"How many are left of item{n}x?", "answer": str(3 * n + 1)} for n in range(count)]
    items = [{"item": f"ITEM{n}X", "answer": str(3 * n + 1)} for n in range(count)]
    for name, rows in (("questions", questions), ("items", items)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "tools.py").write_text(CODE)
    file = folder / "keeper.adal"
    file.write_text(FILE.replace("SETTINGS", settings).replace("ALLOW", allow).replace("BASE", base))
    return file


def called(folder: Path) -> int:
    """How often the tool has done its work, as the disk tells."""
    note = folder / "called"
    return len(note.read_text().splitlines()) if note.exists() else 0


async def optimized(session, file, **given):
    program = session.load(file)
    return await session.optimization(program, session.optimize_plan(program, "counts", **given), fresh=True)


@pytest.mark.parametrize(
    ("reads", "allow", "param", "step"),
    [(instruction, "", "keeper.instruction", 2), (description, ', allow = ["tools"]', "stock.description", 1)],
)
async def test_an_agent_gets_the_rule_that_its_texts_lacked(tmp_path, reads, allow, param, step):
    async with LoopbackServer(behaviour=behaviour(reads)) as server:
        file = write(tmp_path, server.api_base, allow)
        async with Session(tmp_path, load_settings(tmp_path, {"KEY": "k"})) as session:
            result = await optimized(session, file)
            told = run_lines(Story.of(kept_events(session.store, result.run_id)))
    assert result.proposal is not None, result
    (change,) = result.proposal.changes
    assert change.param == param and RULE in change.after
    evidence = result.proposal.evidence
    assert evidence.verified and (evidence.before, evidence.after) == (0, 1) and evidence.holdout_n > 30
    assert any(re.search(rf"[0-9a-f]{{8}}, step {step} \(.*no such item", line) for line in told), told


async def test_a_search_uses_what_was_recorded_of_a_tool_with_effects_and_never_calls_it(tmp_path):
    async with LoopbackServer(behaviour=behaviour(description)) as server:
        file = write(tmp_path, server.api_base, ', allow = ["tools"]', "{ effects = true }", count=60)
        async with Session(tmp_path, load_settings(tmp_path, {"KEY": "k"})) as session:
            void = await optimized(session, file)
            assert void.outcome.kind == "void" and "only replayed here" in void.outcome.reason
            assert called(tmp_path) == 0
            program = session.load(file)
            for name in ("counts", "known"):  # what the tool says of names as they are typed, and in upper case
                for split in ("train", "val", "test"):
                    await session.evaluation(program, name, split=split)
            before = called(tmp_path)
            assert before == 120
            result = await optimized(session, file)
            assert result.proposal is not None and result.proposal.evidence.after == 1
            assert [one.param for one in result.proposal.changes] == ["stock.description"]
            assert called(tmp_path) == before
            again = await optimized(session, file, allow_effects=True)
            assert again.proposal is not None and called(tmp_path) > before
