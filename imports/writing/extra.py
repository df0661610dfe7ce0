"""Extra as it is written: what a file says, merged with what the product has. Knows no database.

A file speaks for its own columns only: what other files have told stays, and an empty cell removes what was there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from imports.reading.rows import CleanRow, Fault, Rejection
from products.extra import size_fault


def merged(
    rows: Sequence[CleanRow], catalogue: Mapping[str, tuple[Any, ...]]
) -> tuple[list[CleanRow], list[Rejection]]:
    """`rows`, in file order, with the whole extra of their products, and those of which it would be too large.

    `catalogue` has the values that products have now, by normalized SKU; extra is the last of them.
    """
    extras = {sku: values[-1] for sku, values in catalogue.items()}
    found: list[CleanRow] = []
    rejections: list[Rejection] = []
    for row in rows:
        now = extras.get(row.sku_normalized) or {}
        extra = {name: text for name, text in {**now, **row.values[-1]}.items() if text}
        if now and (fault := size_fault(extra)):
            rejections.append(Rejection(row.line, (Fault("", "", "extra_too_large", fault),), row.record))
            continue
        extras[row.sku_normalized] = extra
        found.append(row._replace(values=(*row.values[:-1], extra)))
    return found, rejections


def as_json(rows: Sequence[CleanRow]) -> list[CleanRow]:
    """`rows` with their extra as the database takes it."""
    return [row._replace(values=(*row.values[:-1], _json(row.values[-1]))) for row in rows]


def _json(extra: Mapping[str, str]) -> str:
    return json.dumps({name: text for name, text in extra.items() if text}, ensure_ascii=False)
