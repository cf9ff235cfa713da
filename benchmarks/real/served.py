"""The students and their teacher behind one server on this machine that speaks the OpenAI protocol, for any optimizer.

The teacher is that of the search benchmark: it reads the request of any system, and part of its thoughts are right. What is
wrong with a prompt it finds by looking at the rows that the request shows: what the student would get right with a skill that
the prompt does not call for. `lexical` is `builtin/lexical`, for systems that cannot call it but over HTTP.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from students import Row, Student

sys.path.insert(0, str(Path(__file__).parent.parent / "search"))

from formats import answered
from teacher import Teacher
from world import HARMFUL, NEUTRAL, Fix, Rule, chance

from adalang.runtime.models import lexical
from adalang.runtime.models.types import Message, ModelSpec, Request

RIGHT = 0.7
_WORTH = 0.2  # of a row's score: what a skill has to be worth to be thought of
_KEY = 80  # characters of a question by which it is known in a request
_HARM = 0.3
_NUMBER = re.compile(r"example\W{0,4}(\d+)", re.IGNORECASE)
_FIELD = re.compile(r"\[\[ ## (\w+) ## \]\]\n(.*?)(?=\n\n\[\[ ## |\n\nRespond with|\Z)", re.DOTALL)
_LABELS = re.compile(r"one of: ([\w; ]+)")


class Subject:
    """A student and its rows, as the teacher knows them."""

    def __init__(self, student: Student, rows: Sequence[Row]) -> None:
        self.student = student
        self.rows = {_plain(row["question"])[:_KEY]: row for row in rows}
        self.openings = (student.opening,)
        self._rules = {skill.name: Rule((skill.name, 0, 0), 0, skill.wordings) for skill in student.skills}

    @cached_property
    def known(self) -> re.Pattern[str]:
        own = [one for skill in self.student.skills for one in (*skill.wordings, *skill.opposites)]
        every = {self.student.opening, self.student.order, *own, *NEUTRAL, *HARMFUL}
        return re.compile("|".join(map(re.escape, sorted(every, key=len, reverse=True))))

    def false_rules(self, stage: int) -> list[str]:
        return [opposite for skill in self.student.skills for opposite in skill.opposites]

    def fixes(self, stage: int, prompt: str, row: Row) -> list[Fix]:
        """What would mend a row: a skill without which even a prompt that calls for all others fails it."""
        found = [Fix(drop=phrase) for phrase in HARMFUL if phrase in prompt and _harmed(phrase, row)]
        used, every = self.student.used(prompt), frozenset(self._rules)
        most = self.student.score(row, every)
        if most - self.student.score(row, used) <= _WORTH:
            return found
        needed = [one for one in every - used if most - self.student.score(row, every - {one}) > _WORTH]
        return [*found, *(Fix(self._rules[one]) for one in sorted(needed))]

    def row(self, text: str) -> Row | None:
        """The row whose question stands last in a text."""
        places = [(at, key) for key in self.rows if (at := text.rfind(key)) >= 0]
        return self.rows[max(places)[1]] if places else None


class DataTeacher(Teacher):
    """The teacher for real rows: they are known by their questions."""

    def _letters(self, text: str) -> dict[str, tuple[Any, int]]:
        places = []
        for key, row in self.world.rows.items():  # type: ignore[attr-defined]
            at = max(text.find(key), text.find(json.dumps(key, ensure_ascii=False)[1:-1]))
            if at >= 0:
                places.append((at, key, row))
        found: dict[str, tuple[Any, int]] = {}
        before = 0
        for at, key, row in sorted(places, key=lambda place: place[0]):
            numbers = _NUMBER.findall(text[before:at])
            found[row["id"]] = (row, int(numbers[-1]) if numbers else 0)
            before = at + len(key)
        return found


@dataclass
class Course:
    """One system's run on one subject (None: only `lexical` is asked): what the server needs of a run."""

    subject: Subject | None
    salt: str = ""
    over: bool = False
    calls: Counter[str] = field(default_factory=Counter)

    @property
    def spent(self) -> int:
        return sum(self.calls.values())

    def complete(self, body: dict[str, Any]) -> str:
        messages = [(str(message["role"]), _content(message)) for message in body["messages"]]
        asked = "\n\n".join(text for _, text in messages)
        role = str(body["model"]).rsplit("/", 1)[-1]
        self.calls[role] += 1
        if role == "lexical":
            return answered(body, asked, _lexical(messages))
        assert self.subject is not None
        if role == "teacher":
            rng = random.Random(f"{self.salt} {self.calls[role]} {len(asked)}")
            return DataTeacher(self.subject, RIGHT).answer(body, asked, rng)  # type: ignore[arg-type]
        return answered(body, asked, _said(self.subject, messages, asked))


def _said(subject: Subject, messages: Sequence[tuple[str, str]], asked: str) -> str:
    """The student's answer; what it is asked stands in the last message, what it is told anywhere."""
    row = subject.row(_plain(messages[-1][1]))
    if row is None:
        return "Which one?"
    prompt = _plain(asked)
    if any(phrase in prompt and _harmed(phrase, row) for phrase in HARMFUL):
        return "I leave that to somebody else."
    used = subject.student.used(prompt)
    if any(role == "assistant" for role, _ in messages):
        used |= {subject.student.by_example}
    return subject.student.answered(row, used)


def _harmed(phrase: str, row: Row) -> bool:
    return chance(phrase, row["id"]) < _HARM


def _plain(text: str) -> str:
    """The text with every run of white space, escaped newlines among it, as one space."""
    return re.sub(r"(?:\\n|\s)+", " ", text)


def _content(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def _lexical(messages: Sequence[tuple[str, str]]) -> str:
    """`builtin/lexical` on a request with marked fields: it gets the same prompt, example turns and question, without the marks."""
    everything = "\n".join(text for _, text in messages)
    labels = " | ".join(one.strip() for one in (_LABELS.findall(everything) or [""])[-1].split(";"))
    objective = messages[0][1].partition("your objective is:")[2].strip()
    order = f"Answer with exactly one of these labels and nothing else: {labels}"
    plain = [Message("system", f"{objective}\n{order}")]
    for role, text in messages[1:]:
        values = [value.strip() for name, value in _FIELD.findall(text) if name != "completed"]
        plain.append(Message("assistant" if role == "assistant" else "user", values[-1] if values else text))
    return lexical.answer(Request(ModelSpec("builtin/lexical"), tuple(plain)))
