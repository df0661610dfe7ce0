"""The writer for every database: a chunk's new and changed products in one upsert by Django's `bulk_create`.

That an import wrote a product is noted in the product, `last_import`: a row for it that comes later is a duplicate.
Does not know files or lanes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, transaction

from imports.reading.rows import CleanRow, Rejection
from imports.writing import extra
from imports.writing.catalogue import find_products, hold_products
from imports.writing.plan import USUAL_RULES, Outcome, Plan, Rules, in_one_order, make_plan
from imports.writing.product_rows import AnyProductRow, ProductRow, ProductRowWithExtra
from imports.writing.refusals import is_of_a_row, refusal_of
from products.extra import EXTRA
from products.fields import FIELDS


class _CreatedInTheMeantimeError(Exception):
    """Somebody else has created a product that was to be new."""


class BulkCreateWriter:
    """Writes through `bulk_create(update_conflicts=True)`: on every database that Django knows to upsert with."""

    def __init__(self, job_id: int, fields: tuple[str, ...], rules: Rules = USUAL_RULES) -> None:
        self._job_id = job_id
        self._fields = fields
        self._table: type[AnyProductRow] = ProductRowWithExtra if EXTRA in fields else ProductRow
        self._rules = rules
        self._update_fields = [*fields, "updated_at", "last_import"]

    def write(self, rows: Sequence[CleanRow]) -> Outcome:
        """See Writer. Rows that the database refuses are found by bisection, and rejected."""
        refused: list[Rejection] = []
        while True:
            found = find_products(rows, self._fields)
            catalogue = {product[0]: product[2:] for product in found}
            written = {product[0] for product in found if product[1] == self._job_id}
            whole, too_large = extra.merged(rows, catalogue) if EXTRA in self._fields else (rows, [])
            plan = make_plan(whole, catalogue, written, self._fields, self._rules)
            if plan.hold and plan.update and not self._is_held(plan, catalogue):
                continue
            try:
                refusals = self._carry_out(plan)
            except _CreatedInTheMeantimeError:
                continue
            if not refusals:
                plan.outcome.rejections += refused + too_large
                return plan.outcome
            refused += refusals
            refused_lines = {rejection.line for rejection in refusals}
            rows = [row for row in rows if row.line not in refused_lines]

    def _is_held(self, plan: Plan, catalogue: Mapping[str, tuple[Any, ...]]) -> bool:
        """Whether the products that `plan` updates are held, and still as they were when it was made."""
        held = hold_products(plan.update, self._fields)
        return all(held.get(sku) == catalogue[sku] for sku in plan.update)

    def _carry_out(self, plan: Plan) -> list[Rejection]:
        """Write what `plan` says, all or nothing; returns the rows that the database refuses, if any.

        Raises _CreatedInTheMeantimeError if the plan does not stand any more.
        """
        with transaction.atomic():
            if plan.create_only:
                refusals = self._refusals(in_one_order(plan.create), create_only=True)
                refusals += self._refusals(in_one_order(plan.update))
            else:
                refusals = self._refusals(in_one_order({**plan.create, **plan.update}))
            if refusals:
                transaction.set_rollback(True)
        return refusals

    def _refusals(self, rows: list[CleanRow], *, create_only: bool = False) -> list[Rejection]:
        if not rows:
            return []
        try:
            with transaction.atomic():
                self._write(self._product_rows(rows), create_only=create_only)
        except DatabaseError as error:
            if not is_of_a_row(error):
                raise
            if len(rows) == 1:
                if create_only and find_products(rows, ()):
                    raise _CreatedInTheMeantimeError from error
                return [refusal_of(rows[0], error)]
            half = len(rows) // 2
            return [
                refusal
                for some in (rows[:half], rows[half:])
                for refusal in self._refusals(some, create_only=create_only)
            ]
        return []

    def _write(self, products: list[AnyProductRow], *, create_only: bool) -> None:
        manager = self._table.objects.using(DEFAULT_DB_ALIAS)
        if create_only:
            manager.bulk_create(products)
            return
        manager.bulk_create(
            products, update_conflicts=True, unique_fields=["sku_normalized"], update_fields=self._update_fields
        )

    def _product_rows(self, rows: list[CleanRow]) -> list[AnyProductRow]:
        job_id = self._job_id
        if self._fields == FIELDS:
            return [ProductRow(row.sku_normalized, *row.values, job_id) for row in rows]  # type: ignore[call-arg]
        if EXTRA in self._fields:
            rows = extra.as_json(rows)
        lacking = {field: default for field, default in self._rules.new_product.items() if field not in self._fields}
        return [
            self._table(
                sku_normalized=row.sku_normalized,
                last_import=job_id,
                **dict(zip(self._fields, row.values, strict=True)),
                **lacking,
            )
            for row in rows
        ]
