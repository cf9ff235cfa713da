"""Debian's Neovim as a client, with the settings of ``editors/neovim``: what a person sees and gets."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.environment import need
from tests.editors.examples import ADALANG, PAGE, SHARED
from tests.editors.neovim import Neovim

SCORED = '''\
prompt sort(ticket: str) -> "money" | "computers" = """{{ ticket }}"""

dataset tickets = [
  { ticket = "money was taken", label = "money" },
  { ticket = "the computers crash", label = "computers" },
]

eval good of sort {
  data = tickets
  expect = row.label
  metric = exact_match
}
'''


@pytest.fixture
def neovim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neovim]:
    need(shutil.which("nvim") is not None, "Neovim", "install the package `neovim`, or run .ci/setup")
    with Neovim([ADALANG, "server"], tmp_path_factory.mktemp("home")) as neovim:
        yield neovim


def test_a_mistake_is_shown_and_goes_when_it_is_mended(neovim: Neovim, page: Path) -> None:
    neovim.open(page)
    assert neovim.lua("return vim.bo.filetype") == "adal"
    neovim.diagnostics(lambda found: found == [])
    neovim.replace("{{ tone", "{{ tome")
    found = neovim.diagnostics(lambda found: any(one["code"] == "ADL301" for one in found))
    (wrong,) = (one for one in found if one["code"] == "ADL301")
    line = PAGE.splitlines()[8].replace("tone", "tome").encode()
    assert (wrong["lnum"], line[wrong["col"] : wrong["end_col"]]) == (8, b"tome")
    assert "Did you mean `tone`?" in wrong["message"] and wrong["source"] == "adalang"
    neovim.replace("{{ tome", "{{ tone")
    neovim.diagnostics(lambda found: found == [])


def test_colours(neovim: Neovim, page: Path) -> None:
    neovim.open(page)

    def group(mark: str) -> str:
        neovim.put(mark)
        code = "return vim.fn.synIDattr(vim.fn.synID(vim.fn.line('.'), vim.fn.col('.'), 1), 'name')"
        return str(neovim.lua(code))

    marks = ["import", "# 😀", "greet(", "str)", "param tone", "tone =", '"😀 kind', '"""😀', "{{ tone", "user ="]
    assert [group(mark) for mark in marks] == [
        *("adalDeclaration", "adalComment", "adalName", "adalType", "adalDeclaration", "adalName"),
        *("adalLine", "adalText", "adalJinja", "adalRole"),
    ]


def test_completion_is_offered_and_put_in(neovim: Neovim, page: Path) -> None:
    neovim.open(page)
    neovim.diagnostics(lambda found: found == [])
    neovim.put("{{ name }}", 2)
    neovim.type("a{{ to<C-x><C-o>")
    words = neovim.until(
        lambda: neovim.lua("return vim.tbl_map(function(item) return item.word end, vim.fn.complete_info().items)")
    )
    assert "tone" in words
    neovim.type("<C-n>" if neovim.lua("return vim.fn.complete_info().selected") == -1 else "")
    neovim.type("<C-y> }} <Esc>")
    neovim.until(lambda: "{{ {{ tone }} name }}" in neovim.text or "tone }}" in neovim.text.split("{{ tone }}", 1)[1])


def test_hover_shows_the_declaration(neovim: Neovim, page: Path) -> None:
    neovim.open(page)
    neovim.diagnostics(lambda found: found == [])
    neovim.put("greet(name", 1)
    neovim.type("K")
    shown = neovim.until(
        lambda: neovim.lua(
            """for _, window in ipairs(vim.api.nvim_list_wins()) do
              if vim.api.nvim_win_get_config(window).relative ~= "" then
                return table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, true), "\\n")
              end
            end"""
        )
    )
    assert "greet(name: str) -> str" in shown and "😀 Greets somebody" in shown


def test_rename_reaches_the_files_that_import_the_name(neovim: Neovim, page: Path) -> None:
    shared = page.with_name("shared.adal")
    neovim.open(shared)
    neovim.put("style")
    neovim.lua("vim.lsp.buf.rename(...)", "manner")
    neovim.until(lambda: "param manner" in neovim.text)
    neovim.command("wall")
    assert shared.read_text(encoding="utf-8") == SHARED.replace("style", "manner")
    neovim.open(page)
    neovim.until(lambda: "shared.manner" in neovim.text)
    neovim.command("wall")
    assert page.read_text(encoding="utf-8") == PAGE.replace("shared.style", "shared.manner")
    neovim.diagnostics(lambda found: found == [])


def test_definition_opens_the_other_file(neovim: Neovim, page: Path) -> None:
    neovim.open(page)
    neovim.diagnostics(lambda found: found == [])
    neovim.put("shared.style", 8)
    neovim.type("gd")
    neovim.until(lambda: neovim.lua("return vim.fn.expand('%:t')") == "shared.adal")
    assert neovim.call("nvim_win_get_cursor", 0) == [1, 6]


def test_saving_formats(neovim: Neovim, page: Path) -> None:
    page.write_text(PAGE.replace("  model = offline", "      model=offline"), encoding="utf-8")
    neovim.open(page)
    neovim.command("write")
    neovim.until(lambda: neovim.text == PAGE)
    assert page.read_text(encoding="utf-8") == PAGE


def test_a_quick_fix_mends_a_mistake(neovim: Neovim, page: Path) -> None:
    neovim.open(page)
    neovim.diagnostics(lambda found: found == [])
    neovim.replace("{{ tone", "{{ tome")
    neovim.diagnostics(lambda found: any(one["code"] == "ADL301" for one in found))
    neovim.put("tome", 1)
    neovim.choose("Change to `tone`")
    neovim.lua("vim.lsp.buf.code_action()")
    neovim.until(lambda: neovim.text == PAGE)


def test_a_lens_scores_the_prompt_and_then_shows_the_score(neovim: Neovim, page: Path) -> None:
    page.write_text(SCORED, encoding="utf-8")
    neovim.open(page)
    neovim.diagnostics(lambda found: found == [])
    neovim.put("eval good")
    neovim.until(lambda: "▶ Evaluate" in neovim.lenses())
    neovim.choose("▶ Evaluate")
    neovim.type(" ll" if neovim.lua("return vim.g.mapleader") else "\\\\ll")
    neovim.until(lambda: "good: 100%" in neovim.call("nvim_exec", "messages", True))
    neovim.until(lambda: any(title.startswith("100%") for title in neovim.lenses()))


@pytest.mark.xdist_group("searched")
@pytest.mark.timeout(120)
def test_a_proposal_is_a_quick_fix_that_does_what_the_command_line_does(
    neovim: Neovim, searched: tuple[Path, str], tmp_path: Path
) -> None:
    original, applied = searched
    page = shutil.copytree(original.parent, tmp_path / "triage") / original.name
    before = page.read_text(encoding="utf-8")
    neovim.open(page)
    (proposed,) = neovim.diagnostics(lambda found: len(found) == 1)
    assert proposed["code"] == "proposal" and proposed["message"].startswith("Proposed edit: routing ")
    neovim.put("instruction =", 1)
    neovim.choose("Apply proposed edit: routing ")
    neovim.lua("vim.lsp.buf.code_action()")
    neovim.until(lambda: neovim.text != before)
    assert neovim.text == applied
    neovim.diagnostics(lambda found: found == [])
    neovim.command("undo")
    assert neovim.text == before
