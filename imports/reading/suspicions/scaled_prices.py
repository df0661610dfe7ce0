"""Prices that have lost their decimal sign, or got one too many: a hundred times the catalogue's, or a hundredth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from statistics import median
from typing import NamedTuple

from imports.reading.suspicions.sample import Sample, lines_text

# Fewer products tell nothing; and so many of them have to agree.
_LEAST = 3
_MOSTLY = 0.9
# Prices change, but rarely by half.
_AROUND = Decimal("0.5"), Decimal(2)
_FACTORS = {"100 times": Decimal(100), "a hundredth of": Decimal("0.01")}


class Priced(NamedTuple):
    """A row's line, normalized SKU and price."""

    line: int
    sku: str
    price: Decimal


def scaled_prices(sample: Sample, rows: Sequence[Priced], catalogue: Mapping[str, Decimal | None]) -> Iterator[str]:
    """A sentence if nearly all of `rows` have a hundred times the price that the `catalogue` has, or a hundredth."""
    pairs = [(row, now) for row in rows if row.price and (now := catalogue.get(row.sku))]
    if len(pairs) < _LEAST:
        return
    ratios = [row.price / now for row, now in pairs]
    for words, factor in _FACTORS.items():
        fitting = [pair for pair, ratio in zip(pairs, ratios, strict=True) if _is_about(ratio, factor)]
        if len(fitting) >= _MOSTLY * len(pairs) and _is_about(median(ratios), factor):
            row, now = fitting[0]
            lines = lines_text([row.line for row, _ in fitting], sample.scope)
            yield (
                f"Prices seem to be {words} what they are in the catalogue, for {len(fitting):,} of {len(pairs):,} "
                f"products that were compared, such as {row.price} where it has {now} ({lines}). The decimal sign may "
                "have been lost, or read as something else: look at how prices are read before you import."
            )


def _is_about(ratio: Decimal, factor: Decimal) -> bool:
    low, high = _AROUND
    return low < ratio / factor < high
