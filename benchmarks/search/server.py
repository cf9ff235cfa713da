"""A server on this machine that speaks the OpenAI protocol and is student and teacher of many runs at once.

Each run has an address of its own. Every request for an answer counts, of student and of teacher alike; when the budget is used
up the server says so and answers no more. A run tells by `POST …/best` which prompts its system would choose now; the server
knows their true score, and keeps the number of calls at which it was first high enough.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from formats import answered
from teacher import Teacher
from world import World

ENOUGH = 0.9


@dataclass
class Run:
    """One system on one world. `reached` is the number of calls at which a good prompt was chosen, if it was."""

    world: World
    right: float
    noise: float
    budget: int = 1500
    salt: str = ""
    calls: Counter[str] = field(default_factory=Counter)
    reached: int | None = None
    chosen: list[tuple[int, float]] = field(default_factory=list)
    log: list[tuple[str, str, str]] | None = None
    _seen: Counter[str] = field(default_factory=Counter)

    @property
    def spent(self) -> int:
        return sum(self.calls.values())

    @property
    def over(self) -> bool:
        return self.reached is not None or self.spent >= self.budget

    def best(self, prompts: list[str]) -> float:
        """Keeps the true score of what the system would choose now."""
        score = self.world.true_score(prompts)
        self.chosen.append((self.spent, score))
        if score >= ENOUGH and self.reached is None:
            self.reached = self.spent
        return score

    def complete(self, body: dict[str, Any]) -> str:
        """The answer to a chat request; the model's name tells student from teacher."""
        asked = "\n\n".join(_content(message) for message in body["messages"])
        role = "teacher" if "teacher" in body["model"] else "student"
        self.calls[role] += 1
        rng = self._rng(body)
        text = (
            Teacher(self.world, self.right).answer(body, asked, rng)
            if role == "teacher"
            else self._student(body, asked, rng)
        )
        if self.log is not None:
            self.log.append((role, asked, text))
        return text

    def _student(self, body: dict[str, Any], asked: str, rng: random.Random) -> str:
        names = re.findall(rf"{self.world.thing.upper()}-\d+", asked)
        if not names or names[-1] not in self.world.letters:
            return answered(body, asked, "Which one?")
        letter = self.world.letters[names[-1]]
        note = re.findall(rf"{re.escape(letter.id)} is case \w+", asked)
        stage = 1 if note else 0
        if rng.random() < self.noise:
            return answered(body, asked, self.world.wrong(stage, letter, rng.random()))
        return answered(body, asked, self.world.answer(stage, asked, letter, note[-1] if note else ""))

    def _rng(self, body: dict[str, Any]) -> random.Random:
        """Luck that hangs on what is asked and how often it was asked before, not on the order of other requests."""
        key = hashlib.sha256(json.dumps(body["messages"], sort_keys=True).encode()).hexdigest()
        self._seen[key] += 1
        return random.Random(f"{self.world.seed} {self.salt} {key} {self._seen[key]}")


def _content(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


class Server:
    """Runs by name at `url(name)`, served from a thread of its own."""

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}
        self.port = 0
        self._ready = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()
        self._ready.wait(30)

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    def _serve(self) -> None:
        import asyncio

        asyncio.run(self._forever())

    async def _forever(self) -> None:
        import asyncio

        app = web.Application(client_max_size=2**26)
        app.router.add_post("/{run}/v1/chat/completions", self._complete)
        app.router.add_post("/{run}/v1/responses", self._respond)
        app.router.add_post("/{run}/best", self._best)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        self._ready.set()
        await asyncio.Event().wait()

    async def _complete(self, request: web.Request) -> web.Response:
        run = self.runs[request.match_info["run"]]
        if run.over:
            return web.json_response(
                {"error": {"message": "the budget is used up", "code": "insufficient_quota"}}, status=403
            )
        body = await request.json()
        text = run.complete(body)
        return web.json_response(
            {
                "id": f"chat-{run.spent}",
                "object": "chat.completion",
                "created": int(time.time()),
                "model": body["model"],
                "choices": [
                    {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}},
                ],
                "usage": {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20},
            }
        )

    async def _respond(self, request: web.Request) -> web.Response:
        """The same answers by the protocol's newer way."""
        run = self.runs[request.match_info["run"]]
        if run.over:
            return web.json_response(
                {"error": {"message": "the budget is used up", "code": "insufficient_quota"}}, status=403
            )
        body = await request.json()
        given = body["input"]
        messages = [{"role": "user", "content": given}] if isinstance(given, str) else given
        text = run.complete({"model": body["model"], "messages": messages})
        said = {"type": "output_text", "text": text, "annotations": []}
        message = {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [said]}
        return web.json_response(
            {
                "id": f"response-{run.spent}",
                "object": "response",
                "created_at": int(time.time()),
                "model": body["model"],
                "status": "completed",
                "output": [message],
                "parallel_tool_calls": False,
                "tool_choice": "auto",
                "tools": [],
                "usage": {
                    "input_tokens": 10,
                    "input_tokens_details": {"cached_tokens": 0},
                    "output_tokens": 10,
                    "output_tokens_details": {"reasoning_tokens": 0},
                    "total_tokens": 20,
                },
            }
        )

    async def _best(self, request: web.Request) -> web.Response:
        run = self.runs[request.match_info["run"]]
        score = run.best(list((await request.json())["prompts"]))
        return web.json_response({"score": score, "over": run.over})
