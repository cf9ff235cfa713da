"""What a second evaluation pays for: nothing where nothing has changed, and no more than what a change reaches."""

import pytest
from tests.servers import LoopbackServer, Reply

from adalang.config import load_settings
from adalang.engine.session import Session

PROGRAM = """\
model m = "openai/test" { api_base = env("BASE"), api_key = env("KEY"), retries = 0, temperature = 0.5 }

prompt first(q: str) -> str {
  model = m
  user = \"\"\"FIRST {{ q }}\"\"\"
}

prompt second(q: str) -> str {
  model = m
  user = \"\"\"SECOND {{ q }}\"\"\"
}

pipeline both(q: str) -> str {
  found = first(q)
  return second(found)
}

dataset rows = [
  { q = "a", right = "a" },
  { q = "b", right = "b" },
  { q = "c", right = "x" },
] { split = { val = 1.0 } }

eval e of both {
  data = rows.val
  expect = row.right
  metric = exact_match
}
"""


async def calls(folder, server, text, **options):
    """The messages that an evaluation of this text sends."""
    file = folder / "main.adal"
    file.write_text(text, encoding="utf-8")
    before = len(server.log)
    async with Session(folder, load_settings(folder, {"BASE": server.api_base, "KEY": "k"})) as session:
        found = await session.evaluation(session.load(file), "e", **options)
    return found, sorted(call.messages[-1].text for call in server.log[before:])


@pytest.fixture
async def server():
    async with LoopbackServer(behaviour=lambda incoming: Reply(incoming.messages[-1].text.split()[-1])) as running:
        yield running


async def test_an_unchanged_evaluation_makes_no_call_and_says_the_same(tmp_path, server):
    first, sent = await calls(tmp_path, server, PROGRAM)
    again, resent = await calls(tmp_path, server, PROGRAM)
    assert len(sent) == 6 and resent == []
    assert (again.score, again.interval, again.fingerprint) == (first.score, first.interval, first.fingerprint)
    assert again.usage.cached_calls == 6 and again.usage.usd == 0
    assert sum(row.answer_usage.tokens for row in again.rows) == first.usage.tokens, "what it cost is still known"


async def test_repeats_are_new_samples_and_the_ones_there_are_kept(tmp_path, server):
    await calls(tmp_path, server, PROGRAM)
    _, sent = await calls(tmp_path, server, PROGRAM, repeats=3)
    assert len(sent) == 12
    _, resent = await calls(tmp_path, server, PROGRAM, repeats=3)
    assert resent == []


@pytest.mark.parametrize(
    ("before", "after", "sent"),
    [
        ("SECOND {{ q }}", "ANOTHER {{ q }}", ["ANOTHER a", "ANOTHER b", "ANOTHER c"]),
        ("prompt second", "# a comment\nprompt second", []),
        ("metric = exact_match", "metric = contains", []),
        ('right = "x"', 'right = "c"', []),
        ('q = "c"', 'q = "d"', ["FIRST d", "SECOND d"]),
        ('{ q = "a", right = "a" },', "", []),
        ("retries = 0", "retries = 1", []),
        ("FIRST {{ q }}", "THE FIRST {{ q }}", ["THE FIRST a", "THE FIRST b", "THE FIRST c"]),
        (", temperature = 0.5", ", temperature = 0.6", ["FIRST a", "FIRST b", "FIRST c", "SECOND a", "SECOND b", "SECOND c"]),
    ],
    ids=["second prompt", "comment", "metric", "right answer", "one row", "row less", "retries", "first prompt", "model"],
)  # fmt: skip
async def test_a_change_runs_again_what_it_reaches_and_nothing_else(tmp_path, server, before, after, sent):
    await calls(tmp_path, server, PROGRAM)
    assert before in PROGRAM
    assert (await calls(tmp_path, server, PROGRAM.replace(before, after)))[1] == sent
