"""What is known already takes its course before anything is bought."""

from __future__ import annotations

import asyncio

_TURNS, _MOST = 12, 5000


class Quiet:
    """Waits until no known answer has been handed out for some turns of the event loop.

    A race that known answers decide cancels what they leave open; calls for that would be paid in vain, and once more each time
    that a run is repeated or goes on. The wait takes microseconds, is one for all who wait, and has an end.
    """

    def __init__(self) -> None:
        self._handed_out = 0
        self._silence: asyncio.Future[None] | None = None

    def handed_out(self) -> None:
        """A known answer went to whoever asked: what follows from it comes first."""
        self._handed_out += 1

    async def wait(self) -> None:
        if self._silence is None:
            self._silence = asyncio.get_running_loop().create_future()
            self._listen(self._silence, self._handed_out, 0, 0)
        await asyncio.shield(self._silence)

    def _listen(self, silence: asyncio.Future[None], heard: int, turns: int, all_turns: int) -> None:
        if self._handed_out != heard:
            heard, turns = self._handed_out, 0
        if turns < _TURNS and all_turns < _MOST:
            silence.get_loop().call_soon(self._listen, silence, heard, turns + 1, all_turns + 1)
            return
        self._silence = None
        if not silence.done():
            silence.set_result(None)
