"""What its sender should know of a file before it is imported, by its first rows and by what the catalogue has.

One sentence for each kind of damage, by the judgement of `imports.reading.suspicions`. The catalogue is asked twice at
most, for a few hundred SKUs, however large file and catalogue are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from imports.reading.errors import BadValueError
from imports.reading.numbers import NumberStyle, PriceReader
from imports.reading.suspicions.error_values import error_values
from imports.reading.suspicions.lookalikes import lookalikes
from imports.reading.suspicions.sample import Sample
from imports.reading.suspicions.scaled_prices import Priced, scaled_prices
from imports.reading.suspicions.shifted import shifted
from imports.reading.suspicions.whole_numbers import (
    MOST_LOOKED_UP,
    lost_zeros_warnings,
    maybe_shortened,
    padded,
    whole,
    with_zero,
    with_zero_warnings,
)
from imports.reading.texts import storable
from products.fields import normalize_skus
from products.models import Product


def warnings_of(sample: Sample, numbers: NumberStyle, words: Mapping[str, bool]) -> Iterator[str]:
    """The sentences about the rows of `sample`, whose prices are written in the style `numbers`.

    `words` are those that only this file has for active and inactive.
    """
    yield from error_values(sample)
    yield from shifted(sample, words)
    yield from lookalikes(sample)
    yield from _numbers_as_skus(sample)
    if "price" in sample.columns:
        rows = _priced(sample, numbers)
        if rows:
            products = Product.objects.filter(sku_normalized__any_of={row.sku for row in rows}).order_by()
            yield from scaled_prices(sample, rows, dict(products.values_list("sku_normalized", "price")))


def _numbers_as_skus(sample: Sample) -> Iterator[str]:
    """What happens to SKUs of digits where they are taken for numbers."""
    ending, shortened = with_zero(sample), maybe_shortened(sample)
    if not (ending or shortened):
        return
    asked = {whole(value) for _, value in ending[:MOST_LOOKED_UP]}
    for _, value in shortened:
        asked |= {value, *padded(value)}
    catalogue = _in_catalogue(asked)
    yield from with_zero_warnings(sample, ending, catalogue)
    yield from lost_zeros_warnings(sample, shortened, catalogue)


def _in_catalogue(skus: Collection[str]) -> set[str]:
    products = Product.objects.filter(sku_normalized__any_of=set(skus)).order_by()
    return set(products.values_list("sku_normalized", flat=True))


def _priced(sample: Sample, numbers: NumberStyle) -> list[Priced]:
    """Some rows that have a price, from all over the sample."""
    step = -(-len(sample.rows) // MOST_LOOKED_UP) or 1
    skus, texts = sample.values("sku")[::step], sample.values("price")[::step]
    reader = PriceReader(numbers)
    found = []
    for line, sku, text in zip(sample.lines[::step], normalize_skus(skus), texts, strict=True):
        try:
            price = reader.read_carefully(text)
        except BadValueError:
            continue
        # What no database takes is none of the catalogue's, and will be rejected.
        if sku and price and storable(sku) == sku:
            found.append(Priced(line, sku, price))
    return found
