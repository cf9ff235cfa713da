"""How a search can end: a code for programs, and the sentence for people that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Code = Literal["empty", "goal", "rounds", "settled", "retraced", "idle", "price", "teacher", "reserve", "budget"]
CODES: tuple[Code, ...] = get_args(Code)

_SENTENCES: dict[Code, str] = {
    "empty": "there is nothing to learn from or nothing to change",
    "goal": "the goal is reached on the selection rows",
    "rounds": "{told} rounds are done",
    "settled": "an earlier run had searched from here, and {told} more rounds brought no gain",
    "retraced": "an earlier run had searched from here, and a tenth of its runs were made again; --fresh searches anew",
    "idle": "{told} rounds brought no gain",
    "price": "by what the last rounds brought, one more point would cost more than {told}",
    "teacher": "the teacher failed {told} times in a row",
    "reserve": "what is left of the budget is kept for the final test",
    "budget": "the budget is used up ({told})",
}
_CUT_SHORT: frozenset[Code] = frozenset({"price", "teacher", "reserve", "budget"})
_OLD_WORDS = ("budget", "teacher failed")


@dataclass(frozen=True, slots=True)
class End:
    """`told` is what the sentence has to say besides the code: a number, say."""

    code: Code
    told: str | int = ""

    @property
    def sentence(self) -> str:
        return _SENTENCES[self.code].format(told=self.told)


def found_no_more(code: str | None, sentence: str) -> bool:
    """Whether a search ended because it found no more, not because it could not or should not go on.

    `code` is None in logs of before there were codes, which know the sentence alone.
    """
    if code is None:
        return not any(word in sentence for word in _OLD_WORDS)
    return code not in _CUT_SHORT
