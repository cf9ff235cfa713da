"""An agent learns: its instruction lacks a rule of its tool, and gets it from a teacher that reads what the tool said."""

import json
import re

from adalang.config import load_settings
from adalang.engine.session import Session
from tests.servers import Incoming, LoopbackServer, Reply

FILE = """
model m = "openai/gpt-4o-mini" { api_base = "BASE", api_key = env("KEY"), temperature = 0 }

# Says how many of an item there are.
pipeline stock(item: str) -> str {
  shown = match item { CASES _ => "no such item" }
  return shown
}

agent keeper(question: str) -> str {
  model = m
  tools = [stock]
  max_steps = 3
  param instruction = "Look the item up and answer with the number alone."
}

dataset questions = "questions.jsonl" { split = { train = 0.3, val = 0.3, test = 0.4 }, seed = 3 }

eval counts of keeper {
  data = questions
  expect = row.answer
  metric = exact_match
}

optimize counts { budget = { calls = 3000 } }
"""
RULE = "Write item names in upper case."


def student(incoming: Incoming) -> Reply:
    """Calls the tool with the name as it was typed, unless it is told otherwise; says what the tool said."""
    if incoming.messages[-1].role == "tool":
        return Reply(incoming.messages[-1].text)
    item = re.findall(r"of (\w+)", incoming.messages[-1].text)[-1]
    item = item.upper() if RULE in incoming.messages[0].text else item
    return Reply(None, (("stock", json.dumps({"item": item})),), "tool_calls")


def teacher(incoming: Incoming) -> Reply:
    """Knows the rule once it was shown that the tool does not know an item."""
    text = incoming.messages[-1].text
    fields = (incoming.schema or {}).get("properties", {})
    said = dict.fromkeys(fields, "")
    if "hypotheses" in fields:
        rule = RULE if "no such item" in text else "Be brief."
        edit = {"action": "append", "find": "", "text": rule}
        said = {"hypotheses": [{"cause": "no item found", "change": rule, "examples": [1], "edits": [edit]}]}
    return Reply(json.dumps(said))


def behaviour(incoming: Incoming) -> Reply:
    return student(incoming) if incoming.tools else teacher(incoming)


def write(folder, base, count=120):
    rows = [{"question": f"How many are left of item{n}x?", "answer": str(3 * n + 1)} for n in range(count)]
    (folder / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    cases = " ".join(f'"ITEM{n}X" => "{3 * n + 1}"' for n in range(count))
    file = folder / "keeper.adal"
    file.write_text(FILE.replace("CASES", cases).replace("BASE", base))
    return file


async def test_an_agent_gets_the_rule_that_its_instruction_lacked(tmp_path):
    async with LoopbackServer(behaviour=behaviour) as server:
        file = write(tmp_path, server.api_base)
        async with Session(tmp_path, load_settings(tmp_path, {"KEY": "k"})) as session:
            program = session.load(file)
            result = await session.optimization(program, session.optimize_plan(program, "counts"))
    assert result.proposal is not None, result
    assert RULE in result.proposal.changes[0].after
    assert result.proposal.changes[0].param == "keeper.instruction"
