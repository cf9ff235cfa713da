"""Other libraries on the same passages; run by run.py with the Python of their virtual environment. A job comes on stdin."""

from __future__ import annotations

import json
import re
import resource
import statistics
import sys
import time
from collections.abc import Callable

Search = Callable[[str, int], list[int]]


def bm25s(texts: list[str]) -> Search:
    import bm25s

    index = bm25s.BM25()
    index.index(bm25s.tokenize(texts, stopwords="en", show_progress=False), show_progress=False)

    def search(query: str, k: int) -> list[int]:
        found, _ = index.retrieve(
            bm25s.tokenize([query], stopwords="en", show_progress=False), k=min(k, len(texts)), show_progress=False
        )
        return [int(one) for one in found[0]]

    return search


def rank_bm25(texts: list[str]) -> Search:
    from rank_bm25 import BM25Okapi

    index = BM25Okapi([_words(text) for text in texts])

    def search(query: str, k: int) -> list[int]:
        scores = index.get_scores(_words(query))
        return [int(one) for one in (-scores).argsort(kind="stable")[:k]]

    return search


def tfidf(texts: list[str]) -> Search:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(stop_words="english", sublinear_tf=True)
    matrix = vectorizer.fit_transform(texts)

    def search(query: str, k: int) -> list[int]:
        scores = (matrix @ vectorizer.transform([query]).T).toarray().ravel()
        return [int(one) for one in (-scores).argsort(kind="stable")[:k]]

    return search


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


KNOWN = {"bm25s": bm25s, "rank-bm25": rank_bm25, "scikit-learn TF-IDF": tfidf}


def main() -> None:
    job = json.load(sys.stdin)
    ids = [one for one, _ in job["passages"]]
    texts = [text for _, text in job["passages"]]
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    search = KNOWN[job["name"]](texts)
    search("a", 1)
    index_seconds = time.perf_counter() - began
    rankings, times = [], []
    for query in job["asked"]:
        began = time.perf_counter()
        found = search(query, job["k"])
        times.append(time.perf_counter() - began)
        rankings.append([ids[one] for one in found])
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) / 1024
    result = {"index_seconds": index_seconds, "query_ms": statistics.median(times) * 1000, "memory_mb": memory}
    print(json.dumps({**result, "rankings": rankings}))


if __name__ == "__main__":
    main()
