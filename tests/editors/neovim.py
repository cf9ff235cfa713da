"""A Neovim without a screen, driven as a person would: by keys, and by looking at what it shows."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

SECONDS = 20.0
INIT = Path(__file__).parents[2] / "editors" / "neovim" / "init.lua"
T = TypeVar("T")


class Neovim:
    """One Neovim with the settings of ``editors/neovim``. ``home`` takes its files, so that nothing of the user's is read."""

    def __init__(self, server: list[str], home: Path) -> None:
        listed = ", ".join(f"[=[{word}]=]" for word in server)
        environment = {**os.environ, "HOME": str(home), "NVIM_LOG_FILE": str(home / "nvim.log")}
        for name in ("CONFIG", "DATA", "STATE", "CACHE"):
            environment[f"XDG_{name}_HOME"] = str(home / name.lower())
        address = home / "nvim.sock"
        command = f"lua vim.g.adalang = {{ command = {{ {listed} }} }}"
        self._process = subprocess.Popen(
            ["nvim", "--headless", "-n", "-i", "NONE", "--listen", address, "--cmd", command, "-u", INIT],
            env=environment,
            stdin=subprocess.DEVNULL,
        )
        self._connection = self.until(lambda: _connect(address))
        self._received = b""
        self._next = 0

    def __enter__(self) -> Neovim:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._connection.sendall(msgspec.msgpack.encode([2, "nvim_command", ["qall!"]]))
            self._process.wait(timeout=10)
        finally:
            self._connection.close()
            self._process.kill()
            self._process.wait()

    # ---- its remote procedure calls

    def call(self, method: str, *arguments: Any) -> Any:
        self._next += 1
        self._connection.sendall(msgspec.msgpack.encode([0, self._next, method, arguments]))
        while True:
            kind, *rest = self._message()
            if kind == 1 and rest[0] == self._next:
                assert rest[1] is None, f"{method}: {rest[1]}"
                return rest[2]

    def _message(self) -> list[Any]:
        while True:
            if self._received:
                try:
                    found = msgspec.msgpack.decode(self._received)
                except msgspec.DecodeError:  # not all of it has come
                    pass
                else:
                    self._received = b""
                    return list(found)
            piece = self._connection.recv(1 << 20)
            assert piece, "Neovim has ended"
            self._received += piece

    def lua(self, code: str, *arguments: Any) -> Any:
        """Run Lua with the arguments as ``...``; what it returns has to be plain data."""
        return self.call("nvim_exec_lua", code, arguments)

    def command(self, line: str) -> None:
        self.call("nvim_command", line)

    def type(self, keys: str) -> None:
        self.call("nvim_input", keys)

    # ---- what a person does and sees

    def until(self, look: Callable[[], T | None]) -> T:
        """What ``look`` finds, as soon as it finds anything; fails with the messages that Neovim has shown."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            found = look()
            if found:
                return found
            time.sleep(0.02)
        shown = self.call("nvim_exec", "messages", True) if self._next else ""
        raise AssertionError(f"not within {SECONDS:g} s; Neovim says: {shown}")

    def open(self, path: Path) -> None:
        self.command(f"edit {path}")
        self.until(self.attached)

    def attached(self) -> bool:
        return bool(self.lua("return #vim.tbl_keys(vim.lsp.buf_get_clients(0)) > 0"))

    @property
    def text(self) -> str:
        """The current buffer as it would be written."""
        return "".join(f"{line}\n" for line in self.call("nvim_buf_get_lines", 0, 0, -1, True))

    def put(self, mark: str, offset: int = 0) -> None:
        """Put the cursor ``offset`` characters into the first ``mark``."""
        before = self.text[: self.text.index(mark) + offset]
        row, line = before.count("\n") + 1, before.rpartition("\n")[2]
        self.call("nvim_win_set_cursor", 0, [row, len(line.encode())])

    def replace(self, before: str, after: str) -> None:
        """Type over the first ``before``, which stands on one line."""
        self.put(before)
        self.type(f"c{len(before)}l{after.replace('<', '<lt>')}<Esc>")
        self.until(lambda: after in self.text and self.call("nvim_get_mode")["mode"] == "n")

    def diagnostics(self, wanted: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """The current buffer's diagnostics, once they are as wanted."""
        seen: list[list[dict[str, Any]]] = []

        def look() -> bool:
            seen.append(self.lua("return vim.diagnostic.get(0)"))
            return wanted(seen[-1])

        self.until(look)
        return seen[-1]

    def lenses(self) -> list[str]:
        """The titles of the current buffer's lenses, asked for anew."""
        self.lua("vim.lsp.codelens.refresh()")
        found = self.lua("return vim.lsp.codelens.get(0)")
        return [one["command"]["title"] for one in found if "command" in one]  # one without is still to be resolved

    def choose(self, wanted: str) -> list[str]:
        """From now on, pick what begins with ``wanted`` wherever Neovim lets the user choose. What is offered: :meth:`offered`."""
        return list(
            self.lua(
                """local wanted = ...
                offered = {}
                vim.ui.select = function(items, options, done)
                  for index, item in ipairs(items) do
                    local title = (options.format_item or tostring)(item)
                    table.insert(offered, title)
                    if vim.startswith(title, wanted) then
                      return done(item, index)
                    end
                  end
                  done(nil)
                end
                return offered""",
                wanted,
            )
        )

    def offered(self) -> list[str]:
        return list(self.lua("return offered"))


def _connect(address: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(address))
    except OSError:
        connection.close()
        return None
    connection.settimeout(SECONDS)
    return connection
