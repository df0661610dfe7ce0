"""Sentences of the pages that depend on numbers, so that templates only show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from acme_importer.texts import counted, duration
from imports import progress
from imports.models import ImportJob
from imports.preview import Preview

# A file may have a hundred thousand columns; a page should not.
COLUMNS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ColumnList:
    """The first of some columns, and how many more there are."""

    names: Sequence[str]
    more: int


@dataclass(frozen=True, slots=True)
class ProgressLine:
    """How far an import is, in parts that follow each other; job.js updates each of them."""

    rows: str
    total: str
    rate: str
    left: str
    took: str


def column_list(names: Sequence[str]) -> ColumnList:
    """`names`, of which only the first few are shown."""
    return ColumnList(names[:COLUMNS_SHOWN], max(len(names) - COLUMNS_SHOWN, 0))


def rows(number: int) -> str:
    """A number of rows: `1 row`, `2,000 rows`."""
    return counted(number, "row")


def rows_of(job: ImportJob, number: int) -> str:
    """So many of what a job reads: the rows of its file; of an undo, the changes that it takes back."""
    return counted(number, "change" if job.is_undo else "row")


def progress_line(job: ImportJob, *, is_stalled: bool) -> ProgressLine:
    """How far `job` is, which comes from `with_progress`. Nobody knows what is left of one that is stalled."""
    rate, left = progress.rows_per_second(job), progress.eta_seconds(job)
    return ProgressLine(
        rows=rows_of(job, job.processed_rows),
        total="" if job.total_rows in (None, job.processed_rows) else f" of {job.total_rows:,}",
        rate=f" · {rate:,.0f} {'changes' if job.is_undo else 'rows'}/s" if rate else "",
        left="" if left is None or is_stalled else f" · {duration(left)} left",
        took=f" · {duration((job.finished_at - job.started_at).total_seconds())}"
        if job.started_at and job.finished_at
        else "",
    )


def verdict(found: Preview) -> str:
    """What is to be expected of a file, by its first rows."""
    checked = found.rows_checked - found.skipped.total()
    if not checked:
        return "The file has no rows"
    if found.faults:
        first = "" if found.whole_file else "the first "
        return f"{found.rows_rejected:,} of {first}{rows(checked)} would be rejected"
    if checked == 1:
        return "The row can be read"
    return f"All {checked:,} rows can be read" if found.whole_file else f"The first {checked:,} rows can all be read"


def rows_title(found: Preview) -> str:
    """The title of the table of rows in a preview."""
    shown = len(found.rows)
    if shown == found.rows_checked - found.skipped.total() and found.whole_file:
        return "The rows, as they will be read"
    return f"The first {rows(shown)}, as {'it' if shown == 1 else 'they'} will be read"
