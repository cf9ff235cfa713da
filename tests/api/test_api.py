"""``adalang.load``: components as Python callables."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

import adalang

DESK = """
type Team = "returns" | "billing"

prompt classify(ticket: str, hint: str = "none") -> Team {
  param instruction = \"\"\"
    - billing: words such as invoice, card
    - returns: words such as broken, exchange
    \"\"\"
  system = \"\"\"{{ instruction }} {{ hint }}\"\"\"
  user = \"\"\"{{ ticket }}\"\"\"
}

pipeline sort_all(tickets: str[]) -> Team[] {
  teams = [classify(ticket) for ticket in tickets]
  return teams
}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    file = tmp_path / "desk.adal"
    file.write_text(DESK)
    return file


def test_components_are_called_by_position_and_by_name(desk: Path) -> None:
    with adalang.load(desk) as program:
        assert program.classify("The invoice is wrong.") == "billing"
        assert program.classify(ticket="The pump is broken.") == "returns"
        assert program["sort_all"](["broken", "my card"]) == ["returns", "billing"]
    assert program.classify("my card") == "billing", "a closed program opens again"
    program.close()


async def test_coroutines_await_and_plain_calls_work_beside_a_running_loop(desk: Path) -> None:
    with adalang.load(desk) as program:
        tickets = [f"invoice {number}" for number in range(20)]
        teams = await asyncio.gather(*(program.classify.acall(ticket=ticket) for ticket in tickets))
        assert teams == ["billing"] * 20
        assert program.classify("exchange") == "returns"


def test_another_model_answers_where_one_is_given(desk: Path) -> None:
    asked = desk.with_name("desk.jsonl")
    with adalang.load(desk, model={"classify": f"replay/{asked.name}"}) as program:
        asked.write_text("")
        with pytest.raises(adalang.RunFailed, match="no answer to this request"):
            program.classify("The invoice is wrong.")


def test_a_wrong_name_says_what_was_meant(desk: Path) -> None:
    program = adalang.load(desk)
    with pytest.raises(AttributeError, match="did you mean `classify`"):
        program.clasify  # noqa: B018
    with pytest.raises(KeyError, match="classify, sort_all"):
        program["nothing"]
    assert {"classify", "sort_all", "check"} <= set(dir(program))


def test_wrong_inputs_are_refused_before_any_call(desk: Path) -> None:
    with adalang.load(desk) as program:
        with pytest.raises(TypeError, match="takes 2 inputs, not 3"):
            program.classify("a", "b", "c")
        with pytest.raises(TypeError, match="`ticket` twice"):
            program.classify("a", ticket="b")
        with pytest.raises(adalang.RunFailed, match="needs the input `ticket`"):
            program.classify()
        with pytest.raises(adalang.RunFailed, match="no input `tiket`"):
            program.classify(tiket="a")


def test_a_file_with_mistakes_loads_and_does_not_run(desk: Path) -> None:
    desk.write_text(DESK.replace("{{ ticket }}", "{{ tickt }}"))
    program = adalang.load(desk)
    assert "ADL301" in {one.code for one in program.check()}
    with pytest.raises(adalang.CheckFailed, match="tickt"):
        program.classify("my card")
    with pytest.raises(FileNotFoundError, match=r"none\.adal"):
        adalang.load(desk.with_name("none.adal"))


def test_neither_import_nor_load_brings_a_model_library(desk: Path) -> None:
    script = (
        "import sys, adalang\n"
        "assert 'adalang.api' not in sys.modules and 'jinja2' not in sys.modules\n"
        f"program = adalang.load({str(desk)!r})\n"
        "assert program.check() == []\n"
        "assert program.classify('my card') == 'billing'\n"
        "heavy = {'litellm', 'openai', 'numpy', 'msgspec'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
