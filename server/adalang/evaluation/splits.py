"""Splits of a data set that stay put: by a salted hash of each row's content, near-duplicates on one side.

Three promises, all of them about rows and none about the file that they came in:

- the order of the rows never matters;
- adding rows moves no other row, but for rows that are near-duplicates of an added one (below);
- rows that say the same thing, or almost, are on the same side.

What two rows say is compared column by column (all but `id`, or the `columns` given). Texts of four tokens
or more may differ a little: at least 80 % of their word triples in common (Jaccard), and the same numbers,
since exercises that differ in a number are different exercises. Everything else must be equal after
normalisation: NFKC, case folded, white space and sentence punctuation dropped. Pairs chain: a cluster is on
one side as a whole, on the side that the smallest hash among its members falls on, so an added near-duplicate
can move its own cluster and nothing else.

Word triples that stand in more than twenty different texts are phrasing, not content (the fixed words of a
template), and alone they make no two rows duplicates. This is the one place where rows look at the rest of
the data: a cluster held together by such phrasing alone comes apart when the phrasing spreads.
"""

import hashlib
import heapq
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from adalang.language.data import Row, canonical_json

DEFAULT_FRACTIONS: Mapping[str, float] = {"train": 0.4, "val": 0.3, "test": 0.3}

_ORDER = {"train": 0, "val": 1, "test": 2}
_LIKE = 0.8  # Jaccard similarity of word triples from which two texts are near-duplicates
_TEXT_TOKENS = 4  # a shorter value is a label or a name: compared exactly
_PHRASING = 20  # a word triple in more texts than this does not make two of them candidates

# Scripts written without spaces have no words to find: each of their letters is a token.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKENS = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+|[^\w\s.,;:!?…'\"‘’“”«»¿¡]")


class SplitError(ValueError):
    """Fractions that no split can have; the message names the mend."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """`second` says the same as `first`: exactly after normalisation (similarity 1) or almost (from 0.8)."""

    first: Row
    second: Row
    similarity: float


def split_rows(
    rows: Sequence[Row],
    fractions: Mapping[str, float] = DEFAULT_FRACTIONS,
    seed: int = 0,
    *,
    columns: Collection[str] | None = None,
) -> dict[str, list[Row]]:
    """The rows of each named split, in the order of `rows`; what the fractions leave over is in none.

    `columns` are those that make two rows the same example (the inputs of the target); None means all but
    `id`. Sizes are close to the fractions but not exact: each cluster falls where its hash says. A split of
    few rows can be empty. The order in which fractions are written does not matter.

    Raises `SplitError` when a fraction is not in [0, 1] or they sum to more than 1.
    """
    shares = _checked_fractions(fractions)
    bounds = list(accumulate(shares.values()))
    split: dict[str, list[Row]] = {name: [] for name in fractions}
    contents = [_Content.of(row, columns) for row in rows]
    side_of: dict[str, float] = {}
    for cluster in _clusters(contents):
        point = min(_point(content.key, seed) for content in cluster)
        side_of.update((content.key, point) for content in cluster)
    for row, content in zip(rows, contents, strict=True):
        point = side_of[content.key]
        name = next((name for name, bound in zip(shares, bounds, strict=True) if point < bound), None)
        if name is not None:
            split[name].append(row)
    return split


def overlap(first: Sequence[Row], second: Sequence[Row], *, columns: Collection[str] | None = None) -> list[Overlap]:
    """The rows of `second` that (nearly) stand in `first` too, each with its closest row there."""
    contents = [_Content.of(row, columns) for row in (*first, *second)]
    at = {content.key: place for place, content in reversed(list(enumerate(contents[: len(first)])))}
    closest: dict[str, tuple[float, int]] = {key: (1.0, -place) for key, place in at.items()}
    theirs = {content.key for content in contents[len(first) :]}
    for one, other, similarity in _near_pairs(contents):
        for mine, other_side in ((one, other), (other, one)):
            if mine in at and other_side in theirs:
                found = (similarity, -at[mine])
                closest[other_side] = max(closest.get(other_side, found), found)
    overlaps: list[Overlap] = []
    for row, content in zip(second, contents[len(first) :], strict=True):
        if content.key in closest:
            similarity, place = closest[content.key]
            overlaps.append(Overlap(first[-place], row, similarity))
    return overlaps


def clusters(rows: Sequence[Row], *, columns: Collection[str] | None = None) -> list[list[Row]]:
    """The rows, those together that say the same or almost; in the order of `rows`."""
    contents = [_Content.of(row, columns) for row in rows]
    place = {content.key: nth for nth, cluster in enumerate(_clusters(contents)) for content in cluster}
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for row, content in zip(rows, contents, strict=True):
        found[place[content.key]].append(row)
    return list(found.values())


def holdout_hash(rows: Iterable[Row]) -> str:
    """32 hex digits that name a set of rows by all they hold but their ids; order and copies are nothing."""
    digests = {_digest(canonical_json({k: v for k, v in row.values.items() if k != "id"})) for row in rows}
    return _digest("\n".join(sorted(digests)))[:32]


def _checked_fractions(fractions: Mapping[str, float]) -> dict[str, float]:
    """In one fixed order, so that writing `val` before `train` moves no row."""
    if not fractions:
        raise SplitError("a split needs at least one named fraction, such as train = 0.4")
    for name, share in fractions.items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise SplitError(f"the fraction {name} = {share} is not between 0 and 1: write 0.3 for 30 %")
    total = sum(fractions.values())
    if total > 1 + 1e-9:
        raise SplitError(f"the fractions sum to {total:g}, more than 1: lower one of {', '.join(fractions)}")
    return dict(sorted(fractions.items(), key=lambda item: (_ORDER.get(item[0], len(_ORDER)), item[0])))


def _point(key: str, seed: int) -> float:
    """A place in [0, 1) for a content key, fixed by the seed; float64 keeps it below 1."""
    digest = hashlib.sha256(f"{seed}\x00{key}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


# -- what a row says ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Content:
    """What of a row counts when rows are compared.

    `key` is equal for rows that are equal after normalisation. `fixed` is what near-duplicates must share
    exactly: the names of the text columns, the short values, the numbers in texts. `texts` are the tokens
    of the columns that may differ a little, in the order of the columns' names.
    """

    key: str
    fixed: str
    texts: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, row: Row, columns: Collection[str] | None) -> "_Content":
        names = sorted(row.values if columns is None else row.values.keys() & set(columns))
        texts: list[tuple[str, ...]] = []
        whole: dict[str, str] = {}
        fixed: dict[str, object] = {}
        for name in names:
            if name == "id" and columns is None:
                continue
            value = row.values[name]
            raw = value if isinstance(value, str) else canonical_json(value)
            tokens = _tokens(raw)
            whole[name] = " ".join(tokens) or raw.strip()
            if len(tokens) < _TEXT_TOKENS:
                fixed[name] = whole[name]
            else:
                fixed[name] = sorted(token for token in tokens if any(map(str.isdigit, token)))
                texts.append(tokens)
        return cls(_digest(canonical_json(whole)), canonical_json(fixed), tuple(texts))


def _tokens(text: str) -> tuple[str, ...]:
    return tuple(_TOKENS.findall(unicodedata.normalize("NFKC", text).casefold()))


# -- near-duplicates ---------------------------------------------------------------------------------------


def _clusters(contents: Iterable[_Content]) -> list[list[_Content]]:
    """The distinct contents, in clusters connected by near-duplicate pairs."""
    distinct = {content.key: content for content in contents}
    parent = {key: key for key in distinct}

    def root(key: str) -> str:
        while parent[key] != key:
            parent[key] = key = parent[parent[key]]
        return key

    for one, other, _ in _near_pairs(distinct.values()):
        parent[root(one)] = root(other)
    clusters: defaultdict[str, list[_Content]] = defaultdict(list)
    for key, content in distinct.items():
        clusters[root(key)].append(content)
    return list(clusters.values())


def _near_pairs(contents: Iterable[_Content]) -> Iterator[tuple[str, str, float]]:
    """(key, key, similarity) of all pairs of distinct contents that are near-duplicates but not equal."""
    comparable: defaultdict[str, dict[str, _Content]] = defaultdict(dict)
    for content in contents:
        if content.texts:
            comparable[content.fixed][content.key] = content
    distinct = {text for bucket in comparable.values() for content in bucket.values() for text in content.texts}
    triples = {text: _triples(text) for text in distinct}
    frequency = Counter(triple for found in triples.values() for triple in found)
    for bucket in comparable.values():
        if len(bucket) > 1:
            yield from _near_pairs_in(list(bucket.values()), triples, frequency)


def _near_pairs_in(
    bucket: Sequence[_Content],
    triples: Mapping[tuple[str, ...], frozenset[int]],
    frequency: Mapping[int, int],
) -> Iterator[tuple[str, str, float]]:
    """A set-similarity join with prefix filtering: exact, and quick because rare triples come first.

    Two sets whose Jaccard similarity is at least t share one of the first n - ceil(t n) + 1 elements of each
    in any common order. Every text column must be alike, so the most varied one finds the candidates.
    """
    varied = max(range(len(bucket[0].texts)), key=lambda place: len({content.texts[place] for content in bucket}))
    index: defaultdict[int, list[int]] = defaultdict(list)
    for here, content in enumerate(bucket):
        mine = [triples[text] for text in content.texts]
        length = len(mine[varied])
        prefix_length = length - math.ceil(_LIKE * length) + 1
        rarest = heapq.nsmallest(prefix_length, mine[varied], key=lambda triple: (frequency[triple], triple))
        prefix = [triple for triple in rarest if frequency[triple] <= _PHRASING]
        for there in sorted({place for triple in prefix for place in index[triple]}):
            similarity = min(map(_jaccard, mine, (triples[text] for text in bucket[there].texts)))
            if similarity >= _LIKE:
                yield bucket[there].key, content.key, similarity
        for triple in prefix:
            index[triple].append(here)


def _triples(tokens: tuple[str, ...]) -> frozenset[int]:
    """Hashes of the runs of three tokens, a repeated run counted as often as it stands.

    They are only ever compared within this process.
    """
    runs = list(map(hash, zip(tokens, tokens[1:], tokens[2:], strict=False)))
    once = frozenset(runs)
    if len(once) == len(runs):
        return once
    seen: Counter[int] = Counter()
    numbered: list[int] = []
    for run in runs:
        seen[run] += 1
        numbered.append(hash((run, seen[run])))
    return frozenset(numbered)


def _jaccard(one: frozenset[int], other: frozenset[int]) -> float:
    common = len(one & other)
    return common / (len(one) + len(other) - common)
