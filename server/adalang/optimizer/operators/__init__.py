"""The ways to change a candidate, in the order in which they get their first turn. A new one is one file and one line here."""

from __future__ import annotations

from adalang.optimizer.operators.base import Operator
from adalang.optimizer.operators.demos import ChooseDemos
from adalang.optimizer.operators.format import RepairFormat
from adalang.optimizer.operators.models import ChangeModel
from adalang.optimizer.operators.reason import LearnToReason
from adalang.optimizer.operators.restart import Restart
from adalang.optimizer.operators.structure import ChangeStructure
from adalang.optimizer.operators.text import EditText


def all_operators() -> list[Operator]:
    """A fresh set for one search."""
    return [
        RepairFormat(),
        EditText(),
        LearnToReason(),
        ChooseDemos(),
        ChangeStructure(),
        ChangeModel(),
        Restart(),
    ]
