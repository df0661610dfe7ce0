"""The results of an import: what became of every row of its file, in the order of the file.

Rejected rows are kept as such, created and updated ones are on record in the history of products, and of the others
each chunk has kept what became of them. So the results are there for as long as all three are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import partial
from heapq import merge
from operator import itemgetter

from django.conf import settings
from django.utils import timezone

from acme_importer.texts import counted
from imports import changes
from imports.line_order import Row, Span, csv_blocks, in_line_order
from imports.models import ChunkOutcome, ImportJob, RejectedRow
from imports.reading.table import SECOND_TABLE
from imports.skipped import REASONS
from imports.writing.fates import DUPLICATE, KINDS, OUTCOMES, Fate, unpack
from products.history import told
from products.history.recording import blocks_of

COLUMNS = ("line", "sku", "outcome", "reason")
REJECTED, SKIPPED = "rejected", "skipped"
# The code of rows with more or fewer fields than columns.
FIELD_COUNT = "field_count"
# What a chunk has kept of a row stands: of a duplicate that was written there is a record as well.
_KEPT, _ON_RECORD = 0, 1
# Rejected rows that are read at a time.
BATCH_ROWS = 1000


def why_gone(job: ImportJob) -> str:
    """The sentence that the results of `job` are no longer complete; empty if they are."""
    # Of a check, chunks have kept what became of all rows.
    return why_expired(job) or ("" if changes.is_check(job) else changes.why_gone(job))


def why_expired(job: ImportJob) -> str:
    """The sentence that what chunks have kept of `job` is deleted; empty if it is there."""
    kept_since = timezone.now() - timedelta(days=settings.REJECTED_KEEP_DAYS)
    if job.rejected_rows_deleted_at or (job.finished_at and job.finished_at < kept_since):
        days = counted(settings.REJECTED_KEEP_DAYS, "day")
        return f"The results of every row are kept for {days}, and those of this import are gone. The counts remain."
    return ""


def csv_of(job: ImportJob, *, for_spreadsheets: bool = False) -> Iterator[str]:
    """The file, block by block."""
    return csv_blocks(COLUMNS, rows(job), for_spreadsheets=for_spreadsheets)


def rows(job: ImportJob) -> Iterator[list[Row]]:
    """What became of each row, some rows at a time: its line, its SKU, the outcome, and the reason of it, if any."""
    spans = merge(_kept(job), _rejected(job), _on_record(job), key=itemgetter(0))
    last = 0
    for batch in in_line_order(spans, key=itemgetter(0, 1)):
        found: list[Row] = []
        for line, _, *told_of_it in batch:
            if line != last:
                found.append((line, *told_of_it))
                last = line
        yield found


def _kept(job: ImportJob) -> Iterator[Span]:
    lines = told.Lines()
    chunks = ChunkOutcome.objects.filter(job=job.pk).order_by("first_line").values_list("first_line", "pk")
    # The list is short; what it leads to is read one by one.
    for first_line, pk in list(chunks):
        yield first_line, partial(_kept_rows, pk, lines)


def _kept_rows(pk: int, lines: told.Lines) -> list[Row]:
    data = ChunkOutcome.objects.values_list("data", flat=True).get(pk=pk)
    fates = list(unpack(bytes(data)))
    found = lines.find({fate.address for fate in fates if fate.address})
    return [(fate.line, _KEPT, fate.sku, *_outcome(fate, found)) for fate in fates]


def _outcome(fate: Fate, lines: dict[int, int]) -> tuple[str, str]:
    """The outcome and the reason of it."""
    if fate.code == DUPLICATE:
        line = fate.repeats or lines[fate.address]
        return DUPLICATE, f"duplicate of line {line}" if line else "duplicate of an earlier line"
    return (fate.code, "") if fate.code in OUTCOMES else (SKIPPED, REASONS[fate.code])


def _rejected(job: ImportJob) -> Iterator[Span]:
    last = -1
    while batch := _rejected_batch(job, last):
        yield batch[0][0], partial(list, batch)
        last = batch[-1][0]


def _rejected_batch(job: ImportJob, after: int) -> list[Row]:
    kept = RejectedRow.objects.filter(job=job.pk, line__gt=after).order_by("line")
    return [
        (row.line, _KEPT, _sku_of(job, row), REJECTED, " ".join(fault["reason"] for fault in row.faults))
        for row in kept[:BATCH_ROWS]
    ]


def _sku_of(job: ImportJob, row: RejectedRow) -> str:
    """The SKU of a rejected row, as it is in the file; empty if its fields are not those of the columns.

    Of a row that was cut, it is known where more fields behind it are kept.
    """
    position, fields = job.columns["sku"], len(row.record)
    is_kept = fields == len(job.header) or (row.is_cut and fields > position + 1)
    return row.record[position] if is_kept and row.code not in (SECOND_TABLE, FIELD_COUNT) else ""


def _on_record(job: ImportJob) -> Iterable[Span]:
    sets = told.sets_of(job.pk).order_by("first_line").values_list("first_line", "pk")
    return [(first_line, partial(_recorded_rows, pk)) for first_line, pk in sets]


def _recorded_rows(set_number: int) -> list[Row]:
    return [
        (line, _ON_RECORD, sku, KINDS[kind], "")
        for block in blocks_of(set_number)
        for line, sku, kind in block.briefly()
    ]
