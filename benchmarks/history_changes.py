"""How long it takes to tell what an import did: `python -m benchmarks.history_changes [--changes 5000000]`.

On SQLite, or on PostgreSQL with `python -m tests.with_postgres` in front. The history is filled with what imports
write: one of that many changed prices, in which another field changed in every 50,000th product, and smaller ones.
Each figure is the best of five, since the machine does other things as well.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import django

os.environ.update(DJANGO_SETTINGS_MODULE="acme_importer.settings", ENV_FILE=os.devnull, SECRET_KEY="only-for-measuring")
FOLDER = tempfile.TemporaryDirectory(prefix="acme-benchmark-")
os.environ.setdefault("DATABASE_URL", f"sqlite:///{FOLDER.name}/products.sqlite3")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from benchmarks.measurements import this_machine  # noqa: E402
from imports import changes, results  # noqa: E402
from imports.changes import Filters  # noqa: E402
from imports.dashboard import job_page  # noqa: E402
from imports.models import ChunkOutcome, ImportJob, ImportLane  # noqa: E402
from imports.reading.rows import CleanRow  # noqa: E402
from imports.writing.fates import pack  # noqa: E402
from imports.writing.summary import Summary, summary_of  # noqa: E402
from products.history.recording import Origin, close, keep, open_set  # noqa: E402
from products.history.records import Changes  # noqa: E402

CHUNK_ROWS = 10_000
FIELDS = ("sku", "name", "price")
RARE = 50_000
REPEAT = 5


def prices(first: int, count: int) -> tuple[list[Any], list[Any]]:
    """The values of so many products before and after; the price of each changes, and the name of a few."""
    numbers = range(first, first + count)
    before = [(f"ACME-{n:07}", f"Product {n}", Decimal(n % 997 + 1)) for n in numbers]
    after = [
        (sku, f"{name} (new)" if n % RARE == 0 else name, price + n % 13 + 1)
        for n, (sku, name, price) in zip(numbers, before, strict=True)
    ]
    return before, after


def fill(rows: int, *, unchanged: bool) -> ImportJob:
    """An import that has changed so many products; if there are unchanged rows, one after each changed one."""
    job = ImportJob.objects.create(
        filename="products.csv", file_size=1, content_size=1, sha256="0" * 64, status="completed", total_rows=rows
    )
    step, summary = 1 + unchanged, Summary()
    for first in range(0, rows, CHUNK_ROWS):
        with transaction.atomic():
            before, after = prices(first, CHUNK_ROWS)
            lines = [2 + number * step for number in range(first, first + CHUNK_ROWS)]
            opened = open_set(Origin(import_number=job.pk))
            keep(opened, Changes(FIELDS, before, after, previous=[0] * CHUNK_ROWS, lines=lines))
            close(opened)
            summary += summary_of(FIELDS, before, after, lines)
            if unchanged:
                same = [CleanRow(line + 1, "", (f"SAME-{line:07}",), []) for line in lines]
                ChunkOutcome.objects.create(job=job, first_line=same[0].line, data=pack(same, []))
    ImportLane.objects.create(
        job=job, number=0, offset=1, line=rows, finished=True, updated_rows=rows, summary=summary.as_json()
    )
    return job


def best(what: str, do: Callable[[], object]) -> None:
    """Do it some times, and tell the best."""
    seconds = []
    for _ in range(REPEAT):
        begin = time.perf_counter()
        do()
        seconds.append(time.perf_counter() - begin)
    print(f"{what:<64} {min(seconds) * 1000:>9,.1f} ms", flush=True)


def consumed(blocks: Any) -> int:
    """How many bytes there were, none of which are kept."""
    return sum(map(len, blocks))


def main() -> None:
    """Fill the history, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=5_000_000, help="recorded changes (default: 5000000)")
    count = parser.parse_args().changes
    call_command("migrate", verbosity=0)
    large, half = fill(count, unchanged=False), fill(250_000, unchanged=True)
    full = fill(500_000, unchanged=False)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(f"{this_machine()}, {connection.vendor}, {count:,} recorded changes")
    for what, filters in (
        ("any", Filters()),
        ("a field that changed in all", Filters(field="price")),
        ("a field that changed in few", Filters(field="name")),
        ("a field that changed in none", Filters(field="description")),
    ):
        best(f"a page of 50: {what}", lambda: changes.page(large, filters, cursor=0, limit=50))  # noqa: B023
    best(
        "a page of 500: a field that changed in few", lambda: changes.page(large, Filters("name"), cursor=0, limit=500)
    )
    job = ImportJob.objects.with_progress().get(pk=large.pk)
    best("what the page of the import shows", lambda: job_page.context(job))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    best("changes.csv, 500,000 rows", lambda: consumed(changes.csv_of(full)))
    best("changes.csv for spreadsheets", lambda: consumed(changes.csv_of(full, for_spreadsheets=True)))
    best("results.csv, 500,000 rows, half of them unchanged", lambda: consumed(results.csv_of(half)))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"{'memory that the files took besides':<64} {grown / 1024:>9,.1f} MB")
    kept = sum(map(len, ChunkOutcome.objects.values_list("data", flat=True)))
    print(f"{'bytes kept of an unchanged row':<64} {kept / 250_000:>9,.1f}")


if __name__ == "__main__":
    main()
