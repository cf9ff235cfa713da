"""`openai.AsyncOpenAI`, one client for all calls."""

from __future__ import annotations

import asyncio

from common import arguments, measure, messages
from openai import AsyncOpenAI


async def main() -> None:
    async with AsyncOpenAI(base_url=arguments()[0], api_key="none") as client:

        async def ask(number: int) -> str:
            answer = await client.chat.completions.create(
                model="gpt-4o-mini",
                messages=messages(number),  # type: ignore[arg-type]
                temperature=0,
            )
            return str(answer.choices[0].message.content)

        await measure(ask)


asyncio.run(main())
