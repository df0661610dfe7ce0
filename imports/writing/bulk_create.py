"""The writer: the clean rows of one chunk into the catalogue, and what became of each. Does not know files or lanes.

The outcome of a row is that of a serial reading, whatever the chunks and lanes: a row whose SKU this import has written
already is a duplicate (the later row wins); else it creates, updates, or finds the product as it should be (unchanged,
and nothing is written). That an import wrote a product is remembered in the product, `last_import`; a dry run, which
writes none, keeps its own list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, DataError, IntegrityError, transaction

from imports.models import DryRunSku
from imports.reading.rows import CleanRow, Fault, Rejection
from imports.reading.texts import shown
from products.fields import FIELDS
from products.models import Product, ProductRow

# What a product gets for the columns that a file lacks. A row without a name only changes a product that exists, but
# PostgreSQL wants a value to insert before it looks for the conflict.
NEW_PRODUCT: dict[str, Any] = {"name": "", "description": "", "price": None, "is_active": True}

NO_NAME_COLUMN = (
    "There is no product with this SKU yet, and a new one needs a name: "
    "the file has no column for it, so it can only change products that exist."
)


@dataclass(slots=True)
class Outcome:
    """What became of a chunk's clean rows: how many of each kind, and the rows that could not be written after all."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicate: int = 0
    rejections: list[Rejection] = field(default_factory=list)


class Writer(Protocol):
    """Writes chunks of one import."""

    def write(self, rows: Sequence[CleanRow]) -> Outcome:
        """Bring `rows`, in file order, into the catalogue. Runs inside the chunk's transaction."""


def make_writer(*, job_id: int, fields: tuple[str, ...], dry_run: bool) -> Writer:
    """The writer for an import with the product fields `fields`."""
    if dry_run:
        return DryRunWriter(job_id, fields)
    if settings.IMPORT_WRITER == "copy":
        # Only here, since it needs PostgreSQL's driver and is built on this module.
        from imports.writing.copy import CopyWriter  # noqa: PLC0415

        return CopyWriter(job_id, fields)
    return BulkCreateWriter(job_id, fields)


@dataclass(slots=True)
class Plan:
    """What is to be done with a chunk's clean rows: which products to create and which to update, by normalized SKU.

    `outcome` is what will have become of the rows then.
    """

    outcome: Outcome = field(default_factory=Outcome)
    create: dict[str, CleanRow] = field(default_factory=dict)
    update: dict[str, CleanRow] = field(default_factory=dict)


def in_one_order(rows: Mapping[str, CleanRow]) -> list[CleanRow]:
    """`rows` by their SKU: two imports that lock the same products then wait for each other, and do not deadlock."""
    return [rows[sku] for sku in sorted(rows)]


def make_plan(
    rows: Sequence[CleanRow], catalogue: Mapping[str, tuple[Any, ...]], written: set[str], *, may_create: bool
) -> Plan:
    """What a serial reading of `rows` makes of the catalogue.

    Most rows need not be read one after the other: those whose SKU is in no other row. Comparing them all at once takes
    a quarter of the time (measured).

    Args:
        rows: the rows in file order.
        catalogue: the values that products have now, by normalized SKU.
        written: the SKUs that this import has written already.
        may_create: whether the rows have all that a new product needs.
    """
    skus = [row.sku_normalized for row in rows]
    several = written if len(set(skus)) == len(skus) else written | {sku for sku, n in Counter(skus).items() if n > 1}
    found = list(zip(rows, skus, map(catalogue.get, skus), strict=True))
    plan = Plan(
        create={sku: row for row, sku, now in found if now is None and sku not in several},
        update={sku: row for row, sku, now in found if now != row.values and now is not None and sku not in several},
    )
    in_order = [row for row, sku, _ in found if sku in several]
    plan.outcome.created, plan.outcome.updated = len(plan.create), len(plan.update)
    plan.outcome.unchanged = len(rows) - len(plan.create) - len(plan.update) - len(in_order)
    if not may_create:
        plan.outcome.rejections += map(_without_name, plan.create.values())
        plan.outcome.created, plan.create = 0, {}
    _read_in_order(plan, in_order, catalogue, written, may_create=may_create)
    return plan


def _read_in_order(
    plan: Plan,
    rows: Iterable[CleanRow],
    catalogue: Mapping[str, tuple[Any, ...]],
    written_before: set[str],
    *,
    may_create: bool,
) -> None:
    """Add to `plan` those `rows` whose SKU is in several rows of the file."""
    outcome, written, values_by_sku = plan.outcome, set(written_before), dict(catalogue)
    for row in rows:
        sku = row.sku_normalized
        values_now = values_by_sku.get(sku)
        if sku in written:
            outcome.duplicate += 1
            if values_now == row.values:
                continue
        elif values_now is None:
            if not may_create:
                outcome.rejections.append(_without_name(row))
                continue
            outcome.created += 1
        elif values_now == row.values:
            outcome.unchanged += 1
            continue
        else:
            outcome.updated += 1
        (plan.update if sku in catalogue else plan.create)[sku] = row
        written.add(sku)
        values_by_sku[sku] = row.values


def _without_name(row: CleanRow) -> Rejection:
    """The rejection of a row that would be a new product, from a file without names."""
    return Rejection(row.line, (Fault("name", "", "new_without_name", NO_NAME_COLUMN),), row.record)


def _catalogue(rows: Iterable[CleanRow], fields: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """Of each row's product, if it exists: its normalized SKU, its last import, its values of `fields`. One query.

    The iterator is for its size only: without, Django asks the driver for a hundred rows at a time.
    """
    skus = {row.sku_normalized for row in rows}
    products = Product.objects.filter(sku_normalized__any_of=skus).order_by()
    return list(products.values_list("sku_normalized", "last_import", *fields).iterator(chunk_size=max(len(skus), 1)))


def _are_held(rows: Mapping[str, CleanRow]) -> bool:
    """Keep others from deleting the products of `rows` before they are written; whether all of them are still there.

    An upsert would make a product anew that has just been deleted, and from a file without names one without a name.
    """
    products = Product.objects.select_for_update(no_key=True).filter(sku_normalized__any_of=set(rows)).order_by()
    return len(products.values_list("pk")) == len(rows)


class BulkCreateWriter:
    """Writes through `bulk_create(update_conflicts=True)`: on every database that Django knows to upsert with."""

    def __init__(self, job_id: int, fields: tuple[str, ...]) -> None:
        self._job_id = job_id
        self._fields = fields
        self._update_fields = [*fields, "updated_at", "last_import"]

    def write(self, rows: Sequence[CleanRow]) -> Outcome:
        """See Writer. Rows that the database refuses are found by bisection, and rejected."""
        refused: list[Rejection] = []
        while True:
            found = _catalogue(rows, self._fields)
            catalogue = {product[0]: product[2:] for product in found}
            written = {product[0] for product in found if product[1] == self._job_id}
            may_create = "name" in self._fields
            plan = make_plan(rows, catalogue, written, may_create=may_create)
            if not may_create and not _are_held(plan.update):
                continue
            refusals = self._carry_out(plan)
            if not refusals:
                plan.outcome.rejections += refused
                return plan.outcome
            refused += refusals
            refused_lines = {rejection.line for rejection in refusals}
            rows = [row for row in rows if row.line not in refused_lines]

    def _carry_out(self, plan: Plan) -> list[Rejection]:
        """Write what `plan` says, all or nothing; returns the rows that the database refuses, if any."""
        rows = in_one_order({**plan.create, **plan.update})
        products = self._product_rows(rows)
        with transaction.atomic():
            refusals = self._refusals(rows, products)
            if refusals:
                transaction.set_rollback(True)
        return refusals

    def _refusals(self, rows: list[CleanRow], products: list[ProductRow]) -> list[Rejection]:
        if not rows:
            return []
        try:
            with transaction.atomic():
                ProductRow.objects.using(DEFAULT_DB_ALIAS).bulk_create(
                    products,
                    update_conflicts=True,
                    unique_fields=["sku_normalized"],
                    update_fields=self._update_fields,
                )
        except DatabaseError as error:
            if not is_of_a_row(error):
                raise
            if len(rows) == 1:
                return [_refused(rows[0], error)]
            half = len(rows) // 2
            return self._refusals(rows[:half], products[:half]) + self._refusals(rows[half:], products[half:])
        return []

    def _product_rows(self, rows: list[CleanRow]) -> list[ProductRow]:
        job_id = self._job_id
        if self._fields == FIELDS:
            return [ProductRow(row.sku_normalized, *row.values, job_id) for row in rows]  # type: ignore[call-arg]
        lacking = {field: default for field, default in NEW_PRODUCT.items() if field not in self._fields}
        return [
            ProductRow(
                sku_normalized=row.sku_normalized,
                last_import=job_id,
                **dict(zip(self._fields, row.values, strict=True)),
                **lacking,
            )
            for row in rows
        ]


def is_of_a_row(error: DatabaseError) -> bool:
    """Whether the database refused a row, rather than failed by itself (a lost connection, a deadlock, a full disk).

    The classes of SQLSTATE are PostgreSQL's (appendix A of its manual): bad data, broken constraints, a check option, a
    row that is too large for an index, and what a trigger raises.
    """
    sqlstate = getattr(error.__cause__, "sqlstate", None) or ""
    return isinstance(error, DataError | IntegrityError) or sqlstate.startswith(("22", "23", "44", "54", "P0"))


def _refused(row: CleanRow, error: Exception) -> Rejection:
    message = str(error).strip().splitlines()[0]
    fault = Fault("", "", "refused", f"The database refused the row: {shown(message)}")
    return Rejection(row.line, (fault,), row.record)


class DryRunWriter:
    """Counts what a real run would do, and remembers the SKUs that it would have written."""

    def __init__(self, job_id: int, fields: tuple[str, ...]) -> None:
        self._job_id = job_id
        self._fields = fields

    def write(self, rows: Sequence[CleanRow]) -> Outcome:
        """See Writer; the catalogue stays as it is."""
        catalogue = {product[0]: product[2:] for product in _catalogue(rows, self._fields)}
        listed = DryRunSku.objects.filter(job=self._job_id)
        written = listed.filter(sku_normalized__any_of={row.sku_normalized for row in rows})
        plan = make_plan(
            rows,
            catalogue,
            set(written.values_list("sku_normalized", flat=True)),
            may_create="name" in self._fields,
        )
        DryRunSku.objects.bulk_create(
            [DryRunSku(job_id=self._job_id, sku_normalized=sku) for sku in (*plan.create, *plan.update)],
            ignore_conflicts=True,
        )
        return plan.outcome
