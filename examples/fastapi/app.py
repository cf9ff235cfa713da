"""Serves support.adal over HTTP: uvicorn app:app"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field
from support_adal import Program, Team, Triage, load

import adalang


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    with load() as program:  # when the server stops, calls that still run end, and connections are closed
        app.state.program = program
        yield


app = FastAPI(title="Support desk", lifespan=lifespan)


class Ticket(BaseModel):
    text: str = Field(min_length=1, max_length=10_000)


def the_program(request: Request) -> Program:
    program: Program = request.app.state.program
    return program


Support = Annotated[Program, Depends(the_program)]


@app.post("/team")
async def team(ticket: Ticket, support: Support) -> Team:
    return await support.classify.acall(ticket.text)


@app.post("/triage")
async def triage(ticket: Ticket, support: Support) -> Triage:
    return await support.triage.acall(ticket=ticket.text)


@app.post("/triage/all")
async def triage_all(tickets: list[Ticket], support: Support) -> dict[str, object]:
    with support.tracing() as traces:
        found = await asyncio.gather(*(support.triage.acall(ticket.text) for ticket in tickets))
    usage = [trace.usage for trace in traces]
    return {"found": found, "tokens": sum(one.tokens for one in usage), "usd": sum(one.usd for one in usage)}


@app.post("/reply")
async def reply(ticket: Ticket, support: Support) -> StreamingResponse:
    async def events() -> AsyncIterator[str]:  # a client that goes away ends the run
        try:
            async with aclosing(support.reply.astream(ticket.text)) as pieces:
                async for piece in pieces:
                    yield f"data: {json.dumps({'text': piece.text, 'restart': piece.restart, 'done': piece.done})}\n\n"
        except adalang.RunFailed as failed:
            yield f"data: {json.dumps({'error': str(failed)})}\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")


STATUS = {"transport": 503, "refused": 422, "unreadable": 502, "bug": 500}


@app.exception_handler(adalang.RunFailed)
async def no_answer(request: Request, failed: adalang.RunFailed) -> JSONResponse:
    kind = getattr(failed.failure, "kind", "bug")
    return JSONResponse({"error": kind, "message": str(failed)}, STATUS[kind])
