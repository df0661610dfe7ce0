"""What became of those rows of a chunk that are neither rejected nor on record in the history. Knows no database.

The history has a line for each product that an import has written. So it knows neither the rows that nothing was
written for, nor those that a later row of their chunk took the place of. These are kept here, compressed, as
`products.history` keeps its records: 10,000 unchanged rows take some milliseconds and 50 KB.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, groupby
from operator import attrgetter, itemgetter, sub
from typing import NamedTuple

from acme_importer.compression import compressed, decompressed
from imports.reading.rows import CleanRow, Skip
from products.history import records

CREATED, UPDATED, UNCHANGED, DUPLICATE = "created", "updated", "unchanged", "duplicate"
SUPERSEDED, HELD = "superseded", "held"
# What the history calls a kind of change, as imports call it. Only an undo deletes.
KINDS = {records.CREATED: CREATED, records.CHANGED: UPDATED, records.DELETED: "deleted"}
# Any other code is that of a reason for which rows are skipped.
OUTCOMES = (CREATED, UPDATED, UNCHANGED, DUPLICATE, SUPERSEDED, HELD)
# No SKU has a NUL.
_BETWEEN = "\0"


class Fate(NamedTuple):
    """What became of a row.

    Attributes:
        line: the line of the row.
        sku: its SKU as written; empty for a record that is no product.
        code: one of OUTCOMES, or the code of the reason for which the row was skipped.
        repeats: of a duplicate, the line of the row that it repeats: the one that had its product as the row found it.
            0 if that one is in an earlier chunk.
        address: then the address of the newest record that the product had, in the history.
    """

    line: int
    sku: str
    code: str
    repeats: int = 0
    address: int = 0


def fate_of_skip(skip: Skip) -> Fate:
    """The fate of a record that is no product."""
    return Fate(skip.line, "", skip.code)


def pack(unchanged: Sequence[CleanRow], others: Iterable[Fate]) -> bytes:
    """All these together. The unchanged rows are given as they are, since there are many."""
    groups = [(code, list(fates)) for code, fates in groupby(sorted(others, key=_code), _code)]
    counts = [(code, len(fates)) for code, fates in groups]
    told = list(chain.from_iterable(fates for _, fates in groups))
    lines = [*map(_line, unchanged), *map(_line, told)]
    head = {
        "counts": [(UNCHANGED, len(unchanged)), *counts],
        # As differences: most are 1.
        "lines": [*lines[:1], *map(sub, lines[1:], lines)],
        "repeats": [fate[3:] for fate in told if fate.code == DUPLICATE],
    }
    skus = [*map(_sku, map(_values, unchanged)), *map(_fate_sku, told)]
    data = json.dumps(head, separators=(",", ":")) + "\n" + _BETWEEN.join(skus)
    return compressed(data)


def unpack(data: bytes) -> Iterator[Fate]:
    """What `pack` was given, in no order."""
    head, _, body = decompressed(data).partition("\n")
    told = json.loads(head)
    codes = chain.from_iterable([code] * count for code, count in told["counts"])
    repeats = iter(told["repeats"])
    for line, sku, code in zip(accumulate(told["lines"]), body.split(_BETWEEN), codes, strict=True):
        yield Fate(line, sku, code, *next(repeats)) if code == DUPLICATE else Fate(line, sku, code)


_code = attrgetter("code")
_line = attrgetter("line")
_values = attrgetter("values")
# The SKU is always the first field that a file has.
_sku = itemgetter(0)
_fate_sku = attrgetter("sku")
