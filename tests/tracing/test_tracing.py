"""What runs leave behind: the tree of calls in the store, without secrets, within bounds, and with a collector on request."""

import asyncio
import base64
import hashlib
import html
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.servers import LoopbackServer, Refusal, Reply, ServerError
from tests.servers.otlp import attributes, collector

from adalang.config import load_settings
from adalang.engine.session import Session
from adalang.report.trace import trace_page
from adalang.runtime.interpreter import STOPPED, RunFailed
from adalang.store import Store
from adalang.store.records import RunRecord
from adalang.store.redaction import HIDDEN, Redactor
from adalang.store.texts import packed, unpacked
from adalang.tracing.otlp import Sender, Unsent, send_now, traces_address
from adalang.tracing.spans import spans_of

SECRET = "a-key-of-the-model-4711"
FILE = '''model m = "openai/gpt-4o-mini" { api_base = env("BASE"), api_key = env("MODEL_ACCESS") }

prompt classify(ticket: str) -> "billing" | "technical" {
  model = m
  user = """{{ ticket }}"""
}

prompt reply(ticket: str, kind: str) -> str {
  model = m
  user = """{{ kind }}: {{ ticket }}"""
}

prompt grade(output: str) -> float {
  model = m
  system = """Grade."""
  user = """{{ output }}"""
}

pipeline support(ticket: str) -> str {
  kind = classify(ticket)
  return reply(ticket, kind)
}

dataset rows = [{ ticket = "good" }, { ticket = "bad" }]

eval quality of support {
  data = rows
  metric = grade
}
'''


def answer(incoming):
    text = json.dumps(incoming.body)
    if "Grade." in text:
        return Reply("1" if "good" in text else "0")
    return Reply("billing" if "Answer with exactly" in text else f"You said {incoming.body['messages'][-1]['content']}")


@contextmanager
def workspace(tmp_path: Path, server: LoopbackServer, **environment: str) -> Iterator[Session]:
    (tmp_path / "main.adal").write_text(FILE)
    known = {"BASE": server.api_base, "MODEL_ACCESS": SECRET, **environment}
    yield Session(tmp_path, load_settings(tmp_path, known))


async def test_a_run_leaves_its_tree_with_what_each_call_took(tmp_path):
    async with LoopbackServer(behaviour=answer) as server:
        with workspace(tmp_path, server) as session:
            async with session:
                _, _, run = await session.run_component(tmp_path / "main.adal", "support", {"ticket": "hello"})
    with Store.open(tmp_path) as store:
        record = store.runs.get(run)
        assert store.runs.find(component="reply")[0].id == run and not store.runs.find(component="repl")
    assert record is not None and (record.origin, record.error, record.file) == ("run", "", "main.adal")
    root, classify, reply = spans_of(record)
    assert [(one.component, one.depth, one.binding) for one in (root, classify, reply)] == [
        ("support", 0, ""),
        ("classify", 1, "kind"),
        ("reply", 1, ""),
    ]
    assert classify.model == "openai/gpt-4o-mini" and classify.attempts == 1 and not classify.cached
    assert classify.usage.tokens > 0 and classify.usage.usd > 0 and record.usage["calls"] == 2
    assert root.began <= classify.began <= reply.began and root.seconds >= classify.seconds > 0
    assert root.output == "You said billing: hello" and reply.messages[-1]["content"] == "billing: hello"


async def test_a_run_that_fails_or_is_stopped_leaves_how_far_it_came(tmp_path):
    slow = asyncio.Event()

    def behave(incoming):
        if "fail" in json.dumps(incoming.body):
            return Refusal("not this")
        slow.set()
        return Reply("billing")

    async with LoopbackServer(behaviour=behave) as server:
        with workspace(tmp_path, server) as session:
            async with session:
                with pytest.raises(RunFailed):
                    await session.run_component(tmp_path / "main.adal", "support", {"ticket": "fail"})
                server.latency = 1.0
                task = asyncio.create_task(
                    session.run_component(tmp_path / "main.adal", "support", {"ticket": "stopped"})
                )
                await slow.wait()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                session.tracer.flush()
                stopped, failed = session.store.runs.find(errors=True)
                whole = session.store.runs.get(stopped.id)
    assert "refused" in failed.error and stopped.error == STOPPED
    assert whole is not None and [one.error for one in spans_of(whole)] == [STOPPED, STOPPED]


async def test_attempts_are_counted_and_kept_answers_are_marked(tmp_path):
    answers = iter([ServerError(), Reply("billing")])
    async with LoopbackServer(behaviour=lambda incoming: next(answers)) as server:
        with workspace(tmp_path, server) as session:
            async with session:
                for _ in range(2):
                    await session.run_component(tmp_path / "main.adal", "classify", {"ticket": "x"})
    with Store.open(tmp_path) as store:
        again, bought = (spans_of(store.runs.get(one.id))[0] for one in store.runs.find())
    assert (bought.attempts, bought.cached) == (2, False)
    assert (again.attempts, again.cached, again.usage.tokens) == (0, True, 0)


async def test_failing_rows_and_a_share_of_the_others_are_kept_with_what_judged_them(tmp_path):
    (tmp_path / "adalang.toml").write_text("trace_share = 0\n")
    async with LoopbackServer(behaviour=answer) as server:
        with workspace(tmp_path, server) as session:
            async with session:
                found = await session.evaluation(session.load(tmp_path / "main.adal"), "quality")
    with Store.open(tmp_path) as store:
        [kept] = store.runs.find(eval="quality", failing=True)
        [stored] = store.evaluations(with_rows=True)
        assert store.runs.find(evaluation=stored.id) == [kept]
        record = store.runs.get(kept.id)
    assert {row.run for row in found.rows} == {"", kept.id} == {row["run"] for row in stored.rows}
    assert kept.score == 0 and [one.component for one in spans_of(record)] == ["support", "classify", "reply", "grade"]
    assert record.usage["calls"] == 3


async def test_secrets_are_in_nothing_that_is_kept_shown_or_sent(tmp_path):
    (tmp_path / "adalang.toml").write_text('redact = ["hunter[0-9]"]\n')
    told = f"my key {SECRET} and sk-abcdefghij0123456789 and hunter2"
    async with LoopbackServer(behaviour=answer) as server:
        with workspace(tmp_path, server) as session:
            async with session:
                _, _, run = await session.run_component(tmp_path / "main.adal", "support", {"ticket": told})
                session.tracer.flush()
                page = trace_page([session.store.runs.get(run)])
    on_disk = b"".join(file.read_bytes() for file in (tmp_path / ".adalang").rglob("*") if file.is_file())
    assert SECRET.encode() not in on_disk and SECRET not in page
    assert "sk-abcdefghij" not in page and "hunter2" not in page and page.count(HIDDEN) > 3


async def test_what_is_too_much_goes_beside_the_runs_and_not_all_at_once(tmp_path, monkeypatch):
    import adalang.store.runs as runs

    monkeypatch.setattr(runs, "_AT_ONCE", 7)
    (tmp_path / "adalang.toml").write_text("trace_days = 1\n")
    async with LoopbackServer(behaviour=answer) as server:
        with workspace(tmp_path, server) as session:
            old = ({"component": "a", "inputs": {"x": "y" * 200}},)
            session.store.runs.put(
                [session.store.runs.packed(RunRecord("f", "a", {}, old, created=1e6 + n)) for n in range(40)]
            )
            async with session:
                await session.run_component(tmp_path / "main.adal", "classify", {"ticket": "x"})
    with Store.open(tmp_path) as store:
        assert [one.component for one in store.runs.find()] == ["classify"] and store.stats()["rows"]["texts"] == 0


def test_rows_without_an_answer_are_failing_too(tmp_path):
    with Store.open(tmp_path) as store:
        told = {"a": (1.0, ""), "b": (0.5, ""), "c": (None, "no answer"), "d": (None, "")}
        records = [
            RunRecord("f", "p", {}, origin="eval", row=row, score=score, error=error)
            for row, (score, error) in told.items()
        ]
        store.runs.put([store.runs.packed(one) for one in records])
        assert {one.row for one in store.runs.find(failing=True)} == {"b", "c"}


def test_what_is_kept_is_bounded_by_age_and_size_and_no_text_in_use_goes(tmp_path):
    with Store.open(tmp_path) as store:
        shared = "shared " * 50
        for number in range(100):
            calls = ({"component": "a", "inputs": {"x": shared, "y": str(number) * 900}},)
            store.runs.put([store.runs.packed(RunRecord("a.adal", "a", {}, calls, created=1e6 + number))])
        assert store.stats()["rows"]["texts"] == 101
        before = store.runs.size()
        gone = store.runs.retain(0, before / 2e6)
        assert 40 < gone < 80 and store.runs.size() <= before / 2
        left = store.runs.find(limit=-1)
        assert len(left) == 100 - gone and left[0].created == 1e6 + 99
        assert all(store.runs.get(one.id).calls[0]["inputs"]["x"] == shared for one in left)
        assert store.runs.retain(1, 0) == len(left)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.text(min_size=1).map(lambda text: text * 90),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(_VALUES)
def test_values_come_back_as_they_were_packed(value):
    text, texts = packed({"value": value}, Redactor())
    found = unpacked(json.loads(text), texts.__getitem__)["value"]
    assert found == value or HIDDEN in json.dumps(found)


@pytest.mark.parametrize(
    "text",
    [
        "sk-proj-abcdefghijklmnop",
        "AKIAABCDEFGHIJKLMNOP",
        "Authorization: Bearer abcdefghijklmnop",
        "http://me:pw@host/",
    ],
)
def test_what_looks_like_a_key_is_hidden(text):
    assert HIDDEN in Redactor().text(f"a {text} b")


async def test_every_programs_secrets_are_known_however_many_there_were_before(tmp_path):
    environment = {f"KEY_{number}": f"the-key-number-{number:02}" for number in range(20)}
    async with Session(tmp_path, load_settings(tmp_path, environment)) as session:
        for number in range(20):  # a program that is gone leaves its place in memory to the next one
            text = f'model m = "openai/x" {{ api_key = env("KEY_{number}") }}\n'
            session.tracer.know(session.load(tmp_path / "a.adal", {str(tmp_path / "a.adal"): text}))
        assert {session.store.redactor.known(value) for value in environment.values()} == {HIDDEN}


def test_ordinary_words_stay(tmp_path):
    for text in ("the task-force of the risk-averse", "see https://example.org/a", "token count: 12", "me@example.org"):
        assert Redactor().text(text) == text


async def test_a_collector_gets_the_tree_in_the_words_of_the_conventions(tmp_path):
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    with collector() as taken:
        environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{taken.server_port}",
            "OTEL_EXPORTER_OTLP_HEADERS": "x-team=one",
        }
        async with LoopbackServer(behaviour=answer) as server:
            with workspace(tmp_path, server, **environment) as session:
                async with session:
                    await session.run_component(tmp_path / "main.adal", "support", {"ticket": f"about {SECRET}"})
    assert taken.headers == [("/v1/traces", "one")]
    root, classify, reply = taken.spans
    assert (root.name, classify.name, reply.name) == ("support", "chat openai/gpt-4o-mini", "chat openai/gpt-4o-mini")
    assert not root.parent_span_id and classify.parent_span_id == reply.parent_span_id == root.span_id
    assert len({span.trace_id for span in taken.spans}) == 1 and root.end_time_unix_nano >= reply.end_time_unix_nano
    told = attributes(reply)
    assert (told["gen_ai.operation.name"], told["gen_ai.provider.name"], told["gen_ai.request.model"]) == (
        "chat",
        "openai",
        "gpt-4o-mini",
    )
    assert told["gen_ai.usage.input_tokens"] > 0 and told["gen_ai.usage.output_tokens"] > 0
    [message] = json.loads(told["gen_ai.input.messages"])
    assert message["parts"] == [{"type": "text", "content": f"billing: about {HIDDEN}"}]
    assert SECRET not in str(taken.spans)


async def test_a_collector_that_is_away_is_told_once_and_is_no_runs_failure(tmp_path, caplog):
    async with LoopbackServer(behaviour=answer) as server:
        with workspace(tmp_path, server, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9") as session:
            async with session:
                for ticket in ("a", "b"):
                    await session.run_component(tmp_path / "main.adal", "classify", {"ticket": ticket})
                assert len(session.store.runs.find()) <= 2
    with Store.open(tmp_path) as store:
        assert len(store.runs.find()) == 2
    assert len([one for one in caplog.records if one.name == "adalang.tracing"]) == 1


def test_programs_made_from_one_share_its_traces_and_its_collector(tmp_path, monkeypatch):
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    import adalang

    (tmp_path / "main.adal").write_text('prompt p(q: str) -> str {\n  user = """{{ q }}"""\n}\n')
    with collector() as taken:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{taken.server_port}")
        with adalang.load(tmp_path / "main.adal") as program:
            for number in range(4):
                program.with_approval(lambda request: False).p(f"hello {number}")
            assert [one.name for one in threading.enumerate()].count("adalang-otlp") == 1
    assert "adalang-otlp" not in [one.name for one in threading.enumerate()] and len(taken.spans) == 4
    with Store.open(tmp_path) as store:
        assert len(store.runs.find()) == 4


def test_headers_go_to_the_collector_that_they_are_for(tmp_path, monkeypatch):
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    from adalang.cli.app import run

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-team=one")
    with Store.open(tmp_path) as store:
        store.runs.put([store.runs.packed(RunRecord("f", "p", {}, ({"component": "p"},)))])
    with collector() as own, collector() as other:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{own.server_port}/")
        for one in (own, other):
            sent = ["trace", "export", "--root", str(tmp_path), "--otlp", f"http://127.0.0.1:{one.server_port}"]
            assert run(sent) == 0
        assert own.headers == [("/v1/traces", "one")] and other.headers == [("/v1/traces", None)]


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (302, "it answers 302 Found, and redirects are not followed"),
        (400, "it answers 400 Bad Request"),
        (401, "it answers 401 Unauthorized: look at `otlp_headers`"),
    ],
)
def test_a_collector_that_takes_nothing_is_told_with_its_reason(tmp_path, status, why):
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    with collector(status) as refusing:
        address = f"http://127.0.0.1:{refusing.server_port}"
        with pytest.raises(Unsent) as refused:
            send_now([RunRecord("f", "p", {}, ({"component": "p"},))], address, None)
    assert str(refused.value) == f"{address}/v1/traces did not take traces: {why}"


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://127.0.0.1:9", "http://127.0.0.1:9/v1/traces did not take traces: it cannot be reached"),
        ("notaurl", "notaurl is no address of a collector; write http://HOST:4318"),
        ("ftp://x", "ftp://x is no address of a collector"),
        ("", "--otlp needs an address"),
    ],
)
def test_an_address_without_a_collector_is_told_as_what_it_is(tmp_path, capsys, address, why):
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    from adalang.cli.app import run

    with Store.open(tmp_path) as store:
        store.runs.put([store.runs.packed(RunRecord("f", "p", {}, ({"component": "p"},)))])
    assert run(["trace", "export", "--root", str(tmp_path), "--otlp", address]) == 2
    told = capsys.readouterr()
    assert why in told.err and told.out == ""


def test_a_collector_that_hangs_is_told_once(tmp_path, capfd, monkeypatch):
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    monkeypatch.setattr("adalang.tracing.otlp._SECONDS", 0.3)
    warned: list[str] = []
    with Store.open(tmp_path) as store, socket.create_server(("127.0.0.1", 0)) as hangs:
        sender = Sender(f"http://127.0.0.1:{hangs.getsockname()[1]}", "", warned.append)
        sender.send(store.runs.packed(RunRecord("f", "p", {}, ({"component": "p"},))))
        sender.close()
    assert len(warned) == 1 and ("no answer in time" in warned[0] or "too slowly" in warned[0])
    assert capfd.readouterr().err == ""


def test_a_full_queue_is_sent_to_its_end(tmp_path, monkeypatch):
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    for name, value in (("_MOST_WAITING", 3), ("_BATCH", 1), ("_PAUSE", 60)):
        monkeypatch.setattr(f"adalang.tracing.otlp.{name}", value)
    with Store.open(tmp_path) as store, collector() as taken:
        sender = Sender(f"http://127.0.0.1:{taken.server_port}", "", pytest.fail)
        run = store.runs.packed(RunRecord("f", "p", {}, ({"component": "p"},)))
        sender.send(run)
        while not sender._waiting.empty():  # it is in the first batch, which waits for more
            time.sleep(0.01)
        for _ in range(3):
            sender.send(run)
        sender.close()
        assert len(taken.spans) == 4 and not sender._thread.is_alive()


def test_a_collectors_address_may_have_its_path():
    assert traces_address("http://a:4318/") == traces_address("http://a:4318/v1/traces") == "http://a:4318/v1/traces"


def test_hostile_texts_are_inert_on_the_page():
    hostile = '<script>alert(1)</script><img src=x onerror="alert(2)">'
    calls = (
        {"component": hostile, "kind": hostile, "inputs": {hostile: hostile}, "output": hostile, "error": hostile},
    )
    page = trace_page([RunRecord(hostile, hostile, {}, calls, error=hostile, row=hostile, eval=hostile)])
    assert "<script>alert" not in page and "<img" not in page and page.count("<script>") == 1
    assert "default-src 'none'" in page


AGENT = (
    {"component": "desk", "kind": "agent", "inputs": {"message": "refund it"}, "output": "refunded", "began": 5.0, "seconds": 2.0},
    {
        "component": "desk",
        "kind": "step",
        "parent": 0,
        "output": {"calls": [{"tool": "refund", "arguments": {"amount": 12.5}}]},
        "messages": [
            {"role": "user", "content": ["refund it", {"image": "a.png"}]},
            {"role": "assistant", "tool_calls": [{"id": "1", "name": "refund", "arguments": '{"amount": 12.5}'}]},
            {"role": "tool", "content": "paid", "tool_call_id": "1"},
        ],
        "model": "openai/m",
        "began": 5.0,
        "seconds": 1.0,
        "usage": {"cached_calls": 1, "priced": True},
        "answer_usage": {"calls": 1, "input_tokens": 7, "output_tokens": 2, "usd": 0.00006465, "priced": True},
    },
    {"component": "refund", "kind": "tool", "parent": 0, "inputs": {"amount": 12.5}, "error": "no money", "began": 6.0, "seconds": 1.0},
)  # fmt: skip


def test_an_agents_steps_are_shown_with_the_calls_that_they_ask_for():
    page = trace_page([RunRecord("f.adal", "desk", {"cached_calls": 1, "priced": True}, AGENT)])
    words = html.unescape(re.sub(r"<[^>]*>", " ", page))
    assert words.count("refund(amount=12.5)") == 3  # in the row, in its output, and in the messages
    assert "[image: a.png]" in words and "no money" in words and "3 messages to openai/m" in words
    # What was kept cost nothing now: its price is struck out, of the step and of the whole.
    assert page.count("<s title=") == 2 and page.count("$0.000065</s>") == 2
    assert "left:50.00%;width:50.00%" in page  # the tool, in the second of two seconds


def test_an_agents_steps_are_sent_as_calls_of_a_model():
    pytest.importorskip("opentelemetry.sdk")
    from adalang.tracing.semantic import otel_spans

    step = list(otel_spans(RunRecord("f.adal", "desk", {}, AGENT)))[1]
    assert step.name == "chat openai/m" and step.attributes["gen_ai.request.model"] == "m"
    assert [one["parts"][-1]["type"] for one in json.loads(step.attributes["gen_ai.input.messages"])] == [
        "text",
        "tool_call",
        "tool_call_response",
    ]


def test_of_an_image_its_kind_size_and_hash_are_kept():
    written = "data:image/png;base64," + base64.b64encode(b"\x89PNG" + bytes(200)).decode()
    text, texts = packed({"image": written, "said": f"see {written}, please"}, Redactor())
    found = unpacked(json.loads(text), texts.__getitem__)
    told = f"(image/png, 204 bytes, sha256 {hashlib.sha256(bytes([0x89]) + b'PNG' + bytes(200)).hexdigest()})"
    assert found == {"image": told, "said": f"see {told}, please"}


def test_a_damaged_trace_is_shown_as_far_as_it_goes():
    calls = ({"component": "a", "parent": 1}, {"component": "b", "parent": 1}, {"component": "c", "parent": 0})
    assert [(one.component, one.depth) for one in spans_of(RunRecord("f", "a", {}, calls))] == [
        ("a", 0),
        ("c", 1),
        ("b", 0),
    ]
