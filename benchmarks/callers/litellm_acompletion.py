"""`litellm.acompletion`, one call per question."""

from __future__ import annotations

import asyncio
import os

from common import arguments, measure, messages

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm


async def main() -> None:
    url = arguments()[0]

    async def ask(number: int) -> str:
        answer = await litellm.acompletion(
            model="openai/gpt-4o-mini", messages=messages(number), temperature=0, api_base=url, api_key="none"
        )
        return str(answer.choices[0].message.content)

    await measure(ask)


asyncio.run(main())
