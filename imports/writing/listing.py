"""Lists the SKUs that a check would write, in its transaction: one statement for all, written here.

Django asks each field of each row how it is stored. For a check in which every row changes, that took half of its time,
and the database a tenth (measured: docs/performance.md). Of a SKU that is listed already, the last row counts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection

from imports.models import DryRunSku

_TABLE = connection.ops.quote_name(DryRunSku._meta.db_table)
_COLUMNS = '"job_id", "sku_normalized", "line", "block", "seen", "left"'
_LAST = 'ON CONFLICT ("job_id", "sku_normalized") DO UPDATE SET ' + ", ".join(
    f'"{name}" = excluded."{name}"' for name in ("line", "block", "seen", "left")
)
# Names of our own, and no values.
_SQLITE = f"INSERT INTO {_TABLE} ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s) {_LAST}"  # noqa: S608
_POSTGRESQL = (
    f"INSERT INTO {_TABLE} ({_COLUMNS}) SELECT %s, listed.* "  # noqa: S608
    f"FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::jsonb[], %s::jsonb[]) AS listed {_LAST}"
)


class Listed(NamedTuple):
    """A SKU that a check would write: see DryRunSku."""

    sku_normalized: str
    line: int
    block: int
    seen: list[Any] | None = None
    left: list[Any] | None = None


def list_skus(job_id: int, listed: Sequence[Listed]) -> None:
    """List these for the check with this number; no SKU is among them twice."""
    if not listed:
        return
    skus, lines, blocks, seen, left = zip(*listed, strict=True)
    seen, left = (tuple(map(_stored, values)) for values in (seen, left))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL, [job_id, *map(list, (skus, lines, blocks, seen, left))])
        else:
            jobs = [job_id] * len(listed)
            cursor.executemany(_SQLITE, list(zip(jobs, skus, lines, blocks, seen, left, strict=True)))


def _stored(values: list[Any] | None) -> str | None:
    return None if values is None else json.dumps(values)
