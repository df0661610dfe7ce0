"""The fields of a product, their limits, and when two SKUs are the same. Knows no database and no model."""

from __future__ import annotations

from collections.abc import Iterable

# What an import can write, in the order in which files, exports and rows have them.
FIELDS = ("sku", "name", "description", "price", "is_active")

SKU_MAX_LENGTH = 100
# Folding case can lengthen a text: one character becomes three at most (Unicode, CaseFolding.txt, status F).
SKU_NORMALIZED_MAX_LENGTH = 3 * SKU_MAX_LENGTH
NAME_MAX_LENGTH = 255
DESCRIPTION_MAX_LENGTH = 100_000
PRICE_MAX_DIGITS = 12
PRICE_DECIMAL_PLACES = 2


def normalize_sku(sku: str) -> str:
    """The form of `sku` in which two spellings of one SKU are equal: no outer white space, case folded."""
    return normalize_skus((sku,))[0]


def normalize_skus(skus: Iterable[str]) -> list[str]:
    """That form of each of `skus`, which for many takes half the time."""
    return list(map(str.casefold, map(str.strip, skus)))
