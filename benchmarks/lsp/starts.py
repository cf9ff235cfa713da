"""What is measured of whole processes: starting them, and how much memory they hold."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from client import Client, Message, ServerFailed, notification
from figures import Figures, Table
from generate import Sample, generate
from roster import Server
from session import Session, initialize_params

SMALL_FILES = 1000
SMALL_LINES = 30
CPU_LABEL = f"spawn to `initialize`, CPU in steps of {1000 / os.sysconf('SC_CLK_TCK'):.0f} ms"
_SETTLING_SECONDS = 1.0

Found = Mapping[str, tuple[float, str]]
"""By label: a value and its unit."""


def measure_starts(
    servers: list[Server], sizes: list[int], spawns: int, folder: Path, say: Callable[[str], None]
) -> Table:
    """So many starts of each server in turn (after one that does not count), and once a crowd of small files."""
    table: Table = {}
    for turn in range(spawns + 1):
        say(f"start {turn} of {spawns}")
        for server in servers:
            found = partial(_started, server, fresh_folder(folder / f"{server.name}-{turn}"), last=turn == spawns)
            _note(table, server, "spawn to `initialize`", found, counts=turn > 0)
        for lines in sizes:
            for server in servers:
                sample, label = generate(server.language, lines), f"spawn to the first diagnostics, {lines:,} lines"
                place = fresh_folder(folder / f"{server.name}-{lines}-{turn}")
                _note(table, server, label, partial(_diagnosed, server, sample, place, label), counts=turn > 0)
    for server in servers:
        say(f"{SMALL_FILES} files: {server.name}")
        label = f"{SMALL_FILES:,} files of {SMALL_LINES} lines opened, to the last diagnostics"
        _note(table, server, label, partial(_crowded, server, fresh_folder(folder / f"{server.name}-crowd"), label))
    return table


def _note(table: Table, server: Server, label: str, experiment: Callable[[], Found], *, counts: bool = True) -> None:
    """A server that fails is not tried again."""
    known = table.get(label, {}).get(server.name)
    if known is not None and known.failure:
        return
    try:
        found = experiment()
    except ServerFailed as error:
        table.setdefault(label, {})[server.name] = Figures("ms", failure=str(error))
        return
    for name, (value, unit) in found.items() if counts else ():
        table.setdefault(name, {}).setdefault(server.name, Figures(unit)).samples.append(value)


def _started(server: Server, folder: Path, *, last: bool) -> Found:
    with Client(server.found() or [], folder=folder, log=folder / "stderr.log") as client:
        request = client.request("initialize", initialize_params(folder, pull=False))
        client.send(request)
        answer = client.answer(request)
        cpu = client.cpu_seconds()
        client.notify("initialized", {})
        found = {
            "spawn to `initialize`": (1000 * (answer.at - client.began), "ms"),
            CPU_LABEL: (1000 * cpu, "ms"),
        }
        return found | ({"resident memory, started": (settled_mebibytes(client), "MiB")} if last else {})


def _diagnosed(server: Server, sample: Sample, folder: Path, label: str) -> Found:
    session = Session(server, sample, folder, pull=False)
    try:
        return {label: (1000 * (session.open() - session.client.began), "ms")}
    finally:
        session.close()


def _crowded(server: Server, folder: Path, label: str) -> Found:
    """Many small files are opened at once; each gets diagnostics."""
    sample = generate(server.language, SMALL_LINES)
    session = Session(server, sample, folder, pull=False)
    try:
        paths = [folder / f"small_{number}{sample.language.suffix}" for number in range(SMALL_FILES)]
        for path in paths:
            path.write_text(sample.text, encoding="utf-8")
        document = {"languageId": sample.language.name, "version": 1, "text": sample.text}
        sent = session.client.send(
            *(
                notification("textDocument/didOpen", {"textDocument": {"uri": one.as_uri(), **document}})
                for one in paths
            )
        )
        missing = {path.as_uri() for path in paths}

        def wanted(message: Message) -> bool:
            if message["method"] == "textDocument/publishDiagnostics":
                missing.discard(message["params"]["uri"])
            return not missing

        took = session.client.notified(wanted, f"the diagnostics of {SMALL_FILES} files").at - sent
        return {
            label: (1000 * took, "ms"),
            f"resident memory, with {SMALL_FILES:,} files open": (settled_mebibytes(session.client), "MiB"),
        }
    finally:
        session.close()


def settled_mebibytes(client: Client) -> float:
    """Resident memory when what goes on behind the last answer is over."""
    time.sleep(_SETTLING_SECONDS)
    return client.resident_bytes() / 2**20


def fresh_folder(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
