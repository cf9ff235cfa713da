"""`replay/<file>`: answers recorded earlier, and the recorder that writes them.

A recording is a JSON Lines file. Each line holds a request as `keys.describe` gives it, beside the response:

    {"model": "openai/gpt-4o-mini", "messages": [...], "sample": 0, ..., "response": {"text": "billing"}}

The model and its options are not compared, so a file recorded with one model replays under `replay/…`. A line
written by hand may say `"response": "billing"`, and leave out schema, tools and sample: it then answers any.

Recordings are files that are passed on: what the store's redactor hides is in none, neither asked nor answered. A request
is compared as it would be recorded, so it finds its answer all the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adalang.runtime.failures import BugFailure
from adalang.runtime.models.answers import Answer, answer_from_json, answer_json
from adalang.runtime.models.keys import canonical_json, comparable_messages, content_key, describe
from adalang.runtime.models.streams import Say
from adalang.runtime.models.types import Request
from adalang.store.redaction import Redactor
from adalang.store.texts import hidden

_CONTENT = ("messages", "schema", "tools", "sample")


class Recorder:
    """Appends answered requests to a recording, each once."""

    def __init__(self, file: Path, redactor: Redactor) -> None:
        self._file, self._redactor = file, redactor
        self._known = _Recording.read(file).keys() if file.exists() else set()

    def add(self, request: Request, answer: Answer) -> None:
        """Write one line, unless the recording has this answer already. Raises BugFailure."""
        described = hidden(describe(request), self._redactor)
        key = content_key(described)
        if key in self._known:
            return
        self._known.add(key)
        line = json.dumps(described | {"response": hidden(answer_json(answer), self._redactor)}, default=str)
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            raise BugFailure(f"cannot write the recording {self._file}: {error.strerror}") from error


class ReplayLane:
    """Answers from recordings; a file is read once, at its first request."""

    free = True

    def __init__(self, root: Path, redactor: Redactor) -> None:
        self._root, self._redactor = root, redactor
        self._recordings: dict[Path, _Recording] = {}

    async def ready(self) -> None:
        pass

    async def call(self, request: Request, say: Say | None = None) -> Answer:
        file = self._root / request.model.name
        if file not in self._recordings:
            self._recordings[file] = _Recording.read(file)
        answer = self._recordings[file].find(hidden(describe(request), self._redactor))
        if answer is None:
            asked = next((m.text for m in reversed(request.messages) if m.role == "user"), "")
            raise BugFailure(
                f"{file} has no answer to this request (sample {request.sample}, ending in "
                f"{asked[-80:]!r}); record it again, or use the model that it was recorded from"
            )
        return answer

    async def aclose(self) -> None:
        self._recordings.clear()


class _Recording:
    """A recording by what was asked, and by the messages alone for lines that name nothing else."""

    def __init__(self, exact: dict[str, Answer], by_messages: dict[str, Answer]) -> None:
        self._exact = exact
        self._by_messages = by_messages

    @classmethod
    def read(cls, file: Path) -> _Recording:
        """Raises BugFailure for a file that is missing or not a recording. Of equal lines the last counts."""
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
            raise BugFailure(f"cannot read the recording {file}: {why}") from error
        exact: dict[str, Answer] = {}
        by_messages: dict[str, Answer] = {}
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                entry = json.loads(line)
                entry["messages"] = comparable_messages(entry["messages"])
                response = entry["response"]
                answer = answer_from_json({"text": response} if isinstance(response, str) else response)
                if all(name in entry for name in _CONTENT):
                    exact[content_key(entry)] = answer
                else:
                    by_messages[canonical_json(entry["messages"])] = answer
            except (ValueError, KeyError, TypeError) as error:
                raise BugFailure(
                    f"{file}:{number}: not a recorded answer ({type(error).__name__}: {error}); a line is "
                    '{"messages": [...], "response": {"text": "..."}}'
                ) from error
        return cls(exact, by_messages)

    def keys(self) -> set[str]:
        return set(self._exact)

    def find(self, described: Mapping[str, Any]) -> Answer | None:
        """The answer to a request as `keys.describe` gives it."""
        found = self._exact.get(content_key(described))
        return found if found is not None else self._by_messages.get(canonical_json(described["messages"]))
