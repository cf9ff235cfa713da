"""Built-in metrics: a score from 0 to 1 with the reason in a sentence that an optimizer can learn from.

Two rules hold for all of them. A list of expected answers means that any of them is right (but for `contains`
with `all`, and where the output is a list itself). And what the model got wrong is a score of 0 with a
reason, while what no model could get right (an empty expected value, a broken pattern, an output of a kind
that the metric cannot score) is a `MetricError` that names the mend.

Unicode. `exact_match`, `json_match` and `regex` compare in NFC and without outer white space, so that only
differences one can see count. All others compare in NFKC (ligatures, full-width letters and the like count as
the plain ones), case folded, runs of white space as one space. `answer_match` and `f1` also drop what SQuAD
drops: punctuation, symbols of ASCII and English articles. Diacritics always count.
"""

import difflib
import json
import math
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any, TypeVar

from adalang.evaluation.numbers import Number, final_number, find_numbers, same_number
from adalang.language.builtins import METRIC_SIGNATURES, MetricParameter, MetricSignature
from adalang.language.data import canonical_json, type_name

_Id = TypeVar("_Id", bound=Hashable)

_SHOWN = 120  # characters of a value that a reason quotes
_NAMED = 5  # how many missing or wrong things a reason names
_WORDWISE = 4_000  # texts longer than this many characters are compared by words: difflib is quadratic


@dataclass(frozen=True, slots=True)
class Score:
    """`value` in [0, 1], and why: one sentence about this output."""

    value: float
    reason: str


class MetricError(ValueError):
    """The metric can never apply to this value, whatever the model answers; the message names the mend."""


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """A built-in metric: what the language knows about it, and the function that scores."""

    signature: MetricSignature
    function: Callable[..., Score]

    def score(self, output: Any, expected: Any, **options: Any) -> Score:
        """Score one output. Raises `MetricError` for unknown options and for values that it cannot take."""
        known = {option.name: option for option in self.signature.options}
        for name, value in options.items():
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(known) or 'no options'}"
                raise MetricError(f"{self.signature.name} has no option {name}: {hint}")
            _check_option(self.signature.name, known[name], value)
        return self.function(output, expected, **options)


def as_score(value: Any) -> Score:
    """The result of a user's metric (a prompt, a tool, Python) as a `Score`.

    Takes a bool, a number from 0 to 1, or an object with `score` and, if it likes, `reason`. Raises
    `MetricError` for anything else.
    """
    if isinstance(value, Score):
        return value
    if isinstance(value, Mapping):
        if "score" not in value:
            raise MetricError(f"the metric gave {_show(value)} without a score: return score, or score and reason")
        return Score(as_score(value["score"]).value, str(value.get("reason") or ""))
    if not isinstance(value, bool | int | float):
        raise MetricError(f"the metric gave {_show(value)}: return a number from 0 to 1, or score and reason")
    if not 0 <= value <= 1:  # also refuses NaN
        raise MetricError(f"the metric gave {value}: scores go from 0 to 1, so divide by the best that is possible")
    return Score(float(value), "")


# -- equality ----------------------------------------------------------------------------------------------


def exact_match(output: Any, expected: Any) -> Score:
    """1 when both are equal: texts in NFC without outer spaces, numbers by value, objects by field."""
    several = isinstance(expected, list | tuple) and expected and not isinstance(output, list | tuple)
    wanted = list(expected) if several else [expected]
    if any(_equal(output, one) for one in wanted):
        return Score(1.0, f"{_show(output)} is right")
    return Score(0.0, _wrong(output, wanted, _exact_hint(output, wanted)))


def answer_match(output: Any, expected: Any) -> Score:
    """1 when output and an expected answer agree after SQuAD's normalisation."""
    answers = _answers("answer_match", expected)
    if output is None:
        return Score(0.0, _wrong(output, answers))
    text = _text("answer_match", output)
    if any(_normal_answer(text) == _normal_answer(answer) for answer in answers):
        return Score(1.0, f"{_show(text)} is right")
    return Score(0.0, _wrong(text, answers, _answer_hint(text, answers)))


def contains(output: Any, expected: Any, *, all: bool = False) -> Score:
    """1 when the output holds an expected text as whole words; with `all`, the share that it holds."""
    wanted = _answers("contains", expected)
    items = output if isinstance(output, list | tuple) else [output]
    text = "\n".join(_plain(_text("contains", item)) for item in items if item is not None)
    missing = [one for one in wanted if not _holds(text, _plain(one))]
    found = len(wanted) - len(missing)
    if found == len(wanted) or (found and not all):
        return Score(1.0, f"the answer holds {_list(one for one in wanted if one not in missing)}")
    lacking = f"missing: {_list(missing)}" if all else f"none of {_list(wanted)} is in it"
    if len(wanted) == 1:
        lacking = f"{_show(wanted[0])} is missing"
    return Score(found / len(wanted) if all else 0.0, f"{lacking}; the answer is {_show(output)}")


def number_match(output: Any, expected: Any, *, tolerance: float = 0.0, relative: float = 0.0) -> Score:
    """1 when the answer's final number agrees with that of the expected answer (see `numbers`)."""
    wanted = [_expected_number(answer) for answer in _items(expected)]
    if not wanted:
        raise MetricError("number_match got no expected value: fill the column, or map `expect` to another one")
    shown = _either(number.text for number in wanted)
    if output is None:
        return Score(0.0, f"expected the number {shown}, got nothing")
    got = _as_number(output)
    if got is None:
        return Score(0.0, f"the number {shown} is missing; the answer holds no number: {_show(output)}")
    if any(same_number(got, one, tolerance=tolerance, relative=relative) for one in wanted):
        return Score(1.0, f"the number {got.text} is right")
    reason = f"the number {shown} is missing; the answer gave {got.text}"
    if isinstance(output, str):
        earlier = [number for number in find_numbers(output) if any(same_number(number, one) for one in wanted)]
        if earlier:
            reason = f"expected {shown}; it stands in the answer, but the final number is {got.text}"
    return Score(0.0, reason)


# -- overlap -----------------------------------------------------------------------------------------------


def f1(output: Any, expected: Any) -> Score:
    """F1 of words, best over the expected answers; of items, when output and expected are both lists."""
    if isinstance(output, list | tuple):
        if not isinstance(expected, list | tuple):
            raise MetricError("f1 compares a list with a list: give `expected` as a list, or score one item")
        return _f1_score(_item_bag(output), _item_bag(expected), "items")
    answers = _answers("f1", expected)
    if output is None:
        return Score(0.0, _wrong(output, answers))
    got = _word_bag(_text("f1", output))
    return max((_f1_score(got, _word_bag(answer), "words") for answer in answers), key=lambda score: score.value)


def fuzzy(output: Any, expected: Any) -> Score:
    """difflib's ratio, best over the expected answers; by words when a text is very long."""
    answers = _answers("fuzzy", expected)
    if output is None:
        return Score(0.0, _wrong(output, answers))
    text = _plain(_text("fuzzy", output))
    ratio, answer = max(((_ratio(text, _plain(answer)), answer) for answer in answers), key=lambda pair: pair[0])
    if ratio == 1.0:
        return Score(1.0, f"{_show(output)} is right")
    return Score(ratio, f"{_percent(ratio)} alike: expected {_show(answer)}, got {_show(output)}")


def similarity(output: Any, expected: Any) -> Score:
    """Cosine of the counts of letter 3-grams, best over the expected answers: wording, not meaning."""
    answers = _answers("similarity", expected)
    if output is None:
        return Score(0.0, _wrong(output, answers))
    got = _letter_groups(_text("similarity", output))
    value, answer = max(
        ((_cosine(got, _letter_groups(answer)), answer) for answer in answers), key=lambda pair: pair[0]
    )
    note = "by letter groups, which see wording and not meaning"
    return Score(value, f"{_percent(value)} alike {note}: expected {_show(answer)}, got {_show(output)}")


def regex(output: Any, expected: Any) -> Score:
    """1 when an expected Python pattern is found anywhere in the output. Patterns are trusted, as code is."""
    patterns = _answers("regex", expected)
    text = "" if output is None else _exact(_text("regex", output))
    for pattern in patterns:
        try:
            found = re.search(unicodedata.normalize("NFC", pattern), text)
        except re.error as error:
            place = "" if error.pos is None else f" at character {error.pos + 1}"
            raise MetricError(f"the pattern {_show(pattern)} is broken{place}: {error.msg}") from None
        if found:
            return Score(1.0, f"{_show(found.group() or text)} matches the pattern {_show(pattern)}")
    return Score(0.0, f"no match for the pattern {_either(map(_show, patterns))} in {_show(output)}")


# -- structure ---------------------------------------------------------------------------------------------


def json_match(output: Any, expected: Any) -> Score:
    """Share of the expected fields that the output has right, nested ones counted one by one.

    Lists are compared in order; items too many count as wrong. Fields that are not expected are named in the
    reason but cost nothing. Texts are read as JSON, also inside a code fence.
    """
    wanted = _as_json(expected)
    if not isinstance(wanted, dict | list):
        mend = "give an object, a list or their JSON text, or use exact_match"
        raise MetricError(f"json_match cannot compare with {_show(expected)}: {mend}")
    got = _as_json(output)
    if not isinstance(got, dict | list):
        return Score(0.0, f"expected JSON like {_show(wanted)}, got {_named_kind(output)}: {_show(output)}")
    fields = list(_compare(got, wanted, ""))
    problems = [problem for problem in fields if problem]
    value = 1 - len(problems) / len(fields)
    extra = sorted(got.keys() - wanted.keys()) if isinstance(got, dict) and isinstance(wanted, dict) else []
    beside = f"; not asked for: {', '.join(map(str, extra[:_NAMED]))}" if extra else ""
    if not problems:
        reason = f"all {len(fields)} fields are right{beside}" if len(fields) > 1 else f"right{beside}"
        return Score(1.0, " ".join(reason.split()))
    named = "; ".join(problems[:_NAMED]) + (f"; and {len(problems) - _NAMED} more" if len(problems) > _NAMED else "")
    reason = f"{len(problems)} of {len(fields)} fields wrong: {named}{beside}"
    return Score(value, " ".join(reason.split()))  # names of fields may hold line breaks


def _compare(got: Any, wanted: Any, path: str) -> Iterable[str]:
    """For each expected leaf "" when it is right, else what is wrong with it."""
    here = path or "the whole"
    if isinstance(wanted, dict) and wanted:
        for name, value in wanted.items():
            inner = f"{path}.{name}" if path else str(name)
            if isinstance(got, dict) and name in got:
                yield from _compare(got[name], value, inner)
            else:
                yield from (f"{inner} is missing (expected {_show(value)})" for _ in range(_leaves(value)))
    elif isinstance(wanted, list | tuple) and wanted and isinstance(got, list | tuple):
        for place, value in enumerate(wanted):
            inner = f"{path}[{place}]"
            if place < len(got):
                yield from _compare(got[place], value, inner)
            else:
                yield from (f"{inner} is missing (expected {_show(value)})" for _ in range(_leaves(value)))
        yield from (
            f"{path}[{place}] is one too many (got {_show(got[place])})" for place in range(len(wanted), len(got))
        )
    elif _equal(got, wanted):
        yield ""
    else:
        yield from (f"{here}: expected {_show(wanted)}, got {_show(got)}" for _ in range(_leaves(wanted)))


def _leaves(value: Any) -> int:
    if isinstance(value, dict) and value:
        return sum(map(_leaves, value.values()))
    if isinstance(value, list | tuple) and value:
        return sum(map(_leaves, value))
    return 1


# -- retrieval ---------------------------------------------------------------------------------------------


def recall_at(retrieved: Sequence[Hashable], gold: Collection[Hashable], k: int | None = None) -> float:
    """Share of the gold ids among the first `k` retrieved ids (all when None). `gold` must not be empty."""
    wanted = set(gold)
    return len(wanted.intersection(retrieved[:k])) / len(wanted)


def ndcg_at(retrieved: Sequence[_Id], gains: Mapping[_Id, float], k: int | None = None) -> float:
    """Normalised discounted cumulative gain of the first `k` retrieved ids; an id counts once, at its best.

    `gains` maps gold ids to gains >= 0, of which at least one is positive.
    """
    ideal = sorted(gains.values(), reverse=True)[:k]
    first_ranks = {one: rank for rank, one in reversed(list(enumerate(retrieved[:k], start=1)))}
    gained = sum(gains.get(one, 0.0) / math.log2(rank + 1) for one, rank in first_ranks.items())
    return gained / sum(gain / math.log2(rank + 1) for rank, gain in enumerate(ideal, start=1))


def recall(retrieved: Any, expected: Any, *, k: int | None = None) -> Score:
    """Share of the expected passages that were retrieved."""
    found, gains = _judged("recall", retrieved, expected)
    value = recall_at([gold for golds in found[:k] for gold in golds], gains)
    return Score(value, _retrieval_reason(found[:k], gains))


def missing_passages(retrieved: Any, expected: Any) -> list[str]:
    """The expected passages that were not retrieved, in their order.

    Raises:
        MetricError: the values are not what :func:`recall` takes.
    """
    found, gains = _judged("recall", retrieved, expected)
    known = {gold for golds in found for gold in golds}
    return [gold for gold in gains if gold not in known]


def mrr(retrieved: Any, expected: Any, *, k: int | None = None) -> Score:
    """1 / rank of the first expected passage."""
    found, gains = _judged("mrr", retrieved, expected)
    rank = next((rank for rank, golds in enumerate(found[:k], start=1) if golds), None)
    if rank is None:
        return Score(0.0, _retrieval_reason(found[:k], gains))
    return Score(1 / rank, f"the first expected passage ({_show(found[rank - 1][0])}) is at rank {rank}")


def ndcg(retrieved: Any, expected: Any, *, k: int | None = None) -> Score:
    """nDCG over the expected passages; a passage that holds several of them counts with the best one."""
    found, gains = _judged("ndcg", retrieved, expected)
    ids = [max(golds, key=lambda gold: gains[gold]) if golds else f"\x00{rank}" for rank, golds in enumerate(found)]
    ranks = [f"{_show(one)} at {rank}" for rank, one in enumerate(ids[:k], start=1) if one in gains]
    placed = f"; ranks: {', '.join(ranks[:_NAMED])}" if ranks else ""
    return Score(min(1.0, ndcg_at(ids, gains, k)), _retrieval_reason(found[:k], gains) + placed)


def _judged(metric: str, retrieved: Any, expected: Any) -> tuple[list[list[str]], dict[str, float]]:
    """By rank the gold ids that the passage there is the first to match, and the gain of each gold id."""
    if isinstance(retrieved, str) or not isinstance(retrieved, Sequence):
        got = _named_kind(retrieved)
        raise MetricError(f"{metric} scores a list of passages or ids, not {got}: give it a retriever's result")
    gains = _gold(metric, expected)
    open_ = dict.fromkeys(gains)
    found: list[list[str]] = []
    for passage in retrieved:
        matched = [gold for gold in open_ if _is_gold(passage, gold)]
        found.append(matched)
        for gold in matched:
            del open_[gold]
    return found, gains


def _gold(metric: str, expected: Any) -> dict[str, float]:
    gains: dict[str, float] = {}
    if isinstance(expected, Mapping) and not {"text", "source"} & expected.keys():
        for name, gain in expected.items():
            if metric != "ndcg" or isinstance(gain, bool) or not isinstance(gain, int | float) or gain < 0:
                raise MetricError(f"{metric} cannot take {_show(expected)} as expected: give ids (ndcg: id to gain)")
            gains[str(name)] = float(gain)
    else:
        gains = dict.fromkeys((_gold_name(metric, one) for one in _items(expected)), 1.0)
    if not any(gains.values()):
        raise MetricError(f"{metric} got no expected passages: fill the column, or leave such rows out")
    return gains


def _gold_name(metric: str, one: Any) -> str:
    if isinstance(one, Mapping):
        one = one.get("id") or one.get("source") or one.get("text")
    if isinstance(one, bool) or not isinstance(one, str | int) or one == "":
        raise MetricError(f"{metric} cannot take {_show(one)} as an expected passage: give its source, id or text")
    return str(one)


def _is_gold(passage: Any, gold: str) -> bool:
    """By id or source (also a part of it: `a.md#2` and `a.csv:2` of `a.md` and `a.csv`, or `2` alone); gold with spaces also as
    a text in it."""
    if not isinstance(passage, Mapping):
        return str(passage) == gold
    names = [str(passage[field]) for field in ("id", "source") if passage.get(field) is not None]
    if any(name == gold or name.startswith((f"{gold}#", f"{gold}:")) or name.endswith(f"#{gold}") for name in names):
        return True
    return " " in gold.strip() and _holds(_plain(str(passage.get("text", ""))), _plain(gold))


def _retrieval_reason(found: Sequence[Sequence[str]], gains: Mapping[str, float]) -> str:
    hit = {gold for golds in found for gold in golds}
    missing = [gold for gold in gains if gold not in hit]
    lacking = f"; missing: {_list(missing)}" if missing else ""
    count = "1 passage" if len(found) == 1 else f"{len(found)} passages"
    return f"{len(hit)} of {len(gains)} expected found in {count}{lacking}"


# -- normalisation -----------------------------------------------------------------------------------------

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
# Letters of scripts that are written without spaces are words of their own in F1.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


def _exact(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _normal_answer(text: str) -> str:
    """SQuAD's normalisation; a text of nothing but articles and punctuation is kept as it is."""
    plain = _plain(text)
    if plain.isalnum():  # one word or number, with no punctuation in it
        return _ARTICLES.sub("", plain) or plain
    letters = "".join(
        "" if char in string.punctuation or unicodedata.category(char).startswith("P") else char for char in plain
    )
    return " ".join(_ARTICLES.sub(" ", letters).split()) or plain


def _holds(text: str, part: str) -> bool:
    """Whether `part` stands in `text` and no word or number goes on at its ends."""
    start = text.find(part)
    while start >= 0:
        end = start + len(part)
        if not (start and _goes_on(text[start - 1], part[0])) and not (
            end < len(text) and _goes_on(part[-1], text[end])
        ):
            return True
        start = text.find(part, start + 1)
    return False


def _goes_on(one: str, following: str) -> bool:
    if one.isdigit() or following.isdigit():
        return one.isdigit() and following.isdigit()
    return _is_cased(one) and _is_cased(following)


def _is_cased(char: str) -> bool:
    return char.lower() != char.upper()


def _word_bag(text: str) -> Counter[str]:
    return Counter(_UNSPACED.sub(lambda match: f" {match.group()} ", _normal_answer(text)).split())


def _item_bag(items: Sequence[Any]) -> Counter[str]:
    return Counter(_normal_answer(item) if isinstance(item, str) else canonical_json(item) for item in items)


def _f1_score(got: Counter[str], wanted: Counter[str], unit: str) -> Score:
    common = (got & wanted).total()
    value = 2 * common / (got.total() + wanted.total()) if got or wanted else 1.0
    if value == 1.0:
        return Score(1.0, f"all expected {unit} are there and no others")
    missing, extra = list((wanted - got).elements()), list((got - wanted).elements())
    parts = [f"missing {unit}: {_list(missing)}"] if missing else []
    parts += [f"{unit} too many: {_list(extra)}"] if extra else []
    return Score(value, "; ".join(parts))


def _ratio(one: str, other: str) -> float:
    if max(len(one), len(other)) > _WORDWISE:
        return difflib.SequenceMatcher(None, one.split(), other.split(), autojunk=False).ratio()
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


def _letter_groups(text: str) -> Counter[str]:
    padded = f"  {_plain(text)} "
    return Counter(padded[start : start + 3] for start in range(len(padded) - 2))


def _cosine(one: Counter[str], other: Counter[str]) -> float:
    """Exactly 1 for equal counts: the product of norms is taken under one root."""
    dot = sum(count * other[group] for group, count in one.items())
    norms = sum(count * count for count in one.values()) * sum(count * count for count in other.values())
    return min(1.0, dot / math.sqrt(norms))


# -- values ------------------------------------------------------------------------------------------------


def _items(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


def _answers(metric: str, expected: Any) -> list[str]:
    """The acceptable answers as texts, never none."""
    answers = [_text(metric, one) for one in _items(expected) if one is not None]
    if not answers or any(not answer.strip() for answer in answers):
        raise MetricError(f"{metric} got an empty expected value: fill the column, or map `expect` to another one")
    return answers


def _text(metric: str, value: Any) -> str:
    """A scalar as text. A bool is written as JSON and the language write it."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            mend = "score one of its fields, or use json_match or exact_match"
            raise MetricError(f"{metric} scores texts, not {_named_kind(value)}: {mend}")


def _as_number(value: Any) -> Number | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise MetricError(f"number_match scores numbers and texts, not {_named_kind(value)}: score one field of it")
    if isinstance(value, str):
        return final_number(value)
    return Number(Fraction(repr(value)), repr(value)) if math.isfinite(value) else None


def _expected_number(value: Any) -> Number:
    number = None if value is None else _as_number(value)
    if number is None:
        raise MetricError(f"the expected value {_show(value)} holds no number: mend the row, or use another metric")
    return number


def _as_json(value: Any) -> Any:
    """The JSON value of a text (also fenced), else the value itself."""
    if not isinstance(value, str):
        return list(value) if isinstance(value, tuple) else value
    fenced = re.fullmatch(r"\s*```\w*\s*\n(.*?)\n?\s*```\s*", value, re.DOTALL)
    try:
        return json.loads(fenced.group(1) if fenced else value)
    except (ValueError, RecursionError):
        return value


def _equal(one: Any, other: Any) -> bool:
    """Equality of JSON values; a text equals the number or bool that it spells (CSV cells are texts)."""
    match one, other:
        case str(), str():
            return _exact(one) == _exact(other)
        case bool(), bool():
            return one == other
        case (bool(), _) | (_, bool()):
            flag, spelled = (one, other) if isinstance(one, bool) else (other, one)
            return isinstance(spelled, str) and spelled.strip().lower() == ("true" if flag else "false")
        case (int() | float(), int() | float()):
            return one == other or math.isclose(one, other, rel_tol=1e-9)
        case (int() | float(), str()) | (str(), int() | float()):
            number, spelled = (other, one) if isinstance(one, str) else (one, other)
            try:
                return math.isclose(float(spelled), number, rel_tol=1e-9)
            except (ValueError, OverflowError):
                return False
        case dict(), dict():
            return one.keys() == other.keys() and all(_equal(value, other[name]) for name, value in one.items())
        case (list() | tuple(), list() | tuple()):
            return len(one) == len(other) and all(map(_equal, one, other))
        case _:
            return bool(one == other)


def _check_option(metric: str, option: MetricParameter, value: Any) -> None:
    fits = (value is None and option.default is None) or type_name(value) in option.types
    if fits and not isinstance(value, bool) and isinstance(value, int | float):
        fits = value >= 1 if option.name == "k" else 0 <= value < math.inf
    if not fits:
        wanted = "a whole number from 1" if option.name == "k" else " or ".join(option.types)
        raise MetricError(f"{metric}: {option.name} = {_show(value)} does not fit: give {wanted}, not below 0")


# -- wording -----------------------------------------------------------------------------------------------


def _wrong(got: Any, wanted: Sequence[Any], hint: str = "") -> str:
    shown = "nothing" if got is None or got == "" else _show(got)
    return f"expected {_either(map(_show, wanted))}, got {shown}" + (f" ({hint})" if hint else "")


def _exact_hint(got: Any, wanted: Sequence[Any]) -> str:
    if not isinstance(got, str):
        return ""
    texts = [one for one in wanted if isinstance(one, str) and one.strip()]
    if any(_plain(got) == _plain(one) for one in texts):
        return "they differ only in case, spaces or letter forms"
    if any(_normal_answer(got) == _normal_answer(one) for one in texts):
        return "they differ only in punctuation or articles"
    return _answer_hint(got, texts)


def _answer_hint(got: str, wanted: Sequence[str]) -> str:
    if any(_holds(_plain(got), _plain(one)) for one in wanted):
        return "the right answer stands inside a longer one"
    return ""


def _show(value: Any) -> str:
    """The value on one line, the middle of a long one left out."""
    text = value if isinstance(value, str) else canonical_json(value)
    line = " ".join(text.split()) or '""'
    if len(line) <= _SHOWN:
        return line
    half = (_SHOWN - 3) // 2
    return f"{line[:half]} … {line[-half:]}"


def _list(items: Iterable[Any]) -> str:
    shown = [_show(item) for item in items]
    return ", ".join(shown[:_NAMED]) + (f" and {len(shown) - _NAMED} more" if len(shown) > _NAMED else "")


def _either(shown: Iterable[str]) -> str:
    *most, last = list(dict.fromkeys(shown))
    if len(most) >= _NAMED:
        return f"one of {', '.join(most[:_NAMED])} and {len(most) + 1 - _NAMED} more"
    return f"{', '.join(most)} or {last}" if most else last


def _named_kind(value: Any) -> str:
    names = {"str": "a text", "int": "a number", "float": "a number", "bool": "a bool", "null": "nothing"}
    return names.get(type_name(value), f"a {type_name(value)}" if not isinstance(value, dict) else "an object")


def _percent(share: float) -> str:
    return f"{math.floor(share * 100)} %"


METRICS: Mapping[str, MetricSpec] = MappingProxyType(
    {
        function.__name__: MetricSpec(METRIC_SIGNATURES[function.__name__], function)
        for function in (
            exact_match,
            answer_match,
            contains,
            number_match,
            f1,
            fuzzy,
            json_match,
            regex,
            recall,
            mrr,
            ndcg,
            similarity,
        )
    }
)
"""The built-in metrics by name, in the order of `METRIC_SIGNATURES`."""
