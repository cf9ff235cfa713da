"""What an optimization gives to Python: how it ended, and the proposal, which can be read and applied."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from adalang.engine.optimization import OptimizeResult
from adalang.engine.proposals import diff, evidence_line
from adalang.runtime.models.types import Usage
from adalang.store.records import Change, Evidence
from adalang.store.records import Proposal as Record

if TYPE_CHECKING:
    from adalang.api.engine import Ready
    from adalang.api.program import Program


class Proposal:
    """A change of the file that an optimization offers.

    ``evidence.verified`` says whether the hold-out confirms it; without that it is a mere hint.
    """

    def __init__(self, program: Program, record: Record) -> None:
        self._program = program
        self._record = record

    @property
    def id(self) -> str:
        return self._record.id

    @property
    def eval(self) -> str:
        return self._record.eval

    @property
    def changes(self) -> tuple[Change, ...]:
        return self._record.changes

    @property
    def evidence(self) -> Evidence:
        return self._record.evidence

    @property
    def verified(self) -> bool:
        return self._record.evidence.verified

    def diff(self) -> str:
        """The change as a unified diff of the file as it is on disk.

        Raises:
            EditRefused: it cannot be applied exactly any more.
        """

        async def work(ready: Ready) -> str:
            return diff(ready.session.load(self._program.path), self._record, ready.session.root)

        return self._program._call(work)

    def apply(self, *, unverified: bool = False) -> Program:
        """Write it into the file: exactly the named params change, or nothing does. Gives the program as it is then.

        Raises:
            Unproven: no test confirms it, or one of an older version; ``unverified`` applies it all the same.
            EditRefused: it was applied or dismissed already, or cannot be applied exactly.
        """

        async def work(ready: Ready) -> None:
            from adalang.engine.adopting import adopt

            session = ready.session
            program = session.load(self._program.path)
            model = session.settings.model
            adopt(session.store, program, self._record, default_model=model, unverified=unverified)

        self._program._call(work)
        return self._program._read_again()

    def dismiss(self) -> None:
        """Offer it no more. Another optimization that finds it offers it again."""

        async def work(ready: Ready) -> None:
            ready.session.store.set_proposal_status(self.id, "dismissed")

        self._program._call(work)

    def __repr__(self) -> str:
        kind = "proposal" if self.verified else "hint"
        return f"<{kind} {self.id}: {evidence_line(self._record)}>"

    def _repr_html_(self) -> str:
        return f"{html.escape(repr(self)[1:-1])}<pre>{html.escape(self.diff())}</pre>"


@dataclass(frozen=True, slots=True)
class Optimized:
    """How an optimization ended.

    ``kind``: `proposal` (confirmed on untouched rows), `hint` (better in the search, not confirmed), `nothing`, or `void` (too
    many runs got no answer). ``reason`` is one sentence for a person; ``run_id`` names its log (``adalang runs``).
    ``little_to_gain``: nothing was searched, for it is not worth its price; ``anyway`` searches. ``seconds`` are of this call.
    """

    kind: Literal["proposal", "hint", "nothing", "void"]
    reason: str
    proposal: Proposal | None
    run_id: str
    resumed: bool
    little_to_gain: bool
    usage: Usage = field(repr=False)
    seconds: float = field(repr=False)

    @classmethod
    def of(cls, program: Program, found: OptimizeResult) -> Optimized:
        outcome = found.outcome
        proposal = Proposal(program, found.proposal) if found.proposal is not None else None
        return cls(
            outcome.kind,
            outcome.reason,
            proposal,
            found.run_id,
            found.resumed,
            outcome.little_to_gain,
            found.usage,
            found.seconds,
        )
