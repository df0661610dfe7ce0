"""The writer for every database: a chunk's new and changed products in one upsert by Django's `bulk_create`.

That an import wrote a product is noted in the product, `last_import`: a row for it that comes later is a duplicate.
Does not know files or lanes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import DEFAULT_DB_ALIAS, DatabaseError, transaction

from imports.reading.rows import CleanRow, Rejection
from imports.writing import extra, overlaps
from imports.writing.catalogue import Found, delete_products, find_products
from imports.writing.history import ChunkRecord, with_addresses
from imports.writing.holding import Holder
from imports.writing.plan import USUAL_RULES, Outcome, Plan, Rules, in_one_order, make_plan
from imports.writing.product_rows import AnyProductRow, ProductRow, ProductRowWithExtra
from imports.writing.refusals import is_of_a_row, refusal_of
from products.extra import EXTRA
from products.fields import FIELDS
from products.search.changes import WITH_WORDS, note


class BulkCreateWriter:
    """Writes through `bulk_create(update_conflicts=True)`: on every database that Django knows to upsert with."""

    def __init__(
        self, job_id: int, fields: tuple[str, ...], rules: Rules = USUAL_RULES, holder: Holder | None = None
    ) -> None:
        self._job_id = job_id
        self._holder = holder
        self._fields = fields
        self._table: type[AnyProductRow] = ProductRowWithExtra if EXTRA in fields else ProductRow
        self._rules = rules
        self._update_fields = [*fields, "updated_at", "last_import", "last_change"]
        # What new products have that no column of the file has.
        self._constants = rules.constants(fields)
        self._lacking = {field: value for field, value in self._constants.items() if field != EXTRA}

    def write(self, rows: Sequence[CleanRow]) -> Outcome:
        """See Writer. Rows that the database refuses are found by bisection, and rejected.

        Where somebody else has changed one of the products since it was looked up, the chunk is planned again, alone
        and with its products held. To do so at once would cost a quarter of the time (measured:
        docs/history-and-undo.md).
        """
        refused: list[Rejection] = []
        alone = False
        while True:
            try:
                plan, refusals = self._attempt(rows, alone=alone)
            except overlaps.AloneNeededError:
                alone = True
                continue
            if not refusals:
                self._note(plan)
                plan.outcome.rejections += refused
                return plan.outcome
            refused += refusals
            refused_lines = {rejection.line for rejection in refusals}
            rows = [row for row in rows if row.line not in refused_lines]

    def _attempt(self, rows: Sequence[CleanRow], *, alone: bool) -> tuple[Plan, list[Rejection]]:
        """Plan `rows` and write them, all or nothing; returns the plan and the rows that the database refuses, if any.

        Raises AloneNeededError, also where the plan does not stand any more.
        """
        with transaction.atomic():
            overlaps.take_turn(alone=alone)
            found = find_products(rows, self._fields, hold=alone)
            plan, planned = self._plan(rows, found)
            if to_be_noted := overlaps.to_be_noted(plan, planned, found, self._job_id):
                if not alone:
                    raise overlaps.AloneNeededError
                overlaps.note_as_it_should_be(to_be_noted, self._job_id)
            refusals = self.carry_out(plan, found, alone=alone)
            if refusals:
                transaction.set_rollback(True)
        return plan, refusals

    def _plan(self, rows: Sequence[CleanRow], found: Found) -> tuple[Plan, Sequence[CleanRow]]:
        """The plan of `rows` by what was `found`, and those of them that are in it: neither superseded nor held."""
        own = overlaps.without_superseded(rows, found, self._job_id)
        plan, planned = self._plan_of(own, found)
        held = self._holder.held(own, plan, found, self._constants) if self._holder else []
        if held:
            lines = {each.row.line for each in held}
            plan, planned = self._plan_of([row for row in own if row.line not in lines], found)
            plan.outcome.hold(held)
        plan.outcome.supersede(rows, own)
        plan.outcome.fates = with_addresses(plan.outcome.fates, found)
        return plan, planned

    def _plan_of(self, rows: Sequence[CleanRow], found: Found) -> tuple[Plan, Sequence[CleanRow]]:
        """The plan of all these rows, and those of them whose extra is not too large."""
        whole, too_large = extra.merged(rows, found.values) if EXTRA in self._fields else (rows, [])
        plan = make_plan(whole, found.values, found.written_by(self._job_id), self._fields, self._rules)
        plan.outcome.rejections += too_large
        return plan, whole

    def _note(self, plan: Plan) -> None:
        """Note what the search index does not have as it is now: new products, and others where words were written."""
        has_words = not WITH_WORDS.isdisjoint({*self._fields} - {"sku"})
        note([*plan.create, *plan.update] if has_words else [*plan.create])

    def carry_out(self, plan: Plan, found: Found, *, alone: bool) -> list[Rejection]:  # noqa: ARG002  # the COPY writer asks
        """Write what `plan` says and record it; returns the rows that the database refuses, if any.

        In a transaction in which `overlaps.take_turn` was called, and which is to be rolled back if there are any.

        Raises AloneNeededError.
        """
        if plan.is_empty:
            return []
        record = ChunkRecord(plan, found, self._job_id)
        delete_products(plan.delete)
        # Each part is in that order already, so this merges them.
        rows = in_one_order((*record.created, *record.changed))
        refusals = self._refusals(rows, record.addresses)
        if not refusals:
            record.finish(self._fields, self._constants)
        return refusals

    def _refusals(self, rows: list[CleanRow], addresses: Mapping[str, int]) -> list[Rejection]:
        if not rows:
            return []
        try:
            with transaction.atomic():
                self._write(self._product_rows(rows, addresses))
        except DatabaseError as error:
            if not is_of_a_row(error):
                raise
            if len(rows) == 1:
                return [refusal_of(rows[0], error)]
            half = len(rows) // 2
            return [refusal for some in (rows[:half], rows[half:]) for refusal in self._refusals(some, addresses)]
        return []

    def _write(self, products: list[AnyProductRow]) -> None:
        self._table.objects.using(DEFAULT_DB_ALIAS).bulk_create(
            products, update_conflicts=True, unique_fields=["sku_normalized"], update_fields=self._update_fields
        )

    def _product_rows(self, rows: list[CleanRow], addresses: Mapping[str, int]) -> list[AnyProductRow]:
        job_id = self._job_id
        if self._fields == FIELDS:
            return [
                ProductRow(row.sku_normalized, *row.values, job_id, addresses[row.sku_normalized])  # type: ignore[call-arg]
                for row in rows
            ]
        if EXTRA in self._fields:
            rows = extra.as_json(rows)
        return [
            self._table(
                sku_normalized=row.sku_normalized,
                last_import=job_id,
                last_change=addresses[row.sku_normalized],
                **dict(zip(self._fields, row.values, strict=True)),
                **self._lacking,
            )
            for row in rows
        ]
