"""A loaded file, and the programs that are made from it with other models or texts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from adalang.api.component import Component
from adalang.api.engine import Asked, Engine
from adalang.api.scoring import evaluation, open_proposals, optimization
from adalang.language.program import load as load_source

if TYPE_CHECKING:
    from adalang.api.engine import Work
    from adalang.api.results import Optimized, Proposal
    from adalang.engine.session import OnRow
    from adalang.evaluation.results import Evaluation
    from adalang.language.checks import Diagnostic
    from adalang.optimizer.events import RunEvent
    from adalang.runtime.approval import Callback
    from adalang.runtime.models.types import Usage
    from adalang.runtime.trace import Trace

T = TypeVar("T")

_TRACING: ContextVar[tuple[tuple[Engine, list[Trace]], ...]] = ContextVar("adalang tracing", default=())


def load(
    file: str | os.PathLike[str], *, model: str | Mapping[str, str] = "", approve: Callback | None = None
) -> DynamicProgram:
    """Load a .adal file with what it imports.

    Nothing is run and no model library is imported. A file with mistakes loads too: ``check()`` names them, and calling
    one of its components raises :class:`CheckFailed`.

    Args:
        model: replaces the model of all components, or of some by name.
        approve: is asked before a tool is called that needs approval, and answers True, False, the inputs
            to call it with, or a :class:`Decision`;
            it may be async. Without it such calls are refused.

    Raises:
        FileNotFoundError, IsADirectoryError: the file cannot be read.
        TypeError: ``file`` is no path, or ``model`` no text.
        ValueError: ``model`` names a component that the file does not have.
    """
    if not isinstance(file, str | os.PathLike):
        raise TypeError(f"load takes a file's path, not {file!r}")
    path = Path(file)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a .adal file in it")
    source = load_source(path)
    if source is None:
        raise FileNotFoundError(f"{path} cannot be read: there is no such file, or it is not readable")
    program = DynamicProgram(Asked(source, approve=approve))
    return program.with_models(model) if model else program


def _loaded(path: Path, models: Mapping[str, str], params: Mapping[str, Any], approve: Callback | None) -> Program:
    program = load(path, model=models, approve=approve)
    return program.with_params(params) if params else program


class Program:
    """A loaded file. Its components are its items, by their full names: ``program["common.grade"]``. Those of the file
    itself are attributes too: of what :func:`load` gives any, of what a module of ``adalang stubs`` gives those that there are.

    It may be used from any thread and any event loop, and after a fork. ``close()``, or ``with``, ends what it runs.
    """

    def __init__(self, asked: Asked, engine: Engine | None = None) -> None:
        self._asked = asked
        self._engine = engine or Engine(asked.source.path)
        self._components = {entity.id: entity for entity in asked.source.components()}
        self._trace: Trace | None = None

    @property
    def path(self) -> Path:
        return self._asked.source.path

    def check(self) -> list[Diagnostic]:
        """What is wrong in the file itself, in the order of its text."""
        from adalang.language.checks import DiskFacts, check

        return list(check(self._asked.source, facts=DiskFacts()))

    # ---- other models, texts and people, over the same store and connections

    def with_models(self, models: str | Mapping[str, str]) -> Self:
        """The program with another model for all components, or for some by name (``{"classify": "ollama/qwen3"}``).

        Raises:
            TypeError: a model that is no text.
            ValueError: a component has no such name.
        """
        chosen = {**self._asked.models, **models} if isinstance(models, Mapping) else {"*": models}
        for name, model in chosen.items():
            if name not in ("*", *self._components):
                raise ValueError(_unknown(self.path, "component", name, self._components))
            if not isinstance(model, str):
                raise TypeError(f'a model is a text such as "openai/gpt-4o-mini", not {model!r}')
        return self._with(models=chosen)

    def with_params(self, values: Mapping[str, Any]) -> Self:
        """The program with other texts and examples, by name: ``{"classify.instruction": "…", "classify.shots": [{…}]}``.

        The file stays as it is.

        Raises:
            ValueError: there is no such `param` or `demos`.
            TypeError: a text that is no str, or examples that are no list of objects.
            EditRefused: a value that cannot be written in a file.
        """
        from adalang.engine.changeable import changeable_named, rewritten
        from adalang.language.declarations import Demos
        from adalang.language.reach import trainables

        for name, value in values.items():
            found = changeable_named(self._asked.source, name)
            if found is None:
                raise ValueError(_unknown(self.path, "param", name, trainables(self._asked.source)))
            if not isinstance(getattr(found.part, "part", None), Demos):
                if not isinstance(value, str):
                    raise TypeError(f"`{name}` is a text; it cannot be {value!r}")
            elif not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
                raise TypeError(f"`{name}` holds examples: a list of objects, not {value!r}")
        return self._with(source=rewritten(self._asked.source, values), params={**self._asked.params, **values})

    def with_approval(self, approve: Callback | None) -> Self:
        """The program with another callback for approvals (see :func:`load`)."""
        return self._with(approve=approve)

    def _with(self, **changed: Any) -> Self:
        return type(self)(replace(self._asked, **changed), self._engine)

    def _read_again(self) -> Self:
        """The file as it is on disk now."""
        return self._with(source=load_source(self.path) or self._asked.source, params={})

    # ---- traces

    @property
    def trace(self) -> Trace | None:
        """What the last of this program's calls to end did; where calls overlap, use :meth:`tracing`."""
        return self._trace

    @contextmanager
    def tracing(self) -> Iterator[list[Trace]]:
        """Collects the trace of each call that is made inside the ``with``, in this thread or in tasks that it starts.

        Calls of programs that were made from this one count too, failed ones as well, in the order in which they end.
        """
        traces: list[Trace] = []
        token = _TRACING.set((*_TRACING.get(), (self._engine, traces)))
        try:
            yield traces
        finally:
            _TRACING.reset(token)

    def _keep_trace(self) -> Callable[[Trace], None]:
        """What to do with the trace of a call that is made here and now."""
        lists = [traces for engine, traces in _TRACING.get() if engine is self._engine]

        def keep(trace: Trace) -> None:
            self._trace = trace
            for traces in lists:
                traces.append(trace)

        return keep

    # ---- evaluate and optimize

    def evaluate(
        self,
        name: str = "",
        *,
        split: str | None = None,
        limit: int | None = None,
        repeats: int | None = None,
        on_row: OnRow | None = None,
    ) -> Evaluation:
        """Score an eval of the file (default: its only one), as ``adalang eval`` does, and keep the score in the store.

        Args:
            split: train, val or test; else what the eval names, else val.
            limit: only the first rows.
            repeats: samples of each row; else what the eval says.
            on_row: told each row's result, how many are done, and how many there are. What it raises ends the evaluation.

        Raises:
            CheckFailed: the file has errors.
            Failure, BudgetExceeded: it cannot be scored; the message says why.
        """
        return self._call(evaluation(name, on_row, split=split, limit=limit, repeats=repeats))

    async def aevaluate(
        self,
        name: str = "",
        *,
        split: str | None = None,
        limit: int | None = None,
        repeats: int | None = None,
        on_row: OnRow | None = None,
    ) -> Evaluation:
        """:meth:`evaluate` for coroutines; ``on_row`` is called on their event loop."""
        return await self._acall(evaluation(name, on_row, split=split, limit=limit, repeats=repeats))

    def optimize(
        self,
        name: str = "",
        *,
        budget: Mapping[str, float] | None = None,
        seed: int | None = None,
        anyway: bool = False,
        fresh: bool = False,
        allow_effects: bool = False,
        on_event: Callable[[RunEvent, Usage], object] | None = None,
    ) -> Optimized:
        """Search for better texts for an eval (default: the only one with an `optimize` block), and test them on the hold-out.

        Spends up to the budget without asking. A run that was cut off goes on where it stopped. Nothing is changed: the
        result's ``proposal`` can be applied.

        Args:
            budget: bounds by ``calls``, ``tokens``, ``usd`` and ``minutes``; the others are those of the file and workspace.
            seed: of the search's random choices.
            anyway: search even where little can be gained.
            fresh: learn nothing from earlier runs of this eval.
            allow_effects: call tools with effects, too; else what earlier calls of them gave is replayed.
            on_event: told each event of the run's log (see docs/events.md), and what has been spent. What it raises stops
                the run.

        Raises:
            CheckFailed: the file has errors.
            Failure: the file, its data or a key is wrong, or it runs already.
            ValueError: a budget with an unknown bound, or a program whose params are not the file's.
        """
        return self._call(
            optimization(self, name, budget, on_event, fresh, seed=seed, anyway=anyway, allow_effects=allow_effects)
        )

    async def aoptimize(
        self,
        name: str = "",
        *,
        budget: Mapping[str, float] | None = None,
        seed: int | None = None,
        anyway: bool = False,
        fresh: bool = False,
        allow_effects: bool = False,
        on_event: Callable[[RunEvent, Usage], object] | None = None,
    ) -> Optimized:
        """:meth:`optimize` for coroutines; ``on_event`` is called on their event loop."""
        return await self._acall(
            optimization(self, name, budget, on_event, fresh, seed=seed, anyway=anyway, allow_effects=allow_effects)
        )

    def proposals(self) -> list[Proposal]:
        """The open proposals for this file, newest first."""
        return self._call(open_proposals(self))

    # ---- components by name

    def __getitem__(self, name: str) -> Component:
        if name not in self._components:
            raise KeyError(_unknown(self.path, "component", name, self._components))
        return Component(self, self._components[name])

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as the call that loads it: whoever unpickles it reads the file again."""
        asked = self._asked
        return _loaded, (self.path.absolute(), asked.models, asked.params, asked.approve)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(name for name in self._components if name.isidentifier())]

    def __repr__(self) -> str:
        return f"<adalang program {self.path.name}: {', '.join(self._components) or 'no components'}>"

    def _repr_html_(self) -> str:
        rows = "".join(f"<li>{self[name]._repr_html_()}</li>" for name in self._components)
        return f"<b>{self.path.name}</b><ul>{rows}</ul>"

    # ---- running

    def _call(self, work: Work[T]) -> T:
        from adalang.api.calling import PlainCall

        caller = PlainCall()
        return caller.wait(self._engine.start(self._asked, work, caller))

    async def _acall(self, work: Work[T]) -> T:
        from adalang.api.calling import AwaitedCall

        caller = AwaitedCall()
        return await caller.wait(self._engine.start(self._asked, work, caller))

    def close(self) -> None:
        """End the calls that run (they raise :class:`ProgramClosed`), and let go of connections and of the store.

        Programs made from this one, and that from which it was made, are closed with it: later calls raise it too.
        """
        self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class DynamicProgram(Program):
    """A program whose components no type checker knows: each attribute may be one."""

    def __getattr__(self, name: str) -> Component:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._components:
            raise AttributeError(_unknown(self.path, "component", name, self._components), name=name, obj=self)
        return Component(self, self._components[name])


def _unknown(file: Path, what: str, name: str, known: Iterable[str]) -> str:
    from adalang.language.diagnostics import did_you_mean

    names = list(known)
    near = did_you_mean(name, names)
    there = ", ".join(names) or "none; `check()` says what is wrong in the file"
    return f"{file.name} has no {what} `{name}`; " + (f"did you mean `{near}`?" if near else f"there are: {there}")
