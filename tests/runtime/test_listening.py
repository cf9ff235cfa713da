"""What is heard of a run: the text of the call whose answer is the run's, and in the end the answer itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.runtime.world import MODEL, World, world
from tests.servers import CutOff, Incoming, LoopbackServer, Reply, scripted

from adalang.runtime.listening import Listening, Piece, listened

PIPELINES = (
    MODEL
    + '''
prompt plan(topic: str) -> str {
  model = m
  user = """plan {{ topic }}"""
}

prompt reply(topic: str, how: str) -> str {
  model = m
  user = """reply {{ topic }} {{ how }}"""
}

prompt sort(topic: str) -> "a" | "b" {
  model = m
  user = """sort {{ topic }}"""
}

prompt order(topic: str) -> { name: str, count: int } {
  model = m
  user = """order {{ topic }}"""
}

pipeline direct(topic: str) -> str {
  return reply(topic, plan(topic))
}

pipeline named(topic: str) -> str {
  how = plan(topic)
  kind = sort(topic)
  answer = match kind {
    "a" => reply(topic, how)
    _ => plan(topic)
  }
  return answer
}

pipeline nested(topic: str) -> str {
  answer = named(topic)
  return answer
}

pipeline listed(topic: str) -> str[] {
  return [plan(topic), plan(topic)]
}
'''
)


def answer(incoming: Incoming) -> str:
    verb = incoming.messages[-1].text.split()[0]
    answers = {"plan": "a plan", "sort": "a", "order": '{"name": "two words", "count": 12}'}
    return answers.get(verb, " This is the reply. ")


async def heard(one: World, component: str) -> tuple[Any, list[Piece]]:
    pieces: list[Piece] = []

    def wake() -> None:
        piece = listening.take()
        if piece is not None:
            pieces.append(piece)

    listening = Listening(wake)
    with listened(listening):
        output = await one.run(component, topic="x")
    return output, [*pieces, listening.finish(output)]


@pytest.mark.parametrize("component", ["direct", "named", "nested"])
async def test_only_the_answer_is_heard(tmp_path: Path, component: str) -> None:
    async with world(tmp_path, PIPELINES, answer) as one:
        output, pieces = await heard(one, component)
        assert output == "This is the reply."
        assert "".join(piece.text for piece in pieces) == output
        assert len(pieces) > 3 and not any(piece.restart for piece in pieces)
        assert [piece.done for piece in pieces] == [False] * (len(pieces) - 1) + [True]


async def test_an_object_is_heard_as_the_value_so_far(tmp_path: Path) -> None:
    async with world(tmp_path, PIPELINES, answer) as one:
        output, pieces = await heard(one, "order")
        values = [piece.value for piece in pieces]
        assert values[-1] == output == {"name": "two words", "count": 12}
        assert {"name": "two"} in values and all(piece.text == "" for piece in pieces)


async def test_what_no_single_call_answers_comes_whole_at_the_end(tmp_path: Path) -> None:
    async with world(tmp_path, PIPELINES, answer) as one:
        output, pieces = await heard(one, "listed")
        assert pieces == [Piece("", output, done=True)]
        output, pieces = await heard(one, "sort")
        assert pieces[-1] == Piece("a", "a", done=True) and all(piece.value is None for piece in pieces[:-1])


async def test_from_the_cache_it_is_heard_at_once(tmp_path: Path) -> None:
    async with world(tmp_path, PIPELINES, answer) as one:
        await one.run("plan", topic="x")
        _, pieces = await heard(one, "plan")
        assert [piece.text for piece in pieces] == ["a plan", ""]


async def test_a_call_that_is_made_anew_takes_back_what_was_heard(tmp_path: Path) -> None:
    async with world(tmp_path, PIPELINES, answer) as one:
        assert isinstance(one.server, LoopbackServer)
        one.server.behaviour = scripted([CutOff(Reply("something else entirely"))], lambda _: Reply("the answer"))
        one.runtime.gateway._backoff = 0.01
        output, pieces = await heard(one, "plan")
        at = next(number for number, piece in enumerate(pieces) if piece.restart)
        assert "".join(piece.text for piece in pieces[:at]).startswith("something")
        assert "".join(piece.text for piece in pieces[at:]) == output == "the answer"


async def test_nobody_listens_and_nothing_is_streamed(tmp_path: Path) -> None:
    async with world(tmp_path, PIPELINES, answer) as one:
        await one.run("direct", topic="x")
        assert not any("stream" in incoming.body for incoming in one.server.log)
