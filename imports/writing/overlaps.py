"""Imports of the same products: which may write at the same time, and which rows later uploads have superseded.

Of two files with the same SKU, the one that was uploaded later wins, whatever runs first or longer: the one with the
higher number. A product tells in `last_import` who wrote it, and in `checked_import` who found it as it should be while
an import from before could still write something else. Edits by hand supersede nothing. Knows no lanes.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.db.models import Max, Q

from imports.models import ImportJob
from imports.reading.rows import CleanRow
from imports.writing.catalogue import Found
from imports.writing.plan import Plan
from products.models import Product

# An arbitrary number, the same in every process: PostgreSQL's advisory locks have no names.
LOCK = 7_120_015

Status = ImportJob.Status
UNDER_WAY = Q(status__in=(Status.QUEUED, Status.RUNNING, Status.HELD))
# As long as its file is there.
MAY_BE_RETRIED = Q(status__in=(Status.FAILED, Status.CANCELLED)) & ~Q(stored_as="")


class AloneNeededError(Exception):
    """The chunk can only be written while no other import writes."""


def take_turn(*, alone: bool) -> None:
    """Wait until this import may write beside others, or `alone`; it may until the transaction is over.

    Imports that write beside each other lock products in one order, and do not deadlock. A chunk that holds its
    products before it writes them, or that is written differently, does so in another order. Where an import is alone,
    what it has looked up stays as it is, but for what people do. Rolling back to a savepoint from before gives the turn
    back. SQLite has one writer at a time anyway.
    """
    if connection.vendor != "postgresql":
        return
    lock = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {lock}(%s)", [LOCK])


def without_superseded(rows: Sequence[CleanRow], found: Found, job_id: int) -> Sequence[CleanRow]:
    """`rows` without those whose product a later import than this one has written, or found as it should be."""
    later = found.settled_after(job_id)
    return [row for row in rows if row.sku_normalized not in later] if later else rows


def to_be_noted(plan: Plan, rows: Sequence[CleanRow], found: Found, job_id: int) -> set[str]:
    """The SKUs of unchanged `rows` that have to be noted as such: an import from before may still write them.

    In most imports there are none, and it costs a query a chunk to know that. `rows` are those that are planned, of an
    import that may update products.
    """
    if not plan.outcome.unchanged:
        return set()
    earlier = _newest_before(job_id)
    if not earlier:
        return set()
    settled = found.settled_after(earlier)
    skus = {row.sku_normalized for row in rows}
    return {sku for sku in skus if sku in found.values and sku not in plan.update and sku not in settled}


def note_as_it_should_be(skus: set[str], job_id: int) -> None:
    """Note that this import has found these products as they should be. They are held already."""
    Product.objects.filter(sku_normalized__any_of=skus).update(checked_import=job_id)


def _newest_before(job_id: int) -> int:
    """The number of the newest import before this one that may still write products; 0 if none may."""
    earlier = ImportJob.objects.filter(UNDER_WAY | MAY_BE_RETRIED, pk__lt=job_id, dry_run=False).order_by()
    return earlier.aggregate(newest=Max("pk"))["newest"] or 0
