"""``adalang.load``: components as Python callables."""

from __future__ import annotations

import asyncio
import pickle
import re
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
    program.close()
    with pytest.raises(adalang.ProgramClosed, match=r"desk\.adal was closed; load it again"):
        program.classify("my card")


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


def test_what_cannot_be_loaded_says_why(desk: Path) -> None:
    with pytest.raises(IsADirectoryError, match=r"is a folder; name a \.adal file in it"):
        adalang.load(desk.parent)
    with pytest.raises(TypeError, match="load takes a file's path, not 3"):
        adalang.load(3)  # type: ignore[arg-type]
    for model in (3, {"classify": 3}, {"classify": None}):
        with pytest.raises(TypeError, match=r'a model is a text such as "openai/gpt-4o-mini", not (3|None)'):
            adalang.load(desk).with_models(model)  # type: ignore[arg-type]


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
        "late = {'asyncio', 'aiohttp', 'jinja2', 'pydantic', 'sqlite3', 'adalang.runtime'} & set(sys.modules)\n"
        "assert not late, late\n"
        "assert program.check() == []\n"
        "assert program.classify('my card') == 'billing'\n"
        "heavy = {'litellm', 'openai', 'numpy', 'msgspec'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_type_checkers_see_the_names_that_there_are() -> None:
    written = Path(adalang.__file__).with_suffix(".pyi").read_text()
    assert {getattr(adalang, name) for name in adalang.__all__}, "each can be imported"
    assert set(re.findall(r" as (\w+)$", written, re.MULTILINE)) == {*adalang.__all__} - {"__version__"}


def test_settings_that_are_wrong_are_told(desk: Path) -> None:
    desk.with_name("adalang.toml").write_text("concurency = 3\n")
    with adalang.load(desk) as program, pytest.warns(UserWarning, match="no setting `concurency`"):
        program.classify("my card")


def test_a_forked_process_answers_for_itself(desk: Path) -> None:
    """As under `multiprocessing` and web servers that load before they fork: the thread of the calls is not in the child."""
    code = f"""
import multiprocessing, adalang
program = adalang.load({str(desk)!r})
assert program.classify("my card") == "billing"
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(program.classify, ["my card", "broken", "exchange"]) == ["billing", "returns", "returns"]
assert program.classify("invoice") == "billing"
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_programs_failures_and_components_can_be_sent_to_another_process(desk: Path) -> None:
    with adalang.load(desk, model={"classify": "builtin/lexical"}) as program:
        again = pickle.loads(pickle.dumps(program))
        assert again.path == program.path.absolute() and again.classify("my card") == "billing"
        assert pickle.loads(pickle.dumps(program.classify))("broken") == "returns"
        again.close()
        with pytest.raises(adalang.RunFailed) as failed:
            program.classify()
        copied = pickle.loads(pickle.dumps(failed.value))
        assert str(copied) == str(failed.value) and copied.failure.kind == failed.value.failure.kind
    desk.write_text(DESK + "prompt broken(x: Nothing) -> str {}\n")
    with adalang.load(desk) as program, pytest.raises(adalang.CheckFailed) as refused:
        program.classify("my card")
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)
