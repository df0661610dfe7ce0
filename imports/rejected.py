"""The rejected rows of an import as a file to fix and to upload again: as CSV, or as a workbook."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from pathlib import PurePath

from django.conf import settings
from django.db.models import F, Q
from django.utils import formats, timezone

from acme_importer.formulas import SIGN, marked
from acme_importer.texts import counted
from imports.files.incoming import IncomingFile
from imports.models import ChunkOutcome, HeldRow, ImportJob, ImportLane, RejectedRow
from imports.reading.corrections import ADDED_COLUMNS
from imports.reading.errors import FileRefusedError
from imports.reading.table import SECOND_TABLE
from imports.workbook import MAX_CELL_LENGTH, MAX_WORKBOOK_ROWS, make

# Rows fetched, and written out, at a time.
BATCH_ROWS = 1000
_TOO_LONG = f"The row has a value of more than {MAX_CELL_LENGTH:,} characters, which no cell holds: use the CSV file."
# A block is a few times this large at most: of a record, 64 KB are kept.
BATCH_BYTES = 64 * 1024
CUT = "The row is too long: only its beginning was kept."


def filename(job: ImportJob, ending: str = "csv", *, for_spreadsheets: bool = False) -> str:
    """The name of the file of rejected rows."""
    purpose = "-for-spreadsheets" if for_spreadsheets else ""
    return f"{PurePath(job.filename).stem}-rejected{purpose}.{ending}"


def csv_blocks(job: ImportJob, *, for_spreadsheets: bool = False) -> Iterator[str]:
    """The file, block by block, in the delimiter of the original, unless that is space, and otherwise usual CSV.

    For spreadsheets, what they would take for a formula is marked.
    """
    return _csv(_for_spreadsheets(_table(job)) if for_spreadsheets else _table(job), job)


def csv_blocks_of_fixed(job: ImportJob, fixed: Iterable[tuple[RejectedRow, list[str]]]) -> Iterator[str]:
    """The same file of some rows of `job`, with the fields that they have now that they are fixed."""
    kept = _kept_positions(job)
    rows = ([*(record[position] for position in kept), *_told(row, job)] for row, record in fixed)
    return _csv(chain([_header(job, kept)], rows), job)


def is_whole(row: RejectedRow, job: ImportJob) -> bool:
    """Whether the fields of `row` are those of the columns of the file."""
    return len(row.record) == len(job.header) and row.code != SECOND_TABLE and not row.is_cut


def delimiter_of(job: ImportJob) -> str:
    """The delimiter of the CSV file."""
    return job.delimiter.strip(" ") or ","


def _csv(table: Iterable[list[str]], job: ImportJob) -> Iterator[str]:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter_of(job))
    for fields in table:
        writer.writerow(fields)
        if buffer.tell() > BATCH_BYTES:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def workbook(job: ImportJob) -> IncomingFile:
    """The file as .xlsx. Raises as `imports.workbook.make` does."""
    if RejectedRow.objects.filter(job=job.pk).count() > MAX_WORKBOOK_ROWS:
        raise FileRefusedError(f"A sheet holds at most {MAX_WORKBOOK_ROWS:,} rejected rows; use the CSV file.")
    table = _table(job)
    return make("Rejected rows", next(table), map(_for_cells, table))


def _for_cells(fields: list[str]) -> list[str]:
    """A row of the file without its values if one of them is longer than a cell: cut, it would look correct."""
    added = len(ADDED_COLUMNS)
    if not any(len(field) > MAX_CELL_LENGTH for field in fields[:-added]):
        return fields
    return [*[""] * (len(fields) - added), *fields[-added:-1], f"{_TOO_LONG} {fields[-1]}"]


def _table(job: ImportJob) -> Iterator[list[str]]:
    """The header, and the rejected rows in the order of the file."""
    kept = _kept_positions(job)
    yield _header(job, kept)
    rejected = RejectedRow.objects.filter(job=job.pk).order_by("line")
    for row in rejected.iterator(chunk_size=BATCH_ROWS):
        yield _written(row, job, kept)


def _header(job: ImportJob, kept: list[int]) -> list[str]:
    return [*(job.header[position] for position in kept), *ADDED_COLUMNS]


def _for_spreadsheets(table: Iterator[list[str]]) -> Iterator[list[str]]:
    """The rows of `table`, and the names of its columns, marked; and the column that says so."""
    yield [*marked(next(table)), SIGN]
    for fields in table:
        yield [*marked(fields), ""]


def _kept_positions(job: ImportJob) -> list[int]:
    """The original columns without those of ours that a file has that was downloaded here before."""
    return [
        position
        for position, name in enumerate(job.header)
        if name not in (*ADDED_COLUMNS, SIGN) or position in job.columns.values()
    ]


def _written(row: RejectedRow, job: ImportJob, kept: list[int]) -> list[str]:
    """The fields of `row` in their columns, and what is wrong with it.

    A row whose fields are not those of the columns, or that was cut, is shown as a whole in `import_value`, and its
    columns are empty: so it is rejected again unless somebody has filled them in. Cut or filled up to the header,
    it would look correct.
    """
    fields = (row.record[position] for position in kept) if is_whole(row, job) else [""] * len(kept)
    return [*fields, *_told(row, job)]


def _told(row: RejectedRow, job: ImportJob) -> list[str]:
    """What the added columns say of `row`."""
    fault = row.faults[0]
    reasons = [fault["reason"] for fault in row.faults]
    return [
        str(row.line),
        fault["column"],
        fault["value"] if is_whole(row, job) else job.delimiter.join(row.record),
        " ".join([*reasons, CUT] if row.is_cut else reasons),
    ]


def why_gone(job: ImportJob) -> str:
    """The sentence that the rejected rows of `job` were deleted; empty if they are there, or if there were none."""
    if job.rejected_rows_deleted_at is None or RejectedRow.objects.filter(job=job.pk).exists():
        return ""
    if not ImportLane.objects.filter(job=job.pk, rejected_rows__gt=0).exists():
        return ""
    on = formats.date_format(timezone.localtime(job.rejected_rows_deleted_at), "DATE_FORMAT")
    days = counted(settings.REJECTED_KEEP_DAYS, "day")
    return f"The rejected rows of this import were deleted on {on}: they are kept for {days}. The counts remain."


def delete_old(before: datetime, seconds: float) -> int:
    """Delete the rejected rows of jobs that ended `before` then; returns how many. The jobs and their counts stay.

    With them goes what is kept of the other rows, held ones among them: without the rejected ones, the results are not
    complete any more.
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
        ChunkOutcome.objects.filter(job=job.pk).delete()
        HeldRow.objects.filter(job=job.pk).delete()
        ImportJob.objects.filter(pk=job.pk).update(rejected_rows_deleted_at=timezone.now())
    return deleted
