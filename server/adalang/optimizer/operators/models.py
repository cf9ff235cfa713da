"""Models: another declared one for a prompt, or other options of the one that it has."""

from __future__ import annotations

from adalang.optimizer.operators.choice import ChangeChoice
from adalang.optimizer.task import Param


class ChangeModel(ChangeChoice):
    """Options of the present model come before another model, and a cheaper model before a dearer one."""

    name = "models"
    family = "models"

    def price(self, param: Param, option: str) -> float:
        return super().price(param, option) + (1.0 if param.id.endswith(":model") else 0.0)
