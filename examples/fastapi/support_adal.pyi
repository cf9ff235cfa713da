"""support.adal for type checkers. Written by `adalang stubs support.adal`; do not edit."""
# fmt: off
# ruff: noqa

from collections.abc import Mapping
from typing import Literal, TypeAlias, overload
from typing_extensions import TypedDict

import adalang

Team: TypeAlias = Literal["returns", "billing", "shipping"]

class Triage(TypedDict):
    team: Team
    urgent: bool

class _Classify(adalang.Component):
    """Which team has to answer."""
    def __call__(self, ticket: str) -> Team: ...
    async def acall(self, ticket: str) -> Team: ...

class _IsUrgent(adalang.Component):
    """Whether somebody has to look at it today."""
    def __call__(self, ticket: str) -> bool: ...
    async def acall(self, ticket: str) -> bool: ...

class _Triage(adalang.Component):
    """Both at the same time."""
    def __call__(self, ticket: str) -> Triage: ...
    async def acall(self, ticket: str) -> Triage: ...

class Program(adalang.Program):
    classify: _Classify
    is_urgent: _IsUrgent
    triage: _Triage
    @overload
    def __getitem__(self, name: Literal["classify"]) -> _Classify: ...
    @overload
    def __getitem__(self, name: Literal["is_urgent"]) -> _IsUrgent: ...
    @overload
    def __getitem__(self, name: Literal["triage"]) -> _Triage: ...
    @overload
    def __getitem__(self, name: str) -> adalang.Component: ...

def load(*, model: str | Mapping[str, str] = "", approve: adalang.Approve | None = None) -> Program: ...
