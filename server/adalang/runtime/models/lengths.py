"""How long an answer may become: what is reserved for it, and asked of the provider where a budget has to hold."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from adalang.language.models import known_models, price
from adalang.runtime.models.budget import Budget
from adalang.runtime.models.keys import largest_input_tokens
from adalang.runtime.models.types import Request, Usage

# Before a model's answers are known: what most are shorter than, with and without thoughts before the answer.
_ASSUMED, _ASSUMED_WITH_REASONING = 1024, 16_384
_KNOWN_FROM, _SPARE, _LEAST = 8, 4, 256
_LONGEST = 131_072
_DECLARED = ("max_tokens", "max_completion_tokens")


@dataclass(frozen=True, slots=True)
class Room:
    """What a call may cost at most, and its request, in which the answer's length is bounded where the budget asks for it.

    `cut_at`: an answer that ends at so many tokens was cut off for the budget's sake; None: only the file bounds it.
    """

    request: Request
    most: Usage
    cut_at: int | None = None


@dataclass(slots=True)
class Lengths:
    """The answers of each model so far, by which the next ones are judged. `longest`, `count`: by model id."""

    longest: dict[str, int] = field(default_factory=dict)
    count: dict[str, int] = field(default_factory=dict)

    def saw(self, model: str, tokens: int) -> None:
        self.longest[model] = max(self.longest.get(model, 0), tokens)
        self.count[model] = self.count.get(model, 0) + 1

    def room(self, request: Request, budget: Budget, least: int = 0) -> Room:
        """What to reserve for one call.

        Where tokens or money are bounded and the file does not say how long an answer may be, the provider is told: much
        longer than all that were seen, so that hardly any is cut. `least` is for one that was: it needs more than that.
        Where even the longest answer so far would not fit any more, what is returned does not fit the budget either.
        """
        model = request.model
        sent = largest_input_tokens(request)
        rates = price(model.id)
        declared = next((int(model.options[name]) for name in _DECLARED if model.options.get(name)), None)
        affordable = budget.longest_output(sent, rates)
        if declared is not None or affordable is None or model.provider == "builtin":
            return Room(request, _usage(sent, declared or max(_ASSUMED, self.longest.get(model.id, 0)), rates))
        known = known_models().get(model.id)
        window = (known.answer_window if known is not None else None) or _LONGEST
        shortest = min(window, max(least, self.longest.get(model.id, _LEAST)))
        wanted = min(window, max(least, self._wanted(model.id, known is not None and "r" in known.can)))
        output = max(shortest, min(wanted, _power_of_two(affordable)))
        options = {**model.options, "max_tokens": output}
        capped = replace(request, model=replace(model, options=options))
        return Room(capped, _usage(sent, output, rates), output if output < window else None)

    def _wanted(self, model: str, reasons: bool) -> int:
        if self.count.get(model, 0) < _KNOWN_FROM:
            return max(_ASSUMED_WITH_REASONING if reasons else _ASSUMED, _SPARE * self.longest.get(model, 0))
        return max(_LEAST, _power_of_two(_SPARE * self.longest[model]))


def _usage(sent: int, output: int, rates: tuple[float, float] | None) -> Usage:
    usd = sent * rates[0] + output * rates[1] if rates is not None else 0.0
    return Usage(1, 0, sent, output, usd, priced=rates is not None)


def _power_of_two(tokens: float) -> int:
    """Rounded down: providers are told few different lengths."""
    return 1 << (int(tokens).bit_length() - 1) if tokens >= 1 else 0
