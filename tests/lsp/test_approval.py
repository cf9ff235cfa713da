"""The person at the editor approves tools' calls: by a message's buttons, or in the client's own dialog."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from tests.lsp.editor import Editor, capabilities, plain

CODE = "def refund(order: str, amount: float) -> str:\n    return f'refunded {amount} of {order}'\n"
PAGE = 'tool refund(order: str, amount: float) -> str = python("t.py:refund") { approve = amount > 50 }\n'
INPUTS = {"order": "7", "amount": 60.0}


def page(folder: Path) -> Path:
    (folder / "adalang.toml").touch()
    (folder / "t.py").write_text(CODE)
    (folder / "shop.adal").write_text(PAGE)
    return folder / "shop.adal"


class Dialog:
    """A client's dialog that gives these answers, one after the other."""

    def __init__(self, editor: Editor, *answers: Any) -> None:
        self.asked: list[Any] = []
        given = iter(answers)

        @editor.client.feature("adalang/approve")
        def answer(params: Any) -> Any:
            self.asked.append(plain(params))
            return next(given)

    async def start(self, editor: Editor, folder: Path) -> str:
        found = capabilities()
        found.experimental = {"requests": ["adalang/approve"]}
        file = page(folder)
        await editor.start(folder, found)
        return editor.open(file)


async def test_any_editor_shows_the_call_with_two_buttons(editor: Editor, tmp_path: Path) -> None:
    asked: list[str] = []
    answers = iter(["Approve", "Refuse", None])

    @editor.client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)
    def answer(params: types.ShowMessageRequestParams) -> types.MessageActionItem | None:
        asked.append(params.message)
        assert [one.title for one in params.actions or []] == ["Approve", "Refuse"]
        title = next(answers)
        return types.MessageActionItem(title) if title else None

    file = page(tmp_path)
    await editor.start(tmp_path, capabilities())
    uri = editor.open(file)
    hidden = {"order": "7\u202e", "amount": 60.0}
    assert (await editor.execute("run", uri, "refund", hidden))["output"] == "refunded 60.0 of 7\u202e"
    assert asked == ['refund needs your approval: order = "7\\u202e", amount = 60.0']
    for _ in range(2):
        with pytest.raises(JsonRpcException, match="`refund` was not approved: the person at the editor said no"):
            await editor.execute("run", uri, "refund", INPUTS)


async def test_a_client_with_a_dialog_gets_the_call_and_may_change_it(editor: Editor, tmp_path: Path) -> None:
    dialog = Dialog(
        editor,
        {"approved": True},
        {"approved": True, "changed": {"amount": "51", "order": "8"}},
        {"approved": False, "note": "too much", "changed": {"amount": "1"}},
        {"approved": "yes"},
        None,
    )
    uri = await dialog.start(editor, tmp_path)
    assert (await editor.execute("run", uri, "refund", INPUTS))["output"] == "refunded 60.0 of 7"
    assert (await editor.execute("run", uri, "refund", INPUTS))["output"] == "refunded 51 of 8"
    for why in ("too much", "the person at the editor said no", "the person at the editor said no"):
        with pytest.raises(JsonRpcException, match=f"`refund` was not approved: {why}"):
            await editor.execute("run", uri, "refund", INPUTS)
    arguments = [
        {"name": "order", "type": "str", "text": "7", "unseen": []},
        {"name": "amount", "type": "float", "text": "60.0", "unseen": []},
    ]
    assert dialog.asked == [{"tool": "refund", "asked_by": "", "arguments": arguments, "problem": ""}] * 5


async def test_what_the_tool_does_not_take_is_asked_again_and_says_why(editor: Editor, tmp_path: Path) -> None:
    dialog = Dialog(
        editor,
        {"approved": True, "changed": {"amount": "much"}},
        {"approved": True, "changed": {"amount": '"much"'}},
        {"approved": True, "changed": {"amount": "NaN"}},
        {"approved": True, "changed": {"amount": "1", "other": "1"}},
        {"approved": True, "changed": {"amount": "12345678901234567890"}},
    )
    uri = await dialog.start(editor, tmp_path)
    order = "a\u200b\u115f\u1160\u3164\uffa0\u2800\ufff9\ufffbb"
    inputs = {"order": order, "amount": 60.0}
    result = await editor.execute("run", uri, "refund", inputs)
    assert result["output"] == f"refunded 12345678901234567890 of {order}", (
        "no digit is lost, and nothing else is changed"
    )
    assert [one["problem"] for one in dialog.asked] == [
        "",
        "`amount` takes a number, such as 12.5",
        "`refund`: `amount` is a text, not float",
        "`refund`: `amount` is not a finite number",
        "`refund` has no input `other`",
    ]
    assert [one["arguments"][1]["text"] for one in dialog.asked] == ["60.0", "much", '"much"', "NaN", "NaN"]
    unseen = ["U+200B", "U+115F", "U+1160", "U+3164", "U+FFA0", "U+2800", "U+FFF9", "U+FFFB"]
    assert all(one["arguments"][0]["unseen"] == unseen for one in dialog.asked)


async def test_a_dialog_is_closed_when_the_run_is_cancelled(editor: Editor, tmp_path: Path) -> None:
    shown, closed = asyncio.Event(), asyncio.Event()

    @editor.client.feature("adalang/approve")
    async def answer(params: Any) -> Any:
        shown.set()
        try:
            await asyncio.Event().wait()
        finally:
            closed.set()

    found = capabilities()
    found.experimental = {"requests": ["adalang/approve"]}
    file = page(tmp_path)
    await editor.start(tmp_path, found)
    uri = editor.open(file)
    running = asyncio.create_task(editor.execute("run", uri, "refund", INPUTS))
    await shown.wait()
    assert await editor.execute("cancel") == {"cancelled": 1}
    assert await running == {"cancelled": True}
    await closed.wait()
