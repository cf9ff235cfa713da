"""The long fuzz: random edits to a real server process, whose view has to stay that of a fresh open of the same text.

    python benchmarks/lsp/edits.py [--edits 100000] [--seed 1] [--every 25] [--server adalang] [--without completion]

A third of the edits is sent in each position encoding. Every so many edits everything that the server tells of the document is compared
with what another process tells, in which the same text is opened anew; now and then that is a new process. What differs is made small
and printed; the exit code is then 1.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import random
import sys
import tempfile
import time
from pathlib import Path

from client import ServerFailed
from editing import ENCODINGS, Change, Typist
from minimise import Edits, minimised
from roster import SERVERS, SUBJECT, Server
from views import Difference, InternalError, Probe, compare

EDITS_OF_A_TEXT = 80
PLACES = 4
NEW_PROCESS_EVERY = 50
"""Comparisons."""


class Fuzz:
    """Two processes in one position encoding: in one the document is edited, in the other it is opened anew. ``history``: what was done
    to the text since it was whole; None stands for a look at it, as that may fill what the server remembers. At last, changes of nothing
    mark the places that were looked at when a difference was found."""

    def __init__(self, server: Server, encoding: str, seed: int, folder: Path, without: frozenset[str]) -> None:
        folder.mkdir()
        self._server, self._encoding, self._folder, self._without = server, encoding, folder, without
        self._chance = random.Random(f"{seed} {encoding}")
        self._typist = Typist(self._chance)
        self._processes = itertools.count()
        self._start = ""
        self._history: Edits = []
        self.edits = 0
        self.comparisons = 0

    def run(self, edits: int, every: int) -> Difference | None:
        """The first difference."""
        try:
            with contextlib.ExitStack() as stack:
                edited = stack.enter_context(self._process())
                fresh = stack.enter_context(self._process())
                while self.edits < edits:
                    self._edit(edited)
                    if self.edits % every == 0 or self.edits == edits:
                        self.comparisons += 1
                        if self.comparisons % NEW_PROCESS_EVERY == 0:
                            fresh = stack.enter_context(self._process())
                        places = sorted({self._typist.place(edited.text) for _ in range(PLACES)})
                        found = compare(edited, fresh, places)
                        if found is not None:
                            self._history.append([Change("", place, place) for place in places])
                            return found
                        self._history.append(None)
                return None
        except ServerFailed as error:
            return Difference(f"the server failed: {error}", None, None)

    def reproduction(self) -> str:
        """Python literals: the text, and what is done to it. Shorter if the difference can be had again."""
        start, history = self._start, self._history
        with contextlib.ExitStack() as stack:
            processes: list[Probe] = []

            def fails(start: str, history: Edits) -> bool:
                try:
                    if not processes:
                        processes.extend(stack.enter_context(self._process()) for _ in range(2))
                    return _differs(processes[0], processes[1], start, history)
                except InternalError:
                    return True
                except ServerFailed:
                    processes.clear()
                    return True

            again = fails(start, history)
            if again:
                start, history = minimised(start, history, fails)
        steps = "\n".join(f"  {'look' if one is None else one}" for one in history)
        said = "" if again else "(It did not come again from this text alone: what went before has a part in it.)\n"
        return f"{said}text = {start!r}\nedits:\n{steps}"

    def _process(self) -> Probe:
        log = self._folder / f"stderr-{next(self._processes)}.log"
        return Probe(self._server, self._encoding, self._folder, log, self._without)

    def _edit(self, edited: Probe) -> None:
        if self.edits % EDITS_OF_A_TEXT:
            changes = self._typist.changes(edited.text)
            self._history.append(changes)
            edited.change(changes)
        else:
            self._start, self._history = self._typist.whole_text(), []
            if self.edits:
                edited.change([Change(self._start)])
            else:
                edited.open(self._start)
        self.edits += 1


def _differs(edited: Probe, fresh: Probe, start: str, history: Edits) -> bool:
    """Whether these edits of this text lead to a difference."""
    edited.open(start)
    for one in history:
        if one is None:
            edited.look([])
        else:
            edited.change(one)
    marks = [change.start for change in (history[-1:] or [None])[0] or () if change.start is not None]
    return compare(edited, fresh, sorted({min(mark, len(edited.text)) for mark in marks})) is not None


def main() -> int:
    adal = [name for name, one in SERVERS.items() if one.language == "adal"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edits", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=25, help="edits from one comparison to the next")
    parser.add_argument("--server", default=SUBJECT, choices=adal)
    parser.add_argument("--without", default="", help="what is not looked at, such as completion,formatting")
    given = parser.parse_args()
    without = frozenset(given.without.split(","))
    began = time.perf_counter()
    comparisons = 0
    with tempfile.TemporaryDirectory(prefix="adalang-fuzz-") as made:
        for encoding in ENCODINGS:
            fuzz = Fuzz(SERVERS[given.server], encoding, given.seed, Path(made).resolve() / encoding, without)
            found = fuzz.run(given.edits // len(ENCODINGS), given.every)
            comparisons += fuzz.comparisons
            if found is not None:
                print(f"seed {given.seed}, {encoding}, after {fuzz.edits} edits: {found}\n\n{fuzz.reproduction()}")
                return 1
    seconds = time.perf_counter() - began
    print(
        f"seed {given.seed}: {given.edits} edits and {comparisons} comparisons, no difference; "
        f"{seconds:.0f} s, {given.edits / seconds:.0f} edits a second"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
