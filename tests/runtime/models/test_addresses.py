"""An address may hold a login, as a company's proxy often does: it is sent there, and told nowhere."""

from __future__ import annotations

from adalang.runtime.models.keys import describe, request_key
from adalang.runtime.models.litellm_errors import classify, unanswered
from adalang.runtime.models.types import Message, ModelSpec, Request


class ClientConnectorError(Exception):
    pass


class NotFoundError(Exception):
    status_code = 404


def asked(login: str) -> Request:
    model = ModelSpec("openai/m", {"api_base": f"http://{login}proxy:8080/v1", "temperature": 0})
    return Request(model, (Message("user", "Say a@b, and me:pass@word too."),))


def test_the_record_and_the_key_of_a_request_hold_no_login() -> None:
    told = describe(asked("me:pa55word@"))
    assert told["options"] == {"api_base": "http://proxy:8080/v1", "temperature": 0}
    assert told["messages"][0]["content"] == "Say a@b, and me:pass@word too."
    assert request_key(asked("me:pa55word@")) == request_key(asked("me:another@")) == request_key(asked(""))


def test_an_error_holds_no_login() -> None:
    model = asked("me:pa55word@").model
    said = "no such page at http://me:pa55word@proxy:8080/v1"
    for failure in (
        unanswered(ClientConnectorError("x"), model),
        classify(NotFoundError(said), model),
        unanswered(ValueError(said), model),
    ):
        assert "http://proxy:8080/v1" in str(failure) and "pa55word" not in str(failure)
