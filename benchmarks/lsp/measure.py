"""What is measured with one open file, each as a function that gives one sample, and the taking of samples in turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from client import ServerFailed
from figures import Figures, Table
from generate import generate
from roster import Server
from session import REQUESTS, Request, Session
from starts import fresh_folder, settled_mebibytes

BURST = "abcdefghijklmnopqrst"
BURST_SECONDS = 0.03
_BLOCK = 5


@dataclass(frozen=True)
class Measure:
    """``sample`` gives seconds; ``share`` of the wanted number of samples is taken."""

    label: str
    pull: bool
    offered: Callable[[Session], bool]
    sample: Callable[[Session], float]
    share: float = 1.0


def _keystroke(session: Session) -> float:
    return session.diagnosed(session.toggled())


def _prose(session: Session) -> float:
    return session.diagnosed(session.typed_letter(), differs=False)


def _burst(session: Session) -> float:
    """Seconds from the last of twenty quick characters to its diagnostics. A client that asks does so behind each character."""
    session.client.forget_notifications()
    *changes, last = session.typed_mistakes(BURST)
    asked = []
    for change in changes:
        asked.append(session.diagnostic_request() if session.pull else None)
        session.client.send(change, *filter(None, asked[-1:]))
        time.sleep(BURST_SECONDS)
    took = session.diagnosed(last)
    for request in filter(None, asked):
        session.client.answer(request)
    session.diagnosed(session.taken_back(len(BURST)))
    return took


def _idle(request: Request, session: Session) -> float:
    return session.asked(request)[0]


def _behind(request: Request, session: Session) -> float:
    # Formatters and renamers may refuse a file with a mistake.
    edits = request.name in ("formatting", "rename")
    return session.asked(request, behind=session.typed_letter() if edits else session.toggled())[0]


def _always(session: Session) -> bool:
    return True


def _can_pull(session: Session) -> bool:
    return session.pull


MEASURES = (
    Measure("one character to its diagnostics, pushed", False, _always, _keystroke),
    Measure("one character to its diagnostics, pulled", True, _can_pull, _keystroke),
    Measure("one letter of prose, pulled", True, _can_pull, _prose),
    Measure("after 20 characters at 30 ms, pushed", False, _always, _burst, share=0.1),
    Measure("after 20 characters at 30 ms, pulled", True, _can_pull, _burst, share=0.1),
    *(
        Measure(f"{request.name}{suffix}", True, partial(Session.offers, request=request), partial(sample, request))
        for request in REQUESTS
        for suffix, sample in (("", _idle), (", behind a character", _behind))
    ),
)


# ---- one document of one size


def measure_size(servers: list[Server], lines: int, samples: int, folder: Path, say: Callable[[str], None]) -> Table:
    """All measurements with one file of so many lines, a few samples of each server in turn."""
    table: Table = {}
    for pull in (False, True):
        desk = Desk(servers, lines, folder / ("pull" if pull else "push"), pull=pull)
        try:
            if pull:
                table["answers are fresh"] = desk.take(Measure("", True, _always, _freshness), 1)
            else:
                table["resident memory, with the file open"] = desk.resident()
            for measure in (one for one in MEASURES if one.pull == pull):
                say(f"{lines} lines: {measure.label}")
                table[measure.label] = desk.take(measure, max(2, round(samples * measure.share)))
        finally:
            desk.close()
    # Not a figure: it is shown where it failed.
    table["answers are fresh"] = {name: one for name, one in table["answers are fresh"].items() if one.failure}
    return table


class Desk:
    """A session of each server, with the same number of lines. One that fails is replaced, and its measurement is given up."""

    def __init__(self, servers: list[Server], lines: int, folder: Path, *, pull: bool) -> None:
        self._servers = {server.name: server for server in servers}
        self._samples = {name: generate(server.language, lines) for name, server in self._servers.items()}
        self._folder, self._pull = folder, pull
        self._sessions: dict[str, Session] = {}
        self._starts = 0
        self._dead: dict[str, ServerFailed] = {}

    def close(self) -> None:
        for session in self._sessions.values():
            session.close()

    def take(self, measure: Measure, samples: int) -> dict[str, Figures]:
        """So many samples of each server that offers it, after one that does not count."""
        taken = {name: Figures("ms") for name in self._servers}
        for done in range(0, samples, _BLOCK):
            for name in list(taken):
                if taken[name].failure:
                    continue
                try:
                    session = self._session(name)
                    if not measure.offered(session):
                        del taken[name]
                        continue
                    if not done:
                        session.take_back()
                        measure.sample(session)
                    for _ in range(min(_BLOCK, samples - done)):
                        taken[name].samples.append(1000 * measure.sample(session))
                except ServerFailed as error:
                    taken[name].failure = str(error)
                    self._drop(name)
        return taken

    def resident(self) -> dict[str, Figures]:
        found = {}
        for name in self._servers:
            try:
                found[name] = Figures("MiB", [settled_mebibytes(self._session(name).client)])
            except ServerFailed as error:
                found[name] = Figures("MiB", failure=str(error))
        return found

    def _session(self, name: str) -> Session:
        """One that cannot be started is not tried again."""
        if name in self._dead:
            raise self._dead[name]
        if name not in self._sessions:
            self._starts += 1
            folder = fresh_folder(self._folder / f"{name}-{self._starts}")
            try:
                session = Session(self._servers[name], self._samples[name], folder, pull=self._pull)
                self._sessions[name] = session
                session.open()
            except ServerFailed as error:
                self._dead[name] = error
                raise
        return self._sessions[name]

    def _drop(self, name: str) -> None:
        session = self._sessions.pop(name, None)
        if session is not None:
            session.close()


def _freshness(session: Session) -> float:
    """See that each answer behind a change is that of the changed text: an empty line above moves what it tells."""
    for request in REQUESTS:
        if request.moves and session.offers(request):
            _, before = session.asked(request)
            _, after = session.asked(request, behind=session.moved())
            if before == after:
                raise ServerFailed(f"{request.method} is the same below an empty line that was typed above")
    full, delta = (one for one in REQUESTS if one.name.startswith("semanticTokens"))
    if session.offers(delta):
        _, old = session.asked(full)
        _, change = session.asked(delta, behind=session.toggled())
        _, new = session.asked(full)
        session.take_back()
        if patched(old["data"], change) != new["data"]:
            raise ServerFailed("the delta of the semantic tokens does not lead to the new ones")
    return 0.0


def patched(data: list[int], change: dict[str, Any]) -> list[int]:
    if "data" in change:
        return list(change["data"])
    patched = list(data)
    for edit in sorted(change["edits"], key=lambda one: -int(one["start"])):
        patched[edit["start"] : edit["start"] + edit["deleteCount"]] = edit.get("data", [])
    return patched
