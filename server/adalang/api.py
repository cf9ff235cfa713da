"""Adalang from Python: ``program = adalang.load("triage.adal")``, then ``program.classify(ticket="…")``.

Components are called as their file declares them, from plain code, from notebooks and from coroutines. All calls of a
program run on one event loop in a thread of its own, so that they share one store, one cache and one set of limits.
"""

from __future__ import annotations

import asyncio
import atexit
import difflib
import operator
import os
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from adalang.config import find_root, load_settings
from adalang.engine.checked import CheckFailed, find_component
from adalang.engine.session import Session
from adalang.language.checks import Diagnostic, DiskFacts, check
from adalang.language.program import Entity
from adalang.language.program import Program as SourceProgram
from adalang.language.program import load as load_source
from adalang.runtime.interpreter import RunFailed

if TYPE_CHECKING:
    from adalang.runtime.interpreter import Runtime
    from adalang.streaming import Piece

__all__ = ["CheckFailed", "Component", "Diagnostic", "Program", "RunFailed", "load"]


def load(file: str | os.PathLike[str], *, model: str | Mapping[str, str] = "") -> Program:
    """Load a .adal file with what it imports. ``model`` replaces the model of all components, or of some by name.

    Nothing is run and no model library is imported. A file with mistakes loads too: ``check()`` names them, and calling
    one of its components raises :class:`CheckFailed`.

    Raises:
        FileNotFoundError: the file cannot be read.
    """
    path = Path(file)
    source = load_source(path)
    if source is None:
        raise FileNotFoundError(f"{path} cannot be read: there is no such file, or it is not readable")
    return Program(source, {"*": model} if isinstance(model, str) and model else dict(model or {}))


def _loaded(path: Path, models: Mapping[str, str]) -> Program:
    return load(path, model=models)


class Component:
    """One prompt or pipeline. Inputs are given by position or by name, and the answer has the declared type."""

    def __init__(self, program: Program, entity: Entity) -> None:
        self._program = program
        self._entity = entity

    def __repr__(self) -> str:
        return f"<{self._entity.kind} {self._entity.id}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return operator.getitem, (self._program, self._entity.id)

    def __call__(self, *positional: Any, **inputs: Any) -> Any:
        """Run it and wait for the answer.

        Raises:
            CheckFailed: the file has errors.
            RunFailed: no answer; ``failure`` is the typed reason, ``trace`` what ran before.
            TypeError: more inputs than it takes, or one given twice.
        """
        future = self._start(positional, inputs)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    async def acall(self, *positional: Any, **inputs: Any) -> Any:
        """:meth:`__call__` for coroutines; raises the same."""
        return await asyncio.wrap_future(self._start(positional, inputs))

    def stream(self, *positional: Any, **inputs: Any) -> Iterator[Piece]:
        """The answer while it is written, piece by piece; the last one has the whole. Raises what a call does."""
        from adalang.streaming import stream

        return stream(self.acall, positional, inputs)

    def astream(self, *positional: Any, **inputs: Any) -> AsyncIterator[Piece]:
        """:meth:`stream` for coroutines. Leaving the loop early ends the run."""
        from adalang.streaming import astream

        return astream(self.acall, positional, inputs)

    def _start(self, positional: tuple[Any, ...], inputs: dict[str, Any]) -> Future[Any]:
        names = [one.name.text for one in self._entity.declaration.parameters]  # type: ignore[union-attr]
        if len(positional) > len(names):
            raise TypeError(f"`{self._entity.id}` takes {len(names)} inputs, not {len(positional)}")
        given = dict(zip(names, positional, strict=False))
        if twice := given.keys() & inputs:
            raise TypeError(f"`{self._entity.id}` got the input `{min(twice)}` twice")
        return self._program._engine.start(self._entity, given | inputs)


class Program:
    """A loaded file. Its components are its attributes, and its items by their full names (``program["common.grade"]``)."""

    def __init__(self, source: SourceProgram, models: Mapping[str, str]) -> None:
        self._components = {entity.id: entity for entity in source.components()}
        self._source = source
        self._engine = _Engine(source, models)

    @property
    def path(self) -> Path:
        return self._source.path

    def check(self) -> list[Diagnostic]:
        """What is wrong in the file itself, in the order of its text."""
        return list(check(self._source, facts=DiskFacts()))

    def __getitem__(self, name: str) -> Component:
        if name not in self._components:
            raise KeyError(self._unknown(name))
        return Component(self, self._components[name])

    def __getattr__(self, name: str) -> Component:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._components:
            raise AttributeError(self._unknown(name), name=name, obj=self)
        return Component(self, self._components[name])

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as the call that loads it: whoever unpickles it reads the file again."""
        return _loaded, (self.path.absolute(), dict(self._engine.models))

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(name for name in self._components if name.isidentifier())]

    def __repr__(self) -> str:
        return f"<adalang program {self.path.name}: {', '.join(self._components) or 'no components'}>"

    def _unknown(self, name: str) -> str:
        near = difflib.get_close_matches(name, self._components, n=1)
        known = ", ".join(self._components) or "none; `check()` says what is wrong in the file"
        hint = f"did you mean `{near[0]}`?" if near else f"there are: {known}"
        return f"{self.path.name} has no component `{name}`; {hint}"

    def close(self) -> None:
        """Let go of connections and of the store; a later call opens them again."""
        self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_OF_PARENTS: list[Any] = []


class _Engine:
    """The thread that runs a program's calls; started by the first one."""

    def __init__(self, source: SourceProgram, models: Mapping[str, str]) -> None:
        self._source = source
        self.models = models
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._session: Session | None = None
        self._runtime: Runtime | None = None

    def _after_fork(self) -> None:
        """A forked process has no such thread, and what the thread held is its parent's: it is kept from being closed here."""
        if self._process != os.getpid():
            _OF_PARENTS.append((self._loop, self._session))
            atexit.unregister(self.close)
            self._begin()

    def start(self, entity: Entity, inputs: Mapping[str, Any]) -> Future[Any]:
        self._after_fork()
        with self._lock:
            if self._loop is None:
                self._open()
            assert self._loop is not None and self._runtime is not None
            return asyncio.run_coroutine_threadsafe(_output(self._runtime, entity.id, inputs), self._loop)

    def _open(self) -> None:
        root = find_root(self._source.path)
        session = Session(root, load_settings(root), models=self.models)
        try:
            texts = {str(path): str(module.source) for path, module in self._source.modules.items()}
            program = session.load(self._source.path, texts)
        except BaseException:
            session.store.close()
            raise
        self._session, self._runtime = session, session.runtime(program)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="adalang", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def close(self) -> None:
        self._after_fork()
        with self._lock:
            if self._loop is None or self._thread is None or self._session is None:
                return
            asyncio.run_coroutine_threadsafe(self._session.close(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._loop = self._thread = self._session = self._runtime = None
            atexit.unregister(self.close)


async def _output(runtime: Runtime, component: str, inputs: Mapping[str, Any]) -> Any:
    output, _ = await runtime.run(find_component(runtime.program, component), inputs)
    return output
