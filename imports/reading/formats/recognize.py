"""Which known format a file is in, by its header alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from imports.reading.formats.amazon import AMAZON
from imports.reading.formats.bigcommerce import BIGCOMMERCE
from imports.reading.formats.description import Format, Names
from imports.reading.formats.google import GOOGLE
from imports.reading.formats.magento import MAGENTO
from imports.reading.formats.odoo import ODOO
from imports.reading.formats.prestashop import PRESTASHOP
from imports.reading.formats.shopify import SHOPIFY
from imports.reading.formats.shopware import SHOPWARE
from imports.reading.formats.square import SQUARE
from imports.reading.formats.woocommerce import WOOCOMMERCE
from imports.reading.names import folded

FORMATS = (
    SHOPIFY,
    WOOCOMMERCE,
    MAGENTO,
    BIGCOMMERCE,
    PRESTASHOP,
    ODOO,
    SHOPWARE,
    SQUARE,
    GOOGLE,
    AMAZON,
)
# Rows above the header: Amazon's newest template has four.
HEADER_AMONG = 20


@dataclass(frozen=True, slots=True)
class Recognized:
    """A format, and where it has what: the position of each product field's column, and of the currency's if any."""

    format: Format
    columns: dict[str, int]
    currency: int | None


def format_named(name: str) -> Format | None:
    """The format that is called `name`; None if there is none."""
    return next((known for known in FORMATS if known.name == name), None)


def recognize(header: Sequence[str]) -> Recognized | None:
    """The format that a file with this header is in; None if it is none of those known.

    A file that fits several is in the one of which it has the most names. Who was told which columns to take, in a
    mapping, does not ask.
    """
    best, _ = _best(header)
    if best is None:
        return None
    found = {field: position_of(columns, header) for field, columns in best.columns.items()}
    columns = {field: position for field, position in found.items() if position is not None}
    return Recognized(best, columns, position_of(best.currency, header))


def recognize_among(records: Iterable[Sequence[str]]) -> tuple[int, Recognized] | None:
    """Likewise for a file whose header may have rows above it: which of its first `records` it is, and the format.

    Amazon has a row of labels above the names, some of which are the same: the row with the most of them is taken.
    """
    first = list(islice(records, HEADER_AMONG))
    counts = [_best(fields)[1] for fields in first]
    index = counts.index(max(counts)) if counts else 0
    recognized = recognize(first[index]) if first else None
    return (index, recognized) if recognized else None


def _best(header: Sequence[str]) -> tuple[Format | None, int]:
    """The format of which `header` has the most names, and how many."""
    names = frozenset(map(folded, header))
    best, most = None, 0
    for known in FORMATS:
        count = max(variant.count(names) for variant in known.headers)
        if count > most and position_of(known.columns["sku"], header) is not None:
            best, most = known, count
    return best, most


def position_of(columns: Names, header: Sequence[str]) -> int | None:
    """The position of the first of `columns` that `header` has; of two columns of that name, the first."""
    names = list(map(folded, header))
    return next((names.index(name) for name in map(folded, columns) if name in names), None)
