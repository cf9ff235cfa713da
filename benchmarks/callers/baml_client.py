"""baml-py: a function of one prompt, its client generated into a temporary folder."""

from __future__ import annotations

import asyncio
import importlib
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from common import SYSTEM, arguments, measure, question

SOURCE = """generator target {{
  output_type "python/pydantic"
  output_dir "../"
  version "{version}"
}}

client<llm> Mini {{
  provider openai-generic
  options {{
    model "gpt-4o-mini"
    base_url "{url}"
    api_key "none"
    temperature 0
  }}
}}

function Classify(ticket: string) -> "billing" | "shipping" {{
  client Mini
  prompt #"
    {{{{ _.role("system") }}}}
    {system}
    {{{{ _.role("user") }}}}
    {{{{ ticket }}}}
  "#
}}
"""


def generate(folder: Path) -> None:
    """Write the client into `folder`."""
    sources = folder / "baml_src"
    sources.mkdir()
    text = SOURCE.format(version=version("baml-py"), url=arguments()[0], system=SYSTEM)
    (sources / "main.baml").write_text(text)
    command = [Path(sys.executable).with_name("baml-cli"), "generate", "--from", sources]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)


def main() -> None:
    os.environ["BAML_LOG"] = "off"
    with tempfile.TemporaryDirectory() as name:
        generate(Path(name))
        sys.path.insert(0, name)
        client = importlib.import_module("baml_client.async_client").b

        async def ask(number: int) -> str:
            return str(await client.Classify(question(number)))

        asyncio.run(measure(ask))


main()
