"""The rejected rows of an import as a CSV file to fix and to upload again."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePath

from django.conf import settings
from django.db.models import F, Q
from django.utils import formats, timezone

from imports.models import ImportJob, ImportLane, RejectedRow
from imports.reading.corrections import ADDED_COLUMNS

# Rows fetched, and written out, at a time.
BATCH_ROWS = 1000
# A batch is a few times this large at most: of a record, 64 KB are kept.
BATCH_BYTES = 1024 * 1024
CUT = "The row is too long: only its beginning was kept."


def filename(job: ImportJob) -> str:
    """The name of the file of rejected rows."""
    return f"{PurePath(job.filename).stem}-rejected.csv"


def csv_blocks(job: ImportJob) -> Iterator[str]:
    """The file, block by block, in the delimiter of the original, which decides how its prices are read."""
    kept = _kept_positions(job)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=job.delimiter or ",")
    writer.writerow([*(job.header[position] for position in kept), *ADDED_COLUMNS])
    rejected = RejectedRow.objects.filter(job=job.pk).order_by("line")
    for row in rejected.iterator(chunk_size=BATCH_ROWS):
        writer.writerow(_written(row, job, kept))
        if buffer.tell() > BATCH_BYTES:
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

    A row whose fields are not those of the columns, or that was cut, is shown as a whole in `import_value`, and its
    columns are empty: so it is rejected again unless somebody has filled them in. Cut or filled up to the header,
    it would look correct.
    """
    fault = row.faults[0]
    is_whole = len(row.record) == len(job.header) and not row.is_cut
    reasons = [fault["reason"] for fault in row.faults]
    return [
        *(row.record[position] if is_whole else "" for position in kept),
        str(row.line),
        fault["column"],
        fault["value"] if is_whole else job.delimiter.join(row.record),
        " ".join([*reasons, CUT] if row.is_cut else reasons),
    ]


def why_gone(job: ImportJob) -> str:
    """The sentence that the rejected rows of `job` were deleted; empty if they are there, or if there were none."""
    if job.rejected_rows_deleted_at is None or RejectedRow.objects.filter(job=job.pk).exists():
        return ""
    if not ImportLane.objects.filter(job=job.pk, rejected_rows__gt=0).exists():
        return ""
    on = formats.date_format(timezone.localtime(job.rejected_rows_deleted_at), "DATE_FORMAT")
    return f"The rejected rows of this import were deleted on {on}: they are kept for {_days()}. The counts remain."


def _days() -> str:
    days = settings.REJECTED_KEEP_DAYS
    return "1 day" if days == 1 else f"{days:,} days"


def delete_old(before: datetime, seconds: float) -> int:
    """Delete the rejected rows of jobs that ended `before` then; returns how many. The jobs and their counts stay.

    In batches, and for `seconds` at most: the next run deletes the rest.
    """
    end = time.monotonic() + seconds
    deleted = 0
    not_yet = Q(rejected_rows_deleted_at=None) | Q(rejected_rows_deleted_at__lt=F("finished_at"))
    for job in ImportJob.objects.filter(not_yet, finished_at__lt=before).only("pk").order_by("pk").iterator():
        rows = RejectedRow.objects.filter(job=job.pk).order_by("line")
        while batch := list(rows.values_list("pk", flat=True)[:BATCH_ROWS]):
            if time.monotonic() > end:
                return deleted
            RejectedRow.objects.filter(pk__in=batch).delete()
            deleted += len(batch)
        ImportJob.objects.filter(pk=job.pk).update(rejected_rows_deleted_at=timezone.now())
    return deleted
