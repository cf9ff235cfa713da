"""The benchmark's corpus and its questions of two hops, made of real texts; and a large corpus made of the same sentences."""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

_LINK = re.compile(r"\[([^\]]+)\]\(([\w./-]+\.md)?(?:#([\w-]+))?\)")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'])")
_MOST_OF_AN_ARTICLE = 6


@dataclass(frozen=True)
class Question:
    """``gold`` are the ids of the passages that an answer needs: always two."""

    text: str
    gold: tuple[str, str]


def documents(data: Path) -> list[dict[str, str]]:
    """Sections of the documentation and paragraphs of SQuAD: id, title, text."""
    docs = [
        {"id": one["id"], "title": f"{one['page']} > {one['heading']}", "text": one["text"]}
        for one in _lines(data / "docs_corpus" / "corpus.jsonl")
    ]
    paragraphs = {row["context"]: row["title"].replace("_", " ") for row in _squad(data)}
    squad = [
        {"id": f"squad-{nth:04}", "title": title, "text": text} for nth, (text, title) in enumerate(paragraphs.items())
    ]
    return docs + squad


def questions(data: Path) -> list[Question]:
    """Of SQuAD: two questions at once on two paragraphs of one article. Of the documentation: a sentence that leads from one
    section to another, without the link."""
    return [*_of_squad(data), *_of_docs(data)]


def _of_squad(data: Path) -> list[Question]:
    ids = {one["text"]: one["id"] for one in documents(data) if one["id"].startswith("squad-")}
    articles: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in _squad(data):
        articles[row["title"]][row["context"]].append(row["question"])
    found = []
    for paragraphs in articles.values():
        texts = list(paragraphs)
        pairs = list(zip(texts, [*texts[1:], *texts[:1]], strict=True))[:_MOST_OF_AN_ARTICLE]
        for nth, (one, other) in enumerate(pairs):
            first, second = (paragraphs[text][nth % len(paragraphs[text])] for text in (one, other))
            found.append(Question(f"{first.strip()} And: {second.strip()}", (ids[one], ids[other])))
    return found


def _of_docs(data: Path) -> list[Question]:
    sections = _lines(data / "docs_corpus" / "corpus.jsonl")
    by_place = {(Path(one["path"]).name, _slug(one["heading"])): one["id"] for one in sections}
    first: dict[str, str] = {}
    for one in sections:
        first.setdefault(Path(one["path"]).name, one["id"])
    found: dict[tuple[str, str], Question] = {}
    for one in sections:
        prose = re.sub(r"```.*?```", "", one["text"], flags=re.DOTALL)
        for sentence in _SENTENCE.split(" ".join(prose.split())):
            for link in _LINK.finditer(sentence):
                page = Path(link[2] or one["path"]).name
                target = by_place.get((page, link[3])) if link[3] else first.get(page)
                gold = (one["id"], target or "")
                if target and target != one["id"] and gold not in found and len(sentence) < 400:
                    found[gold] = Question(_LINK.sub(r"\1", sentence), (one["id"], target))
    return list(found.values())


def write_large(data: Path, folder: Path, passages: int, files: int = 10, seed: int = 7) -> list[str]:
    """``passages`` of four sentences each, drawn from all texts, as JSONL files in the folder; gives queries: the questions."""
    texts = [one["text"] for one in documents(data)]
    texts += [row["question"] for row in _lines(data / "gsm8k" / "train.jsonl")]
    texts += [row["solution"] for row in _lines(data / "gsm8k" / "train.jsonl")]
    sentences = [one for text in texts for one in _SENTENCE.split(" ".join(text.split())) if 20 < len(one) < 300]
    draw = random.Random(seed)
    each = passages // files
    for number in range(files):
        with (folder / f"part{number}.jsonl").open("w", encoding="utf-8") as file:
            for nth in range(each):
                # A number of its own makes some words rare, as names do in real corpora.
                text = " ".join([*draw.sample(sentences, 4), f"Entry {draw.randrange(10**7)}."])
                file.write(json.dumps({"id": f"p{number * each + nth}", "text": text}) + "\n")
    return [one.text for one in questions(data)]


def _slug(heading: str) -> str:
    return re.sub(r"[\s]+", "-", re.sub(r"[^\w\s-]", "", heading.lower())).strip("-")


def _squad(data: Path) -> list[dict[str, str]]:
    return [row for split in ("train", "val", "test") for row in _lines(data / "squad" / f"{split}.jsonl")]


def _lines(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
