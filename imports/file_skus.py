"""Which SKUs a supplier's file has: kept chunk by chunk, whatever becomes of the rows; and which of two files has what.

A rejected row counts: what it is about is in the file. A row whose SKU cannot be relied on, since it is empty, damaged,
or in a row that cannot be read, could be about any product; such rows are counted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from acme_importer.compression import compressed, decompressed
from imports.models import MOST_FILES_ABSENT, FileSkus, ImportJob, Supplier
from imports.reading.rows import Rejection

# Longer than checks can be imported (`imports.proposed`).
KEPT_AT_LEAST = timedelta(days=8)
# No SKU has a line break.
_BETWEEN = "\n"
# Blocks that are read at a time.
_BLOCKS = 20


def without_sku(job: ImportJob, rejections: Iterable[Rejection]) -> int:
    """How many of these rejected rows of the job's file have no SKU that can be relied on."""
    sku_column = job.header[job.columns["sku"]]
    return sum(any(fault.column in ("", sku_column) for fault in rejection.faults) for rejection in rejections)


def keep(job: ImportJob, skus: Collection[str], *, unreadable: int) -> None:
    """Keep the normalized SKUs of some rows of the job's file; so many others have none that can be relied on."""
    if skus or unreadable:
        # Those with undecodable bytes are of rejected rows, and no product has them.
        text = _BETWEEN.join(skus).encode("utf-8", "replace").decode()
        FileSkus.objects.create(job=job, data=compressed(text), unreadable=unreadable)


def unreadable(job_id: int) -> int:
    """How many rows of the job's file have no SKU that can be relied on."""
    return FileSkus.objects.filter(job=job_id).aggregate(rows=Sum("unreadable"))["rows"] or 0


def skus_of(job_id: int) -> Iterator[list[str]]:
    """The SKUs of the job's file, some at a time, in no order; one may be there more than once."""
    last = 0
    while some := list(FileSkus.objects.filter(job=job_id, pk__gt=last).order_by("pk")[:_BLOCKS]):
        for block in some:
            text = decompressed(bytes(block.data))
            yield text.split(_BETWEEN) if text else []
        last = some[-1].pk


def delete_old() -> None:
    """Delete the SKUs of files that no file will be compared with: all but the newest complete ones of each supplier.

    Those of the last days stay: a check of then may be imported, and is compared as it was.
    """
    needed: set[int] = set()
    for supplier in Supplier.objects.values_list("pk", flat=True):
        complete = ImportJob.objects.filter(read_by__supplier=supplier, dry_run=False, sync__complete=True)
        complete = complete.filter(status=ImportJob.Status.COMPLETED).order_by("-pk")
        needed.update(complete.values_list("pk", flat=True)[:MOST_FILES_ABSENT])
    old = ImportJob.objects.filter(finished_at__lt=timezone.now() - KEPT_AT_LEAST, skus__isnull=False)
    for pk in set(old.order_by().values_list("pk", flat=True)) - needed:
        FileSkus.objects.filter(job=pk).delete()


@dataclass(frozen=True, slots=True)
class Compared:
    """A file compared with earlier ones of its supplier, on disk: memory does not depend on their size.

    In the order of the SKUs, which is the same each time.
    """

    _database: sqlite3.Connection

    def absent(self, start: int, limit: int) -> list[str]:
        """The SKUs from the place `start` on that the oldest of the earlier files has, and none of the later ones."""
        return self._column("SELECT sku FROM absent ORDER BY sku LIMIT ? OFFSET ?", limit, start)

    def known(self, start: int, limit: int) -> list[str]:
        """The SKUs from the place `start` on that the file has, of those that were `marked`."""
        return self._column("SELECT sku FROM known ORDER BY sku LIMIT ? OFFSET ?", limit, start)

    def known_count(self) -> int:
        """How many those are."""
        return int(self._column("SELECT count(*) FROM known")[0])

    def _column(self, query: str, *parameters: int) -> list[Any]:
        return [value for (value,) in self._database.execute(query, parameters)]


@contextmanager
def compared(job_id: int, earlier: Sequence[int], marked: Iterable[Sequence[str]] = ()) -> Iterator[Compared]:
    """The file of a job beside the `earlier` ones, the newest first; and SKUs that are `marked`, some at a time."""
    *others, oldest = earlier
    with _on_disk("newest", "later", "known", "absent") as database:
        _run(database, "INSERT OR IGNORE INTO newest VALUES (?)", skus_of(job_id))
        _run(database, "INSERT OR IGNORE INTO later VALUES (?)", chain.from_iterable(map(skus_of, others)))
        _run(database, "INSERT OR IGNORE INTO known SELECT sku FROM newest WHERE sku = ?", marked)
        _run(
            database,
            "INSERT OR IGNORE INTO absent SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM newest WHERE sku = ?1) "
            "AND NOT EXISTS (SELECT 1 FROM later WHERE sku = ?1)",
            skus_of(oldest),
        )
        yield Compared(database)


def overlap(job_id: int, last: int) -> tuple[int, int]:
    """How many SKUs the last file has, and how many of them the file of the job lacks."""
    with _on_disk("newest", "last") as database:
        _run(database, "INSERT OR IGNORE INTO newest VALUES (?)", skus_of(job_id))
        _run(database, "INSERT OR IGNORE INTO last VALUES (?)", skus_of(last))
        counts = "SELECT count(*), count(*) - count(newest.sku) FROM last LEFT JOIN newest USING (sku)"
        skus, missing = database.execute(counts).fetchone()
        return int(skus), int(missing)


@contextmanager
def _on_disk(*tables: str) -> Iterator[sqlite3.Connection]:
    """Tables of SKUs that are thrown away afterwards."""
    with TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder) / "skus.sqlite3", isolation_level=None)
        try:
            # Nothing of it has to survive a crash.
            database.execute("PRAGMA synchronous = OFF")
            database.execute("PRAGMA journal_mode = OFF")
            for table in tables:
                database.execute(f"CREATE TABLE {table} (sku TEXT PRIMARY KEY) WITHOUT ROWID")
            database.execute("BEGIN")
            yield database
        finally:
            database.close()


def _run(database: sqlite3.Connection, statement: str, batches: Iterable[Sequence[str]]) -> None:
    """Run `statement` with each SKU."""
    for skus in batches:
        # In their order, neighbours in the tables are read and written one after the other.
        database.executemany(statement, ((sku,) for sku in sorted(skus) if sku))
