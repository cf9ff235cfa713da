"""What tools run in: processes, connections to servers. One for all runs of a session, which ends it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adalang.language.checks.scope import result_type, signature
from adalang.language.program import Entity, Program
from adalang.runtime.failures import BugFailure, ToolFailure
from adalang.runtime.tools.source import ToolSource, has_effects, python_environment, tool_source

if TYPE_CHECKING:
    from adalang.runtime.tools.http_tools import HttpTools
    from adalang.runtime.tools.mcp_tools import McpTools
    from adalang.runtime.tools.python_process import PythonProcess
    from adalang.runtime.tools.python_tools import PythonTools


class Tools:
    """Calls tools, whoever may or may not call them: that is asked in :mod:`adalang.runtime.tools.calls`.

    Belongs to one event loop; processes and connections begin with the first call that needs them. ``environment`` is where
    `env("NAME")` looks, and what the tools' processes see of it.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment
        self._python: PythonTools | None = None
        self._mcp: McpTools | None = None
        self._http: HttpTools | None = None

    async def call(
        self, program: Program, entity: Entity, inputs: Mapping[str, Any], sending: Callable[[], None]
    ) -> Any:
        """What the tool gives for these inputs, as plain JSON. ``sending`` hears that all is ready and the call is sent now: what goes wrong
        before has no effect.

        Raises:
            ToolFailure, ToolUnavailable, BugFailure: see :func:`adalang.runtime.tools.calls.call_tool`; they name the tool, and
                hold no value of `env(…)`.
        """
        source = tool_source(entity, self._environment)
        try:
            match source.kind:
                case "python":
                    return await self._call_python(program, source, inputs, sending)
                case "mcp":
                    return await self._call_mcp(program, entity, source, inputs, sending)
                case "http":
                    return await self._call_http(program, entity, source, inputs, sending)
                case _:
                    raise BugFailure(f"there are no tools of `{source.kind}(…)`")
        except (ToolFailure, BugFailure) as failure:
            raise type(failure)(source.hidden(f"`{entity.id}`: {failure}")) from None

    async def aclose(self) -> None:
        """End all processes and connections, those at work too."""
        for one in (self._python, self._mcp, self._http):
            if one is not None:
                await one.aclose()

    async def metric(self, folder: Path, written: str) -> Metric:
        """The function that a metric's ``python("file.py:function")`` names, its file found in ``folder``.

        Raises:
            BugFailure: there is no such file, or it cannot be imported.
        """
        file, function = _python_file(folder, written)
        processes = self._python_tools()
        return Metric(processes, await processes.borrow(file, self._environment), function)

    async def _call_python(
        self, program: Program, source: ToolSource, inputs: Mapping[str, Any], sending: Callable[[], None]
    ) -> Any:
        file, function = _python_file(source.folder, source.where)
        return await self._python_tools().call(
            file,
            function,
            inputs,
            sending,
            environment=python_environment(program, source, self._environment),
            seconds=source.seconds,
            memory=source.megabytes,
        )

    def _python_tools(self) -> PythonTools:
        from adalang.runtime.tools.python_tools import PythonTools

        self._python = self._python or PythonTools()
        return self._python

    async def _call_mcp(
        self,
        program: Program,
        entity: Entity,
        source: ToolSource,
        inputs: Mapping[str, Any],
        sending: Callable[[], None],
    ) -> Any:
        from adalang.runtime.tools.mcp_tools import McpTools

        self._mcp = self._mcp or McpTools()
        name = str(source.options.get("tool") or entity.declaration.name.text)
        declared = {name: one for name, one, _ in signature(program, entity).inputs}
        returns = result_type(program, entity)
        return await self._mcp.call(source, name, inputs, declared, returns, sending, again=not has_effects(entity))

    async def _call_http(
        self,
        program: Program,
        entity: Entity,
        source: ToolSource,
        inputs: Mapping[str, Any],
        sending: Callable[[], None],
    ) -> Any:
        from adalang.runtime.tools.http_tools import HttpTools

        self._http = self._http or HttpTools()
        declared = {name: one for name, one, _ in signature(program, entity).inputs}
        name, returns = entity.declaration.name.text, result_type(program, entity)
        return await self._http.call(source, name, inputs, declared, returns, sending)


@dataclass(frozen=True)
class Metric:
    """A function in a process that it shares with other calls, until :meth:`give_back`."""

    processes: PythonTools
    process: PythonProcess
    function: str

    @property
    def alive(self) -> bool:
        return self.process.alive

    async def call(self, known: Mapping[str, Any], seconds: float) -> Any:
        """What it gives for those of ``known`` that it names. Raises as :meth:`PythonProcess.call`."""
        return await self.process.call(self.function, known, seconds, picks=True)

    def give_back(self) -> None:
        self.processes.give_back(self.process)


def _python_file(folder: Path, written: str) -> tuple[Path, str]:
    name, _, function = written.rpartition(":")
    file = (folder / name).absolute()
    if not name or not file.is_file():
        raise BugFailure(f'python("{written}"): there is no file {name!r} in {folder.name}/')
    return file, function
