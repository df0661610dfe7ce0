"""What the changes of an import come to: counts by field, the largest price moves, products that became active or not.

Counted chunk by chunk while the values are at hand: nobody has to read the history for it. Knows no database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from heapq import nlargest
from itertools import compress
from operator import itemgetter, ne
from typing import Any, NamedTuple, Self

# The price moves that are kept.
MOVES_KEPT = 10
_NONE, _ENDLESS = Decimal(0), Decimal("Infinity")


class Move(NamedTuple):
    """The price of one product before and after; neither is missing, and before it was not nothing."""

    line: int
    sku: str
    before: Decimal
    after: Decimal

    @property
    def percent(self) -> Decimal:
        """By how much it has moved."""
        return (self.after - self.before) * 100 / self.before


@dataclass(slots=True)
class Summary:
    """What some changes come to.

    Attributes:
        sets: how many change sets they are in.
        fields: how many products were changed in each field.
        activated: how many products were inactive and became active.
        deactivated: how many became inactive.
        moves: the largest price moves, the largest first.
    """

    sets: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    activated: int = 0
    deactivated: int = 0
    moves: list[Move] = field(default_factory=list)

    def __add__(self, other: Summary) -> Summary:
        return Summary(
            self.sets + other.sets,
            self.fields + other.fields,
            self.activated + other.activated,
            self.deactivated + other.deactivated,
            _largest([*self.moves, *other.moves]),
        )

    def as_json(self) -> dict[str, Any]:
        """The summary as it is stored."""
        moves = [(line, sku, str(before), str(after)) for line, sku, before, after in self.moves]
        return {
            "sets": self.sets,
            "fields": dict(self.fields),
            "activated": self.activated,
            "deactivated": self.deactivated,
            "moves": moves,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The summary that was stored; one of nothing if nothing was."""
        if not stored:
            return cls()
        moves = [Move(line, sku, Decimal(before), Decimal(after)) for line, sku, before, after in stored["moves"]]
        return cls(stored["sets"], Counter(stored["fields"]), stored["activated"], stored["deactivated"], moves)


def summary_of(
    fields: Sequence[str], before: Sequence[tuple[Any, ...]], after: Sequence[tuple[Any, ...]], lines: Sequence[int]
) -> Summary:
    """The summary of one set of changes: the values of products that were there before, and those that they got."""
    found = Summary(sets=1)
    for at, name in enumerate(fields):
        value = itemgetter(at)
        old, new = list(map(value, before)), list(map(value, after))
        if old == new:
            continue
        differs = list(map(ne, old, new))
        found.fields[name] = sum(differs)
        if name == "is_active":
            found.activated = sum(compress(new, differs))
            found.deactivated = found.fields[name] - found.activated
        elif name == "price":
            sizes = list(map(move_size, old, new))
            largest = nlargest(MOVES_KEPT, compress(range(len(sizes)), sizes), key=sizes.__getitem__)
            found.moves = [Move(lines[row], after[row][0], old[row], new[row]) for row in largest]
    return found


def move_size(before: Decimal | None, after: Decimal | None) -> Decimal:
    """How large a move is: a price that was halved moved as much as one that was doubled. 0 if there is none."""
    if not before or after is None or after == before:
        return _NONE
    if after > before:
        return after / before
    return before / after if after else _ENDLESS


def _largest(moves: Iterable[Move]) -> list[Move]:
    return nlargest(MOVES_KEPT, moves, key=lambda move: move_size(move.before, move.after))
