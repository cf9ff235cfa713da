"""A person at the editor is asked before a tool is called: in the client's own dialog, else by a message with two buttons.

In a dialog the inputs can be changed. They go there and come back as the texts that a person edits, so that no client has to know
the types, and no number loses digits on its way: the input of type `str` as it is, every other as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from adalang.engine.protocol import ApprovalAsked, Verdict
from adalang.lsp.protocol import RequestError

if TYPE_CHECKING:
    from adalang.lsp.server import AdalServer

_APPROVE, _REFUSE = "Approve", "Refuse"
_REFUSED = "the person at the editor said no"

# Control characters but for tab and line end, letters and signs that are blank, and marks that have no width or turn the
# direction of what follows: a person would agree to something else than what is shown.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)


@dataclass(frozen=True, slots=True)
class Argument:
    """An input as the dialog shows it. ``unseen`` are the characters of ``text`` that cannot be seen, such as ``U+202E``."""

    name: str
    type: str
    text: str
    unseen: tuple[str, ...] = ()


class Misread(ValueError):
    """A text that is no value; the message says which one, and what is wrong."""


async def approve(server: AdalServer, asked: ApprovalAsked) -> Verdict:
    """What the person says; giving no answer is a no."""
    if not server.client.approves:
        return await _by_buttons(server, asked)
    shown, problem = {name: _written(asked, name) for name in asked.inputs}, asked.problem
    while True:
        answer = await _by_dialog(server, asked, shown, problem)
        if answer.get("approved") is not True:
            note = answer.get("note")
            return Verdict(False, asked.inputs, note.strip() if isinstance(note, str) and note.strip() else _REFUSED)
        changed = answer.get("changed")
        try:
            shown |= _known(asked, changed if isinstance(changed, dict) else {})
            return Verdict(True, {name: _read(asked, name, text) for name, text in shown.items()})
        except Misread as error:
            problem = str(error)


async def _by_dialog(
    server: AdalServer, asked: ApprovalAsked, shown: Mapping[str, str], problem: str
) -> Mapping[str, Any]:
    arguments = [Argument(name, _type(asked, name), text, _unseen(text)) for name, text in shown.items()]
    params = {
        "tool": asked.tool,
        "asked_by": asked.asked_by,
        "arguments": [asdict(one) for one in arguments],
        "problem": problem,
    }
    try:
        answer = await server.protocol.ask("adalang/approve", params)
    except RequestError:
        answer = None
    return answer if isinstance(answer, dict) else {}


async def _by_buttons(server: AdalServer, asked: ApprovalAsked) -> Verdict:
    by = f" (asked by {asked.asked_by})" if asked.asked_by else ""
    inputs = ", ".join(f"{name} = {json.dumps(one, ensure_ascii=False)}" for name, one in asked.inputs.items())
    text = _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", f"{asked.tool} needs your approval{by}: {inputs}")
    approved = await server.window.choose(text, [_APPROVE, _REFUSE]) == _APPROVE
    return Verdict(approved, asked.inputs, "" if approved else _REFUSED)


def _type(asked: ApprovalAsked, name: str) -> str:
    return asked.types.get(name, "")


def _written(asked: ApprovalAsked, name: str) -> str:
    value = asked.inputs[name]
    if isinstance(value, str) and _type(asked, name) == "str":
        return value
    return json.dumps(value, ensure_ascii=False, indent=2)


def _known(asked: ApprovalAsked, changed: Mapping[str, Any]) -> dict[str, str]:
    for name, text in changed.items():
        if name not in asked.inputs:
            raise Misread(f"`{asked.tool}` has no input `{name}`")
        if not isinstance(text, str):
            raise Misread(f"`{name}` came back as something else than a text")
    return dict(changed)


def _read(asked: ApprovalAsked, name: str, text: str) -> Any:
    """The value of a text; what was not changed is the value that was asked about."""
    if text == _written(asked, name):
        return asked.inputs[name]
    if _type(asked, name) == "str":
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Misread(f"`{name}` takes {_wanted(_type(asked, name))}") from error


def _wanted(declared: str) -> str:
    """What to write for an input that is no text; ``declared`` is "" where its type is not known."""
    examples = {"int": "a whole number, such as 12", "float": "a number, such as 12.5", "bool": "true or false"}
    return examples.get(declared, f'{declared or "a value"}, written as JSON, with texts in "double quotes"')


def _unseen(text: str) -> tuple[str, ...]:
    return tuple(f"U+{ord(one):04X}" for one in dict.fromkeys(_UNSEEN.findall(text)))
