"""Numbers as shapes: the stacked bar of a receipt and the chart of days. Knows no model and no markup.

All lengths are percentages, for an SVG that is stretched to the room it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

# Of the room of a day, what its column takes.
COLUMN_WIDTH = 0.7


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a stacked bar: where it begins, and how long it is."""

    kind: str
    count: int
    start: float
    length: float


@dataclass(frozen=True, slots=True)
class Column:
    """A day of a chart: its bar from the bottom up, in segments whose `start` is measured from the top."""

    day: date
    total: int
    left: float
    width: float
    segments: list[Segment]


def stack(counts: Mapping[str, int]) -> list[Segment]:
    """The bar of `counts`, as long as the whole room; kinds that do not occur have no segment."""
    return list(_segments(counts, sum(counts.values())))


def columns(days: Sequence[tuple[date, Mapping[str, int]]], scale: int) -> list[Column]:
    """The chart of `days`, where a bar of `scale` would be as high as the room."""
    room = 100 / len(days)
    return [
        Column(
            day,
            total=sum(counts.values()),
            left=round((index + (1 - COLUMN_WIDTH) / 2) * room, 3),
            width=round(COLUMN_WIDTH * room, 3),
            segments=[
                Segment(part.kind, part.count, round(100 - part.start - part.length, 3), part.length)
                for part in _segments(counts, scale)
            ],
        )
        for index, (day, counts) in enumerate(days)
    ]


def round_up(number: int) -> int:
    """The next number that reads well on an axis and can be halved: 2, 4, 6, 8, 10 times a power of ten."""
    step = 10 ** max(len(str(number)) - 1, 0)
    return max(-(-number // (2 * step)) * 2 * step, 2)


def _segments(counts: Mapping[str, int], scale: int) -> Iterator[Segment]:
    start = 0.0
    for kind, count in counts.items():
        if count:
            length = round(100 * count / scale, 3)
            yield Segment(kind, count, round(start, 3), length)
            start += length
