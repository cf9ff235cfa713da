"""The model gateway: every model call goes through `Gateway.complete`, and no answer is paid for twice.

In this order: what is in the store is free; equal requests that run at the same time share one call; a
slot of the provider is waited for and the budget reserved; the call is made, again after a transport
failure, and then with the fallback models; the answer is in the store before anyone sees it.
"""

from __future__ import annotations

import asyncio
import copy
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from weakref import WeakValueDictionary

from adalang.runtime.failures import (
    BudgetExceeded,
    Failure,
    RefusedFailure,
    TransportFailure,
    UnreadableFailure,
)
from adalang.runtime.models.answers import Answer, answer_from_json, answer_json
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.embedding import Embedder
from adalang.runtime.models.keeper import Keeper
from adalang.runtime.models.keys import describe, likely_input_tokens, request_key
from adalang.runtime.models.lanes import BuiltinLane, Lane
from adalang.runtime.models.lengths import Lengths
from adalang.runtime.models.limiter import Limiter, Slots
from adalang.runtime.models.metered import Ask, Metered
from adalang.runtime.models.openai_lane import OpenAILane
from adalang.runtime.models.quiet import Quiet
from adalang.runtime.models.replay import Recorder, ReplayLane
from adalang.runtime.models.reranking import Reranker
from adalang.runtime.models.single_flight import SingleFlight
from adalang.runtime.models.streams import Broadcast, Hearing, OnText
from adalang.runtime.models.types import ModelSpec, Request, Response, Usage
from adalang.store import Store
from adalang.store.records import ResponseRecord

_LONGEST_BACKOFF = 30.0
_UNBOUNDED = Budget()


class Gateway:
    """One way to all models, for one event loop.

    `store` keeps the answers; without one they are kept in memory. `budget` is for calls that bring none of
    their own. `concurrency` bounds the calls to one server at a time; `rpm` and `tpm` bound requests and tokens per
    minute of each model that does not say itself. With `use_cache=False` answers from
    before this gateway are not used, but its own are. Relative `replay/…` paths start at `root` (default:
    the store's workspace, else the current directory). Every answer is also written to the recording
    `record_to`. `backoff` is the pause in seconds before a first retry; each further one is twice as long.
    `lanes` adds providers by prefix.
    """

    def __init__(
        self,
        store: Store | None,
        *,
        budget: Budget | None = None,
        concurrency: int = 16,
        rpm: int | None = None,
        tpm: int | None = None,
        use_cache: bool = True,
        root: Path | None = None,
        record_to: Path | None = None,
        backoff: float = 0.5,
        lanes: Mapping[str, Lane] | None = None,
    ) -> None:
        self._store = store if store is not None else Store.in_memory()
        self._budget = budget if budget is not None else Budget()
        self._concurrency = concurrency
        self._rpm, self._tpm = rpm, tpm
        self._keeper = Keeper(self._store)
        self._use_cache = use_cache
        self._bought: set[str] = set()
        self._recorder = Recorder(record_to, self._store.redactor) if record_to is not None else None
        self._backoff = backoff
        self._flights: SingleFlight[_Landing] = SingleFlight()
        self._broadcasts: WeakValueDictionary[str, Broadcast] = WeakValueDictionary()
        self._servers: dict[tuple[str, str], Slots] = {}
        self._limiters: dict[tuple[object, ...], Limiter] = {}
        self._lengths = Lengths()
        self._quiet = Quiet()
        self._metered = Metered(self._keeper, self._limiter, self._jittered_backoff)
        remote = OpenAILane()
        self._embedder = Embedder(self._store, self._metered, remote, use_cache)
        self._reranker = Reranker(self._store, self._metered, use_cache)
        self._remote: Lane = remote
        self._lanes: dict[str, Lane] = {
            "builtin": BuiltinLane(),
            "replay": ReplayLane(root or self._store.root or Path.cwd(), self._store.redactor),
            **(lanes or {}),
        }

    @property
    def budget(self) -> Budget:
        """The budget of calls that bring none of their own; its `spent` is what they have cost."""
        return self._budget

    async def complete(
        self, request: Request, *, budget: Budget | None = None, on_text: OnText | None = None
    ) -> Response:
        """The model's answer, from the store or bought now. `on_text` is told its text while it comes.

        Raises TransportFailure when the model and its fallbacks stayed out of reach, RefusedFailure,
        UnreadableFailure (no text at all), BugFailure, and BudgetExceeded before anything is sent.
        """
        budget = budget if budget is not None else self._budget
        hearing = Hearing(on_text) if on_text is not None else None
        lost, tried = Usage(), 0
        unreachable: TransportFailure | None = None
        for candidate in _with_fallbacks(request):
            try:
                response = await self._answer(candidate, budget, hearing)
            except TransportFailure as failure:
                lost += failure.usage
                tried += failure.attempts
                unreachable = failure
                if hearing is not None:
                    hearing.restart()
            except Failure as failure:
                failure.usage += lost
                failure.attempts += tried
                raise
            else:
                if hearing is not None:
                    hearing.settle(response.text)
                    hearing.check()
                if unreachable is None:
                    return response
                return replace(response, usage=response.usage + lost, attempts=response.attempts + tried)
        assert unreachable is not None, "a request has at least one model"
        unreachable.usage, unreachable.attempts = lost, tried
        raise unreachable

    async def embed(
        self, model: ModelSpec, texts: Sequence[str], *, budget: Budget | None = None
    ) -> tuple[list[bytes], Usage]:
        """A vector for each text and what was paid now; see :meth:`Embedder.embed`."""
        return await self._embedder.embed(model, texts, budget if budget is not None else self._budget)

    async def rerank(
        self, model: ModelSpec, query: str, texts: Sequence[str], *, budget: Budget | None = None
    ) -> tuple[list[float], Usage]:
        """A score for each text by a model made for that; see :meth:`Reranker.rerank`."""
        return await self._reranker.rerank(model, query, texts, budget if budget is not None else self._budget)

    async def aclose(self) -> None:
        """End the running calls and let go of connections. The store stays open: it is its owner's."""
        await self._flights.aclose()
        await self._embedder.aclose()
        self._keeper.commit()
        for lane in (*self._lanes.values(), self._remote):
            await lane.aclose()

    async def _answer(self, request: Request, budget: Budget, hearing: Hearing | None) -> Response:
        """One model's answer: recorded, cached, shared with an equal request, or bought."""
        lane = self._lanes.get(request.model.provider, self._remote)
        key = request_key(request)
        while True:
            known = await lane.call(request) if lane.free else self._lookup(key)
            if known is not None:
                budget.record(Usage(cached_calls=1))
                self._quiet.handed_out()
                return self._judged(request, key, known, Usage(cached_calls=1))
            landing, joined = await self._buy_once(lane, request, key, budget, hearing)
            if landing.answer is not None:
                if joined:
                    budget.record(Usage(cached_calls=1))
                usage = Usage(cached_calls=1) if joined else landing.usage
                return self._judged(request, key, landing.answer, usage, 0 if joined else landing.attempts)
            # The budget that ran out was that of whoever asked first: a joiner tries again on its own.
            if not (joined and isinstance(landing.error, BudgetExceeded)):
                raise _own(landing.error, joined)

    def _lookup(self, key: str) -> Answer | None:
        if not self._use_cache and key not in self._bought:
            return None
        record = self._store.response(key)
        return answer_from_json(record.response) if record is not None else None

    async def _buy_once(
        self, lane: Lane, request: Request, key: str, budget: Budget, hearing: Hearing | None
    ) -> tuple[_Landing, bool]:
        """Buy the answer, or wait for the equal request that does, for as long as the budget has time."""
        broadcast = self._broadcasts.setdefault(key, Broadcast())
        if hearing is not None:
            broadcast.join(hearing)
        try:
            async with asyncio.timeout(budget.remaining_seconds):
                return await self._flights.run(key, lambda: self._buy(lane, request, key, budget, broadcast))
        except TimeoutError:
            raise budget.time_is_up() from None
        finally:
            if hearing is not None:
                broadcast.leave(hearing)

    async def _buy(self, lane: Lane, request: Request, key: str, budget: Budget, broadcast: Broadcast) -> _Landing:
        """Call until an answer arrives, something but the transport fails, or the retries are used up."""
        if budget.account:
            await self._quiet.wait()
        broadcast.restart()
        usage = Usage()
        attempt = requests = 0
        short: _CutShort | None = None
        while True:
            requests += 1
            try:
                found, cost = await self._attempt(lane, request, key, budget, short, broadcast)
            except TransportFailure as failure:
                usage += failure.usage
                pause = self._metered.pause(request.model, failure, attempt)
                if pause is None:
                    failure.usage, failure.attempts = usage, requests
                    return _Landing(error=failure)
                broadcast.restart()
                await asyncio.sleep(pause)
                attempt += 1
            except Failure as failure:
                failure.usage += usage
                failure.attempts = requests
                return _Landing(error=failure)
            except Exception as error:
                return _Landing(error=error)
            else:
                usage += cost
                if isinstance(found, Answer):
                    return _Landing(found, usage, attempts=requests)
                short = found
                broadcast.restart()

    async def _attempt(
        self,
        lane: Lane,
        request: Request,
        key: str,
        budget: Budget,
        short: _CutShort | None,
        broadcast: Broadcast,
    ) -> tuple[Answer | _CutShort, Usage]:
        """One call, paid for out of the budget and kept in the store."""
        least = 2 * short.cut_at if short is not None else 0
        budget.check(self._lengths.room(request, budget, least).most)
        await lane.ready()  # who stops while a library loads has spent nothing

        def offer() -> tuple[Usage, Ask[Answer | _CutShort]]:
            room = self._lengths.room(request, budget, least)  # while it waited, others have spent

            async def ask() -> tuple[Answer | _CutShort, Usage, list[ResponseRecord]]:
                answer = await lane.call(room.request, broadcast.say if broadcast.wanted else None)
                if answer.cut_off and room.cut_at is not None and _is_news(answer, short):
                    return _CutShort(answer.output_tokens, room.cut_at), answer.usage, []
                return answer, answer.usage, [self._record(request, key, answer)]

            return room.most, ask

        return await self._metered.once(request.model, self._likely_tokens(request), budget, offer)

    def _record(self, request: Request, key: str, answer: Answer) -> ResponseRecord:
        """The answer as it is kept; it is known from now on."""
        self._bought.add(key)
        self._lengths.saw(request.model.id, answer.output_tokens)
        usage = answer.usage
        return ResponseRecord(key, request.model.id, describe(request), answer_json(answer), usage.usd, usage.tokens)

    def _judged(self, request: Request, key: str, answer: Answer, usage: Usage, attempts: int = 0) -> Response:
        """The answer as a response, or as the failure that it stands for."""
        if self._recorder is not None:
            self._recorder.add(request, answer)
        if answer.refusal:
            raise RefusedFailure(f"{request.model.id} refused: {answer.refusal}", raw=answer.text or "", usage=usage)
        if not answer.tool_calls and (answer.text is None or (not answer.text and answer.cut_off)):
            mend = "; its output was cut off: raise max_tokens" if answer.cut_off else ""
            raise UnreadableFailure(f"{request.model.id} answered without any text{mend}", usage=usage)
        return Response(
            text=answer.text or "",
            tool_calls=answer.tool_calls,
            usage=usage,
            model=request.model.id,
            cached=usage.calls == 0,
            finish_reason=answer.finish_reason,
            key=key,
            answer_usage=answer.usage,
            attempts=attempts,
        )

    def _likely_tokens(self, request: Request) -> int:
        """What a call takes of the tokens per minute until it is known; the limiter corrects it afterwards."""
        return likely_input_tokens(request) + self._lengths.room(request, _UNBOUNDED).most.output_tokens

    def _limiter(self, model: ModelSpec) -> Limiter:
        """The limiter of a model; of declarations that say different things of one model each has its own."""
        place = model.provider, model.api_base
        rpm = model.rpm if model.rpm is not None else self._rpm
        tpm = model.tpm if model.tpm is not None else self._tpm
        limiter = self._limiters.get((*place, model.name, rpm, tpm))
        if limiter is None:
            server = self._servers.setdefault(place, Slots(self._concurrency))
            limiter = self._limiters[(*place, model.name, rpm, tpm)] = Limiter(server, rpm, tpm)
        return limiter

    def _jittered_backoff(self, attempt: int) -> float:
        longest = min(_LONGEST_BACKOFF, self._backoff * 2.0**attempt)
        return longest * random.uniform(0.5, 1.0)


@dataclass(frozen=True, slots=True)
class _CutShort:
    """An answer of so many tokens that ended at the length that the budget set: paid for, but not the model's answer."""

    tokens: int
    cut_at: int


def _is_news(answer: Answer, short: _CutShort | None) -> bool:
    """Whether an answer that was cut off is longer than one before; if not, it is the model that ends there."""
    return short is None or answer.output_tokens > short.tokens


@dataclass(frozen=True, slots=True)
class _Landing:
    """How the buying of an answer ended, as a value that several waiters can share."""

    answer: Answer | None = None
    usage: Usage = field(default_factory=Usage)
    error: Exception | None = None
    attempts: int = 0


def _own(error: Exception | None, joined: bool) -> Exception:
    """The error to raise for one waiter; those who only joined have paid nothing."""
    assert error is not None, "a landing has an answer or an error"
    if not joined:
        return error
    error = copy.copy(error)
    if isinstance(error, Failure):
        error.usage, error.attempts = Usage(), 0
    return error


def _with_fallbacks(request: Request) -> Iterator[Request]:
    """The request for its model and then for each fallback, depth first, each model once."""
    yield request
    if not request.model.fallback:
        return
    seen = {request_key(request)}

    def walk(fallbacks: tuple[ModelSpec, ...]) -> Iterator[Request]:
        for model in fallbacks:
            candidate = replace(request, model=model)
            key = request_key(candidate)
            if key not in seen:
                seen.add(key)
                yield candidate
            yield from walk(model.fallback)

    yield from walk(request.model.fallback)
