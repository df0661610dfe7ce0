"""The writer for every database: a chunk's new and changed products in one upsert by Django's `bulk_create`.

That an import wrote a product is noted in the product, `last_import`: a row for it that comes later is a duplicate.
Does not know files or lanes.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import DEFAULT_DB_ALIAS, DatabaseError, DataError, IntegrityError, transaction

from imports.reading.rows import CleanRow, Fault, Rejection
from imports.reading.texts import shown
from imports.writing import extra
from imports.writing.catalogue import find_products, hold_products
from imports.writing.plan import NEW_PRODUCT, Outcome, Plan, in_one_order, make_plan
from imports.writing.product_rows import AnyProductRow, ProductRow, ProductRowWithExtra
from products.extra import EXTRA
from products.fields import FIELDS


class BulkCreateWriter:
    """Writes through `bulk_create(update_conflicts=True)`: on every database that Django knows to upsert with."""

    def __init__(self, job_id: int, fields: tuple[str, ...]) -> None:
        self._job_id = job_id
        self._fields = fields
        self._table: type[AnyProductRow] = ProductRowWithExtra if EXTRA in fields else ProductRow
        self._update_fields = [*fields, "updated_at", "last_import"]

    def write(self, rows: Sequence[CleanRow]) -> Outcome:
        """See Writer. Rows that the database refuses are found by bisection, and rejected."""
        refused: list[Rejection] = []
        while True:
            found = find_products(rows, self._fields)
            catalogue = {product[0]: product[2:] for product in found}
            written = {product[0] for product in found if product[1] == self._job_id}
            may_create = "name" in self._fields
            whole, too_large = extra.merged(rows, catalogue) if EXTRA in self._fields else (rows, [])
            plan = make_plan(whole, catalogue, written, may_create=may_create)
            if not may_create and not hold_products(plan.update):
                continue
            refusals = self._carry_out(plan)
            if not refusals:
                plan.outcome.rejections += refused + too_large
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

    def _refusals(self, rows: list[CleanRow], products: list[AnyProductRow]) -> list[Rejection]:
        if not rows:
            return []
        try:
            with transaction.atomic():
                self._table.objects.using(DEFAULT_DB_ALIAS).bulk_create(
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

    def _product_rows(self, rows: list[CleanRow]) -> list[AnyProductRow]:
        job_id = self._job_id
        if self._fields == FIELDS:
            return [ProductRow(row.sku_normalized, *row.values, job_id) for row in rows]  # type: ignore[call-arg]
        if EXTRA in self._fields:
            rows = extra.as_json(rows)
        lacking = {field: default for field, default in NEW_PRODUCT.items() if field not in self._fields}
        return [
            self._table(
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
