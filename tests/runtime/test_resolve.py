"""Model declarations become what the gateway is asked for."""

import json

import pytest
from tests.runtime.world import write_program

from adalang.config import load_settings
from adalang.engine.session import Session
from adalang.language.program import load
from adalang.runtime.failures import BugFailure
from adalang.runtime.models.types import ModelSpec
from adalang.runtime.resolve import Models

FILE = """\
model base = "openai/gpt-4o-mini" { temperature = 0, max_tokens = 64, api_key = env("MY_KEY") }
model warm = base { temperature = 1, retries = 5, timeout = 2.5, rpm = 60, tpm = 9_000, fallback = [base, "ollama/qwen3"] }
prompt p(q: str) -> str {
  model = warm
  user = \"\"\"{{ q }}\"\"\"
}
"""


def test_options_secrets_and_fallbacks(tmp_path):
    models = Models(write_program(tmp_path, FILE), "builtin/lexical", {"MY_KEY": "sk-1"})
    spec = models.named("warm", models.program.root)
    assert spec.id == "openai/gpt-4o-mini"
    assert spec.options == {"temperature": 1, "max_tokens": 64}
    assert spec.secrets == {"api_key": "sk-1"} and "sk-1" not in repr(spec)
    assert (spec.retries, spec.timeout, spec.rpm, spec.tpm) == (5, 2.5, 60, 9000)
    assert [one.id for one in spec.fallback] == ["openai/gpt-4o-mini", "ollama/qwen3"]


def test_headers_are_secrets_and_so_is_every_value_in_them(tmp_path):
    text = 'model m = "openai/x" { api_key = env("A"), headers = { authorization = env("B"), team = "red" } }\n'
    models = Models(write_program(tmp_path, text), "builtin/lexical", {"A": "key-1", "B": "Bearer key-2"})
    spec = models.named("m", models.program.root)
    assert spec.options == {} and spec.secrets["headers"] == {"authorization": "Bearer key-2", "team": "red"}
    assert sorted(spec.secret_values()) == ["Bearer key-2", "key-1", "key-2", "red"]


def test_a_model_can_be_chosen_from_outside(tmp_path):
    program = write_program(tmp_path, FILE)
    entity = program.resolve("p")
    assert entity is not None
    models = Models(program, "builtin/lexical", {"MY_KEY": "k"}, {"p": "base"})
    assert models.of_setting(entity, None).options["temperature"] == 0
    with pytest.raises(BugFailure, match="no model is called `nope`"):
        Models(program, "x/y", {}, {"p": "nope"}).of_setting(entity, None)


def test_a_resolved_model_can_stand_in_for_that_of_a_component(tmp_path):
    program = write_program(tmp_path, FILE)
    entity = program.resolve("p")
    assert entity is not None
    teacher = ModelSpec("openai/large", {"temperature": 0.5})
    assert Models(program, "x/y", {}, {"p": "base"}, {"p": teacher}).of_setting(entity, None) is teacher


async def test_a_recording_stands_beside_the_file_that_names_it(tmp_path):
    folder = tmp_path / "deep"
    folder.mkdir()
    (tmp_path / "adalang.toml").write_text("")
    program = 'prompt p(q: str) -> str {\n  model = "replay/said.jsonl"\n  user = """{{ q }}"""\n}\n'
    (folder / "said.jsonl").write_text(
        json.dumps({"messages": [{"role": "user", "content": "Hello?"}], "response": {"text": "Hi."}}) + "\n"
    )
    write_program(folder, program)
    async with Session(tmp_path, load_settings(tmp_path, {})) as session:
        output, trace, _ = await session.run_component(folder / "main.adal", "p", {"q": "Hello?"})
    assert (output, trace.usage.calls) == ("Hi.", 0)


CIRCLES = ['model a = "a"', "model a = b\nmodel b = a", 'model a = env("NAME")', 'model a = "x/y" { fallback = [a] }']


@pytest.mark.parametrize("text", CIRCLES)
def test_models_in_a_circle_are_a_mistake_that_is_told(tmp_path, text):
    """Also where nothing was checked before, or the environment closes the circle."""
    (tmp_path / "main.adal").write_text(f"{text}\n")
    program = load(tmp_path / "main.adal")
    assert program is not None
    with pytest.raises(BugFailure, match=r"a -> .*in a circle"):
        Models(program, "builtin/lexical", {"NAME": "a"}).named("a", program.root)
