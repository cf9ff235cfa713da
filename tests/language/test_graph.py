"""The component graph: complete, with places, the same in every export; fingerprints that follow what decides an answer."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pydantic
import pytest
from scripts import generate_schemas
from tests.language.excerpts import program_of
from tests.language.programs import WHOLE

from adalang.language.fingerprint import disk_hash, fingerprint, tool_key
from adalang.language.graph import Graph, Range, build_graph, to_dot, to_json, to_mermaid, to_svg
from adalang.language.program import load
from adalang.language.schema import pydantic_type
from adalang.language.types import (
    BOOL,
    FLOAT,
    INT,
    STR,
    UNKNOWN,
    Field,
    Labels,
    ListOf,
    ObjectOf,
    OptionalOf,
    Type,
    json_schema,
    misfit,
)


@pytest.fixture(scope="module")
def graph() -> Graph:
    program = load(WHOLE)
    assert program is not None
    return build_graph(program)


def test_nodes_hold_what_the_file_says(graph: Graph) -> None:
    components = {one.id: one for one in graph.components}
    classify, helper = components["classify"], components["helper"]
    assert classify.doc == "Sorts a ticket.\nTwo lines of documentation."
    assert (classify.model, classify.params, classify.demos) == ("fast", ["classify.instruction"], ["classify.shots"])
    assert classify.output.json_schema == {"type": "string", "enum": ["billing", "technical", "general"]}
    assert components["reply"].params == ["reply.voice", "reply.reasoning_steps", "house_rules", "common.tone"]
    assert [(one.name, one.required) for one in components["reply"].inputs] == [
        ("ticket", True),
        ("passages", True),
        ("kind", False),
        ("count", False),
    ]
    assert helper.tools == ["find_order", "refund", "handbook"]
    assert [one.examples for one in graph.demos] == [
        [
            {"ticket": "I was charged twice", "output": "billing"},
            {"ticket": "Two lines\nof text", "output": "general"},
        ]
    ]
    routing = next(one for one in graph.evals if one.id == "routing")
    assert (routing.target, routing.data, routing.metric, routing.goal, routing.on_save) == (
        "classify",
        "tickets",
        "exact_match",
        0.9,
        20,
    )
    assert graph.optimizations[0].params == ["classify.instruction", "classify.shots"]
    assert graph.optimizations[0].budget == {"calls": 600, "usd": 2.0, "minutes": 20}
    assert "common.tone" in graph.optimizations[1].params


def test_edges_are_the_calls(graph: Graph) -> None:
    assert [(one.caller, one.callee, one.binding, one.kind) for one in graph.edges] == [
        ("helper", "find_order", "find_order", "tool"),
        ("helper", "refund", "refund", "tool"),
        ("helper", "handbook", "handbook", "tool"),
        ("support", "classify", "kind", "call"),
        ("support", "handbook", "passages", "call"),
        ("support", "helper", "draft", "call"),
        ("support", "reply", "draft", "call"),
        ("support", "grade", "verdict", "call"),
        ("support", "common.polish", "draft", "call"),
        ("support", "grade", "verdict", "call"),
    ]


def test_secrets_are_left_out() -> None:
    text = 'model a = "openai/x" { api_key = "sk-secret-secret", headers = { auth = "sk-secret-secret" }, api_base = env("URL") }'
    found = build_graph(program_of(text, Path("/nowhere/a.adal")))
    assert "sk-secret" not in to_json(found)
    assert found.models[0].options == {"api_key": None, "headers": {"auth": None}, "api_base": {"env": "URL"}}


def test_ranges_point_at_the_source(graph: Graph) -> None:
    def slice_of(place: Range) -> str:
        lines = (
            (WHOLE.parent / place.file).read_text(encoding="utf-8").split("\n")[place.start.line : place.end.line + 1]
        )
        lines[-1] = lines[-1][: place.end.column]
        return "\n".join(lines)[place.start.column :]

    for component in graph.components:
        assert slice_of(component.name_range) == component.id.rpartition(".")[2]
        assert slice_of(component.range).startswith(f"{component.kind} ")
    for param in graph.params:
        assert slice_of(param.range).startswith(f"param {param.id.rpartition('.')[2]}")
    for edge in graph.edges:
        assert slice_of(edge.range) == edge.callee


def test_json_reads_back_as_the_same_graph(graph: Graph) -> None:
    assert Graph.model_validate_json(to_json(graph)) == graph


def test_checked_in_schemas_are_current() -> None:
    for path, text in generate_schemas.schemas().items():
        assert path.read_text(encoding="utf-8") == text, "run python scripts/generate_schemas.py"


def test_pictures_show_every_component_and_call(graph: Graph) -> None:
    mermaid, dot, svg = to_mermaid(graph), to_dot(graph), to_svg(graph)
    for one in graph.components:
        assert f"<b>{one.id}</b>" in mermaid
        assert f'"{one.id}" [label=' in dot
    root = ElementTree.fromstring(svg)
    titles = [one.text for one in root.iter("{http://www.w3.org/2000/svg}title")]
    assert set(titles) >= {one.id for one in graph.components} | {one.id for one in graph.evals}
    calls = len(re.findall(r"^  n\d+ -->", mermaid, re.MULTILINE))
    assert calls == svg.count('class="line"') == len(graph.edges)


def test_pictures_escape_what_stands_in_names() -> None:
    text = 'dataset d = "<script>&\\"|.jsonl"\nprompt p(q: str) { model = "x/<b>\\"y\\"" user = """{{ q }}""" }\n'
    found = build_graph(program_of(text, Path("/nowhere/a.adal")))
    ElementTree.fromstring(to_svg(found))
    assert "<script>" not in to_svg(found) + to_mermaid(found)
    assert '\\"y\\"' in to_dot(found)


def test_broken_files_have_a_graph_of_what_is_whole() -> None:
    text = 'prompt p(q: str) = """{{ q }}"""\nprompt broken(\npipeline z(a: str) -> str { x = nobody(a) return p(a) }\n'
    found = build_graph(program_of(text, Path("/nowhere/a.adal")))
    assert {"p", "z"} <= {one.id for one in found.components}
    assert [(one.caller, one.callee) for one in found.edges] == [("z", "p")]
    to_svg(found)


def test_circles_have_an_end() -> None:
    text = "pipeline a(q: str) -> str { return b(q) }\npipeline b(q: str) -> str { return a(q) }\n"
    found = build_graph(program_of(text, Path("/nowhere/a.adal")))
    assert len({one.fingerprint for one in found.components}) == 2
    to_svg(found)


# ---- fingerprints


def changed(before: str, after: str) -> set[str]:
    """The components of the whole example whose fingerprint a change of its text changes."""
    source = WHOLE.read_text(encoding="utf-8")
    assert before in source
    old, new = (program_of(text, WHOLE) for text in (source, source.replace(before, after, 1)))
    names = [one.id for one in old.components()]
    return {name for name in names if fingerprint(old, name, disk_hash) != fingerprint(new, name, disk_hash)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# Sorts a ticket.", "# Other words."),
        ("# What tells the categories apart", "# Another comment\n\n"),
        ("  model = fast\n", "  model   =   fast  # layout\n\n"),
        ('user   = """Ticket: {{ ticket }}"""', 'user = "Ticket: {{ ticket }}"'),
        ("on_save = 20", "on_save = 3"),
        ("retries = 4", "retries = 9"),
        ("retries = 4", "retries = 4, rpm = 500, tpm = 30_000"),
        ("optimize quality", ""),
        ("seed = 7", "seed = 8"),
        ("{ max = 4 }", "{ max = 8 }"),
    ],
)
def test_fingerprints_do_not_follow_what_decides_no_answer(before: str, after: str) -> None:
    assert changed(before, after) == set()


@pytest.mark.parametrize(
    ("before", "after", "components"),
    [
        ("Sort the ticket into", "Sort this into", {"classify", "support"}),
        ('output = "billing" },\n    {\n', 'output = "general" },\n    {\n', {"classify", "support"}),
        ("temperature = 0", "temperature = 1", {"classify", "support", "reply", "helper"}),
        ('"one line"', '"a line"', {"read_ticket"}),
        ("Never promise", "Do not promise", {"reply", "support"}),
        ("amount > 50", "amount > 60", {"refund", "helper", "support"}),
        ('"billing" | "technical" => helper', '"billing" => helper', {"support"}),
        ("k = 4", "k = 5", {"handbook", "helper", "support"}),
    ],
)
def test_fingerprints_follow_the_component_and_all_that_it_uses(before: str, after: str, components: set[str]) -> None:
    assert changed(before, after) == components


def test_fingerprints_follow_the_files_of_corpus_and_tools() -> None:
    program = load(WHOLE)
    assert program is not None
    names = [one.id for one in program.components()]
    before = {name: fingerprint(program, name, disk_hash) for name in names}
    for part, components in (("tools.py", {"find_order", "refund"}), ("handbook/*.md", {"handbook"})):

        def other(path: Path, part: str = part) -> str | None:
            return "changed" if path == WHOLE.parent / part else disk_hash(path)

        after = {name: fingerprint(program, name, other) for name in names}
        assert {name for name in names if before[name] != after[name]} == components | {"helper", "support"}


ATTACHED = """\
param logo = "logo.png"
prompt see(photo: str = "default.png", note: str = "Is it 3.50?") -> str {
  param seal = "seal.png"
  demos shots = [{ photo = "demo.png", output = "no-such-thing" }]
  user = \"\"\"{{ image("a.png") }} {{ image(logo) }} {{ image(seal) }} {{ file( 'b.pdf' ) }} {{ image("https://x.y/c.png") }} {{ image(photo) }}{{ note }}\"\"\"
}
prompt plain(photo: str = "default.png") -> str { user = \"\"\"{{ photo }}\"\"\" }
"""


def test_fingerprints_follow_the_images_and_files_of_messages(tmp_path: Path) -> None:
    program = program_of(ATTACHED, tmp_path / "page.adal")
    asked: list[str] = []

    def seen(path: Path) -> str | None:
        asked.append(str(path.relative_to(tmp_path)))
        return disk_hash(path)

    before = fingerprint(program, "see", seen)
    assert sorted(asked) == ["a.png", "b.pdf", "default.png", "demo.png", "logo.png", "seal.png"]
    for name in asked[:]:
        (tmp_path / name).write_bytes(b"new")
        after = fingerprint(program, "see", seen)
        assert after != before, f"{name} has changed"
        before = after
    asked.clear()
    fingerprint(program, "plain", seen)
    assert asked == []


def test_a_pattern_is_hashed_with_all_its_files(tmp_path: Path) -> None:
    pattern = tmp_path / "*.md"
    assert disk_hash(pattern) is None
    (tmp_path / "a.md").write_text("a")
    first = disk_hash(pattern)
    (tmp_path / "b.md").write_text("b")
    assert first is not None
    assert disk_hash(pattern) not in (None, first)


def test_a_tool_is_its_file_and_what_that_imports_from_beside_it(tmp_path: Path) -> None:
    files = {
        "t.py": "import json\nfrom rates import VAT\ndef f(x: int) -> int:\n    from shop.prices import of\n    return x\n",
        "rates.py": "import t\nVAT = 0.19\n",
        "shop/__init__.py": "",
        "shop/prices.py": "from . import units\nfrom .deep.far import far\n",
        "shop/units.py": "",
        "shop/deep/far.py": "import shop.units",
        "other.py": "",
        "json5.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    program = program_of('tool f(x: int) -> int = python("t.py:f")\n', tmp_path / "main.adal")
    tool = program.resolve("f")
    assert tool is not None
    for name, text in files.items():
        before = fingerprint(program, "f", disk_hash), tool_key(program, tool, disk_hash)
        (tmp_path / name).write_text(text + "\n# changed\n", encoding="utf-8")
        after = fingerprint(program, "f", disk_hash), tool_key(program, tool, disk_hash)
        assert all(
            (one != other) == (name not in ("other.py", "json5.py")) for one, other in zip(before, after, strict=True)
        )


def test_unknown_names_have_no_fingerprint() -> None:
    with pytest.raises(KeyError):
        fingerprint(program_of("", WHOLE), "nobody", disk_hash)


# ---- pydantic

TICKET = ObjectOf(
    (
        Field("subject", STR, "one line"),
        Field("kind", OptionalOf(Labels(("a", "b")))),
        Field("copy", ListOf(INT)),
        Field("class", OptionalOf(BOOL)),
        Field("inner", ObjectOf((Field("score", FLOAT),))),
        Field("any", UNKNOWN),
    ),
    "Ticket",
)
GOOD = {"subject": "x", "kind": "a", "copy": [1], "class": None, "inner": {"score": 1}, "any": {"x": 1}}


@pytest.mark.parametrize(
    "value",
    [
        GOOD,
        {name: value for name, value in GOOD.items() if name not in ("kind", "class")},
        {**GOOD, "subject": 3},
        {**GOOD, "kind": "c"},
        {**GOOD, "copy": ["1"]},
        {**GOOD, "copy": [True]},
        {**GOOD, "inner": {}},
        {**GOOD, "inner": {"score": "1"}},
        {name: value for name, value in GOOD.items() if name != "subject"},
        [],
    ],
)
def test_models_accept_what_the_language_accepts(value: object) -> None:
    adapter = pydantic.TypeAdapter(pydantic_type(TICKET))
    if misfit(value, TICKET) is None:
        adapter.validate_python(value)
    else:
        with pytest.raises(pydantic.ValidationError):
            adapter.validate_python(value)


def test_models_keep_names_and_descriptions() -> None:
    schema = pydantic.TypeAdapter(pydantic_type(TICKET)).json_schema(by_alias=True)
    assert list(schema["properties"]) == list(json_schema(TICKET)["properties"])
    assert schema["properties"]["subject"]["description"] == "one line"


@pytest.mark.parametrize("declared", [STR, ListOf(Labels(("a",))), OptionalOf(INT), UNKNOWN])
def test_plain_types_need_no_model(declared: Type) -> None:
    adapter = pydantic.TypeAdapter(pydantic_type(declared))
    assert adapter.validate_python({STR: "a", OptionalOf(INT): None}.get(declared, ["a"])) is not False


def test_pydantic_is_not_loaded_by_what_runs_on_a_keystroke() -> None:
    import subprocess
    import sys

    code = "import sys, adalang.language.checks, adalang.language.format, adalang.language.edits; print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_graph_is_plain_json(graph: Graph) -> None:
    assert json.loads(to_json(graph))["version"] == 1
