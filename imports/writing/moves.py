"""The price moves of a block of changes by their size, packed apart: so the largest of all blocks are found without
reading any record.

A move of a price that was missing, or that is missing now, has no size and is not among them. Knows no database.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

# The type codes of the sizes and of the places, which are less than 500.
_SIZES, _PLACES = "d", "H"
_BYTES = array(_SIZES).itemsize + array(_PLACES).itemsize


class SizedMove(NamedTuple):
    """How large a move is (`summary.move_size`), and the place of its record in the block."""

    size: float
    place: int


def pack_moves(moves: Iterable[SizedMove]) -> bytes:
    """These moves, of any order, as they are stored. Stored and read by machines of one kind of numbers."""
    ordered = sorted(moves, key=_rank)
    sizes = array(_SIZES, [-size for size, _ in ordered])
    return sizes.tobytes() + array(_PLACES, [place for _, place in ordered]).tobytes()


def moves_below(data: bytes, size: float | None, place: int, limit: int) -> Iterator[SizedMove]:
    """The first `limit` moves that come after the one of this `size` at this `place`; the largest ones if that is None.

    At a `place` of -1, that are all of this size as well, and at a very high one, none of them.
    """
    count = len(data) // _BYTES
    sizes, places = array(_SIZES), array(_PLACES)
    sizes.frombytes(data[: count * sizes.itemsize])
    places.frombytes(data[count * sizes.itemsize :])
    start = 0
    if size is not None:
        # Those of one size are in the order of their places.
        first, end = bisect_left(sizes, -size), bisect_right(sizes, -size)
        start = bisect_right(places, place, first, end)
    return map(SizedMove, (-each for each in sizes[start : start + limit]), places[start : start + limit])


def _rank(move: SizedMove) -> tuple[float, int]:
    return -move.size, move.place
