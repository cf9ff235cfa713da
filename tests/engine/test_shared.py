"""What the worker's requests share: one gateway while the settings stay; a former one is let go with its last request."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from adalang.engine.session import Session
from adalang.engine.shared import Shared
from adalang.runtime.models.gateway import Gateway
from adalang.tracing.otlp import Sender

PROGRAM = 'prompt p(text: str) -> str { user = "{{ text }}" }\n'


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[Gateway]:
    """The gateways that were closed, in order."""
    found: list[Gateway] = []
    aclose = Gateway.aclose

    async def told(self: Gateway) -> None:
        found.append(self)
        await aclose(self)

    monkeypatch.setattr(Gateway, "aclose", told)
    return found


def gateway_of(session: Session, file: Path) -> Gateway:
    return session.runtime(session.load(file)).gateway


def settle(root: Path, concurrency: int, model: str = "builtin/lexical") -> None:
    (root / "adalang.toml").write_text(f'concurrency = {concurrency}\nmodel = "{model}"\n', encoding="utf-8")


def workspace(root: Path) -> tuple[Path, Shared]:
    file = root / "a.adal"
    file.write_text(PROGRAM, encoding="utf-8")
    settle(root, 4)
    return file, Shared(root)


async def test_a_former_gateway_is_closed_when_its_last_request_has_ended(tmp_path, closed):
    file, shared = workspace(tmp_path)
    async with shared.session() as first:
        old = gateway_of(first, file)
        async with shared.session() as second:
            assert gateway_of(second, file) is old
            settle(tmp_path, 8)
            async with shared.session() as third:
                new = gateway_of(third, file)
                assert new is not old and third.settings["concurrency"] == 8
            assert gateway_of(second, file) is old, "what has begun goes on with what it began with"
        assert not closed
    assert closed == [old]
    await shared.close()
    assert closed == [old, new]


async def test_settings_that_no_gateway_is_made_of_leave_it_open(tmp_path, closed):
    file, shared = workspace(tmp_path)
    async with shared.session() as first:
        old = gateway_of(first, file)
    settle(tmp_path, 4, model="openai/gpt-4o-mini")
    async with shared.session() as second:
        assert gateway_of(second, file) is old and second.settings.model == "openai/gpt-4o-mini"
    assert not closed
    await shared.close()


async def test_an_idle_gateway_is_closed_by_the_first_request_with_new_settings(tmp_path, closed):
    file, shared = workspace(tmp_path)
    async with shared.session() as first:
        old = gateway_of(first, file)
    settle(tmp_path, 8)
    async with shared.session():
        assert closed == [old]
    await shared.close()


async def test_a_collector_that_hangs_holds_no_answer_back(tmp_path, monkeypatch):
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    monkeypatch.setattr("adalang.tracing.otlp._SECONDS", 0.3)
    closed: list[Sender] = []
    close = Sender.close

    def told(self: Sender) -> None:
        closed.append(self)
        close(self)

    monkeypatch.setattr(Sender, "close", told)
    file, shared = workspace(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as hangs:
        settings = (tmp_path / "adalang.toml").read_text()
        address = f"http://127.0.0.1:{hangs.getsockname()[1]}"
        (tmp_path / "adalang.toml").write_text(f'{settings}otlp_endpoint = "{address}"\n')
        for number in (1, 2):
            async with shared.session() as session:
                await session.run_component(file, "p", {"text": "hello"})
            assert len(session.store.runs.find()) == number, "the run is kept, and can be looked at"
        assert not closed
        async with shared.session() as former:
            (tmp_path / "adalang.toml").write_text(f"{settings}trace = false\n")
            async with shared.session() as session:
                assert session.tracer is not former.tracer and not closed
        assert len(closed) == 1, "with the settings that it was made of"
        await shared.close()
