"""A teacher that judges one step at a time from what the request shows, and is right only part of the time.

An input is at fault if it is not what the right result was made of, or a wrong label or decision; else the step's own text is, if its output is wrong; else
nobody is, and it names anybody. A judgement that is not right either shares the blame at random (`unsure`) or is sure of somebody else
(`mistaken`).
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from world import SLIP, World, improved, label

Wrong = Literal["unsure", "mistaken"]


@dataclass
class Teacher:
    """`right` is the chance that a judgement is right. Equal requests get equal answers; `asked` counts the others."""

    world: World
    right: float
    wrong: Wrong
    asked: set[str] = field(default_factory=set)

    def answer(self, text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.add(text)
        if "feedback" not in schema["properties"]:
            return {name: [] for name in schema["properties"]}
        names = schema["properties"]["feedback"]["items"]["properties"]["name"]["enum"]
        rng = random.Random(f"{self.world.seed} {text}")
        shares = judged(rng, names, self._guilty(text, names), self.right, self.wrong)
        return {
            "feedback": [
                {"name": name, "blame": share, "note": "the work is wrong here"} for name, share in shares.items()
            ]
        }

    def _guilty(self, text: str, names: Sequence[str]) -> list[str]:
        case = int(re.findall(r"case (\d+)", text)[0])
        step = "".join(re.findall(r"^One step of a chain of prompts: prompt (\w+)\(", text))
        right = "".join(re.findall(r"^The right result of the whole chain: (.*)$", text, re.MULTILINE))
        output = "".join(re.findall(r"^OUTPUT: (.*)$", text, re.MULTILINE))
        inputs = {
            name: value
            for name in names
            for value in re.findall(rf"^INPUT {re.escape(name)}: (.*)$", text, re.MULTILINE)
        }
        bad = [name for name, value in inputs.items() if _is_wrong(name, value, step, case, output, right)]
        own = self.world.fault[case]
        if bad:
            return bad
        given = " ".join([*inputs.values(), *re.findall(r"^given \w+: (.*)$", text, re.MULTILINE)])
        return [own] if own in names and _is_own(given, output, case) else []


def _is_wrong(name: str, value: str, step: str, case: int, output: str, right: str) -> bool:
    """Whether an input is not what the right result was made of."""
    value = value.removesuffix(" (it decided that this step's way was taken)").strip('"')
    if value in ("left", "right"):
        return value != label(case)
    if value in ("yes", "no"):
        return (value == "yes") and not improved(output)
    if step == "check":
        return SLIP in value  # the right result does not show what a check was given
    whole = "[" not in name
    return f"{step}({value}" not in right and f" | {value}" not in right if whole else value not in right


def _is_own(given: str, output: str, case: int) -> bool:
    """Whether a step whose inputs are right gave a wrong output."""
    if output in ('"left"', '"right"'):
        return output.strip('"') != label(case)
    if output == '"yes"':
        return not improved(given)
    return SLIP in output


def judged(
    rng: random.Random, names: Sequence[str], guilty: Sequence[str], right: float, wrong: Wrong
) -> dict[str, float]:
    """Shares of blame by name from a judgement that is right with the given chance."""
    if guilty and rng.random() < right:
        return {name: 1 / len(guilty) for name in guilty}
    if guilty and wrong == "unsure":
        return {name: round(rng.random(), 2) for name in names}
    return {rng.choice([name for name in names if name not in guilty] or list(names)): 1.0}
