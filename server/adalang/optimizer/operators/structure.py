"""Structure: order of output fields, reasoning, a step that checks, how many passages or steps."""

from __future__ import annotations

from adalang.optimizer.operators.choice import ChangeChoice


class ChangeStructure(ChangeChoice):
    """Where it asks for more tokens it comes last, and minimisation takes out again what does not earn them."""

    name = "structure"
    family = "structure"
