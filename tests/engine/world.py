"""A small classification task of the tests' own, with enough rows for a full optimization."""

from __future__ import annotations

import json
import random
from pathlib import Path

WORDS = {
    "fruit": ["apple", "pear", "plum", "cherry"],
    "tool": ["hammer", "saw", "drill", "wrench"],
    "cloth": ["wool", "linen", "silk", "felt"],
}
FILLERS = ["I bought some", "please send me", "where can I find", "do you still sell", "my neighbour has", "a box of"]
ENDINGS = ["today", "for my mother", "at the market", "in town", "before noon", "again", "for the third time", "online"]


def rows(count: int = 360, seed: int = 5) -> list[dict[str, str]]:
    """Rows that a word decides, with one in twelve labelled wrongly, so that no prompt is perfect."""
    random_ = random.Random(seed)
    made: dict[str, dict[str, str]] = {}
    while len(made) < count:
        label = random_.choice(list(WORDS))
        number = random_.randrange(1000)
        text = f"{random_.choice(FILLERS)} {random_.choice(WORDS[label])} {random_.choice(ENDINGS)} order {number}"
        shown = random_.choice(list(WORDS)) if random_.random() < 1 / 12 else label
        made[text] = {"text": text, "label": shown}
    return list(made.values())


PROGRAM = """\
model m = "{model}" {{ {options} }}

type Label = "fruit" | "tool" | "cloth"

# Sorts an order.
prompt classify(text: str) -> Label {{
  model = m
  # How to tell the labels apart
  param instruction = \"\"\"
    Sort the order.
    \"\"\"
  demos shots {{ max = 3 }}
  system = \"\"\"{{{{ instruction }}}}\"\"\"
  user   = \"\"\"Order: {{{{ text }}}}\"\"\"
}}

dataset orders = "orders.jsonl" {{ split = {{ train = 0.35, val = 0.3, test = 0.35 }}, seed = 3 }}

eval sorting of classify {{
  data = orders
  expect = row.label
  metric = exact_match
}}

optimize sorting {{
  budget = {{ calls = 4000 }}
}}
"""


def write(folder: Path, *, model: str = "builtin/lexical", options: str = "", count: int = 360) -> Path:
    """Write the program and its rows; gives the program's path."""
    lines = "".join(json.dumps(row) + "\n" for row in rows(count))
    (folder / "orders.jsonl").write_text(lines, encoding="utf-8")
    file = folder / "orders.adal"
    file.write_text(PROGRAM.format(model=model, options=options), encoding="utf-8")
    return file
