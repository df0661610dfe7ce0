"""The COPY writer, for PostgreSQL: a chunk goes into a temporary table, and from there into the catalogue, set by set.

It gives the same table, counts and rejected rows as the other writers; see `imports.writers` for what they mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, LiteralString

from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from psycopg import sql

from imports.header import FIELDS
from imports.rows import CleanRow
from imports.writers import NEW_PRODUCT, BulkCreateWriter, Outcome, is_of_a_row, rejected_without_name

# One table serves all chunks of a session; it is emptied at each commit. `position` is that of the row in the chunk.
CREATE_STAGING = """
    CREATE TEMPORARY TABLE IF NOT EXISTS imports_staging (
        position integer, sku_normalized text, sku text, name text, description text, price numeric(12, 2),
        is_active boolean
    ) ON COMMIT DELETE ROWS
"""

# The lateral subquery with its LIMIT makes PostgreSQL look each product up in the index. As a plain join it would plan
# to read the whole table for each chunk. Rows are inserted in the order of their SKU, so that two imports that lock the
# same products wait instead of deadlocking.
MERGE = """
    WITH state AS MATERIALIZED (
        SELECT staging.*,
               product.sku_normalized IS NULL AS is_new,
               coalesce(product.last_import = %(job)s, false) AS is_written,
               ({product_values}) IS DISTINCT FROM ({staging_values}) AS differs
        FROM imports_staging AS staging
        LEFT JOIN LATERAL (
            SELECT * FROM products_product WHERE sku_normalized = staging.sku_normalized LIMIT 1
        ) AS product ON true
    ),
    written AS (
        INSERT INTO products_product (sku_normalized, {fields}, {lacking_fields} updated_at, last_import)
        SELECT sku_normalized, {fields}, {lacking_values} %(now)s, %(job)s
        FROM state
        WHERE (is_new AND %(may_create)s) OR (NOT is_new AND differs)
        ORDER BY sku_normalized
        ON CONFLICT (sku_normalized) DO UPDATE
        SET {assignments}, updated_at = excluded.updated_at, last_import = excluded.last_import
    )
    SELECT count(*) FILTER (WHERE is_new),
           count(*) FILTER (WHERE NOT is_new AND NOT is_written AND differs),
           count(*) FILTER (WHERE NOT is_new AND NOT is_written AND NOT differs),
           count(*) FILTER (WHERE is_written),
           CASE WHEN NOT %(may_create)s THEN array_agg(position) FILTER (WHERE is_new) END
    FROM state
"""


class CopyWriter:
    """Writes through COPY and one merge statement a chunk.

    What is not plain goes through `bulk_create`: SKUs that stand in the chunk several times, whose rows have to be read
    one after the other, and chunks with a row that the database refuses, which has to be found.
    """

    def __init__(self, job_id: int, fields: tuple[str, ...]) -> None:
        self._job_id = job_id
        self._may_create = "name" in fields
        self._row_by_row = BulkCreateWriter(job_id, fields)
        columns = sql.SQL(", ").join(map(sql.Identifier, ("position", "sku_normalized", *fields)))
        self._copy = sql.SQL("COPY imports_staging ({columns}) FROM STDIN").format(columns=columns)
        self._merge = _merge_statement(fields)

    def write(self, rows: Sequence[CleanRow]) -> Outcome:
        """See Writer."""
        times = Counter(row.sku_normalized for row in rows)
        if len(times) == len(rows):
            return self._write_single(rows)
        outcome = self._write_single([row for row in rows if times[row.sku_normalized] == 1])
        return outcome + self._row_by_row.write([row for row in rows if times[row.sku_normalized] > 1])

    def _write_single(self, rows: Sequence[CleanRow]) -> Outcome:
        """Write rows of which each has a SKU of its own."""
        try:
            with transaction.atomic():
                return self._copy_and_merge(rows)
        except DatabaseError as error:
            if not is_of_a_row(error):
                raise
        return self._row_by_row.write(rows)

    def _copy_and_merge(self, rows: Sequence[CleanRow]) -> Outcome:
        parameters: dict[str, Any] = {"job": self._job_id, "now": timezone.now(), "may_create": self._may_create}
        with connection.cursor() as cursor:
            cursor.execute(CREATE_STAGING)
            with cursor.copy(self._copy) as copy:
                for position, row in enumerate(rows):
                    copy.write_row((position, row.sku_normalized, *row.values))
            cursor.execute(self._merge, parameters)
            created, updated, unchanged, duplicate, without_name = cursor.fetchone()
        if without_name:
            return Outcome(0, updated, unchanged, duplicate, [rejected_without_name(rows[i]) for i in without_name])
        return Outcome(created, updated, unchanged, duplicate)


def _merge_statement(fields: tuple[str, ...]) -> sql.Composed:
    """MERGE for files with `fields`."""

    def joined(template: LiteralString, names: Sequence[str], separator: LiteralString = ", ") -> sql.Composed:
        parts = [
            sql.SQL(template).format(name=sql.Identifier(name), value=sql.Literal(NEW_PRODUCT.get(name)))
            for name in names
        ]
        return sql.SQL(separator).join(parts)

    lacking = [field for field in FIELDS if field not in fields]
    return sql.SQL(MERGE).format(
        fields=joined("{name}", fields),
        product_values=joined("product.{name}", fields),
        staging_values=joined("staging.{name}", fields),
        assignments=joined("{name} = excluded.{name}", fields),
        lacking_fields=joined("{name},", lacking, " "),
        lacking_values=joined("{value},", lacking, " "),
    )
