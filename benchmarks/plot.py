"""The plot: rows per second by size and contender, for new products, as an SVG without any library."""

from __future__ import annotations

import math
from xml.sax.saxutils import escape

from benchmarks.measurements import Measurement

PANEL_WIDTH, PANEL_HEIGHT = 360, 300
MARGIN_LEFT, MARGIN_TOP, MARGIN_BOTTOM, GAP, LEGEND_WIDTH = 70, 40, 50, 70, 270
LINE_HEIGHT = 18
# Colours that also the colour-blind tell apart (Okabe and Ito).
COLOURS = (
    "#000000",
    "#0072B2",
    "#56B4E9",
    "#009E73",
    "#D55E00",
    "#E69F00",
    "#CC79A7",
    "#999999",
    "#8B4513",
    "#800080",
    "#B22222",
)


def rows_per_second(measurements: list[Measurement]) -> str:
    """A panel for each database, with a line for each contender; both axes are logarithmic."""
    new = [m for m in measurements if m.situation == "new"]
    contenders = list(dict.fromkeys(m.contender for m in new))
    colours = {contender: COLOURS[number % len(COLOURS)] for number, contender in enumerate(contenders)}
    databases = sorted({m.database for m in new})
    sizes = _Scale([m.rows for m in new])
    rates = _Scale([m.rows / m.seconds for m in new])
    width = MARGIN_LEFT + len(databases) * (PANEL_WIDTH + GAP) + LEGEND_WIDTH
    height = MARGIN_TOP + PANEL_HEIGHT + MARGIN_BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="12" role="img" aria-label="Rows per second by size of the file">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for number, database in enumerate(databases):
        left = MARGIN_LEFT + number * (PANEL_WIDTH + GAP)
        parts.append(f'<g transform="translate({left},{MARGIN_TOP})">')
        parts += _axes(f"{database}: new products, rows a second", sizes, rates)
        for contender in contenders:
            points = [m for m in new if (m.database, m.contender) == (database, contender)]
            parts += _line(sorted(points, key=lambda m: m.rows), sizes, rates, colours[contender])
        parts.append("</g>")
    parts += _legend(colours, MARGIN_LEFT + len(databases) * (PANEL_WIDTH + GAP) - GAP / 2)
    return "\n".join([*parts, "</svg>", ""])


class _Scale:
    """A logarithmic axis from the power of ten below all values to the one above."""

    def __init__(self, values: list[float] | list[int]) -> None:
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)

    def at(self, value: float) -> float:
        """Where `value` lies between the ends: 0 to 1."""
        return (math.log10(value) - self.low) / (self.high - self.low)

    def ticks(self) -> list[int]:
        return [10**power for power in range(self.low, self.high + 1)]


def _place(rows: float, rate: float, sizes: _Scale, rates: _Scale) -> tuple[float, float]:
    return sizes.at(rows) * PANEL_WIDTH, (1 - rates.at(rate)) * PANEL_HEIGHT


def _axes(title: str, sizes: _Scale, rates: _Scale) -> list[str]:
    parts = [f'<text x="0" y="-16" font-size="14" font-weight="bold">{escape(title)}</text>']
    for tick in sizes.ticks():
        x = sizes.at(tick) * PANEL_WIDTH
        parts.append(f'<path d="M{x:.1f},0V{PANEL_HEIGHT}" stroke="#dddddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{PANEL_HEIGHT + 18}" text-anchor="middle">{tick:,}</text>')
    for tick in rates.ticks():
        y = (1 - rates.at(tick)) * PANEL_HEIGHT
        parts.append(f'<path d="M0,{y:.1f}H{PANEL_WIDTH}" stroke="#dddddd"/>')
        parts.append(f'<text x="-6" y="{y + 4:.1f}" text-anchor="end">{tick:,}</text>')
    middle = PANEL_WIDTH / 2
    parts.append(f'<text x="{middle}" y="{PANEL_HEIGHT + 38}" text-anchor="middle">rows in the file</text>')
    return parts


def _line(points: list[Measurement], sizes: _Scale, rates: _Scale, colour: str) -> list[str]:
    places = [_place(m.rows, m.rows / m.seconds, sizes, rates) for m in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
    return [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>', *dots]


def _legend(colours: dict[str, str], left: float) -> list[str]:
    parts = []
    for number, (contender, colour) in enumerate(colours.items()):
        y = MARGIN_TOP + 10 + number * LINE_HEIGHT
        parts.append(f'<path d="M{left},{y}h20" stroke="{colour}" stroke-width="3"/>')
        parts.append(f'<text x="{left + 28}" y="{y + 4}">{escape(contender)}</text>')
    return parts
