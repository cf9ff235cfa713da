"""From a failing row to the trace of its run."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from tests.lsp.editor import Editor, capabilities, eventually

TEMPLATE = '''prompt classify(ticket: str) -> "billing" | "technical" {
  user = """{{ ticket }}"""
}

dataset tickets = [
  { ticket = "charged twice", label = "no such label" },
]

eval routing of classify {
  data = tickets
  expect = row.label
  metric = exact_match
}
'''


def page_at(uri: str) -> str:
    return Path(unquote(urlsplit(uri).path)).read_text(encoding="utf-8")


async def test_a_failing_rows_trace_is_a_quick_fix_of_its_eval(editor: Editor, tmp_path: Path) -> None:
    page = tmp_path / "main.adal"
    page.write_text(TEMPLATE, encoding="utf-8")
    await editor.start(tmp_path, capabilities(), {"evaluateOnSave": False})
    uri = editor.open(page)
    assert await editor.execute("traces", uri) == []

    await editor.execute("evaluate", uri, "routing")
    [failing] = await editor.execute("traces", uri, "routing")
    assert (failing["eval"], failing["score"]) == ("routing", 0.0)

    async def offered():
        found = await editor.actions(uri, "eval routing")
        return [one for one in found if one.title.startswith("Open the trace of row")] or None

    [action] = await eventually(offered)
    [mark] = [one for one in action.diagnostics if one.code == "failing-rows"]
    assert mark.severity == types.DiagnosticSeverity.Hint
    assert mark.message.startswith("1 row did not pass when routing was last scored, row ")
    await editor.diagnostics(uri, lambda found: mark in found)
    assert action.command.command == "adalang.server.openTrace"
    assert list(action.command.arguments) == [uri, failing["run"]]

    ran = await editor.execute("run", uri, "classify", {"ticket": "hello"})
    newest, *others = await editor.execute("traces", uri)
    assert (newest["run"], newest["component"], newest["eval"]) == (ran["run"], "classify", "")
    assert [one["run"] for one in others] == [failing["run"]]

    opened = await editor.execute("openTrace", *action.command.arguments, False)
    assert opened["title"].startswith("Trace of classify, row ")
    assert page_at(opened["uri"]) == opened["html"] and "charged twice" in opened["html"]

    assert [one.name for one in (tmp_path / ".adalang" / "shown").iterdir()] == ["trace.html"]
    shutil.rmtree(tmp_path / ".adalang", ignore_errors=True)
    with pytest.raises(JsonRpcException, match=r"There is no run .*not kept"):
        await editor.execute("openTrace", uri, failing["run"], False)
