"""The rows of a data set, each in one split only."""

from __future__ import annotations

import json
from pathlib import Path

from students import Row

SPLITS = ("train", "val", "test")


def prepared(source: Path, folder: Path) -> list[Row]:
    """Writes the splits into a folder, without the rows of train and val whose question stands in a later split too."""
    splits = {
        split: [json.loads(row) for row in (source / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()]
        for split in SPLITS
    }
    for split, rows in splits.items():
        later = SPLITS[SPLITS.index(split) + 1 :]
        taken = {_same(row) for other in later for row in splits[other]}
        kept = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows if _same(row) not in taken)
        (folder / f"{split}.jsonl").write_text(kept, encoding="utf-8")
    return [row for rows in splits.values() for row in rows]


def _same(row: Row) -> str:
    return " ".join(f"{row.get('context', '')} {row['question']}".casefold().split())
