"""Pipelines of two to five prompts, made from a seed, with one text broken: as a program, a student and data.

Each prompt wraps what it is given: `look(plan(case 7))`. A text that is broken spoils the work of its prompts: `look~slip(…)`, a
wrong label, a check that is content too early. On some rows another text has bad luck, and on some nobody has. So the shapes cover
chains, fans, diamonds, nested pipelines, loops, branches, lists and texts that several prompts share.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

SLIP = "~slip"
SPLITS = {"train": 60, "val": 20, "test": 20}
_FINE, _ELSEWHERE = 0.3, 0.2
_ENOUGH = 2  # improvements until a good check is content

Prompt = tuple[str, str, str]
"""Name, parameters and type of the answer."""


@dataclass(frozen=True)
class Shape:
    """Prompts and the lines that join them. `shared`: the prompts that show the file's own param `tone`."""

    name: str
    prompts: Sequence[Prompt]
    pipelines: str
    shared: Sequence[str] = ()
    parameters: str = "q: str"


def _chain(rng: random.Random) -> Shape:
    names = ("plan", "look", "draft", "edit", "close")[: rng.randint(2, 5)]
    return Shape("chain", [(name, "x: str", "str") for name in names], _piped(_lines(names)))


def _lines(names: Sequence[str]) -> list[str]:
    sources = ["q", *(f"v{nth}" for nth in range(len(names)))]
    return [*(f"v{nth} = {name}({sources[nth]})" for nth, name in enumerate(names)), f"return {sources[-1]}"]


def _piped(lines: Sequence[str], name: str = "work", parameters: str = "q: str") -> str:
    return f"pipeline {name}({parameters}) -> str {{\n" + "".join(f"  {line}\n" for line in lines) + "}\n"


def _fan(rng: random.Random) -> Shape:
    middle = ("look", "draft", "edit")[: rng.randint(2, 3)]
    first = rng.random() < 0.5
    source = "p" if first else "q"
    lines = ["p = plan(q)"] if first else []
    lines += [f"{name[0]} = {name}({source})" for name in middle]
    lines += [f"return close({', '.join(name[0] for name in middle)})"]
    prompts = [("plan", "x: str", "str")] if first else []
    prompts += [(name, "x: str", "str") for name in middle]
    prompts += [("close", ", ".join(f"{name[0]}: str" for name in middle), "str")]
    return Shape("fan", prompts, _piped(lines))


def _diamond(rng: random.Random) -> Shape:
    prompts = [(name, "x: str", "str") for name in ("plan", "look", "draft")] + [("edit", "l: str, d: str", "str")]
    lines = ["p = plan(q)", "l = look(p)", "d = draft(p)"]
    if rng.random() < 0.5:
        return Shape("diamond", prompts, _piped([*lines, "return edit(l, d)"]))
    return Shape(
        "diamond", [*prompts, ("close", "x: str", "str")], _piped([*lines, "e = edit(l, d)", "return close(e)"])
    )


def _nested(rng: random.Random) -> Shape:
    prompts = [("plan", "x: str", "str"), ("look", "x: str", "str"), ("draft", "l: str, x: str", "str")]
    inner = _piped(["l = look(x)", "return draft(l, x)"], "inner", "x: str")
    if rng.random() < 0.5:
        return Shape("nested", prompts, inner + _piped(["p = plan(q)", "return inner(p)"]))
    outer = _piped(["p = plan(q)", "i = inner(p)", "return close(i)"])
    return Shape("nested", [*prompts, ("close", "x: str", "str")], inner + outer)


def _loop(rng: random.Random) -> Shape:
    prompts = [("draft", "x: str", "str"), ("improve", "x: str", "str"), ("check", "x: str", '"yes" | "no"')]
    loop = ["d = draft(q)", 'repeat 4 until v == "yes" {', "  d = improve(d)", "  v = check(d)", "}"]
    if rng.random() < 0.5:
        return Shape("loop", prompts, _piped([*loop, "return d"]))
    return Shape("loop", [*prompts, ("close", "x: str", "str")], _piped([*loop, "return close(d)"]))


def _branch(rng: random.Random) -> Shape:
    prompts = [("route", "x: str", '"left" | "right"'), ("look", "x: str", "str"), ("draft", "x: str", "str")]
    lines = ["r = route(q)", "a = match r {", '  "left" => look(q)', "  _ => draft(q)", "}"]
    if rng.random() < 0.5:
        return Shape("branch", prompts, _piped([*lines, "return a"]))
    return Shape("branch", [*prompts, ("close", "x: str", "str")], _piped([*lines, "return close(a)"]))


def _list(rng: random.Random) -> Shape:
    prompts = [("look", "x: str", "str"), ("close", "xs: str[]", "str")]
    lines = ["ys = [look(x) for x in xs]"]
    if rng.random() < 0.5:
        prompts.insert(1, ("edit", "x: str", "str"))
        lines += ["zs = [edit(y) for y in ys]", "return close(zs)"]
    else:
        lines += ["return close(ys)"]
    return Shape("list", prompts, _piped(lines, parameters="xs: str[]"), parameters="xs: str[]")


def _shared(rng: random.Random) -> Shape:
    names = ("plan", "look", "draft", "close")[: rng.randint(2, 4)]
    shared = sorted(rng.sample(names, 2), key=names.index)
    return Shape("shared", [(name, "x: str", "str") for name in names], _piped(_lines(names)), shared)


SHAPES: Sequence[Callable[[random.Random], Shape]] = (_chain, _fan, _diamond, _nested, _loop, _branch, _list, _shared)


class World:
    """One pipeline. `broken` is the param at fault; `fault` says for each case number which one spoils it ("": none)."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(f"credit {seed}")
        self.seed = seed
        self.shape = SHAPES[seed % len(SHAPES)](rng)
        self.params = [f"{name}.text" for name, _, _ in self.shape.prompts] + ["tone"] * bool(self.shape.shared)
        self.broken = rng.choice(self.params)
        others = [param for param in self.params if param != self.broken]
        self.fault = {}
        for case in range(sum(SPLITS.values())):
            fine, elsewhere, other = rng.random() < _FINE, rng.random() < _ELSEWHERE, rng.choice(others)
            self.fault[case] = "" if fine else other if elsewhere else self.broken

    @property
    def program(self) -> str:
        """The declarations of the pipeline `work`, its prompts and texts."""
        tone = 'param tone = "Keep the tone."\n' if self.shape.shared else ""
        return tone + "".join(map(self._prompt, self.shape.prompts)) + self.shape.pipelines

    def _prompt(self, prompt: Prompt) -> str:
        name, parameters, returns = prompt
        shown = " | ".join(f"{{{{ {one.split(':')[0]} }}}}" for one in parameters.split(", "))
        tone = " {{ tone }}" if name in self.shape.shared else ""
        return (
            f"prompt {name}({parameters}) -> {returns} {{\n  model = student\n"
            f'  param text = "Do the work of {name}."\n'
            f'  system = """{{{{ text }}}}{tone}"""\n  user = """{name}: {shown}"""\n}}\n'
        )

    def inputs(self, case: int) -> dict[str, object]:
        if self.shape.parameters == "q: str":
            return {"q": f"case {case}"}
        return {"xs": [f"case {case} part {nth}" for nth in range(3)]}

    def student(self, asked: str, *, spoilt: bool = True) -> str:
        """The answer to a prompt's user message; with `spoilt` off, as if no text were broken."""
        name, _, given = asked.partition(": ")
        case = int(re.findall(r"case (\d+)", given)[0])
        slips = spoilt and name in self._users(self.fault[case])
        if self.shape.parameters != "q: str" and name != "close":
            slips = slips and f"part {case % 3}" in given
        if name == "route":
            return label(case, wrong=slips)
        if name == "check":
            return "yes" if slips or improved(given) else "no"
        return f"{name}{SLIP if slips else ''}({given})"

    def _users(self, param: str) -> Sequence[str]:
        return self.shape.shared if param == "tone" else (param.removesuffix(".text"),)


def label(case: int, *, wrong: bool = False) -> str:
    return "left" if (case % 2 == 0) != wrong else "right"


def improved(text: str) -> bool:
    return len(re.findall(r"improve(?:~slip)?\(", text)) >= _ENOUGH
