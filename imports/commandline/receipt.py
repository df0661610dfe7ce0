"""The receipt of an import that is over, as text: what became of its rows, and what was decided about its file."""

from __future__ import annotations

from collections.abc import Iterator

from acme_importer.texts import duration, printable
from imports import chain, progress
from imports.models import ImportJob, RejectedRow
from imports.reading.columns import ignored_columns
from imports.reading.header import DELIMITER_NAMES
from imports.reading.numbers import NumberStyle
from imports.said import header_place, said_of_rows, said_of_words
from imports.skipped import skipped_by_reason
from imports.verdict import state_name

# How many rejected rows are shown with their reasons.
REASONS_SHOWN = 5


def receipt(job: ImportJob) -> str:
    """The receipt of `job`, which comes from `with_progress`."""
    lines = [_title(job)]
    if job.lane_count:
        lines += _counts(job)
    if job.header:
        lines += [*_decisions(job), *_reasons(job)]
    return "\n".join(map(printable, lines))


def _title(job: ImportJob) -> str:
    note = " (a check: no product was written)" if job.dry_run else ""
    return f"Import {job.pk} {state_name(job).replace('_', ' ')}: {job.filename}{note}"


def _counts(job: ImportJob) -> Iterator[str]:
    yield f"  rows read   {job.processed_rows:>13,}"
    yield f"    created   {job.created_rows:>13,}"
    yield f"    updated   {job.updated_rows:>13,}"
    yield f"    unchanged {job.unchanged_rows:>13,}"
    yield f"    duplicates{job.duplicate_rows:>13,}"
    yield f"    rejected  {job.rejected_rows:>13,}"
    if job.skipped_rows:
        yield f"    skipped   {job.skipped_rows:>13,}"
    if job.deleted_rows:
        yield f"    deleted   {job.deleted_rows:>13,}"
    if job.superseded_rows:
        yield f"    superseded{job.superseded_rows:>13,}"
    if job.held_rows:
        yield f"    held      {job.held_rows:>13,}"
    if not job.dry_run and (open_rows := chain.open_rows(job)):
        yield f"  still open  {open_rows:>13,}"
    if job.deactivated_products or job.activated_products:
        yield f"  full sync   {job.deactivated_products:>13,} products deactivated that the file has no longer"
        yield f"              {job.activated_products:>13,} activated that came back"
    if job.run_started_at and job.finished_at:
        rate = progress.rows_per_second(job)
        seconds = (job.finished_at - job.run_started_at).total_seconds()
        since = " since it was resumed" if job.run_first_row else ""
        yield f"  time        {duration(seconds):>13}" + (f"  ({rate:,.0f} rows/s{since})" if rate else "")


def _decisions(job: ImportJob) -> Iterator[str]:
    fields = {position: field for field, position in job.columns.items()}
    names = [
        name if name == fields[position] else f"{fields[position]} from '{name}'"
        for position, name in enumerate(job.header)
        if position in fields
    ]
    ignored = ignored_columns(job.header, job.columns)
    if job.read_by:
        yield f"  supplier    {job.read_by.supplier}, version {job.read_by.number}"
    if job.format:
        yield f"  format      {job.format}"
    read_as = f"sheet '{job.sheet}'" if job.sheet else f"{job.encoding}, delimiter: {DELIMITER_NAMES[job.delimiter]}"
    yield f"  read as     {read_as}"
    if job.header_lines != [1]:
        yield f"  header      {header_place(job.header_lines)}"
    if "price" in job.columns:
        yield f"  prices      such as {NumberStyle.from_json(job.numbers).example}"
    if job.options.words:
        yield f"  words       {', '.join(said_of_words(job.options.words))}"
    if said := said_of_rows(job.options):
        yield f"  rows        {'; '.join(said)}"
    yield f"  columns     {', '.join(names) or 'none'}" + (f"; ignored: {', '.join(ignored)}" if ignored else "")


def _reasons(job: ImportJob) -> Iterator[str]:
    """What there is to know of the file, why rows were skipped, and the first of the rejected rows."""
    yield from (f"Warning: {sentence}" for sentence in job.warnings)
    yield from (f"Skipped: {count:,} × {sentence}" for sentence, count in skipped_by_reason(job).items())
    if job.rejected_rows:
        yield "Rejected:"
    for row in RejectedRow.objects.filter(job=job.pk).order_by("line")[:REASONS_SHOWN]:
        yield f"  line {row.line}: " + " ".join(fault["reason"] for fault in row.faults)
    if job.rejected_rows > REASONS_SHOWN:
        yield f"  … and {job.rejected_rows - REASONS_SHOWN:,} more"
