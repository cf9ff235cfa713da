"""Three small students that do real tasks with the skills that their prompt calls for, and without them like somebody in a hurry.

Each has a few skills. A skill is used where the prompt states it, in one of its wordings; one of its opposites, if it stands
later, takes it back. What a student says is computed from the row at hand: objects are counted, passages are searched; only for
the sums it has the steps of the written solution, since doing them by itself would take a language model. So what a rule
is worth, where it does harm and where no rule helps, is for the data to say.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adalang.evaluation.metrics import exact_match, f1

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Skill:
    """`wordings`: sentences that call for it; `opposites`: mistaken ones that take it back."""

    name: str
    wordings: tuple[str, ...]
    opposites: tuple[str, ...]


FORM = Skill(
    "form",
    (
        "Answer with the number alone.",
        "Write nothing but the number.",
        "The answer is one number, in digits, without any words.",
    ),
    ("Answer in a whole sentence.", "Explain your answer in the same line."),
)
_TALKS = 0.5  # the share of rows that are answered in a sentence where nothing says otherwise


@dataclass(frozen=True)
class Student:
    """One student. `answered(row, used)` is what it says with these skills; `says(answer, expected)` is the metric. `by_example`
    is the skill that it also takes from example answers in the request."""

    name: str
    opening: str
    order: str
    skills: Sequence[Skill]
    fields: Sequence[str]
    answered: Callable[[Row, frozenset[str]], str]
    says: Callable[[Any, Any], Any] = exact_match
    by_example: str = "form"

    @property
    def first(self) -> str:
        return f"{self.opening} {self.order}"

    def used(self, prompt: str) -> frozenset[str]:
        """The names of the skills that a prompt calls for."""
        return frozenset(skill.name for skill in self.skills if _called(skill, " ".join(prompt.split())))

    def score(self, row: Row, used: frozenset[str]) -> float:
        return float(self.says(self.answered(row, used), expected(row)).value)


def expected(row: Row) -> str:
    return str(row["answers"][0] if "answers" in row else row["answer"])


def _called(skill: Skill, prompt: str) -> bool:
    right = max(prompt.rfind(wording) for wording in skill.wordings)
    return right >= 0 and right > max(prompt.rfind(opposite) for opposite in skill.opposites)


def _part(*what: object) -> float:
    """A number in [0, 1) fixed by its arguments."""
    return int.from_bytes(hashlib.sha256(repr(what).encode()).digest()[:6], "big") / 2**48


def _formed(row: Row, used: frozenset[str], number: str, sentence: str) -> str:
    return number if "form" in used or _part("form", row["id"]) >= _TALKS else sentence.format(number)


# -- counting ----------------------------------------------------------------------------------------------------------

_NUMBER_WORDS = "zero one two three four five six seven eight nine ten"
_NUMBERS = {word: at for at, word in enumerate(_NUMBER_WORDS.split())}
_KINDS = {
    "fruits": "apple banana blackberry grape nectarine orange peach plum raspberry strawberry",
    "vegetables": "broccoli cabbage carrot cauliflower celery garlic lettuce onion potato yam",
    "animals": "bear cat chicken cow dog donkey duck fish frog goat mouse pig rabbit snail snake",
    "musical instruments": "accordion clarinet drum flute piano trombone trumpet violin",
}
_KIND_OF = {word: kind for kind, names in _KINDS.items() for word in names.split()}
_PLURALS = {"mice": "mouse", "blackberries": "blackberry", "raspberries": "raspberry", "strawberries": "strawberry"}
_COUNTED = re.compile(r"I have (.*)\. How many (.*) do I have\?")


def _count(row: Row, used: frozenset[str]) -> str:
    match = _COUNTED.search(row["question"])
    things = re.split(r",? and |, ", match[1]) if match else []
    kind = match[2] if match else "objects"
    count = 0
    for thing in things:
        number, _, name = thing.partition(" ")
        if "kinds" in used and kind != "objects" and _kind(name, "measures" in used) != kind:
            continue
        count += _NUMBERS.get(number, 1) if "numbers" in used else 1
    return _formed(row, used, str(count), "You have {} of them.")


def _kind(name: str, measures: bool) -> str:
    """What a thing is; a head or a stalk is nothing to who does not look at what it is of."""
    words = name.split()
    noun = words[0] if words[-1] in ("head", "heads") or not measures else words[-1]
    if not measures and words[-1] in ("head", "heads"):
        return ""
    noun = _PLURALS.get(noun, noun)
    return _KIND_OF.get(noun) or _KIND_OF.get(noun.removesuffix("s")) or _KIND_OF.get(noun.removesuffix("es"), "")


COUNTING = Student(
    "object counting",
    "You count things.",
    "Say how many there are.",
    (
        FORM,
        Skill(
            "numbers",
            (
                "Add up the numbers that stand before the things.",
                "Two of a thing count as two, three as three.",
                "A thing counts as often as its number word says.",
            ),
            ("Count each entry of the list once.", "Count the words between the commas."),
        ),
        Skill(
            "kinds",
            (
                "Count only what belongs to the kind that is asked for.",
                "Leave out what is not of the kind in the question.",
                "Before counting, sort out whatever is of another kind.",
            ),
            ("Count everything that is named.", "Take all things together."),
        ),
        Skill(
            "measures",
            (
                "A head or a stalk of something counts as that thing.",
                "Look behind words of measure such as head or stalk.",
                "With heads and stalks, what they are of decides.",
            ),
            ("A head is a part of a body.",),
        ),
    ),
    ("question",),
    _count,
)

# -- sums --------------------------------------------------------------------------------------------------------------

_NUMERAL = re.compile(r"-?\d+(?:\.\d+)?")
_MOST_STEPS = 5


def _sum(row: Row, used: frozenset[str]) -> str:
    """Follows the written solution as far as its care reaches; with more than five steps it gets lost whatever it is told."""
    lines = [line for line in row["solution"].splitlines() if _NUMERAL.search(line)]
    number = str(row["answer"])
    if len(lines) > _MOST_STEPS:
        number = _last(lines[_MOST_STEPS - 1])
    elif len(lines) > 2 and "steps" not in used:
        number = _last(lines[1])
    elif "%" in row["question"] + row["solution"] and "percent" not in used:
        number = next(iter(re.findall(r"(\d+)\s*(?:%|percent)", row["question"])), _last(lines[0]) if lines else number)
    elif re.search(r"\bhalf|twice|double", row["question"]) and "parts" not in used:
        number = _last(lines[0]) if len(lines) > 1 else next(iter(_NUMERAL.findall(row["question"])), number)
    return _formed(row, used, number, "That makes {} in all.")


def _last(line: str) -> str:
    return _NUMERAL.findall(line)[-1]


SUMS = Student(
    "GSM8K",
    "You solve problems with numbers.",
    "Say what comes out.",
    (
        FORM,
        Skill(
            "steps",
            (
                "Work step by step until the question is answered.",
                "Go through all steps before you answer.",
                "Do not stop before the last step.",
            ),
            ("Two steps are always enough.", "Answer as soon as you have a number."),
        ),
        Skill(
            "percent",
            (
                "A percentage is taken of a whole, never added as a number.",
                "Turn percentages into shares before you use them.",
                "Work out what each percentage is of.",
            ),
            ("Treat a percentage like any other number.",),
        ),
        Skill(
            "parts",
            (
                "Half means divided by two, twice and double mean times two.",
                "Carry out words such as half, twice and double.",
                "Words such as half and double are sums too.",
            ),
            ("Words such as half and double change nothing.",),
        ),
    ),
    ("question",),
    _sum,
)

# -- reading -----------------------------------------------------------------------------------------------------------

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"“(])")
_COMMON_WORDS = """
    a an and are as at be been by did do does for from had has have how in into is it its many much of on or than that the their
    there these they this to was were what when where which who whom whose why will with
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_NAME = re.compile(r"(?:[A-ZÀ-Ý][\w'’.-]*)(?:\s+(?:of|the|de|von|van|and)?\s*[A-ZÀ-Ý][\w'’.-]*)*")
_DATE = re.compile(
    r"(?:(?:January|February|March|April|May|June|July|August|September|October|November|December)\s+)?(?:\d{1,2},\s+)?\b1?\d{3}s?\b"
)
_AMOUNT = re.compile(
    r"[$£€]?\d[\d,.]*\d?(?:\s+(?:million|billion|percent|%))?|\b(?:two|three|four|five|six|seven|eight|nine|ten)\b"
)
_IN_A_HURRY = 2  # sentences of a passage that are read unless the prompt asks for all


def _read(row: Row, used: frozenset[str]) -> str:
    """The sentence that shares most words with the question, or what in it answers that sort of question."""
    sentences = _SENTENCE_END.split(row["context"])
    if "whole" not in used:
        sentences = sentences[:_IN_A_HURRY]
    asked = _words(row["question"])
    best = max(sentences, key=lambda one: (len(asked & _words(one)) / (len(_words(one)) + 8) ** 0.5, -len(one)))
    if "span" not in used:
        return best
    question = row["question"].casefold()
    for pattern, needed, asks in (
        (_AMOUNT, "amounts", ("how many", "how much", "how long", "how old", "what percent")),
        (_DATE, "dates", ("when", "what year", "which year")),
        (_NAME, "", ("who", "whose", "where", "what", "which")),
    ):
        if any(one in question for one in asks) and (not needed or needed in used):
            found = [match for match in pattern.findall(best) if not _words(match) & asked and _words(match)]
            if found:
                return str(max(found, key=len)).strip(" ,.")
    return _rest(best, asked)


def _rest(sentence: str, asked: frozenset[str]) -> str:
    """The longest stretch of words that the question does not hold."""
    stretches: list[list[str]] = [[]]
    for word in sentence.split():
        if _words(word) & asked:
            stretches.append([])
        else:
            stretches[-1].append(word)
    return " ".join(max(stretches, key=len)).strip(" ,.")


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in re.findall(r"\w+", text.casefold()) if word not in _COMMON)


READING = Student(
    "SQuAD",
    "You answer questions about a text.",
    "Find the answer in the text.",
    (
        Skill(
            "span",
            (
                "Give only the words that answer, not the sentence around them.",
                "Answer with as few words of the text as possible.",
                "Leave out everything that the question does not ask for.",
            ),
            ("Quote the whole sentence.", "Answer at length."),
        ),
        Skill(
            "whole",
            (
                "Read the text to its end.",
                "The answer can stand anywhere in the text.",
                "Search every sentence before you choose one.",
            ),
            ("What matters stands at the beginning.",),
        ),
        Skill(
            "dates",
            ("Where a time is asked for, answer with the date or year.", "Questions with when want a date or a year."),
            ("Dates are never the answer.",),
        ),
        Skill(
            "amounts",
            (
                "Where a number is asked for, answer with the number.",
                "Questions with how many or how much want a number.",
            ),
            ("Numbers are never the answer.",),
        ),
    ),
    ("context", "question"),
    _read,
    f1,
    "span",
)
STUDENTS = {student.name: student for student in (COUNTING, SUMS, READING)}
