"""A component's runs under a name, from Python."""

import asyncio
import threading

import pytest

import adalang
from adalang.runtime.failures import BugFailure

SHOP = """
tool refund(amount: float) -> str = python("tools.py:refund") { approve = true }

# Handles complaints.
agent clerk(message: str, history: Turn[] = []) -> str {
  model = "builtin/lexical"
  tools = [refund]
}
"""


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "adalang.toml").touch()
    (tmp_path / "shop.adal").write_text(SHOP)
    (tmp_path / "tools.py").write_text('def refund(amount):\n    return f"{amount:g} was paid back."\n')
    return tmp_path / "shop.adal"


async def test_a_run_that_waits_for_an_approval_goes_on_in_another_program(shop):
    asked = threading.Event()

    async def never(request):
        asked.set()
        await asyncio.Event().wait()

    with adalang.load(shop, approve=never) as program:
        running = asyncio.create_task(program.clerk.session("ann").acall("A refund of 20, please."))
        await asyncio.to_thread(asked.wait, 60)
        for also in (program.clerk.session("ann").aresume(), program.clerk.session("ann").acall("A refund of 30.")):
            with pytest.raises(BugFailure, match="session `ann` of `clerk` is at work already"):
                await also
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    with adalang.load(shop, approve=lambda request: True) as program:
        session = program.clerk.session("ann")
        with pytest.raises(BugFailure, match="not finished: resume it"):
            await session.acall("Hello?")
        assert await session.aresume() == "20 was paid back."
        assert [one.kind for one in program.trace.calls] == ["agent", "step", "tool", "step"]


def test_what_was_said_is_the_history_of_the_next_run(shop):
    with adalang.load(shop, approve=lambda request: True) as program:
        session = program.clerk.session("bob")
        assert repr(session) == "<session 'bob' of clerk>"
        assert session("A refund of 20, please.") == "20 was paid back."
        session("Thank you.")
        assert [one["text"] for one in program.trace.calls[0].inputs["history"]] == [
            "A refund of 20, please.",
            "20 was paid back.",
        ]
        with pytest.raises(BugFailure, match="its last run is finished"):
            session.resume()
        with pytest.raises(TypeError, match="takes 2 inputs, not 3"):
            session("a", [], "b")
