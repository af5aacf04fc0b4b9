"""Line plots as small SVG files, for the documents: logarithmic axes, one line a series, readable in print."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

WIDTH, HEIGHT = 720, 440
LEFT, RIGHT, TOP, BOTTOM = 76, 190, 44, 60
# told apart in grey and by colour-blind eyes: each series has its own mark as well
COLOURS = ("#b7371f", "#1f4e79", "#6b6b2f", "#7a4a8c", "#2f7d6b", "#8a5a2b")
MARKS = ("circle", "square", "diamond", "up", "down", "cross")
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Axis:
    """What an axis shows; logarithmic or from zero."""

    label: str
    logarithmic: bool = True


def write_plot(path: Path, title: str, axes: tuple[Axis, Axis], series: Mapping[str, Points]) -> None:
    """Draw series of (x, y) as lines with marks."""
    every = [point for points in series.values() for point in points]
    scales = [_scale([point[k] for point in every], axes[k].logarithmic) for k in (0, 1)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">',
        f'<title>{escape(title)}</title><rect width="{WIDTH}" height="{HEIGHT}" fill="#fffdf8"/>',
        f'<text x="{LEFT}" y="24" font-size="16">{escape(title)}</text>',
        *_frame(axes, scales),
    ]
    for index, (name, points) in enumerate(series.items()):
        parts += _line(index, name, [(_x(scales[0], x), _y(scales[1], y)) for x, y in points])
    path.write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8")


def _scale(values: Sequence[float], logarithmic: bool) -> tuple[float, float, bool]:
    low, high = min(values), max(values)
    if not logarithmic:
        return 0.0, high * 1.05, False
    return math.log10(low) - 0.05, math.log10(high) + 0.05, True


def _share(scale: tuple[float, float, bool], value: float) -> float:
    low, high, logarithmic = scale
    return ((math.log10(value) if logarithmic else value) - low) / (high - low)


def _x(scale: tuple[float, float, bool], value: float) -> float:
    return LEFT + _share(scale, value) * (WIDTH - LEFT - RIGHT)


def _y(scale: tuple[float, float, bool], value: float) -> float:
    return HEIGHT - BOTTOM - _share(scale, value) * (HEIGHT - TOP - BOTTOM)


def _ticks(scale: tuple[float, float, bool]) -> list[float]:
    low, high, logarithmic = scale
    if logarithmic:
        decades = range(math.floor(low), math.ceil(high) + 1)
        return [m * 10.0**d for d in decades for m in (1, 2, 5) if low <= math.log10(m * 10.0**d) <= high]
    step = 10.0 ** math.floor(math.log10(high))
    step *= next(factor for factor in (0.2, 0.5, 1, 2) if high / (step * factor) <= 6)
    return [k * step for k in range(int(high / step) + 1)]


def _frame(axes: tuple[Axis, Axis], scales: list[tuple[float, float, bool]]) -> list[str]:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = []
    for value in _ticks(scales[0]):
        x = _x(scales[0], value)
        parts.append(f'<path d="M{x:.1f} {TOP}V{bottom}" stroke="#e4ddcd"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{value:,.6g}</text>')
    for value in _ticks(scales[1]):
        y = _y(scales[1], value)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{right}" stroke="#e4ddcd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:,.6g}</text>')
    middle = (TOP + bottom) / 2
    return [
        *parts,
        f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="#3b3630"/>',
        f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 16}" text-anchor="middle">{escape(axes[0].label)}</text>',
        f'<text transform="translate(20 {middle}) rotate(-90)" text-anchor="middle">{escape(axes[1].label)}</text>',
    ]


def _line(index: int, name: str, points: Points) -> list[str]:
    colour, mark = COLOURS[index % len(COLOURS)], MARKS[index % len(MARKS)]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    legend_y = TOP + 14 + 22 * index
    return [
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
        *(_mark(mark, x, y, colour) for x, y in points),
        _mark(mark, WIDTH - RIGHT + 18, legend_y - 4, colour),
        f'<text x="{WIDTH - RIGHT + 30}" y="{legend_y}">{escape(name)}</text>',
    ]


def _mark(mark: str, x: float, y: float, colour: str) -> str:
    shapes = {
        "square": "M-4-4H4V4H-4Z",
        "diamond": "M0-6L6 0 0 6-6 0Z",
        "up": "M0-5L5 4H-5Z",
        "down": "M0 5L5-4H-5Z",
        "cross": "M-5-5L5 5M-5 5L5-5",
    }
    if mark == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
    return f'<path transform="translate({x:.1f} {y:.1f})" d="{shapes[mark]}" fill="{colour}" stroke="{colour}"/>'
