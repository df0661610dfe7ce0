"""The price moves of a block of changes by their size, packed apart: so the largest of all blocks are found without
reading any record.

A move of a price that was missing, or that is missing now, has no size and is not among them. Knows no database.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from imports.writing.findings import PRICE_DOWN, PRICE_TO_ZERO, PRICE_UP

# The type codes of the sizes and of the places. A block has 500 places, so that there is room for two bits besides.
_SIZES, _PLACES = "d", "H"
_BYTES = array(_SIZES).itemsize + array(_PLACES).itemsize
_UP, _TO_ZERO = 1 << 15, 1 << 14


class SizedMove(NamedTuple):
    """How large a move is (`summary.move_size`), the place of its record in the block, and its marks (`findings`)."""

    size: float
    place: int
    marks: int


def pack_moves(moves: Iterable[SizedMove]) -> bytes:
    """These moves as they are stored, the largest first; to be read by machines with the same kind of numbers."""
    ordered = sorted(moves, key=lambda move: (-move.size, move.place))
    places = [place | _UP * bool(of & PRICE_UP) | _TO_ZERO * bool(of & PRICE_TO_ZERO) for _, place, of in ordered]
    return array(_SIZES, [size for size, _, _ in ordered]).tobytes() + array(_PLACES, places).tobytes()


def unpack_moves(data: bytes) -> Iterator[SizedMove]:
    """The moves that were packed, the largest first; those of one size by their places."""
    count = len(data) // _BYTES
    sizes, places = array(_SIZES), array(_PLACES)
    sizes.frombytes(data[: count * sizes.itemsize])
    places.frombytes(data[count * sizes.itemsize :])
    for size, place in zip(sizes, places, strict=True):
        marks = PRICE_UP if place & _UP else PRICE_DOWN | (PRICE_TO_ZERO if place & _TO_ZERO else 0)
        yield SizedMove(size, place & ~(_UP | _TO_ZERO), marks)
