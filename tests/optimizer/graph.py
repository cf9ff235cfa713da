"""Runs of small pipelines, written down call by call, and a teacher that answers from a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adalang.evaluation.results import RowResult
from adalang.optimizer.candidate import Candidate
from adalang.optimizer.task import Component, Example, Param, TaskInfo
from adalang.runtime.failures import UnreadableFailure
from adalang.runtime.provenance import Origin
from adalang.runtime.trace import Call, Trace

Answers = Callable[[str, Sequence[str]], Mapping[str, float] | None]
"""(message, names) -> share by name; None: an answer that cannot be read."""


def step(component: str, inputs: Mapping[str, Any], output: Any, *, kind: str = "prompt", **more: Any) -> Call:
    """A call. `sources` gives, for an input ("draft", "docs[1]"), the place of the call that it came from; `found` one for an input whose name has blanks, `chosen` a place."""
    origins = [Origin(at, path(name)) for name, at in more.pop("sources", {}).items()]
    origins += [Origin(at, (name,)) for name, at in more.pop("found", {}).items()]
    origins += [Origin(at, (), (), True) for at in more.pop("chosen", ())]
    return Call(component, kind, inputs, more.pop("parent", 0), output=output, origins=tuple(origins), **more)


def path(name: str) -> tuple[str | int, ...]:
    return tuple(int(part) if part.isdigit() else part for part in re.findall(r"\w+", name))


def run(*calls: Call, ends: Mapping[str, int] | None = None, output: Any = None, **more: Any) -> RowResult:
    """A failing row; `ends` gives the places of the calls that the result came from ("": all of it), the last one if left out."""
    root = Call("work", "pipeline", {}, output=output)
    root.returned = tuple(Origin(at, path(name)) for name, at in (ends or {"": len(calls)}).items())
    root.returned += tuple(Origin(at, (), (), True) for at in more.pop("chosen", ()))
    everything = [root, *calls]
    seen: dict[tuple[str, str], int] = {}
    for call in everything:
        same = call.component, call.kind
        call.index = seen.get(same, 0)
        seen[same] = call.index + 1
    trace = Trace(everything, {}, more.pop("step_origins", {}))
    given = {"reason": "too wet", "output": output, "trace": trace, **more}
    return RowResult(given.pop("row", "r1"), 0, given.pop("status", "ok"), 0.0, **given)


class Graph:
    """A task with a text for each of `prompts` (`NAME.text`), and shared texts with their users."""

    def __init__(
        self,
        *prompts: str,
        answers: Answers | Mapping[str, float] | None = None,
        shared: Mapping[str, Sequence[str]] | None = None,
        gold: Mapping[str, Any] | None = None,
        judged: Sequence[str] = ("",),
        summary: str = "in short",
    ) -> None:
        shared = shared or {}
        params = [Param(f"{name}.text", "text", name, f"Do {name}.") for name in prompts]
        params += [Param(name, "text", name, "Be kind.") for name in shared]
        users = {name: tuple(one for one, used in shared.items() if name in used) for name in prompts}
        users |= {
            user: tuple(one for one, used in shared.items() if user in used)
            for each in shared.values()
            for user in each
        }
        components = {
            name: Component(name, "prompt", f"prompt {name}() -> str", shared=own) for name, own in users.items()
        }
        self.info = TaskInfo("work", params, components, True, False, judged=judged)
        self.candidate = Candidate({param.id: param.value for param in params})
        self.answers, self.asked, self.named = answers, list[str](), list[list[str]]()
        self.examples = [Example(row, {}, None, wanted) for row, wanted in (gold or {}).items()]
        self.summary = summary

    def rows(self, split: str) -> Sequence[Example]:
        return self.examples

    async def ask(self, messages: Sequence[Any], schema: Mapping[str, Any], sample: int) -> Any:
        text = messages[-1].text
        self.asked.append(text)
        if "summary" in schema["properties"]:
            return {"summary": self.summary}
        if "diagnosis" in schema["properties"]:
            return {"diagnosis": "not what was asked"}
        names = schema["properties"]["feedback"]["items"]["properties"]["name"]["enum"]
        self.named.append(list(names))
        shares = self.answers(text, names) if callable(self.answers) else self.answers
        if shares is None:
            raise UnreadableFailure("no JSON")
        return {
            "feedback": [
                {"name": name, "blame": share, "note": f"about {name}"}
                for name, share in shares.items()
                if name in names
            ]
        }


def blame_of(feedback: Any, digits: int = 2) -> dict[str, float]:
    return {name: round(blame, digits) for name, blame in feedback.blame.items()}
