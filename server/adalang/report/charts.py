"""Charts as SVG text: pure functions from numbers to markup that needs no script and follows the page's colours.

Every mark says its value in a tooltip, and the whole says what it is (``role="img"`` with a title), so that a chart is no
secret to those who cannot see it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup, escape

Format = Callable[[float], str]

_WIDTH, _HEIGHT = 720, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 12, 44
_ROW, _NAMES, _VALUES = 26, 180, 130  # of a bar chart: a bar's height, and the widths of its names and values
_NAME_LENGTH = 26
_COLOURS = tuple(
    f"var(--line-{number}, {colour})" for number, colour in enumerate(("#2461c2", "#b5541c", "#18703a", "#7b4cb3"), 1)
)


def percent(share: float) -> str:
    """0.425 as `42.5%`, 0.4 as `40%`."""
    return f"{100 * share:.1f}".removesuffix(".0") + "%"


def plain(number: float) -> str:
    """1234.5 as `1,234.5`, 3.0 as `3`."""
    return f"{number:,.4f}".rstrip("0").rstrip(".")


def duration(seconds: float) -> str:
    """0.25 as `250 ms`, 2.5 as `2.5 s`."""
    return f"{1000 * seconds:.0f} ms" if seconds < 0.9995 else f"{seconds:.1f} s"


@dataclass(frozen=True, slots=True)
class Point:
    """A mark of a curve; `low` and `high` are the ends of its interval, `note` goes before the value in the tooltip."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """Points in the order of `x`: joined, joined as steps (a value holds until the next one), or marks alone."""

    label: str
    points: Sequence[Point]
    kind: Literal["line", "step", "marks"] = "line"


@dataclass(frozen=True, slots=True)
class Bar:
    """A named value with its interval; `note` stands behind it, such as `n = 12`."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""


def curve(
    lines: Sequence[Line],
    *,
    title: str,
    x_label: str,
    y_label: str,
    x_format: Format = plain,
    y_format: Format = percent,
    y_range: tuple[float, float] | None = (0.0, 1.0),
    goal: float | None = None,
) -> Markup:
    """Lines over one pair of axes, with a legend where there is more than one; `goal` is a dashed level.

    `y_range` None: what the points span. No points at all give an empty Markup.
    """
    points = [point for line in lines for point in line.points]
    if not points:
        return Markup()
    x_scale = _Scale.over([point.x for point in points], _LEFT, _WIDTH - _RIGHT, x_format)
    levels = [y for point in points for y in (point.y, point.low, point.high) if y is not None]
    y_scale = _Scale.over(
        [*(y_range or levels), *([goal] if goal is not None else [])], _HEIGHT - _BOTTOM, _TOP, y_format
    )
    parts = [_axes(x_scale, y_scale, x_label, y_label)]
    if goal is not None:
        at = _number(y_scale(goal))
        told = escape(f"goal {y_format(goal)}")
        parts.append(
            f'<line class="axis" stroke-dasharray="5 4" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at}" y2="{at}"><title>{told}</title></line>'
        )
    for number, line in enumerate(lines):
        colour = _COLOURS[number % len(_COLOURS)]
        parts.append(_drawn(line, x_scale, y_scale, colour))
    height = _HEIGHT
    if len(lines) > 1:
        parts.append(_legend(lines))
        height += 22
    return _svg(title, _WIDTH, height, parts)


def bars(
    rows: Sequence[Bar],
    *,
    title: str,
    value_format: Format = percent,
    value_range: tuple[float, float] | None = (0.0, 1.0),
) -> Markup:
    """Horizontal bars from 0 with whiskers for their intervals. `value_range` None: what they span, and 0."""
    if not rows:
        return Markup()
    ends = [end for row in rows for end in (row.value, row.low, row.high) if end is not None]
    scale = _Scale.over([0.0, *(value_range or ends)], _NAMES, _WIDTH - _VALUES, value_format)
    bottom = _TOP + _ROW * len(rows)
    parts = [
        f'<line class="grid" x1="{_number(scale(tick))}" x2="{_number(scale(tick))}" y1="{_TOP}" y2="{bottom}"/>'
        f'<text x="{_number(scale(tick))}" y="{bottom + 16}" text-anchor="middle">{escape(scale.format(tick))}</text>'
        for tick in scale.ticks
    ]
    parts += [_bar(row, _TOP + _ROW * number, scale) for number, row in enumerate(rows)]
    return _svg(title, _WIDTH, bottom + 24, parts)


# -- parts -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Scale:
    """Maps values from `least` to `most` onto pixels from `start` to `end`; `ticks` are round values between."""

    least: float
    most: float
    start: float
    end: float
    format: Format
    ticks: Sequence[float]

    @classmethod
    def over(cls, values: Sequence[float], start: float, end: float, form: Format) -> _Scale:
        least, most = min(values), max(values)
        if most - least <= 1e-12 * max(1.0, abs(most)):  # one value only: room on both sides
            room = abs(most) / 10 or 0.5
            least, most = least - room, most + room
        return cls(least, most, start, end, form, _ticks(least, most))

    def __call__(self, value: float) -> float:
        share = (min(max(value, self.least), self.most) - self.least) / (self.most - self.least)
        return self.start + share * (self.end - self.start)


def _ticks(least: float, most: float, wanted: int = 5) -> list[float]:
    """Multiples of 1, 2, 2.5 or 5 times a power of ten within [least, most], about `wanted` of them."""
    rough = (most - least) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= rough * 0.999)
    first, last = math.ceil(least / step - 1e-9), math.floor(most / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def _axes(x: _Scale, y: _Scale, x_label: str, y_label: str) -> str:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = []
    for tick in y.ticks:
        at = _number(y(tick))
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{at}" y2="{at}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{at}" dy="4" text-anchor="end">{escape(y.format(tick))}</text>')
    for tick in x.ticks:
        at = _number(x(tick))
        parts.append(f'<line class="axis" x1="{at}" x2="{at}" y1="{bottom}" y2="{bottom + 4}"/>')
        parts.append(f'<text x="{at}" y="{bottom + 17}" text-anchor="middle">{escape(x.format(tick))}</text>')
    middle = (_TOP + bottom) // 2
    parts += [
        f'<line class="axis" x1="{_LEFT}" x2="{right}" y1="{bottom}" y2="{bottom}"/>',
        f'<text class="label" x="{(_LEFT + right) // 2}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(x_label)}</text>',
        f'<text class="label" x="14" y="{middle}" text-anchor="middle" transform="rotate(-90 14 {middle})">{escape(y_label)}</text>',
    ]
    return "".join(parts)


def _drawn(line: Line, x: _Scale, y: _Scale, colour: str) -> str:
    places = [(_number(x(point.x)), _number(y(point.y))) for point in line.points]
    parts = []
    if line.kind != "marks" and len(places) > 1:
        path = f"M{places[0][0]} {places[0][1]}"
        path += "".join(f"H{right}V{up}" if line.kind == "step" else f"L{right} {up}" for right, up in places[1:])
        parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"/>')
    for point, (right, up) in zip(line.points, places, strict=True):
        if point.low is not None and point.high is not None:
            low, high = _number(y(point.low)), _number(y(point.high))
            parts.append(
                f'<line x1="{right}" x2="{right}" y1="{low}" y2="{high}" stroke="{colour}" stroke-opacity="0.45" stroke-width="2"/>'
            )
        told = _told(point.note or f"{line.label}, {x.format(point.x)}", point.y, point.low, point.high, y.format)
        parts.append(f'<circle cx="{right}" cy="{up}" r="3.5" fill="{colour}"><title>{told}</title></circle>')
    return "".join(parts)


def _legend(lines: Sequence[Line]) -> str:
    width = (_WIDTH - _LEFT) // len(lines)
    parts = []
    for number, line in enumerate(lines):
        at = _LEFT + number * width
        parts.append(f'<circle cx="{at}" cy="{_HEIGHT + 8}" r="4" fill="{_COLOURS[number % len(_COLOURS)]}"/>')
        parts.append(f'<text class="label" x="{at + 10}" y="{_HEIGHT + 12}">{escape(line.label)}</text>')
    return "".join(parts)


def _bar(row: Bar, top: float, scale: _Scale) -> str:
    zero, end, middle = scale(0.0), scale(row.value), top + _ROW // 2
    told = _told(row.name, row.value, row.low, row.high, scale.format)
    name = row.name if len(row.name) <= _NAME_LENGTH else row.name[: _NAME_LENGTH - 1] + "…"
    value = f"{scale.format(row.value)} {row.note}".strip()
    parts = [
        f"<g><title>{told}</title>",
        f'<text class="label" x="{_NAMES - 8}" y="{middle}" dy="4" text-anchor="end">{escape(name)}</text>',
        f'<rect x="{_number(min(zero, end))}" y="{top + 5}" width="{_number(abs(end - zero))}" height="{_ROW - 10}" '
        f'fill="{_COLOURS[0]}" fill-opacity="0.55"/>',
    ]
    if row.low is not None and row.high is not None:
        low, high = _number(scale(row.low)), _number(scale(row.high))
        whisker = f"M{low} {middle}H{high}M{low} {middle - 5}v10M{high} {middle - 5}v10"
        parts.append(f'<path d="{whisker}" fill="none" stroke="{_COLOURS[0]}" stroke-width="1.5"/>')
    parts.append(f'<text x="{_WIDTH - _VALUES + 12}" y="{middle}" dy="4">{escape(value)}</text></g>')
    return "".join(parts)


def _told(name: str, value: float, low: float | None, high: float | None, form: Format) -> str:
    interval = f" [{form(low)}, {form(high)}]" if low is not None and high is not None else ""
    return escape(f"{name}: {form(value)}{interval}")


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _svg(title: str, width: int, height: int, parts: Sequence[str]) -> Markup:
    head = f'<svg class="chart" viewBox="0 0 {width} {height}" role="img" xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title>'
    return Markup(head + "".join(parts) + "</svg>")
