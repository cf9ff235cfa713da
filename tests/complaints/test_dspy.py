"""Complaints about DSPy's optimisers."""

import json
import pickle

import pytest

from adalang.config import load_settings
from adalang.engine.proposals import current_edits, write_files
from adalang.engine.session import Session
from adalang.language.program import load
from adalang.language.reach import trainables
from adalang.optimizer.gates import refuse_text
from adalang.optimizer.loop import optimise
from adalang.store import Store
from tests.complaints import complaint
from tests.complaints.runs import asks_for_hypotheses, command, hypotheses, optimized, options, with_teacher
from tests.engine import world
from tests.optimizer.world import World
from tests.servers import Hang, Incoming, LoopbackServer, Unauthorized, lexical


@complaint("dspy#1970")
async def test_a_server_that_never_answers_is_given_up_and_the_log_says_where(tmp_path):
    told = []
    async with LoopbackServer(
        behaviour=lambda incoming: Hang() if incoming.number > 20 else lexical(incoming)
    ) as server:
        file = world.write(
            tmp_path, model="openai/gpt-4o-mini", options=options(server, "timeout = 0.2, retries = 0"), count=120
        )
        result = await optimized(tmp_path, file, lambda event, usage: told.append(event.kind), calls=300)
    assert result.outcome.kind == "void" and "got no answer" in result.outcome.reason
    assert told[0] == "started" and told[-1] == "finished"


@complaint("dspy#8038", "dspy#1344")
async def test_what_is_tried_is_what_is_sent(tmp_path):
    """Each candidate's own text stands in its requests, and so does the one that is proposed."""
    rule = "- words such as apple, pear, plum, cherry: fruit"
    async with LoopbackServer(behaviour=with_teacher(lambda _: hypotheses(rule))) as server:
        file = world.write(tmp_path, model="openai/gpt-4o-mini", options=options(server), count=160)
        result = await optimized(tmp_path, file, calls=500)
        sent = [message.text for one in server.log if not asks_for_hypotheses(one) for message in one.messages]
    assert any(rule in text for text in sent) and any(rule not in text for text in sent)
    for change in result.outcome.changes:
        if isinstance(change.after, str):
            assert any(change.after in text for text in sent)


@complaint("dspy#1596", "dspy#1364", "dspy#8093", "dspy#617", "dspy#8279")
async def test_demos_are_found_named_written_into_the_file_and_read_again(tmp_path):
    file = world.write(tmp_path)
    text = file.read_text()
    file.write_text(text.replace("optimize sorting {", "optimize sorting {\n  params = [classify.shots]"))
    result = await optimized(tmp_path, file, calls=3000)
    assert result.outcome.kind in ("proposal", "hint")
    (change,) = result.outcome.changes
    assert change.param == "classify.shots" and change.kind == "demos" and change.after
    program = load(file)
    write_files(program, current_edits(program, result.proposal))
    again = load(file)
    part = trainables(again)["classify.shots"].part
    async with Session(tmp_path, load_settings(tmp_path, {})) as session:
        sent = session.runtime(session.load(file)).messages(again.resolve("classify"), {"text": "a new one"})
    assert len(sent) == 2 + 2 * len(change.after), f"{len(part.value.items)} examples are not all shown"
    assert all(any(demo["text"] in str(message.content) for message in sent) for demo in change.after)


@complaint("dspy#678")
async def test_a_key_that_expires_half_way_is_told_and_the_run_goes_on_with_a_new_one(tmp_path):
    valid = True

    def behaviour(incoming: Incoming):
        return lexical(incoming) if (valid and incoming.number < 60) or incoming.number >= 1000 else Unauthorized()

    async with LoopbackServer(behaviour=behaviour) as server:
        file = world.write(tmp_path, model="openai/gpt-4o-mini", options=options(server), count=160)
        with pytest.raises(Exception, match="key"):
            await optimized(tmp_path, file, calls=400)
        paid = {_wire(server.log[number]) for number in server.answered}
        sent = len(server.log)
        server.behaviour = lexical
        again = await optimized(tmp_path, file, calls=400)
        assert again.outcome.kind in ("proposal", "hint")
        assert not paid & {_wire(incoming) for incoming in server.log[sent:]}


def _wire(incoming: Incoming):
    return tuple((message.role, message.text) for message in incoming.messages)


@complaint("dspy#397", "dspy#9200", "dspy#9582")
async def test_a_dry_run_costs_nothing_and_a_budget_in_money_holds(tmp_path):
    async with LoopbackServer() as server:
        file = world.write(tmp_path, model="openai/gpt-4o-mini", options=options(server), count=160)
        told = command("optimize", file, "--estimate", "--json", cwd=tmp_path)
        estimate = json.loads(told.stdout)
        assert told.returncode == 0 and not server.log
        assert estimate["calls"] > 0 and estimate["usd"] > 0
        result = await optimized(tmp_path, file, usd=0.004)
    assert 0 < result.usage.usd <= 0.004
    assert result.usage.input_tokens > 0 and result.usage.calls > 0


@complaint("dspy#8782")
async def test_each_split_has_one_role():
    """The teacher is shown train rows alone; hold-out rows are run after all others, twice each and by two candidates."""
    task = World()
    outcome = await optimise(task)
    assert outcome.kind == "proposal"
    shown = "\n".join(task.asked)
    ids = {name: {row.id for row in rows} for name, rows in task.splits.items()}
    assert not any(row.inputs["question"] in shown for name in ("val", "test") for row in task.splits[name])
    split_of = [next(name for name, rows in ids.items() if row in rows) for _, row, _ in task.runs]
    assert split_of.index("test") > max(at for at, name in enumerate(split_of) if name != "test")
    assert len({key for (key, row, _), name in zip(task.runs, split_of, strict=True) if name == "test"}) == 2


@complaint("dspy#9492")
def test_an_edit_may_not_lose_the_form_of_the_answer():
    before = "Answer with fruit, tool or cloth.\nSay nothing else."
    lost = refuse_text(before, "Answer well.", tried=[before], data=(), words=["fruit", "tool", "cloth"])
    assert lost == "the text would lose fruit, tool, cloth"


@complaint("dspy#9492")
async def test_an_edit_may_not_break_what_always_worked():
    """Advice that mends one kind and breaks another is not what is shipped."""
    task = World(luck=0.5, advice=lambda text: ["rule red | harm blue", "rule red"])
    outcome = await optimise(task)
    assert outcome.candidate is None or "harm" not in outcome.candidate.text("solve.text")
    assert outcome.kind == "proposal"


@complaint("dspy#8906")
async def test_a_result_can_be_pickled_written_as_json_and_found_again(tmp_path):
    result = await optimized(tmp_path, world.write(tmp_path, count=160), calls=500)
    assert pickle.loads(pickle.dumps(result.outcome)) == result.outcome
    assert json.loads(json.dumps(result.proposal.to_json()))["id"] == result.proposal.id
    with Store.open(tmp_path) as store:
        assert store.proposal(result.proposal.id) == result.proposal


@complaint("dspy#9998")
async def test_a_metric_may_be_a_closure(tmp_path):
    file = world.write(tmp_path, count=90)
    file.write_text(file.read_text().replace("metric = exact_match", 'metric = python("metric.py:score")'))
    (tmp_path / "metric.py").write_text(
        "def strict(weight):\n"
        "    seen = []\n"
        "    def score(output, expected):\n"
        "        seen.append(output)\n"
        "        return weight * (output == expected)\n"
        "    return score\n"
        "score = strict(1.0)\n"
    )
    assert (await optimized(tmp_path, file, calls=200)).outcome.kind in ("proposal", "hint", "nothing")
