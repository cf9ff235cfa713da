"""Retrievers of a program: called by pipelines, with every method, reranked, traced."""

from __future__ import annotations

import asyncio

import pytest
from tests.runtime.retrieval.world import MODEL, EmbeddingServer, searching, sources

from adalang.language.fingerprint import disk_hash, fingerprint
from adalang.runtime.failures import TransportFailure, UnreadableFailure
from adalang.runtime.interpreter import RunFailed

HANDBOOK = """# Handbook

## Refunds
Money is paid back within a week. Refunds of more than 50 euros are checked by a person.

## Opening hours
The office is open from nine to five.

## Parcels
Parcels that are late are sent again. A parcel is late after ten days.
"""


def retriever(settings: str = "", name: str = "handbook") -> str:
    return f'retriever {name}(query: str) -> Passage[] {{\n  corpus = "handbook.md"\n{settings}}}\n'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "handbook.md").write_text(HANDBOOK)
    return tmp_path


@pytest.mark.parametrize("method", ["bm25", "vector", "hybrid"])
async def test_swapping_the_method_is_one_word(folder, method):
    async with searching(folder, retriever(f"  method = {method}\n")) as w:
        found = await w.run("handbook", query="when are refunds paid back")
        assert found[0]["source"] == "handbook.md#Refunds"
        assert found[0]["text"].startswith("# Handbook\n\n## Refunds\nMoney is paid back")
        assert found[0].keys() == {"text", "source", "score"}
        assert [one["score"] for one in found] == sorted((one["score"] for one in found), reverse=True)


async def test_a_call_may_say_how_many(folder):
    text = retriever("  k = 1\n") + (
        "pipeline both(q: str) -> Passage[] {\n  one = handbook(q)\n  two = handbook(query = q, k = 2)\n"
        "  return [p for p in two if not (p.source in [o.source for o in one])]\n}\n"
    )
    async with searching(folder, text) as w:
        assert len(await w.run("handbook", query="late parcels of the office")) == 1
        assert len(await w.run("handbook", query="late parcels of the office", k=2)) == 2
        rest, trace = await w.traced("both", q="late parcels of the office")
        assert sources(rest) == ["handbook.md#Opening hours"]
        assert [(call.kind, len(call.output)) for call in trace.calls[1:]] == [("retriever", 1), ("retriever", 2)]
        with pytest.raises(RunFailed, match="k is at least 1"):
            await w.run("handbook", query="x", k=0)


async def test_what_was_searched_and_found_is_in_the_trace(folder):
    async with searching(folder, retriever()) as w:
        found, trace = await w.traced("handbook", query="parcels")
        (call,) = trace.calls
        assert (call.kind, call.inputs, call.output) == ("retriever", {"query": "parcels"}, found)


async def test_nothing_asked_or_nothing_alike_finds_nothing(folder):
    async with searching(folder, retriever("  method = hybrid\n")) as w:
        assert await w.run("handbook", query="  ") == []
        assert await w.run("handbook", query="???") == []


async def test_a_corpus_without_any_text_is_told(folder):
    (folder / "handbook.md").write_text("")
    async with searching(folder, retriever()) as w:
        with pytest.raises(RunFailed, match="`handbook`: the corpus has no passages"):
            await w.run("handbook", query="late")


async def test_a_corpus_says_how_it_is_written(folder):
    (folder / "handbook.md").write_bytes("# Köln\nDie Straße am Dom.".encode("latin-1"))
    async with searching(folder, retriever('  encoding = "ISO-8859-1"\n')) as w:
        assert sources(await w.run("handbook", query="straße")) == ["handbook.md#Köln"]


async def test_embeddings_come_from_any_model_and_only_for_what_is_new(folder):
    async with EmbeddingServer() as server:
        text = MODEL + retriever("  method = hybrid\n  embedding = e\n")
        async with searching(folder, text, server, kept=True) as w:
            found, trace = await w.traced("handbook", query="refunds paid back")
            assert found[0]["source"] == "handbook.md#Refunds"
            assert trace.usage.calls == 2 and trace.usage.usd > 0  # the corpus and the query
            await asyncio.gather(*(w.run("handbook", query="refunds paid back") for _ in range(3)))
        assert len(server.texts) == 4
        with (folder / "handbook.md").open("a") as file:
            file.write("\n## New\nNews.\n")
        async with searching(folder, text, server, kept=True) as w:
            assert (await w.run("handbook", query="news"))[0]["source"] == "handbook.md#New"
        assert len(server.texts) == 6 and server.texts[-1] == "news"


async def test_a_server_that_fails_half_way_costs_nothing_twice(folder):
    for number in range(120):
        (folder / f"n{number}.md").write_text(f"# Note {number}\nAbout {number}.\n")
    async with EmbeddingServer(fault=lambda number: 500 if number else 200) as server:
        text = MODEL.replace("retries = 1", "retries = 0") + retriever("  method = vector\n  embedding = e\n")
        text = text.replace('"handbook.md"', '"*.md"')
        async with searching(folder, text, server, kept=True) as w:
            with pytest.raises(RunFailed, match="gave no answer") as failed:
                await w.run("handbook", query="note")
            assert isinstance(failed.value.failure, TransportFailure)
            server.fault = lambda number: 200
            assert await w.run("handbook", query="note")
        assert len(set(server.calls[0])) == 96
        assert not set(server.calls[0]) & {one for call in server.calls[2:] for one in call}


async def test_who_waits_for_an_index_that_fails_fails_with_it_and_pays_nothing(folder):
    async with EmbeddingServer(fault=lambda number: 500, latency=0.05) as server:
        text = MODEL.replace("retries = 1", "retries = 0") + retriever("  method = vector\n  embedding = e\n")
        async with searching(folder, text, server) as w:
            failed = await asyncio.gather(*(w.run("handbook", query="x") for _ in range(5)), return_exceptions=True)
            assert all(isinstance(one, RunFailed) for one in failed)
            assert len(server.calls) == 1


async def test_cancelling_one_run_does_not_stop_another(folder):
    text = MODEL + retriever("  method = vector\n  embedding = e\n")
    async with EmbeddingServer(latency=0.2) as server, searching(folder, text, server) as w:
        first, second = (asyncio.create_task(w.run("handbook", query="parcels")) for _ in range(2))
        while not server.calls:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        first.cancel()
        assert (await second)[0]["source"] == "handbook.md#Parcels"
        assert first.cancelled()


# ---- reranking

JUDGE = """
prompt useful(question: str, passage: Passage) -> float {
  user = \"\"\"{{ question }} {{ passage.text }}\"\"\"
}
prompt scores(question: str, texts: str[]) -> float[] {
  user = \"\"\"{{ question }} {{ texts | length }}\"\"\"
}
prompt order(question: str, texts: str[]) -> int[] {
  user = \"\"\"{{ question }} {{ texts | length }}\"\"\"
}
"""


class Answers:
    """A lane that answers as a test says."""

    free = False

    def __init__(self, say):
        self.say, self.asked = say, []

    async def ready(self):
        pass

    async def call(self, request, say=None):
        from adalang.runtime.models.answers import Answer

        self.asked.append(request.messages[-1].text)
        return Answer(self.say(request.messages[-1].text), input_tokens=1, output_tokens=1)

    async def aclose(self):
        pass


async def test_a_prompt_scores_passages_and_its_calls_are_in_the_trace(folder):
    lane = Answers(lambda text: "9" if "nine to five" in text else "1")
    async with searching(folder, JUDGE + retriever("  rerank = useful\n  k = 2\n")) as w:
        w.gateway._lanes["builtin"] = lane
        found, trace = await w.traced("handbook", query="late parcels, paid back by the office")
        assert sources(found)[0] == "handbook.md#Opening hours" and found[0]["score"] == 9
        assert [(call.component, call.parent) for call in trace.calls] == [("handbook", None), *[("useful", 0)] * 3]
        assert len(found) == 2 and len(lane.asked) == 3


async def test_a_prompt_orders_a_list(folder):
    async with searching(folder, JUDGE + retriever("  rerank = order\n")) as w:
        plain = retriever(name="plain")
        w.gateway._lanes["builtin"] = Answers(lambda text: "[3, 1]")
        reordered = await w.run("handbook", query="late parcels, paid back by the office")
    async with searching(folder, plain) as w:
        given = sources(await w.run("plain", query="late parcels, paid back by the office"))
    assert sources(reordered) == [given[2], given[0], given[1]]


async def test_a_chat_model_orders_and_the_built_in_one_needs_no_call(folder):
    lane = Answers(lambda text: '{"answer": [2, 1, 3]}')
    text = retriever('  rerank = "replay/x"\n').replace("replay/x", "openai/gpt-4o-mini")
    async with searching(folder, text) as w:
        w.gateway._lanes["openai"] = lane
        await w.run("handbook", query="late parcels, paid back by the office")
        assert "[1] ##" in lane.asked[0] and len(lane.asked) == 1
    async with searching(folder, retriever('  rerank = "builtin/lexical"\n')) as w:
        found, trace = await w.traced("handbook", query="late parcels")
        assert sources(found)[0] == "handbook.md#Parcels" and trace.usage.calls == 0


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("[3, 1, 7, 3]", [2, 0, 1]), ("[2, 2, 1]", [1, 0, 2]), ("[0, 2, 1]", [0, 2, 1]), ("[3, 0, 1]", [2, 0, 1])],
)
async def test_an_order_with_repeats_unknown_places_or_counted_from_0_is_still_an_order(folder, answer, expected):
    query = "late parcels, paid back by the office"
    async with searching(folder, retriever(name="plain")) as w:
        given = sources(await w.run("plain", query=query))
    for reranked in (JUDGE + retriever("  rerank = order\n"), retriever('  rerank = "openai/gpt-4o-mini"\n')):
        async with searching(folder, reranked) as w:
            w.gateway._lanes |= dict.fromkeys(("builtin", "openai"), Answers(lambda text: f'{{"answer": {answer}}}'))
            assert sources(await w.run("handbook", query=query)) == [given[nth] for nth in expected]


@pytest.mark.parametrize(
    ("prompt", "answer", "told"),
    [
        ("useful", "none", "`useful`: the answer is no float"),
        ("order", "[7, 8]", "`order` named none of the 3 passages"),
        ("scores", "[3, 1]", "`scores` gave 2 scores for 3 passages"),
        ("openai", "[]", "openai/gpt-4o-mini gave no order of the passages"),
        ("openai", "none of them", "openai/gpt-4o-mini gave no order of the passages"),
    ],
)
async def test_a_bad_answer_of_a_reranker_is_a_lost_row_that_was_paid_and_no_bug(folder, prompt, answer, told):
    text = JUDGE + retriever(f"  rerank = {prompt}\n").replace("= openai", '= "openai/gpt-4o-mini"')
    async with searching(folder, text) as w:
        w.gateway._lanes |= dict.fromkeys(("builtin", "openai"), Answers(lambda text: answer))
        with pytest.raises(RunFailed, match=told) as failed:
            await w.run("handbook", query="late parcels, paid back by the office")
        assert isinstance(failed.value.failure, UnreadableFailure)
        assert failed.value.trace.usage.calls >= 1


def test_the_fingerprint_follows_the_corpus(folder):
    from tests.runtime.world import write_program

    program = write_program(folder, retriever())
    before = fingerprint(program, "handbook", disk_hash)
    (folder / "handbook.md").write_text(HANDBOOK + "More.")
    assert fingerprint(program, "handbook", disk_hash) != before


def test_a_pattern_is_hashed_by_names_and_contents_wherever_the_folder_is(tmp_path):
    hashes = []
    for name in ("one [1]", "two"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub" / "a.md").write_text("a")
        hashes.append(disk_hash(tmp_path / name / "**" / "*.md"))
    assert hashes[0] == hashes[1] is not None
    (tmp_path / "two" / "sub" / "a.md").rename(tmp_path / "two" / "a.md")
    assert disk_hash(tmp_path / "two" / "**" / "*.md") not in (None, hashes[0])
