"""What a check finds in the changes that a file would make, beyond their counts: prices up and down and by how much,
prices that become zero, cells that are emptied. Of one change, of a block of them, and of all. Knows no database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any, Self

# What is to be said of single changes, a bit each.
PRICE_UP, PRICE_DOWN, PRICE_TO_ZERO, EMPTIED, ACTIVATED, DEACTIVATED = (1 << at for at in range(6))
# What they are called in addresses and in the API.
MARKS = {
    "price_up": PRICE_UP,
    "price_down": PRICE_DOWN,
    "price_to_zero": PRICE_TO_ZERO,
    "emptied": EMPTIED,
    "activated": ACTIVATED,
    "deactivated": DEACTIVATED,
}
# In the other fields, only what is emptied is marked.
MARKED_AS_FILLED = frozenset({"price", "is_active"})
# Moves are counted by their per mille; larger ones than a doubling more coarsely, so that there are few numbers.
_FINE = 1000


@dataclass(slots=True)
class Findings:
    """What is found in some changes of products that exist.

    Attributes:
        up: how many prices go up.
        down: how many go down; those that become zero are among them.
        to_zero: how many become zero.
        emptied: how many cells with a value are emptied, by their fields.
        permilles: how many prices move by so many per mille of what they were.
    """

    up: int = 0
    down: int = 0
    to_zero: int = 0
    emptied: Counter[str] = field(default_factory=Counter)
    permilles: Counter[int] = field(default_factory=Counter)

    def __add__(self, other: Findings) -> Findings:
        return Findings(
            self.up + other.up,
            self.down + other.down,
            self.to_zero + other.to_zero,
            self.emptied + other.emptied,
            self.permilles + other.permilles,
        )

    @property
    def median_percent(self) -> float | None:
        """By how much the price in the middle moves, in per cent; None if none does."""
        middle = (self.permilles.total() + 1) // 2
        for permille, count in sorted(self.permilles.items()):
            middle -= count
            if middle <= 0:
                return permille / 10
        return None

    def moved_by_more_than(self, percent: float) -> int:
        """How many prices move by more than that, up or down."""
        return sum(count for permille, count in self.permilles.items() if abs(permille) > percent * 10)

    def as_json(self) -> dict[str, Any]:
        """The findings as they are stored."""
        return {
            "up": self.up,
            "down": self.down,
            "to_zero": self.to_zero,
            "emptied": dict(self.emptied),
            "permilles": {str(permille): count for permille, count in self.permilles.items()},
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The findings that were stored; none if nothing was."""
        if not stored:
            return cls()
        permilles = Counter({int(permille): count for permille, count in stored["permilles"].items()})
        return cls(stored["up"], stored["down"], stored["to_zero"], Counter(stored["emptied"]), permilles)


def find(
    fields: Sequence[str], before: Sequence[tuple[Any, ...]], after: Sequence[tuple[Any, ...]]
) -> tuple[Findings, int]:
    """What is found in the changes of products from the values `before` to those `after`, and the marks of all.

    The values are those of the `fields`.
    """
    found = Findings()
    marks = 0
    for at, name in enumerate(fields):
        changed = [(old[at], new[at]) for old, new in zip(before, after, strict=True) if old[at] != new[at]]
        if name not in MARKED_AS_FILLED:
            # Of most changes of texts there is nothing to say, and there may be many.
            changed = [(old, new) for old, new in changed if not new]
        for old, new in changed:
            mark = mark_of(name, old, new)
            marks |= mark
            if mark & EMPTIED:
                found.emptied[name] += 1
            if name == "price" and old is not None and new is not None:
                found.up += bool(mark & PRICE_UP)
                found.down += bool(mark & PRICE_DOWN)
                found.to_zero += bool(mark & PRICE_TO_ZERO)
                if old:
                    found.permilles[_permille(old, new)] += 1
    return found, marks


def mark_of(name: str, old: Any, new: Any) -> int:
    """What is to be said of one field of a product that exists, which changes from `old` to `new`."""
    if name == "price":
        # Zero is a price.
        if old is None:
            return 0
        if new is None:
            return EMPTIED
        return PRICE_UP if new > old else PRICE_DOWN if new else PRICE_DOWN | PRICE_TO_ZERO
    if name == "is_active":
        return ACTIVATED if new else DEACTIVATED
    return EMPTIED if old and not new else 0


def marks_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> int:
    """The marks of one change of a product that exists: from these values to those, of the fields that change."""
    return reduce(or_, (mark_of(name, before[name], after[name]) for name in before), 0)


def _permille(old: Decimal, new: Decimal) -> int:
    permille = round((new - old) * 1000 / old)
    if abs(permille) <= _FINE:
        return permille
    # To three digits.
    step = 10 ** (len(str(abs(permille))) - 3)
    return round(permille / step) * step
