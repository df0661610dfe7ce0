"""The COPY writer, for PostgreSQL: new products are copied into the catalogue, changed ones merged in one statement.

It gives the same table, counts and rejected rows as the other writers; see `plan` for what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import DatabaseError, connection, transaction
from psycopg import sql

from imports.reading.rows import CleanRow, Rejection
from imports.writing import extra, overlaps
from imports.writing.bulk_create import BulkCreateWriter
from imports.writing.catalogue import NOTHING_FOUND, Found, delete_products
from imports.writing.history import ChunkRecord
from imports.writing.holding import Holder
from imports.writing.plan import USUAL_RULES, Outcome, Plan, Rules, has_incomplete
from imports.writing.refusals import is_of_a_row
from products.extra import EXTRA

CATALOGUE, STAGING = "products_product", "imports_staging"

# One table serves all chunks of a session; it is emptied at each commit.
CREATE_STAGING = """
    CREATE TEMPORARY TABLE IF NOT EXISTS imports_staging ON COMMIT DELETE ROWS AS
    SELECT sku_normalized, sku, name, description, price, is_active, extra, last_import, last_change
    FROM products_product
    WITH NO DATA
"""

# Times are the columns' defaults, by the database's clock.
MERGE = """
    INSERT INTO products_product ({columns})
    SELECT {columns} FROM imports_staging ORDER BY sku_normalized
    ON CONFLICT (sku_normalized) DO UPDATE
    SET {assignments}, updated_at = excluded.updated_at, last_import = excluded.last_import,
        last_change = excluded.last_change
"""


class CopyWriter(BulkCreateWriter):
    """Writes through COPY: new products straight into the catalogue, changed ones by a temporary table and a merge.

    New products do not go through the temporary table, which costs the server twice as much (measured:
    docs/performance.md). Where somebody else has created one of them in the meantime, or the database refuses a row,
    the chunk is tried again alone, and at last written through `bulk_create`.
    """

    def __init__(
        self, job_id: int, fields: tuple[str, ...], rules: Rules = USUAL_RULES, holder: Holder | None = None
    ) -> None:
        super().__init__(job_id, fields, rules, holder)
        # The same in each row.
        self._same = (*self._lacking.values(), job_id)
        names = ("sku_normalized", *fields, *self._lacking, "last_import", "last_change")
        columns = sql.SQL(", ").join(map(sql.Identifier, names))
        self._copy_statements = {
            table: sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
            for table in (CATALOGUE, STAGING)
        }
        assignments = [sql.SQL("{0} = excluded.{0}").format(sql.Identifier(field)) for field in fields]
        self._merge = sql.SQL(MERGE).format(columns=columns, assignments=sql.SQL(", ").join(assignments))
        self._last_were_new = False

    def write(self, rows: Sequence[CleanRow]) -> Outcome:
        """See Writer. After a chunk of nothing but new products, the next is tried as one, without a look at the
        catalogue, which would be a sixth of the work (measured: docs/performance.md). The unique index tells if not.
        """
        if self._last_were_new and not has_incomplete(rows):
            whole = extra.merged(rows, {})[0] if EXTRA in self._fields else rows
            new = {row.sku_normalized: row for row in whole}
            plan = Plan(Outcome(created=len(rows)), create=new)
            if len(new) == len(rows) and self._are_copied_as_new(plan):
                self._note(plan)
                return plan.outcome
        outcome = super().write(rows)
        self._last_were_new = outcome.created == len(rows)
        return outcome

    def carry_out(self, plan: Plan, found: Found, *, alone: bool) -> list[Rejection]:
        """See BulkCreateWriter, which does it if COPY cannot."""
        if self._is_copied(plan, found):
            return []
        if not alone:
            # New and changed products are locked one after the other here, and by `bulk_create` in one order.
            raise overlaps.AloneNeededError
        return super().carry_out(plan, found, alone=alone)

    def _are_copied_as_new(self, plan: Plan) -> bool:
        """Write new products, all or nothing; whether they are such, and the database has taken them."""
        with transaction.atomic():
            overlaps.take_turn(alone=False)
            # Asked last, when nobody else can put changes on record any more.
            is_copied = self._is_copied(plan, NOTHING_FOUND) and (self._holder is None or self._holder.is_quiet())
            # If not, this gives the turn back, which the next attempt takes anew.
            transaction.set_rollback(not is_copied)
        return is_copied

    def _is_copied(self, plan: Plan, found: Found) -> bool:
        """Write what `plan` says and record it, all or nothing; whether the database has taken it.

        Raises AloneNeededError.
        """
        if plan.is_empty:
            return True
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                record = ChunkRecord(plan, found, self._job_id)
                delete_products(plan.delete)
                if plan.create:
                    self._copy(cursor, CATALOGUE, record.created, record.addresses)
                if plan.update:
                    cursor.execute(CREATE_STAGING)
                    self._copy(cursor, STAGING, record.changed, record.addresses)
                    cursor.execute(self._merge)
                record.finish(self._fields, self._constants)
        except DatabaseError as error:
            if not is_of_a_row(error):
                raise
            return False
        return True

    def _copy(self, cursor: Any, table: str, rows: list[CleanRow], addresses: Mapping[str, int]) -> None:
        if EXTRA in self._fields:
            rows = extra.as_json(rows)
        # Django does this with statements only; who finds the connection lost is to see it by the error here, too.
        with connection.wrap_database_errors, cursor.copy(self._copy_statements[table]) as copy:
            for row in rows:
                copy.write_row((row.sku_normalized, *row.values, *self._same, addresses[row.sku_normalized]))
