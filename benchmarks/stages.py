"""Where an import's processor time goes, by stage: `python -m tests.with_postgres python -m benchmarks.stages`.

One process on an empty database, and each stage for itself over all rows of a file: its processor time per row, which
does not depend on what else the machine does, and for the writers also what they wait for the server.
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import django

os.environ.update(DJANGO_SETTINGS_MODULE="acme_importer.settings", ENV_FILE=os.devnull, SECRET_KEY="only-for-measuring")
django.setup()

from django.conf import settings  # noqa: E402 - after the set-up
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from imports.pipeline import lanes_of  # noqa: E402
from imports.reading.csvfile import Batch, Position, RecordReader  # noqa: E402
from imports.reading.dialect import Dialect  # noqa: E402
from imports.reading.header import FIELDS  # noqa: E402
from imports.reading.numbers import NumberStyle  # noqa: E402
from imports.reading.rows import CleanRow, RowReader  # noqa: E402
from imports.writing.bulk_create import BulkCreateWriter  # noqa: E402
from imports.writing.copy import CopyWriter  # noqa: E402
from imports.writing.plan import Writer, make_plan  # noqa: E402
from imports.writing.product_rows import ProductRow  # noqa: E402

COLUMNS = {field: number for number, field in enumerate(FIELDS)}


def measured(stage: str, rows: int, work: Callable[[], Any]) -> Any:
    """Do `work` and print a line of the table; returns what it returns."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(f"| {stage} | {cpu / rows * 1e6:.1f} | {wall / rows * 1e6:.1f} |", flush=True)
    return result


def write(writer: Writer, rows: Sequence[CleanRow]) -> None:
    """Write `rows` chunk by chunk, as a lane does."""
    chunk = settings.IMPORT_CHUNK_ROWS
    for start in range(0, len(rows), chunk):
        with transaction.atomic():
            writer.write(rows[start : start + chunk])


def measure(path: Path, count: int) -> None:
    """Measure all stages over the file at `path`, of `count` rows."""
    print("| stage | processor µs a row | wall µs a row |\n|---|--:|--:|")
    reader = RowReader(FIELDS, COLUMNS, ",", numbers=NumberStyle("."))
    with path.open("rb") as stream:
        source = RecordReader(stream, encoding="utf-8", dialect=Dialect(), start=Position(0, 1), width=len(FIELDS))
        source.read(1)
        batches: list[Batch] = measured(
            "parse: bytes to records", count, lambda: list(iter(partial(source.read, count), None))
        )
    measured(
        "pass over: which lane a record is of",
        count,
        lambda: [lanes_of(reader.keys(batch), 2) for batch in batches],
    )
    checked: list[list[CleanRow]] = measured(
        "check: records to clean rows",
        count,
        lambda: [reader.read(batch, reader.keys(batch))[0] for batch in batches],
    )
    rows = list(chain.from_iterable(checked))
    catalogue = {row.sku_normalized: row.values for row in rows}
    measured("plan: all new", count, lambda: make_plan(rows, {}, set(), FIELDS))
    measured("plan: all unchanged", count, lambda: make_plan(rows, catalogue, set(), FIELDS))
    measured(
        "build: instances for `bulk_create`",
        count,
        lambda: [ProductRow(row.sku_normalized, *row.values, 1) for row in rows],  # type: ignore[call-arg]
    )
    for name, make in (("bulk_create", BulkCreateWriter), ("copy", CopyWriter)):
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE products_product")
        for situation, job in (("new", 1), ("unchanged again", 2)):
            writer = make(job, FIELDS)
            measured(f"write by `{name}`, {situation}", count, lambda: write(writer, rows))  # noqa: B023


def main() -> None:
    """Make the file and the tables, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000, help="the size of the file (default: 100000)")
    count = parser.parse_args().rows
    call_command("migrate", verbosity=0)
    # As in the pipeline.
    gc.disable()
    with tempfile.TemporaryDirectory(prefix="acme-benchmark-") as folder:
        path = Path(folder) / "products.csv"
        call_command("generate_products", rows=count, output=str(path))
        measure(path, count)


if __name__ == "__main__":
    main()
