"""The floor: aiohttp, the request's JSON out and the answer's JSON in, nothing else."""

from __future__ import annotations

import asyncio

import aiohttp
from common import arguments, measure, messages


async def main() -> None:
    url = arguments()[0] + "/chat/completions"
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers={"Authorization": "Bearer none"}) as session:

        async def ask(number: int) -> str:
            body = {"model": "gpt-4o-mini", "temperature": 0, "messages": messages(number)}
            async with session.post(url, json=body) as response:
                answer = await response.json()
            return str(answer["choices"][0]["message"]["content"])

        await measure(ask)


asyncio.run(main())
