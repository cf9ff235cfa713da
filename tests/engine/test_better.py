"""What counts as better, on real files through the engine: headroom, the same for less, guards, `prefer`."""

import json
from dataclasses import replace

import pytest

from adalang.config import load_settings
from adalang.engine.anchoring import anchor, message
from adalang.engine.explanation import explanation
from adalang.engine.plan import optimize_plan
from adalang.engine.proposals import evidence_line, title
from adalang.engine.session import Session
from adalang.language.fingerprint import disk_hash
from adalang.language.program import load
from adalang.optimizer.objective import Prefer
from tests.engine import world
from tests.servers import Incoming, LoopbackServer, Reply, lexical

BALLAST = (
    "Please take all the care in the world when you read what somebody wrote to us.",
    "It goes without saying that every single message matters a great deal to the whole team.",
    "Think well before you answer, and keep in mind that nobody likes to wait for long.",
    "We are proud of our service and would like to stay so for many years to come.",
)

PROGRAM = """\
type Colour = "red" | "blue"

prompt pick(text: str) -> Colour {{
  model = "builtin/lexical"
  param instruction = \"\"\"
{instruction}
    \"\"\"
  system = \"\"\"{{{{ instruction }}}}\"\"\"
  user   = \"\"\"{{{{ text }}}}\"\"\"
}}

dataset things {{ train = "train.jsonl", val = "val.jsonl", test = "test.jsonl" }}

eval picking of pick {{
  data = things
  expect = row.label
  metric = exact_match
}}

optimize picking {{ budget = {{ calls = 4000 }}{more} }}
"""


def write(folder, instruction, wrong=(), more="", rows=100):
    """Rows that say their colour; of the selection rows those in `wrong` are labelled otherwise."""
    for split in ("train", "val", "test"):
        lines = []
        for nth in range(rows):
            colour = ("red", "blue")[nth % 2]
            label = ("blue", "red")[nth % 2] if split == "val" and nth in wrong else colour
            lines.append({"text": f"{split} order {nth}: a {colour} thing number {nth * nth}", "label": label})
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    file = folder / "pick.adal"
    indented = "\n".join(f"    {line}" for line in instruction)
    file.write_text(PROGRAM.format(instruction=indented, more=more))
    return file


async def optimized(folder, file, name, environment=None, **plan):
    async with Session(folder, load_settings(folder, environment or {})) as session:
        program = session.load(file)
        return await session.optimization(program, session.optimize_plan(program, name, **plan))


async def test_little_headroom_is_said_and_overruled(tmp_path):
    file = write(tmp_path, ["Pick the colour."], wrong=[4])
    found = await optimized(tmp_path, file, "picking")
    assert found.proposal is None and found.outcome.rounds == 0
    assert found.outcome.reason.startswith("little to gain: 99 % of 100 selection rows are right")
    assert found.outcome.little_to_gain
    assert found.usage.calls <= 100

    anyway = await optimized(tmp_path, file, "picking", anyway=True)
    assert anyway.outcome.rounds > 0


async def test_ballast_is_offered_to_be_cut_as_the_same_score_for_less(tmp_path):
    file = write(tmp_path, ["Pick the colour.", *BALLAST])
    found = await optimized(tmp_path, file, "picking")
    assert found.outcome.kind == "proposal", found.outcome.reason
    proposal = found.proposal
    (change,) = proposal.changes
    assert len(change.after.split()) < 20 < 60 < len(change.before.split())
    line = evidence_line(proposal)
    assert line.startswith("picking same score (+0 [-")
    assert line.endswith("% fewer tokens") and "on 100 held-out examples" in line
    assert title(proposal) == f"Apply proposed edit: {line}"
    anchored = anchor(proposal, load(file), disk_hash)
    assert message(anchored) == f"Proposed edit: {line}."
    told = explanation(proposal, anchored)
    assert "| counts as the same | no more than 5 points lower |" in told and "(tokens) |" in told


async def test_nothing_is_cut_where_the_words_are_needed(tmp_path):
    """The label is told by words that only the instruction knows."""
    file = world.write(tmp_path)
    found = await optimized(tmp_path, file, "sorting")
    assert "cheaper" not in found.proposal.evidence.extra


def chatty(incoming: Incoming) -> Reply:
    """Answers right, and at length as soon as it is told the rules."""
    told = incoming.messages[0].text.count("\n- ")
    return replace(lexical(incoming), output_tokens=400 if told else 5)


@pytest.mark.parametrize(("prefer", "kind"), [("", "hint"), ("prefer = { cost = 0 }", "proposal")])
async def test_a_gain_that_makes_each_call_much_dearer_is_a_hint_that_says_so(tmp_path, prefer, kind):
    async with LoopbackServer(behaviour=chatty) as server:
        options = f'api_base = "{server.api_base}", api_key = env("KEY"), temperature = 0'
        file = world.write(tmp_path, model="openai/gpt-4o-mini", options=options)
        bounds = f"calls = 2000 }}\n  params = [classify.instruction]\n  {prefer}"
        file.write_text(file.read_text().replace("calls = 4000 }", bounds))
        found = await optimized(tmp_path, file, "sorting", {"KEY": "k"})
    assert found.outcome.kind == kind, found.outcome.reason
    assert found.proposal.evidence.verified == (kind == "proposal") and "points" in found.outcome.reason
    assert ("as much (USD); `prefer = { cost = 0 }` would allow it" in found.outcome.reason) == (kind == "hint")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", Prefer()),
        ("{ cost = 0.2, latency = 0.1 }", Prefer(0.2, 0.1)),
        ("{ cost = 0 }", Prefer(cost=0)),
    ],
)
def test_prefer_is_read_from_the_file(tmp_path, written, read):
    file = write(tmp_path, ["Pick."], more=f", prefer = {written}" if written else "", rows=2)
    assert optimize_plan(load(file), "picking", load_settings(tmp_path, {})).search.prefer == read
