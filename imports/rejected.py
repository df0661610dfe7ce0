"""The rejected rows of an import as a CSV file to fix and to upload again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import PurePath

from imports.models import ImportJob, RejectedRow
from imports.reading.corrections import ADDED_COLUMNS
from imports.reading.table import SECOND_TABLE

# Rows fetched, and written out, at a time.
BATCH_ROWS = 1000


def filename(job: ImportJob) -> str:
    """The name of the file of rejected rows."""
    return f"{PurePath(job.filename).stem}-rejected.csv"


def csv_blocks(job: ImportJob) -> Iterator[str]:
    """The file, block by block, in the delimiter of the original, unless that is space, and otherwise usual CSV."""
    kept = _kept_positions(job)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=job.delimiter.strip(" ") or ",")
    writer.writerow([*(job.header[position] for position in kept), *ADDED_COLUMNS])
    rejected = RejectedRow.objects.filter(job=job.pk).order_by("line")
    for number, row in enumerate(rejected.iterator(chunk_size=BATCH_ROWS), start=1):
        writer.writerow(_written(row, job, kept))
        if number % BATCH_ROWS == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _kept_positions(job: ImportJob) -> list[int]:
    """The original columns without those of ours that a file has that was downloaded here before."""
    return [
        position
        for position, name in enumerate(job.header)
        if name not in ADDED_COLUMNS or position in job.columns.values()
    ]


def _written(row: RejectedRow, job: ImportJob, kept: list[int]) -> list[str]:
    """The fields of `row` in their columns, and what is wrong with it.

    A row whose fields are not those of the columns is shown as a whole in `import_value`, and its columns are empty: so
    it is rejected again unless somebody has filled them in. Cut or filled up to the header, it would look correct.
    """
    fault = row.faults[0]
    is_whole = len(row.record) == len(job.header) and row.code != SECOND_TABLE
    return [
        *(row.record[position] if is_whole else "" for position in kept),
        str(row.line),
        fault["column"],
        fault["value"] if is_whole else job.delimiter.join(row.record),
        " ".join(fault["reason"] for fault in row.faults),
    ]
