"""Secrets are in nothing that the store keeps, and what it keeps stays JSON and answers as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adalang.engine.sessions import lacks_secret
from adalang.language.program import load
from adalang.runtime.agents.kept import Kept
from adalang.store import Store
from adalang.store.records import EvaluationRecord, ObservationRecord, ResponseRecord, SessionRecord
from adalang.store.redaction import HIDDEN, Redactor
from adalang.store.texts import MOST, packed, unpacked, without_known
from adalang.tracing.secrets import likely_secrets, secrets_of

NUMBER, WORD = "4711471147", "correct-horse"


def redactor(*secrets: str) -> Redactor:
    found = Redactor()
    found.learn(secrets)
    return found


@pytest.fixture
def store() -> Store:
    found = Store.in_memory()
    found.redactor.learn((NUMBER, WORD, "output"))
    return found


def on_disk(store: Store) -> str:
    return json.dumps(list(store.export()))


def test_a_number_that_is_a_secret_breaks_nothing_that_is_kept(store: Store) -> None:
    session = SessionRecord("a.adal", "post", "s", {"room": int(NUMBER)}, turns=({"role": "user", "text": WORD},))
    store.put_session(session)
    store.put_session_step(session.id, "0", {"output": int(NUMBER)})
    store.put_observation(ObservationRecord("k", "post", {"room": int(NUMBER)}, "ok"))
    store.put_response(ResponseRecord("k", "m", {"messages": [int(NUMBER), WORD]}, {"text": "ok"}))
    kept = store.session("a.adal", "post", "s")
    assert kept is not None and kept.inputs == {"room": HIDDEN} and kept.turns == ({"role": "user", "text": HIDDEN},)
    assert store.session_steps(session.id) == {"0": {"output": HIDDEN}}
    observation, response = store.observation("k"), store.response("k")
    assert observation is not None and (observation.inputs, observation.output) == ({"room": HIDDEN}, "ok")
    assert response is not None and response.response == {"text": "ok"}
    assert NUMBER not in on_disk(store) and WORD not in on_disk(store)


def test_what_answers_again_is_kept_as_it_was_or_not_at_all(store: Store) -> None:
    for key, text in (("plain", "api 2024-10-21, sk-abcdefghij0123456789"), ("secret", f"it is {WORD}")):
        store.put_response(ResponseRecord(key, "m", {}, {"text": text}))
        store.put_observation(ObservationRecord(key, "t", {}, [text]))
        found, seen = store.response(key), store.observation(key)
        assert (found and found.response, seen and seen.output) == (
            ({"text": text}, [text]) if key == "plain" else (None, None)
        )


def test_an_observation_that_cannot_be_kept_leaves_no_older_one(store: Store) -> None:
    for key, output in (("k", "first"), ("other", "first"), ("k", f"it is {WORD}")):
        store.put_observation(ObservationRecord(key, "t", {}, output))
    assert store.observation("k") is None and store.observation("other") is not None


def test_a_session_goes_on_with_what_it_knew_or_not_at_all(store: Store) -> None:
    plain, secret = (SessionRecord("a.adal", "c", name, {"x": name}) for name in ("plain", WORD))
    store.put_session(plain)
    store.put_session(secret)
    journal = Kept(store, plain.id)
    done = {"state": "done", "tool": "t", "of": "hash", "again": True, "inputs": {}}
    journal.write((0,), {**done, "output": WORD})
    journal.write((1,), {**done, "output": "x"})
    assert journal.read((0,)) == {**done, "output": WORD}
    assert [step["state"] for step in store.session_steps(plain.id).values()] == ["started", "done"]
    states = [one and one.status for name in ("plain", WORD) if (one := store.session("a.adal", "c", name)) or True]
    assert states == ["open", "open"] and [lacks_secret(one) for one in store.sessions()].count(True) == 1


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([int(NUMBER), NUMBER, WORD]) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.just(WORD), inner, max_size=3),
    max_leaves=8,
)


@given(_VALUES)
def test_no_value_keeps_a_secret_and_every_value_stays_json(value: object) -> None:
    text, texts = packed({"value": value}, redactor(NUMBER, WORD))
    shown = json.dumps(unpacked(json.loads(text), texts.__getitem__))
    kept = json.dumps(without_known(value, redactor(NUMBER, WORD)))
    assert not any(secret in told for told in (shown, kept) for secret in (NUMBER, WORD))


def test_fields_that_are_named_like_secrets_are_hidden_whatever_they_hold(store: Store) -> None:
    held = {"password": ["hunter22"], "X-API-Key": {"v": "abc123"}, "api_key": 4711, "secret": True, "words": "secret"}
    wanted = {"password": HIDDEN, "X-API-Key": HIDDEN, "api_key": HIDDEN, "secret": True, "words": "secret"}
    text, _ = packed(held, Redactor())
    assert json.loads(text) == wanted
    store.put_evaluation(EvaluationRecord("a.adal", "e", "val", "f", 1, 1.0, 0.0, 1.0, {}, {}, (held,), 1))
    assert store.evaluations(with_rows=True)[0].rows == (wanted,)


@pytest.mark.parametrize("before", range(MOST - len(WORD) - 1, MOST + 2, 3))
def test_no_half_of_a_secret_is_left_where_a_text_is_cut(before: int) -> None:
    for behind in ("", "y" * 100_000):
        _, texts = packed({"out": "x" * before + WORD + behind}, redactor(WORD))
        [text] = texts.values()
        assert "corr" not in text and text.startswith("x" * 80_000)


def test_secrets_are_what_logs_in_and_not_what_is_configured(tmp_path: Path) -> None:
    (tmp_path / "a.adal").write_text(
        'model m = "azure/gpt-4o" { api_version = env("VERSION"), region = env("REGION"), api_key = env("LOGIN"), '
        'headers = { x = env("TEAM") } }\n'
        'tool t(x: int) -> str = python("t.py:t", env = { CHAT = env("CHAT_ID") })\n'
    )
    program = load(tmp_path / "a.adal")
    assert program is not None
    environment = {
        "VERSION": "2024-10-21",
        "REGION": "us-east-1",
        "LOGIN": "my-login-1",
        "TEAM": "Bearer my-team-22",
        "CHAT_ID": NUMBER,
        "OPENAI_API_KEY": "my-openai-1",
        "SORT_KEY": "created_at",
    }
    assert secrets_of(program, environment) == {"my-login-1", "Bearer my-team-22", "my-team-22", NUMBER, "my-openai-1"}
    assert likely_secrets(environment) == {"my-openai-1", "created_at"}


def test_what_is_named_like_a_secret_is_hidden_where_it_is_shown_alone() -> None:
    known = redactor(WORD)
    known.learn((), {"created_at"})
    told = f"sorted by created_at for {WORD}"
    assert known.text(told) == f"sorted by {HIDDEN} for {HIDDEN}"
    assert known.known(told) == f"sorted by created_at for {HIDDEN}"
