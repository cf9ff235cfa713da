"""`adalang optimize`, a real process, killed with SIGKILL at twenty random points: what was answered is never asked again, and the
end is that of a run which nobody disturbed."""

import asyncio
import json
import os
import random
import signal
import sys
from pathlib import Path

from adalang.store import Store
from tests.engine import world
from tests.servers import Incoming, LoopbackServer, lexical

KILLS, CALLS = 20, 3000


class Forker:
    """Starts commands one after the other; ``pid`` is the running one's."""

    def __init__(self, process):
        self._process = process
        self.pid = 0

    @classmethod
    async def start(cls, environment):
        command = [sys.executable, str(Path(__file__).parent / "forker.py")]
        pipe = asyncio.subprocess.PIPE
        return cls(
            await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, env=environment, limit=1 << 24)
        )

    async def run(self, *arguments):
        """The wait status and standard output of one command."""
        self._process.stdin.write(json.dumps(arguments).encode() + b"\n")
        self.pid = int(await self._process.stdout.readline())
        status, out = json.loads(await self._process.stdout.readline())
        self.pid = 0
        return status, out

    async def close(self):
        self._process.stdin.close()
        await self._process.wait()


def log_of(folder):
    """The only optimization of a store: its record, log, proposal, looks and account."""
    with Store.open(folder) as store:
        (run,) = store.optimizations()
        (proposal,) = store.proposals()
        events = [(event.kind, event.payload) for event in store.events(run.run_id)]
        looks = list(store.export(["holdout_looks"]))
        return run, events, proposal, looks, store.paid(run.run_id)


def asked(incoming: Incoming):
    return tuple((message.role, message.text) for message in incoming.messages)


def kept(folder):
    """What the store holds answers to."""
    with Store.open(folder) as store:
        requests = [row["request"]["messages"] for row in store.export(["responses"])]
    return {tuple((message["role"], message["content"]) for message in one) for one in requests}


async def test_killed_at_twenty_random_points_it_asks_nothing_twice_and_ends_as_if_undisturbed(tmp_path):
    rng = random.Random(20)
    forker = None
    next_kill = None

    def behaviour(incoming: Incoming):
        if next_kill is not None and len(server.log) >= next_kill and forker is not None and forker.pid:
            os.kill(forker.pid, signal.SIGKILL)
        return lexical(incoming)

    async with LoopbackServer(behaviour=behaviour, latency=0.002) as server:
        forker = await Forker.start({**os.environ, "KEY": "k"})
        options = f'api_base = "{server.api_base}", api_key = env("KEY"), temperature = 0'
        for name in ("whole", "killed"):
            (tmp_path / name).mkdir()

        def command(name):
            file = world.write(tmp_path / name, model="openai/gpt-4o-mini", options=options, count=80)
            return ["optimize", str(file), "--yes", "--json", "--budget-calls", str(CALLS)]

        status, out = await forker.run(*command("whole"))
        assert status == 0, out
        calls = len(server.log)

        points = sorted(rng.sample(range(1, calls), KILLS))
        begun = len(server.log)
        killed = 0
        paid: set[object] = set()
        for point in points:
            next_kill = max(begun + point, len(server.log) + 1)
            sent = len(server.log)
            status, out = await forker.run(*command("killed"))
            assert not {asked(one) for one in server.log[sent:]} & paid, "an answered call was made again"
            if status == 0:
                break
            assert os.WTERMSIG(status) == signal.SIGKILL
            killed += 1
            paid = kept(tmp_path / "killed")
        next_kill = None
        sent = len(server.log)
        if status != 0:
            status, out = await forker.run(*command("killed"))
        await forker.close()
        assert status == 0 and json.loads(out)["resumed"], out
        assert not {asked(one) for one in server.log[sent:]} & paid
        assert killed >= KILLS - 2

    run, events, proposal, looks, account = log_of(tmp_path / "killed")
    _, undisturbed, whole, _, _ = log_of(tmp_path / "whole")
    assert run.status == "finished" and len(looks) == 1
    assert (proposal.changes, proposal.evidence.p) == (whole.changes, whole.evidence.p)
    assert events == undisturbed, "random numbers, ledger and bandit are those of the undisturbed run"
    # Each request that reached the server is on the account, those too whose answer nobody was there to take.
    assert calls <= len(server.log) - begun <= account.calls <= CALLS
    assert account.calls - calls <= account.open + KILLS, "what was under way at a kill is all that was asked twice"
