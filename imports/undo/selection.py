"""Which changes an undo takes back: all of them, those of some products, or those of some fields."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from imports.undo.source import UndoneRow
from products.fields import normalize_skus
from products.history.records import CHANGED, KEPT

# So many SKUs can be named one by one.
MOST_SKUS = 10_000


class BadSelectionError(ValueError):
    """The selection names what there is not, or too much; the text says so to a person."""


@dataclass(frozen=True)
class Selection:
    """The products with these SKUs, and these fields of them; all where none are named. Raises BadSelectionError."""

    skus: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.fields) - set(KEPT)):
            raise BadSelectionError(f"There is no field '{unknown[0]}'. The fields are: {', '.join(KEPT)}.")
        if len(self.skus) > MOST_SKUS:
            raise BadSelectionError(f"At most {MOST_SKUS:,} SKUs can be named one by one; here are {len(self.skus):,}.")

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Selection:
        """The selection that was stored."""
        return cls(tuple(told.get("skus", ())), tuple(told.get("fields", ())))

    def as_json(self) -> dict[str, Any]:
        """As it is stored: what is not limited is left out."""
        return {name: list(chosen) for name, chosen in (("skus", self.skus), ("fields", self.fields)) if chosen}

    @property
    def restored_fields(self) -> tuple[str, ...]:
        """The fields that may be restored."""
        return self.fields or KEPT

    def has(self, row: UndoneRow) -> bool:
        """Whether that record is selected: one that is about a whole product only if all fields are."""
        if self.skus and row.sku_normalized not in self._keys:
            return False
        if not self.fields:
            return True
        return row.change.kind == CHANGED and not row.change.after.keys().isdisjoint(self.fields)

    @cached_property
    def _keys(self) -> frozenset[str]:
        return frozenset(normalize_skus(self.skus))


EVERYTHING = Selection()
