"""Two versions or two models on the same rows, over a real server."""

from contextlib import asynccontextmanager

import pytest

from adalang.config import load_settings
from adalang.engine.comparison import Side, comparing
from adalang.runtime.failures import BugFailure
from adalang.store import Store, indexes
from tests.engine.test_revisions import committed, git
from tests.servers import LoopbackServer, Reply, ServerError

PROGRAM = (
    'model m = "openai/one" {{ api_base = env("BASE"), api_key = env("KEY"), retries = 0 }}\n'
    'prompt echo(q: str) -> str {{\n  model = m\n  user = """{text}{{{{ q }}}}"""\n}}\n'
    'dataset rows = "rows.jsonl" {{ split = {{ val = 1.0 }} }}\n'
    "eval e of echo {{\n  data = rows.val\n  expect = row.right\n  metric = {metric}\n}}\n"
)
ROWS = "".join(f'{{"q": "w{nth}", "right": "w{nth}", "kind": "{nth % 2}"}}\n' for nth in range(12))


def last_word(incoming):
    return Reply(incoming.messages[-1].text.split()[-1])


def program(text="", metric="exact_match"):
    return PROGRAM.format(text=text, metric=metric)


@asynccontextmanager
async def opened(folder, before, after, behaviour=last_word, **options):
    async with LoopbackServer(behaviour=behaviour) as server:
        settings = load_settings(folder, {"BASE": server.api_base, "KEY": "k"})
        with Store.in_memory() as store:
            async with comparing(before, after, settings=settings, store=store, **options) as found:
                yield found, server, store


@pytest.fixture
def repository(tmp_path):
    git(tmp_path, "init", "-q", "-b", "main")
    committed(tmp_path, {"a.adal": program(), "rows.jsonl": ROWS})
    return tmp_path


def told(folder, revision="", **about):
    return Side(revision or "now", folder / "a.adal", revision=revision, **about)


async def test_a_revision_against_the_file_of_today(repository):
    (repository / "a.adal").write_text(program().replace("{{ q }}", "{{ q }} wrong"))
    async with opened(repository, told(repository, "HEAD"), told(repository)) as (found, server, _):
        result = await found.run(found.pairs[0], by="kind")
    assert (result.before.score, result.after.score) == (1.0, 0.0)
    assert result.verdict == "worse" and len(result.comparison.broken) == 12
    assert [one.value for one in result.slices] == ["0", "1"]
    assert len(server.log) == 24
    assert result.names == ("HEAD", "now")


async def test_sides_that_ask_the_same_pay_once_and_do_not_differ(repository):
    async with opened(repository, told(repository, "HEAD"), told(repository)) as (found, server, store):
        result = await found.run(found.pairs[0])
        assert len(server.log) == 12
        assert (result.p, result.verdict) == (1.0, "no difference shown")
        assert store.evaluations() == [], "a comparison is no score of the file as it stands"


async def test_two_models(repository):
    address = '{ api_base = env("BASE"), api_key = env("KEY"), retries = 0 }\n'
    models = "".join(f'model {name} = "openai/{name}" {address}' for name in ("good", "bad"))
    (repository / "a.adal").write_text(models + program())
    sides = [Side(name, repository / "a.adal", models={"*": name}) for name in ("good", "bad")]

    def behaviour(incoming):
        return last_word(incoming) if incoming.model == "good" else Reply("no")

    async with opened(repository, *sides, behaviour=behaviour) as (found, server, _):
        result = await found.run(found.pairs[0])
    assert result.verdict == "worse" and result.names == ("good", "bad")
    assert {call.model for call in server.log} == {"good", "bad"}


async def test_both_sides_answer_the_rows_of_the_second(repository):
    (repository / "rows.jsonl").write_text('{"q": "x", "right": "x"}\n{"q": "y", "right": "y"}\n')
    async with opened(repository, told(repository, "HEAD"), told(repository)) as (found, _, _):
        result = await found.run(found.pairs[0])
        assert [row.inputs["q"] for row in result.before.rows] == ["x", "y"]
    async with opened(repository, told(repository), told(repository, "HEAD"), limit=3) as (found, _, _):
        assert [row.values["q"] for row in found.pairs[0].rows] == ["w0", "w1", "w2"]


async def test_each_side_runs_its_own_code(repository):
    code = "from helper import SCORE\n\ndef score(output):\n    return SCORE\n"
    committed(
        repository,
        {"a.adal": program(metric='python("m.py:score")'), "m.py": code, "helper.py": "SCORE = 0.0\n"},
        "with code",
    )
    (repository / "helper.py").write_text("SCORE = 1.0\n")
    for turned in (False, True):
        sides = [told(repository, "HEAD"), told(repository)]
        async with opened(repository, *(reversed(sides) if turned else sides)) as (found, _, _):
            result = await found.run(found.pairs[0])
        assert (result.before.score, result.after.score) == ((1.0, 0.0) if turned else (0.0, 1.0))


async def test_sides_that_score_differently_say_so(repository):
    (repository / "a.adal").write_text(program(metric="contains"))
    async with opened(repository, told(repository, "HEAD"), told(repository)) as (found, _, _):
        assert ["score differently" in note for note in found.pairs[0].notes] == [True]
    (repository / "a.adal").write_text("# only a comment\n" + program("Please: "))
    async with opened(repository, told(repository, "HEAD"), told(repository)) as (found, _, _):
        assert not found.pairs[0].notes


async def test_too_few_answers_are_void(repository):
    def behaviour(incoming):
        return ServerError() if incoming.number in range(12, 16) else last_word(incoming)

    (repository / "a.adal").write_text(program("Please: "))
    async with opened(repository, told(repository, "HEAD"), told(repository), behaviour) as (found, _, _):
        result = await found.run(found.pairs[0])
    assert result.after.void and not result.before.void
    assert result.verdict == "void" and result.to_json()["difference"] is None


async def test_looking_ahead_makes_no_call(repository):
    async with opened(repository, told(repository, "HEAD"), told(repository)) as (found, server, _):
        ahead = found.preview(found.pairs[0], repeats=2)
        assert (ahead["rows"], ahead["runs"]) == (12, 48)
        assert ahead["lines"][0] == "With 12 rows a gain of 5 points will be confirmed almost never."
        with pytest.raises(BugFailure, match="no row has a column `team`"):
            found.preview(found.pairs[0], by="team")
        assert not server.log


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ({"revision": "nope"}, {}, "no revision `nope`"),
        ({"eval": "x"}, {"eval": "e"}, "old: no eval is called `x`"),
        ({}, {"eval": "x"}, "old: no eval is called `x`"),
    ],
)
async def test_mistakes_name_their_side(repository, before, after, message):
    sides = Side("old", repository / "a.adal", **before), Side("new", repository / "a.adal", **after)
    with pytest.raises(BugFailure, match=message):
        async with opened(repository, *sides):
            pass


async def test_no_eval_in_common(repository):
    (repository / "b.adal").write_text(program().replace("eval e of", "eval other of"))
    sides = Side("a", repository / "a.adal"), Side("b", repository / "b.adal")
    with pytest.raises(BugFailure, match=r"no eval in common: a has e; b has other\. Name one"):
        async with opened(repository, *sides):
            pass
    sides = Side("a", repository / "a.adal", "e"), Side("b", repository / "b.adal", "other")
    async with opened(repository, *sides) as (found, _, _):
        assert (await found.run(found.pairs[0])).p == 1.0


async def test_a_broken_file_is_told_with_its_side(repository):
    committed(repository, {"a.adal": program().replace("{{ q }}", "{{ nothing }}")}, "broken")
    with pytest.raises(BugFailure, match=r"HEAD: a\.adal:4:\d+: ADL301"):
        async with opened(repository, told(repository, "HEAD"), told(repository, "HEAD~1")):
            pass


SEARCH = (
    'retriever r(query: str) -> Passage[] {{\n  corpus = "h.md"\n  method = {method}\n  k = 1\n}}\n'
    'dataset d = [{{ query = "money", gold = "h.md#Refunds" }}]\n'
    "eval found of r {{\n  data = d\n  metric = recall(expected = row.gold)\n}}\n"
)


async def test_a_revision_searches_its_own_corpus_and_leaves_no_index_behind(tmp_path):
    git(tmp_path, "init", "-q", "-b", "main")
    page = "# Shop\n## Refunds\nIt is paid back.\n## Hours\nOf {what}.\n"
    committed(tmp_path, {"s.adal": SEARCH.format(method="bm25"), "h.md": page.format(what="money")})
    (tmp_path / "s.adal").write_text(SEARCH.format(method="hybrid"))
    (tmp_path / "h.md").write_text(page.format(what="opening").replace("It", "Money"))
    settings = load_settings(tmp_path, {})
    with Store.open(tmp_path) as store:
        sides = Side("then", tmp_path / "s.adal", revision="HEAD"), Side("now", tmp_path / "s.adal")
        async with comparing(*sides, settings=settings, store=store) as opened:
            then = opened.programs[0].path.parent
            result = await opened.run(opened.pairs[0])
    assert (result.before.score, result.after.score) == (0.0, 1.0)
    assert indexes.kept(tmp_path)[0] == 1 and not then.exists()


async def test_a_revision_does_not_write_over_a_shared_store(tmp_path):
    git(tmp_path, "init", "-q", "-b", "main")
    shared = SEARCH.format(method='vector\n  embedding = "openai/e"\n  store = "qdrant:http://127.0.0.1:9#h"')
    committed(tmp_path, {"s.adal": shared, "h.md": "# Shop\n"})
    sides = Side("then", tmp_path / "s.adal", revision="HEAD"), Side("now", tmp_path / "s.adal")
    with Store.in_memory() as store, pytest.raises(BugFailure, match="then: `r` keeps its passages in qdrant:"):
        async with comparing(*sides, settings=load_settings(tmp_path, {}), store=store):
            pass
