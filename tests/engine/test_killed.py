"""`adalang optimize`, a real process, killed with SIGKILL at twenty random points: what was answered is never asked again, and the
end is that of a run which nobody disturbed."""

import asyncio
import json
import os
import random
import signal
from collections import Counter

from adalang.store import Store
from tests.commands import run_command
from tests.engine import world
from tests.servers import Incoming, LoopbackServer, lexical

KILLS, CALLS = 20, 3000


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


def kept(folder, often):
    """What the store holds all answers to: one for each of the samples that a run asks for, which the wire does not tell apart."""
    with Store.open(folder) as store:
        requests = [row["request"]["messages"] for row in store.export(["responses"])]
    held = Counter(tuple((message["role"], message["content"]) for message in one) for one in requests)
    return {one for one, count in held.items() if count >= often[one]}


async def test_killed_at_twenty_random_points_it_asks_nothing_twice_and_ends_as_if_undisturbed(tmp_path):
    rng = random.Random(20)
    running = next_kill = None

    def behaviour(incoming: Incoming):
        nonlocal running
        if next_kill is not None and len(server.log) >= next_kill and running is not None:
            os.kill(running, signal.SIGKILL)
            running = None
        return lexical(incoming)

    def started(process):
        nonlocal running
        running = process

    async with LoopbackServer(behaviour=behaviour, latency=0.002) as server:
        options = f'api_base = "{server.api_base}", api_key = env("KEY"), temperature = 0'
        for name in ("whole", "killed"):
            (tmp_path / name).mkdir()

        async def run(name):
            nonlocal running
            world.write(tmp_path / name, model="openai/gpt-4o-mini", options=options, count=80)
            command = ["optimize", "orders.adal", "--yes", "--json", "--budget-calls", str(CALLS)]
            places = {"cwd": tmp_path / name, "environment": {**os.environ, "KEY": "k"}}
            done = await asyncio.to_thread(run_command, *command, **places, started=started)
            running = None
            return done

        done = await run("whole")
        assert done.returncode == 0, done.stderr
        calls, often = len(server.log), Counter(map(asked, server.log))

        points = sorted(rng.sample(range(1, calls), KILLS))
        begun = len(server.log)
        killed = 0
        paid: set[object] = set()
        for point in points:
            next_kill = max(begun + point, len(server.log) + 1)
            sent = len(server.log)
            done = await run("killed")
            assert not {asked(one) for one in server.log[sent:]} & paid, "an answered call was made again"
            if done.returncode == 0:
                break
            assert done.returncode == -signal.SIGKILL, done.stderr
            killed += 1
            paid = kept(tmp_path / "killed", often)
        next_kill = None
        sent = len(server.log)
        if done.returncode != 0:
            done = await run("killed")
        assert done.returncode == 0 and json.loads(done.stdout)["resumed"], done.stderr
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
