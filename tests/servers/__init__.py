"""Real HTTP servers on loopback that speak the providers' protocols, with faults on demand."""

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
    Stall,
    StreamFails,
    Unauthorized,
    lexical,
    scripted,
)
from tests.servers.loopback import LoopbackServer
from tests.servers.wires import Protocol

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
    "Stall",
    "StreamFails",
    "Unauthorized",
    "lexical",
    "scripted",
]
