"""Textual feedback, carried from the metric back to the params that had a part in a failure.

`loss` says why a row failed; `flow` reads from the run's trace what fed what; `walk` goes from the result back to the texts
and at each fork asks a teacher (`blame`) who has what share; `facts` are what needs no teacher; `credit` weighs the judgements of
several rows against each other; `digest` makes many notes few. `backward` is the whole way.
"""

from __future__ import annotations

from adalang.optimizer.backward.feedback import Feedback, backward
from adalang.optimizer.backward.loss import loss_text, shown
from adalang.optimizer.backward.walk import Note

__all__ = ["Feedback", "Note", "backward", "loss_text", "shown"]
