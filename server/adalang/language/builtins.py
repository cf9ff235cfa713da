"""What the language knows about its built-in metrics: names, parameters, and the types that they can score.

A plain table, so that the checker, completion and hover need nothing of the evaluation room, where the
metrics themselves are. Types here are kinds, not declarations: every string, a union of string literals
included, is "str"; `T[]` is "list", but "passages" when it is `Passage[]`; objects are "object".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

MetricKind = Literal["str", "int", "float", "bool", "list", "passages", "object"]
MetricDefault = Literal["output", "expect"]

_SCALAR: tuple[MetricKind, ...] = ("str", "int", "float", "bool")
_ANY: tuple[MetricKind, ...] = (*_SCALAR, "list", "passages", "object")


@dataclass(frozen=True, slots=True)
class MetricParameter:
    """One argument of a built-in metric.

    `types` are the kinds that it can ever make sense of. `default` is what it takes when the call leaves it
    out: the target's "output", the eval's "expect", or for an option its value. `meaning` is for hover.
    Options (`is_option`) are given by name only.
    """

    name: str
    types: tuple[MetricKind, ...]
    default: MetricDefault | bool | int | float | None
    meaning: str
    is_option: bool = False


@dataclass(frozen=True, slots=True)
class MetricSignature:
    """A built-in metric as the language sees it: first what is scored, then what is right, then options."""

    name: str
    parameters: tuple[MetricParameter, ...]
    needs_retriever: bool
    meaning: str

    @property
    def scored(self) -> MetricParameter:
        """The parameter that holds what is scored."""
        return self.parameters[0]

    @property
    def expected(self) -> MetricParameter:
        """The parameter that holds the right answer."""
        return self.parameters[1]

    @property
    def options(self) -> tuple[MetricParameter, ...]:
        """What can be set by name beside the two."""
        return self.parameters[2:]


def _output(*types: MetricKind) -> MetricParameter:
    return MetricParameter("output", types, "output", "what is scored; the target's output unless given")


def _retrieved() -> MetricParameter:
    meaning = "passages or ids, best first; the target's output unless given"
    return MetricParameter("retrieved", ("passages", "list"), "output", meaning)


def _expected(*types: MetricKind, meaning: str) -> MetricParameter:
    return MetricParameter("expected", types, "expect", meaning)


def _option(
    name: str, types: tuple[MetricKind, ...], default: bool | int | float | None, meaning: str
) -> MetricParameter:
    return MetricParameter(name, types, default, meaning, is_option=True)


_ANSWERS = "the right answer, or a list of answers of which any is right"
_GOLD = "what should be found: sources, ids or texts of passages, one or a list"
_K = _option("k", ("int",), None, "only the first k count; absent = all")

_SIGNATURES = (
    MetricSignature(
        "exact_match",
        (_output(*_ANY), _expected(*_ANY, meaning=_ANSWERS)),
        needs_retriever=False,
        meaning="1 when the output equals the expected value; case and inner spaces count, outer ones do not",
    ),
    MetricSignature(
        "answer_match",
        (_output(*_SCALAR), _expected(*_SCALAR, "list", meaning=_ANSWERS)),
        needs_retriever=False,
        meaning="1 when both say the same but for case, punctuation, English articles and spaces (as SQuAD)",
    ),
    MetricSignature(
        "contains",
        (
            _output(*_SCALAR, "list"),
            _expected(*_SCALAR, "list", meaning="what the output must hold as whole words, or a list of it"),
            _option("all", ("bool",), False, "every one of the list is needed: the score is the share found"),
        ),
        needs_retriever=False,
        meaning="1 when the output holds the expected text as whole words, whatever its case",
    ),
    MetricSignature(
        "number_match",
        (
            _output("str", "int", "float"),
            _expected("str", "int", "float", "list", meaning=_ANSWERS),
            _option("tolerance", ("int", "float"), 0.0, "how far off the number may be, in its own unit"),
            _option("relative", ("int", "float"), 0.0, "how far off it may be as a share: 0.01 is 1 %"),
        ),
        needs_retriever=False,
        meaning="1 when the final number of the output equals that of the expected answer",
    ),
    MetricSignature(
        "f1",
        (_output("str", "int", "float", "list"), _expected("str", "int", "float", "list", meaning=_ANSWERS)),
        needs_retriever=False,
        meaning="words in common (harmonic mean of precision and recall); of two lists, items in common",
    ),
    MetricSignature(
        "fuzzy",
        (_output(*_SCALAR), _expected(*_SCALAR, "list", meaning=_ANSWERS)),
        needs_retriever=False,
        meaning="share of letters in common and in order (difflib's ratio), whatever their case",
    ),
    MetricSignature(
        "json_match",
        (
            _output("object", "list", "passages", "str"),
            _expected("object", "list", "passages", "str", meaning="the right object or list, or its JSON text"),
        ),
        needs_retriever=False,
        meaning="share of the expected fields that are right; the reason names the wrong ones",
    ),
    MetricSignature(
        "regex",
        (
            _output(*_SCALAR),
            _expected("str", "list", meaning="a Python pattern, or a list of which any may match"),
        ),
        needs_retriever=False,
        meaning="1 when the pattern is found anywhere in the output; anchor it with ^ and $",
    ),
    MetricSignature(
        "recall",
        (_retrieved(), _expected("str", "int", "list", "passages", meaning=_GOLD), _K),
        needs_retriever=True,
        meaning="share of the expected passages that were retrieved",
    ),
    MetricSignature(
        "mrr",
        (_retrieved(), _expected("str", "int", "list", "passages", meaning=_GOLD), _K),
        needs_retriever=True,
        meaning="1 / rank of the first expected passage",
    ),
    MetricSignature(
        "ndcg",
        (
            _retrieved(),
            _expected("str", "int", "list", "passages", "object", meaning=f"{_GOLD}; or an object of id: gain"),
            _K,
        ),
        needs_retriever=True,
        meaning="how near the order is to the best one (normalised discounted cumulative gain)",
    ),
    MetricSignature(
        "similarity",
        (_output(*_SCALAR), _expected(*_SCALAR, "list", meaning=_ANSWERS)),
        needs_retriever=False,
        meaning="letter groups in common (cosine of 3-grams): wording, not meaning",
    ),
)

METRIC_SIGNATURES: Mapping[str, MetricSignature] = MappingProxyType(
    {signature.name: signature for signature in _SIGNATURES}
)
