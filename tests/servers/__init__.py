"""Real HTTP servers on loopback that speak the OpenAI and the Anthropic protocol, with faults on demand."""

from tests.servers.behaviour import (
    BadJson,
    Behaviour,
    CutOff,
    Drop,
    Fault,
    Hang,
    Incoming,
    Overlong,
    RateLimited,
    Refusal,
    Reply,
    ServerError,
    Slow,
    Unauthorized,
    lexical,
    scripted,
)
from tests.servers.loopback import LoopbackServer, Protocol

__all__ = [
    "BadJson",
    "Behaviour",
    "CutOff",
    "Drop",
    "Fault",
    "Hang",
    "Incoming",
    "LoopbackServer",
    "Overlong",
    "Protocol",
    "RateLimited",
    "Refusal",
    "Reply",
    "ServerError",
    "Slow",
    "Unauthorized",
    "lexical",
    "scripted",
]
