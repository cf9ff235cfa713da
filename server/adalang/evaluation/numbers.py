r"""Numbers as people and models write them in texts, read exactly.

Understood: signs (also U+2212), thousands separators (1,234,567 · 1 234 567 with no-break or thin spaces ·
1'234 · 1_234), decimal points, a decimal comma where it cannot be a separator (2,5 · 1.234,56), currency
signs, percent, fractions (3/4, 1 1/2, ½, \frac{3}{4}), exponents (1e6, 3×10^4) and the words thousand to
trillion. Digits inside words and identifiers (GPT4) and number words (twelve) are not numbers; the parts of
a date with slashes are three numbers.
"""

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Number:
    """A number found in a text: its exact value, the text that was read, and whether a percent sign follows.

    The value is as written: "45 %" has the value 45.
    """

    value: Fraction
    text: str
    is_percent: bool = False


_LONGEST = 400  # characters; a longer run of digits is a model gone astray, and slow to convert
_WORDS = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_NUMBER = re.compile(
    r"""
    (?<!\w)(?<!\d\.) (?P<sign>(?:(?<![)\]])[-+\u2212])?) [$€£¥₹₽₩]? (?P<sign2>[-+\u2212]?)
    (?:
      (?<!\d/) (?:(?P<whole>\d+)[ ])? (?P<over>\d+)\s?[/\u2044]\s?(?P<under>(?!0+\b)\d+) (?![\d/.,]*[/\d])
    | (?P<digits>
        \d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)                      # 1,234,567.8
      | \d{1,3}(?:\.\d{3})+,\d+                                 # 1.234,5
      | \d{1,3}(?:\.\d{3}){2,}(?!\d)                            # 1.234.567
      | \d{1,3}(?:[\u00a0\u2009\u202f]\d{3})+(?:[.,]\d+)?(?!\d) # 1 234 567,8
      | \d{1,3}(?:['’_]\d{3})+(?:\.\d+)?(?!\d)                  # 1'234
      | (?<!\d,)\d+,\d{1,2}(?!,?\d)                             # 2,5
      | (?<!\d,)\d+,\d{4,}(?!,?\d)                              # 3,1416
      | \d+(?:\.\d+)?
      | \.\d+
      )
      (?: [eE] (?P<exponent>[-+]?\d{1,3}) (?!\w)
        | \s?(?:[×x*·]|\\times)\s?10\s?\^\s?\{? (?P<power>[-+\u2212]?\d{1,3}) \}?
      )?
      (?:\s(?P<word>thousand|million|billion|trillion)\b)?
    )
    (?:\s?(?P<percent>%|percent\b|per\ cent\b))?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_VULGAR = re.compile("[¼-¾⅐-⅞]")
_LATEX_FRACTION = re.compile(r"\\[dt]?frac\s*\{\s*(-?\d+)\s*\}\s*\{\s*(\d+)\s*\}")
_FINAL = re.compile(r"####|\\boxed\s*\{|\banswer\s*(?:is|:|=)", re.IGNORECASE)


def find_numbers(text: str) -> list[Number]:
    """All numbers of the text in their order."""
    plain = _LATEX_FRACTION.sub(r"\1/\2", text)
    plain = _VULGAR.sub(lambda match: " " + unicodedata.normalize("NFKC", match.group()), plain)
    return [_number(match) for match in _NUMBER.finditer(plain) if len(match.group()) <= _LONGEST]


def final_number(text: str) -> Number | None:
    """The number that the text gives as its answer.

    That is the first one after the last "####", "\\boxed{", "answer is" or "answer:", where there is such a
    mark, and else the last one of the text.
    """
    marks = list(_FINAL.finditer(text))
    if marks:
        marked = find_numbers(text[marks[-1].end() :])
        if marked:
            return marked[0]
    numbers = find_numbers(text)
    return numbers[-1] if numbers else None


def same_number(one: Number, other: Number, *, tolerance: float = 0.0, relative: float = 0.0) -> bool:
    """Whether two numbers agree within an absolute or a relative tolerance (of `other`), whichever is wider.

    Where just one is a percentage, both its readings count: 45 % agrees with 45 and with 0.45. Differences
    below one part in 10^9 (the noise of floats) never count.
    """
    readings = [(one.value, other.value)]
    if one.is_percent and not other.is_percent:
        readings.append((one.value / 100, other.value))
    elif other.is_percent and not one.is_percent:
        readings.append((one.value, other.value / 100))
    share = max(Fraction(relative), Fraction(1, 10**9))
    return any(abs(a - b) <= max(Fraction(tolerance), share * abs(b)) for a, b in readings)


def _number(match: re.Match[str]) -> Number:
    part = match.groupdict()
    if part["under"] is not None:
        value = Fraction(int(part["over"]), int(part["under"])) + int(part["whole"] or 0)
    else:
        value = _decimal(part["digits"]) * _WORDS.get((part["word"] or "").lower(), 1)
        power = (part["exponent"] or part["power"] or "0").replace("\u2212", "-")
        value *= Fraction(10) ** int(power)
    if {part["sign"], part["sign2"]} & {"-", "\u2212"}:
        value = -value
    return Number(value, match.group().strip(), is_percent=part["percent"] is not None)


def _decimal(digits: str) -> Fraction:
    """The last separator is the decimal mark, unless it separates thousands."""
    plain = re.sub("[\u00a0\u2009\u202f'’_]", "", digits)
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", plain):
        plain = plain.replace(",", "")
    elif re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}", plain):
        plain = plain.replace(".", "")
    return Fraction("0" + plain.replace(",", "."))
