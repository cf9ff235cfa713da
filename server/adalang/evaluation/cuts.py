"""What was left out of runs to fit a model's window, and answers that were cut off, told once for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from adalang.runtime.fitting import Cut
from adalang.runtime.trace import CUT_OFF, Trace


@dataclass
class Cuts:
    """Counts, by component and by what of it was shortened, the rows in which it was, and remembers where it lost most; and the
    rows in which a component's answer was cut off."""

    rows: set[str] = field(default_factory=set)
    _cut_off: dict[str, set[str]] = field(default_factory=dict)
    _found: dict[tuple[str, str], tuple[set[str], Cut]] = field(default_factory=dict)

    def add(self, row: str, trace: Trace | None) -> None:
        """What one run of a row has lost."""
        self.rows.add(row)
        for call in trace.calls if trace is not None else ():
            if call.cut_off:
                self._cut_off.setdefault(call.component, set()).add(row)
            for cut in call.cuts:
                rows, worst = self._found.get((call.component, cut.name), (set(), cut))
                self._found[call.component, cut.name] = rows | {row}, max(worst, cut, key=lambda one: one.share)

    @property
    def lines(self) -> list[str]:
        """A sentence for each input of a component that was shortened, and for each whose answers were; none where nothing was."""
        shortened = [
            f"`{component}`: in {len(rows)} of {len(self.rows)} rows {worst.name} was shortened; at the worst {worst}"
            for (component, _), (rows, worst) in self._found.items()
        ]
        cut_off = [
            f"`{component}`: in {len(rows)} of {len(self.rows)} rows the answer was {CUT_OFF}"
            for component, rows in self._cut_off.items()
        ]
        return shortened + cut_off
