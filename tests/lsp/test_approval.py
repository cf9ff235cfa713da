"""The person at the editor approves tools' calls: by a message's buttons, or in the client's own dialog."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from tests.lsp.editor import Editor, capabilities

CODE = "def refund(order: str, amount: float) -> str:\n    return f'refunded {amount}'\n"
PAGE = 'tool refund(order: str, amount: float) -> str = python("t.py:refund") { approve = amount > 50 }\n'


def page(folder: Path) -> Path:
    (folder / "adalang.toml").touch()
    (folder / "t.py").write_text(CODE)
    (folder / "shop.adal").write_text(PAGE)
    return folder / "shop.adal"


async def test_any_editor_shows_the_call_with_two_buttons(editor: Editor, tmp_path: Path) -> None:
    asked: list[str] = []
    answers = iter(["Call it", "Refuse", None])

    @editor.client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)
    def answer(params: types.ShowMessageRequestParams) -> types.MessageActionItem | None:
        asked.append(params.message)
        title = next(answers)
        return types.MessageActionItem(title) if title else None

    file = page(tmp_path)
    await editor.start(tmp_path, capabilities())
    uri, inputs = editor.open(file), {"order": "7", "amount": 60.0}
    assert (await editor.execute("run", uri, "refund", inputs))["output"] == "refunded 60.0"
    assert asked == ['refund needs your approval: order = "7", amount = 60.0']
    for _ in range(2):
        with pytest.raises(JsonRpcException, match="`refund` was not approved: the person at the editor said no"):
            await editor.execute("run", uri, "refund", inputs)


async def test_a_client_with_a_dialog_gets_the_call_and_may_change_it(editor: Editor, tmp_path: Path) -> None:
    asked: list[Any] = []
    answers = iter(
        [{"approved": True, "inputs": {"order": "7", "amount": 51}}, {"approved": False, "note": "too much"}, None]
    )

    @editor.client.feature("adalang/approve")
    def answer(params: Any) -> Any:
        asked.append((params.tool, params.inputs.amount, params.asked_by))
        return next(answers)

    found = capabilities()
    found.experimental = {"requests": ["adalang/approve"]}
    file = page(tmp_path)
    await editor.start(tmp_path, found)
    uri, inputs = editor.open(file), {"order": "7", "amount": 60.0}
    assert (await editor.execute("run", uri, "refund", inputs))["output"] == "refunded 51"
    for told in (": too much", ""):
        with pytest.raises(JsonRpcException, match=f"`refund` was not approved{told}"):
            await editor.execute("run", uri, "refund", inputs)
    assert asked == [("refund", 60.0, "")] * 3
