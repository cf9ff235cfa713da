"""support.adal as a module. Written by `adalang stubs support.adal`; do not edit."""
# fmt: off
# ruff: noqa

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias
from typing_extensions import TypedDict

import adalang
from adalang import Program

Team: TypeAlias = Literal["returns", "billing", "shipping"]

class Triage(TypedDict):
    team: Team
    urgent: bool

def load(*, model: str | Mapping[str, str] = "", approve: Any = None) -> Program:
    """support.adal, as `adalang.load` gives it."""
    return adalang.load(Path(__file__).parent / "support.adal", model=model, approve=approve)
