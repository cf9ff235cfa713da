"""What the checks say of whole files: findings that one fixture to a rule does not show."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from tests.language.excerpts import diagnostics_of

from adalang.language.text import SourceText


def messages(text: str, folder: Path = Path("/nowhere")) -> list[tuple[str, str]]:
    return [(one.code, one.message) for one in diagnostics_of(text, folder / "main.adal")]


def mended(text: str) -> str:
    """The file after its first quick fix."""
    (found, *_) = diagnostics_of(text, Path("/nowhere/main.adal"))
    return str(SourceText.of(text).apply(found.fixes[0].edits))


def test_inputs_may_have_the_names_of_jinjas_tag_words() -> None:
    names = ["context", "required", "ignore", "missing", "import", "block", "from", "with", "recursive", "scoped", "as"]
    shown = " ".join(f"{{{{ {name} }}}}" for name in names)
    inputs = ", ".join(f"{name}: str" for name in names)
    assert messages(f'prompt answer({inputs}) -> str = """{shown}"""\n') == []
    trained = 'prompt answer(q: str) {\n  param context = "Be kind."\n  user = """{{ context }} {{ q }}"""\n}\n'
    assert messages(trained) == []


def test_an_unknown_variable_is_told_whatever_it_is_called() -> None:
    ((code, message),) = messages('prompt answer(q: str) -> str = """{{ q }} {{ missing }}"""\n')
    assert (code, message.split(".")[0]) == ("ADL301", "`missing` is no input or param of `answer`")


@pytest.mark.parametrize("name", ["image", "loop", "self", "is", "none", "True"])
def test_what_messages_show_has_no_built_in_name(name: str) -> None:
    told = ("ADL107", f"In messages `{name}` is a built-in name, so this could not be shown; take another name.")
    assert messages(f'prompt answer({name}: str) = """{{{{ {name} }}}}"""\n') == [told]
    own = f'prompt answer(q: str) {{\n  param {name} = "x"\n  user = """{{{{ q }}}} {{{{ {name} }}}}"""\n}}\n'
    assert messages(own) == [told]
    assert told in messages(f'param {name} = "x"\n\nprompt answer(q: str) = """{{{{ q }}}} {{{{ {name} }}}}"""\n')
    assert messages(f'tool find({name}: str) -> str = mcp("run")\n') == []


def test_a_file_with_a_built_in_name_is_not_seen_in_messages(tmp_path: Path) -> None:
    (tmp_path / "image.adal").write_text('param tone = "kind"\n', encoding="utf-8")
    found = messages('import "image.adal"\n\nprompt answer(q: str) = """{{ q }} {{ image.tone }}"""\n', tmp_path)
    assert [code for code, _ in found] == ["ADL301"]


@pytest.mark.parametrize(
    ("shown", "missing"),
    [
        ("{{ docs[0].tilte }}", "tilte"),
        ("{{ (docs | first).tilte }}", "tilte"),
        ("{% set d = docs | last %}{{ d.tilte }}", "tilte"),
        ("{% for d in docs | sort %}{{ d.body.tilte }}{% endfor %}", "tilte"),
        ("{{ docs | map(attribute='body.tilte') | join }}", "tilte"),
        ("{{ docs[0]['tilte'] }}", "tilte"),
    ],
)
def test_fields_are_known_wherever_a_value_comes_from(shown: str, missing: str) -> None:
    types = "type Body = { title: str }\ntype Doc = { title: str, body: Body }\n"
    ((code, message),) = messages(f'{types}prompt answer(docs: Doc[]) = """{shown}"""\n')
    assert code == "ADL206" and f"no field `{missing}`. Did you mean `title`?" in message
    assert messages(f'{types}prompt answer(docs: Doc[]) = """{shown.replace("tilte", "title")}"""\n') == []


def test_what_is_constant_in_a_template_is_not_computed() -> None:
    begun = time.process_time()
    assert messages('prompt answer(q: str) = """{{ q if ("x" | center(10 ** 9)) else q }}"""\n') == []
    assert messages('prompt answer(q: str) = """{{ q if 1.title else q }}"""\n') == []
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    "tag",
    [
        "{% for x in q recursive %}{{ x }}{% endfor %}",
        "{% if q is not none and not false %}{{ q }}{% else %}-{% endif %}",
        "{% filter upper %}{{ q }}{% endfilter %}",
        "{% block missing scoped required %}{% endblock missing %}{{ q }}",
    ],
)
def test_words_of_tags_show_no_input(tag: str) -> None:
    words = ["recursive", "upper", "missing", "scoped", "required"]
    inputs = ", ".join(f"{name}: str" for name in words)
    found = messages(f'prompt answer(q: str, {inputs}) -> str = """{tag}"""\n')
    assert [code for code, _ in found] == ["ADL302"] * len(words)


@pytest.mark.parametrize(
    ("name", "meant"), [("gpt-4o-mini", "openai/gpt-4o-mini"), ("deepseek-chat", "deepseek/deepseek-chat")]
)
def test_a_model_without_provider_is_its_makers(name: str, meant: str) -> None:
    assert meant in messages(f'model fast = "{name}"\n')[0][1]


MATCH = "pipeline p(x: {}) -> str {{\n  return match x {{ {} }}\n}}\n"


@pytest.mark.parametrize(
    ("declared", "arms", "left_out"),
    [
        ("bool", 'true => "a", false => "b"', ""),
        ("bool", 'true => "a"', "false"),
        ("bool?", 'true => "a", false => "b"', "null"),
        ('("x" | "y")?', '"x" => "a", "y" => "b", null => "c"', ""),
        ('("x" | "y")?', '"x" => "a", "y" => "b"', "null"),
    ],
)
def test_match_has_an_arm_for_every_value(declared: str, arms: str, left_out: str) -> None:
    found = messages(MATCH.format(declared, arms))
    told = f"This match leaves out {left_out}; add the arms or `_ => …`."
    assert found == ([("ADL207", told)] if left_out else [])


def test_an_arm_stands_twice() -> None:
    found = messages(MATCH.format("bool", 'true => "a", true => "b", false => "c"'))
    assert found == [("ADL208", "true has an arm already; this one is never reached.")]


DEMOS = """prompt p(q: str, n: int, tone: str = "kind") -> str {{
  demos shots {{ max = {} }} = [{}]
  user = \"\"\"{{{{ q }}}} {{{{ n }}}} {{{{ tone }}}}\"\"\"
}}
"""


def test_examples_are_whole_few_enough_and_of_the_right_types() -> None:
    whole = '{ q = "a", n = 1, output = "b" }'
    assert messages(DEMOS.format(1, whole)) == []
    assert messages(DEMOS.format(1, '{ q = "a" }')) == [("ADL202", "An example needs its `n` and `output`.")]
    bare = DEMOS.format(1, '{ reasoning = "First the sum.", output = "b" }')
    assert messages(bare) == []
    placed = bare.replace("{{ tone }}", "{{ tone }} {% for shot in shots %}{{ shot.q }}{% endfor %}")
    assert messages(placed) == [("ADL202", "An example needs its `q` and `n`.")]
    assert messages(DEMOS.format(1, f"{whole}, {whole}")) == [
        ("ADL212", "`shots` may have 1 example, and 2 stand here. Raise `max`, or take some out.")
    ]
    assert messages(DEMOS.format(1, whole.replace("1", '"one"'))) == [("ADL205", '`n` is int; this is the text "one".')]


def test_env_takes_one_name_in_quotes() -> None:
    text = 'model a = "openai/gpt-4o" {{ api_key = env({}) }}\n'
    assert messages(text.format('"OPENAI"')) == []
    for given in ("OPENAI", "", '"A", "B"'):
        assert [code for code, _ in messages(text.format(given))] == ["ADL212"]
    assert mended(text.format("OPENAI")) == text.format('"OPENAI"')


def test_models_lead_to_a_provider() -> None:
    circle = 'model a = "openai/gpt-4o" { fallback = b }\nmodel b = "openai/gpt-4o-mini" { fallback = [a] }\n'
    assert [code for code, _ in messages(circle)] == ["ADL108", "ADL108"]
    assert "`a` leads back to itself: a -> a." in messages("model a = a\n")[0][1]


def test_a_server_of_ones_own_has_models_of_its_own() -> None:
    assert messages('model a = "openai/mine" { api_base = env("HERE") }\n') == []
    assert [code for code, _ in messages('model a = "openai/mine"\n')] == ["ADL401"]


def test_an_answer_leaves_room_for_the_input() -> None:
    text = 'model a = "openai/gpt-4o" {{ window = 64, max_tokens = {} }}\n'
    assert messages(text.format(63)) == []
    told = "An answer of 64 tokens leaves no room in a window of 64: `max_tokens` is below `window`."
    assert messages(text.format(64)) == [("ADL212", told)]


@pytest.mark.parametrize(
    "text",
    [
        'model a = "openai/x" { api_base = "https://user:pass@host/v1" }\n',
        'param tone = "Use sk-proj-abcdefgh12345678 as key."\n',
        'prompt p(q: str) = """{{ q }} AKIAABCDEFGHIJKLMNOP"""\n',
        "# my key: sk-proj-abcdefgh12345678\n",
    ],
)
def test_keys_are_found_in_every_text(text: str) -> None:
    assert [code for code, _ in messages(text)] == ["ADL403"]


EVAL = """prompt p(q: str) -> {} = \"\"\"{{{{ q }}}}\"\"\"

dataset rows = "rows.jsonl"

eval e of p {{
  data = rows
  expect = {}
  metric = {}
}}
"""


@pytest.mark.parametrize(
    ("returns", "metric", "answer", "fits"),
    [
        ("bool", "exact_match", "yes", False),
        ("bool", "exact_match", "true", True),
        ("int", "exact_match", "3", True),
        ("int", "exact_match", 2.5, False),
        ("int", "exact_match", ["many", 3], True),
        ("float", "exact_match", ["many", "few"], False),
        ("{ a: int }", "exact_match", {"a": 1}, True),
        ("{ a: int, b: str }", "exact_match", {"a": 1}, False),
        ("{ a: int, b: str }", "json_match", {"a": 1}, True),
        ("{ a: int, b: str }", "json_match", '{"a": 1}', True),
        ("{ a: int }", "json_match", {"a": "one"}, False),
        ("{ a: int }", "json_match", {"c": 1}, False),
        ("str", "exact_match", 3, True),
    ],
)
def test_expected_values_are_ones_that_the_target_can_give(
    tmp_path: Path, returns: str, metric: str, answer: object, fits: bool
) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps({"q": "x", "answer": answer}) + "\n")
    found = messages(EVAL.format(returns, "row.answer", metric), tmp_path)
    assert [code for code, _ in found] == ([] if fits else ["ADL504"])


def test_columns_and_metrics_that_are_half_written(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"q": "x", "answer": "y"}\n')
    assert messages(EVAL.format("str", "answer", "exact"), tmp_path) == [
        ("ADL101", "Nothing here is called `answer`. Did you mean `row.answer`?"),
        ("ADL101", "No metric is called `exact`. Did you mean `exact_match`?"),
    ]


def test_one_eval_is_optimized_once(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"q": "x", "answer": "y"}\n')
    text = EVAL.format("str", "row.answer", "exact_match") + "\noptimize e\n\noptimize e\n"
    assert [message for code, message in messages(text, tmp_path) if code == "ADL102"] == [
        "`e` has an optimize block already; keep one of the two."
    ]


def test_a_data_files_error_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("[1]\n")
    assert messages('dataset rows = "rows.jsonl"\n', tmp_path) == [
        ("ADL502", 'rows.jsonl:1: the row is a list, not an object; write it as {"column": value, ...}.')
    ]


def test_words_of_other_languages() -> None:
    assert mended("pipeline p() -> bool {\n  return True\n}\n") == "pipeline p() -> bool {\n  return true\n}\n"
    (found,) = messages('prompt p(q: str) {\n  temperature = 0\n  user = """{{ q }}"""\n}\n')
    assert found[1].startswith("A prompt has no setting `temperature`. It belongs to a model declaration:")
    assert messages("optimize e {\n  speed = 1\n}\n")[-1][1].startswith("An optimize has no setting `speed`.")


def test_imports_name_the_path_that_was_looked_for(tmp_path: Path) -> None:
    assert messages('import "../lib/x.adal"\n', tmp_path) == [
        ("ADL109", "There is no file `../lib/x.adal`; the path counts from this file's folder.")
    ]
    (tmp_path / "main.adal").write_text('import "main.adal"\n')
    assert messages('import "main.adal"\n', tmp_path) == [("ADL108", "A file cannot import itself; remove the line.")]


OPTIMIZE = """prompt p(q: str) -> str {{
  param tone = "Be kind."
  user = \"\"\"{{{{ tone }}}} {{{{ q }}}}\"\"\"
}}
dataset rows = "rows.jsonl"
eval good of p {{
  data = rows
  expect = row.label
  metric = exact_match
}}
optimize good {{ {} }}
"""


def test_what_a_search_may_spend_and_prefer_are_numbers_with_bounds() -> None:
    def found(text: str) -> list[tuple[str, str]]:
        given = [(code, message.split(".")[0]) for code, message in messages(OPTIMIZE.format(text))]
        return [one for one in given if one[0] != "ADL501"]

    fine = "budget = { calls = 600, tokens = 10000, usd = 0, minutes = 0.5 } prefer = { cost = 0.2, latency = 0 }"
    assert found(fine) == []
    for key in ("cost", "latency"):
        for value in ("-1", "1e300", "1e400", "true", '"much"'):
            assert [code for code, _ in found(f"prefer = {{ {key} = {value} }}")] == ["ADL212"], value
    for budget in ("calls = 0", "calls = 1.5", "calls = true", "tokens = -1", "tokens = 1e400", "usd = -0.1"):
        assert [code for code, _ in found(f"budget = {{ {budget} }}")] == ["ADL212"], budget
    assert found("prefer = { speed = 1 }") == [("ADL105", "`prefer` has no `speed`")]
    assert found("budget = { call = 1 }") == [("ADL105", "`budget` has no `call`")]
    assert found("prefer = { cost = 1, cost = 2 }") == [("ADL214", "The field `cost` stands twice")]


def test_a_model_that_a_search_may_choose_is_used() -> None:
    spare = 'model spare = "openai/gpt-4o"\n' + OPTIMIZE
    assert ("ADL103", "Nothing uses the model `spare`.") in messages(spare.format(""))
    assert "ADL103" not in [code for code, _ in messages(spare.format('allow = ["models"]'))]


@pytest.mark.parametrize(
    ("promised", "arms", "found"),
    [
        ("str", ["3", '"all of them"'], 'int | "all of them"'),
        ("int", ["3", "word(n)"], "int | str"),
        ("str", ["null", "3"], "int?"),
        ("str?", ["null", "3"], "int?"),
        ("str[]", ["[word(n)]", "[3]"], "(str | int)[]"),
        ("str", ["word(n)", "{ text = word(n) }"], "str | { text: str }"),
        ("float", ["3", "0.5"], ""),
        ("str", ["word(n)", '"none"'], ""),
        ("str?", ["null", "word(n)", '"none"'], ""),
        ('"a" | "b"', ['"a"', '"b"'], ""),
        ("{ text: str }", ["{ text = word(n), n = n }", '{ text = "none", more = true }'], ""),
    ],
)
def test_every_arm_of_a_match_has_to_fit(promised: str, arms: list[str], found: str) -> None:
    labels = " | ".join(f'"{number}"' for number in range(len(arms)))
    written = " ".join(f'"{number}" => {arm}' for number, arm in enumerate(arms))
    text = (
        'prompt word(n: int) -> str = """{{ n }}"""\n\n'
        f"pipeline choose(n: int, kind: {labels}) -> {promised} {{\n  got = match kind {{ {written} }}\n"
        "  said = word(n)\n  return got\n}\n"
    )
    told = [("ADL205", f"The pipeline promises {promised}; this is {found}.")]
    assert messages(text) == (told if found else [])


def test_a_field_of_a_match_is_one_that_every_arm_has() -> None:
    text = (
        "pipeline choose(a: bool) -> int {\n  got = match a { true => { n = 1, m = 2 } false => { n = 1, k = 2 } }\n"
        "  return got.FIELD\n}\n"
    )
    assert messages(text.replace("FIELD", "n")) == []
    assert [code for code, _ in messages(text.replace("FIELD", "m"))] == ["ADL206"]


@pytest.mark.parametrize("score", ["bool", "int", "float", "{ score: bool }", "{ score: float, reason: str }"])
def test_a_judge_gives_a_number_or_a_yes_or_no(score: str) -> None:
    text = (
        'prompt say(q: str) = """{{ q }}"""\n\nprompt judge(output: str) -> SCORE = """{{ output }}"""\n\n'
        'dataset rows = [{ q = "a" }, { q = "b" }]\n\neval good of say { data = rows, metric = judge }\n'
    )
    assert messages(text.replace("SCORE", score)) == []
    wrong = score.replace("bool", "str").replace("int", "str").replace("float", "str")
    assert [code for code, _ in messages(text.replace("SCORE", wrong))] == ["ADL506"]
