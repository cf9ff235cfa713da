"""What happened in one run: the component calls, in the order in which the program means them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from adalang.runtime.models.types import Message, Response, Usage
from adalang.runtime.provenance import Origins, moved

if TYPE_CHECKING:
    from adalang.runtime.fitting import Cut

Place = tuple[int, ...]
"""Where a call stands in the program's order."""
STOPPED = "stopped before it ended"
"""What a call that was cancelled says."""
CUT_OFF = "cut off at its greatest length: raise max_tokens"
"""What is said of an answer that ended before it was whole."""


@dataclass(slots=True)
class Call:
    """One component call.

    ``index`` counts the calls of this component and kind inside the run; ``parent`` is the caller's position in ``Trace.calls``;
    ``binding`` is the pipeline name that got the output ("" at the root). ``raw`` is the model's text, ``error`` says why
    there is no output. ``place`` orders calls as the program means them, however they overlapped in time. ``origins`` tell
    which earlier calls the inputs came from, and what decided that the call was made or its output used; ``returned``, of a
    pipeline or an agent, where its output came from. The kind ``step`` is one answer of an agent's model: its ``output`` are the
    calls that it asked for, or the agent's result. ``cuts`` tell what was shortened to fit the model's window. ``began`` is in
    seconds since 1970, ``seconds`` how long it took; ``model`` answered at the last of ``attempts`` requests (0: the answer was
    kept), and ``finish_reason`` is why it ended there: ``stop``, ``tool_calls``, or ``length`` where it was cut off.
    """

    component: str
    kind: str
    inputs: Mapping[str, Any]
    parent: int | None = None
    binding: str = ""
    index: int = 0
    output: Any = None
    raw: str = ""
    reasoning: str = ""
    messages: tuple[Message, ...] = ()
    error: str = ""
    usage: Usage = field(default_factory=Usage)
    answer_usage: Usage = field(default_factory=Usage)
    place: Place = ()
    origins: Origins = ()
    returned: Origins = ()
    began: float = field(default_factory=time.time)
    seconds: float = 0.0
    model: str = ""
    attempts: int = 0
    finish_reason: str = ""
    cuts: tuple[Cut, ...] = ()

    def answered(self, response: Response) -> None:
        """A model's answer has come."""
        self.usage, self.answer_usage, self.raw = response.usage, response.answer_usage, response.text
        self.model, self.attempts, self.finish_reason = response.model, response.attempts, response.finish_reason

    @property
    def cut_off(self) -> bool:
        """Whether the model's answer ended only because it had reached its greatest length."""
        return self.finish_reason == "length"


@dataclass(slots=True)
class Trace:
    """``calls`` has the root first; ``steps`` are the names bound by the root, when it is a pipeline, and ``step_origins``
    where their values came from. ``made`` are those of tools that were really made: not refused, and not read from a journal."""

    calls: list[Call] = field(default_factory=list)
    steps: dict[str, Any] = field(default_factory=dict)
    step_origins: dict[str, Origins] = field(default_factory=dict)
    made: list[Call] = field(default_factory=list)

    @property
    def usage(self) -> Usage:
        """What the run paid for."""
        return sum((call.usage for call in self.calls), Usage())

    @property
    def answer_usage(self) -> Usage:
        """What the run's answers cost when they were bought, cached or not."""
        return sum((call.answer_usage for call in self.calls), Usage())

    def settle(self) -> None:
        """Put the calls into the program's order and number them; called once, when the run has ended."""
        order = sorted(range(len(self.calls)), key=lambda at: self.calls[at].place)
        places = {old: new for new, old in enumerate(order)}
        self.calls = [self.calls[at] for at in order]
        seen: dict[tuple[str, str], int] = {}
        for call in self.calls:
            call.parent = places[call.parent] if call.parent is not None else None
            call.origins, call.returned = moved(call.origins, places), moved(call.returned, places)
            same = call.component, call.kind
            call.index = seen.get(same, 0)
            seen[same] = call.index + 1
        self.step_origins = {name: moved(origins, places) for name, origins in self.step_origins.items()}

    def to_json(self) -> dict[str, Any]:
        calls = [{**asdict(call), "cuts": [str(cut) for cut in call.cuts]} for call in self.calls]
        return {"calls": calls, "steps": self.steps}
