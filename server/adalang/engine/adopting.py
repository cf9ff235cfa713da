"""Putting a proposal into its file, for who asked for just that: the command line, and Python."""

from __future__ import annotations

from pathlib import Path

from adalang.engine.proposals import EditRefused, current_edits, why_outdated, write_files
from adalang.language.program import Program
from adalang.store import Store
from adalang.store.records import Proposal


class Unproven(EditRefused):
    """No test speaks for the change as it would be made."""


def adopt(
    store: Store, program: Program, proposal: Proposal, *, default_model: str = "", unverified: bool = False
) -> tuple[Path, ...]:
    """Write a proposal into the files of the program, which are those on disk; gives the files that were changed.

    Raises:
        Unproven: its evidence does not confirm it, or is of an older version; ``unverified`` applies it all the same.
        EditRefused: it was applied or dismissed already, or cannot be applied exactly. Nothing was written.
    """
    known = store.proposal(proposal.id)
    if known is not None and known.status != "open":
        raise EditRefused(f"{known.id} is {known.status} already")
    if not proposal.evidence.verified and not unverified:
        raise Unproven(f"{proposal.id} is a hint that no test confirms")
    edits = current_edits(program, proposal)
    why = why_outdated(program, proposal, default_model=default_model)
    if why and not unverified:
        raise Unproven(f"{proposal.id} was tested on an older version: {why}; optimize again")
    write_files(program, edits)
    store.set_proposal_status(proposal.id, "applied")
    return tuple(edits)
