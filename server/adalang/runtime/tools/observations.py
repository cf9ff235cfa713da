"""What guarded tools have answered, kept in the store, so that a search can go on from it without calling them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adalang.language.fingerprint import disk_hash, tool_key
from adalang.language.program import Entity, Program
from adalang.store import Store
from adalang.store.records import ObservationRecord


@dataclass(frozen=True)
class Observations:
    """Calls by what decides their output: the tool's signature and code, and the inputs."""

    store: Store

    def keep(
        self, program: Program, tool: Entity, inputs: Mapping[str, Any], output: Any = None, error: str = ""
    ) -> None:
        """Keep an output, or the error in its place; it replaces what an equal call gave before."""
        self.store.put_observation(ObservationRecord(_key(program, tool, inputs), tool.id, dict(inputs), output, error))

    def find(self, program: Program, tool: Entity, inputs: Mapping[str, Any]) -> ObservationRecord | None:
        """What the newest equal call gave, if there was one."""
        return self.store.observation(_key(program, tool, inputs))


def _key(program: Program, tool: Entity, inputs: Mapping[str, Any]) -> str:
    given = json.dumps(dict(inputs), sort_keys=True)
    return hashlib.sha256(f"{tool_key(program, tool, disk_hash)} {given}".encode()).hexdigest()[:32]
