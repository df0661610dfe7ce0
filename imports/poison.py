"""Finding the row that workers die of, or that the importer fails with: the chunk is halved, attempt by attempt.

A worker that dies tells nobody why. So whoever takes its lane up tries half of the chunk, and notes first how many rows
that is. If it dies too, the row is among those; if they go in, it is among the others. A chunk that went wrong for
another reason, such as a server that was switched off, has then gone in by pieces. The row that is left is tried three
times by itself before it is rejected, and the next chunk is as large as ever.

Does not know what a chunk does, nor who wakes the lane.
"""

from __future__ import annotations

from django.conf import settings
from django.db import Error
from django.db.transaction import TransactionManagementError

from imports import jobs
from imports.models import ImportJob, ImportLane, RejectedRow
from imports.reading.errors import FileRefusedError
from imports.reading.rows import CleanRow, Fault, Rejection
from imports.writing.refusals import is_of_a_row

# Claims without progress after which the work is taken to be what kills the workers.
MAX_ATTEMPTS = 3
# The codes of the rows that are found so.
WORKER_DIED, IMPORTER_FAILED = "worker_died", "importer_failed"
# With more such rows in a job, it is not the rows that are at fault.
MANY = 20
# Why work is given up without an error.
DIED = "The worker process died each time; the workers' log may say why."
# What PostgreSQL says of a statement that took longer than its time limit.
QUERY_CANCELED = "57014"


def is_from_outside(error: BaseException) -> bool:
    """Whether a chunk has failed for a reason that is not in its rows: the database, a disk, a network."""
    if isinstance(error, TransactionManagementError):
        # A trigger of SQLite has rolled the chunk back.
        return False
    if isinstance(error, Error):
        sqlstate = getattr(error.__cause__, "sqlstate", None)
        return not is_of_a_row(error) and sqlstate != QUERY_CANCELED
    return isinstance(error, OSError | FileRefusedError)


def begin(lane: ImportLane) -> None:
    """Begin to search in a lane that has just been claimed, if its last worker has died."""
    if lane.attempts <= 1 or lane.narrowed_to:
        return
    if not lane.last_error:
        lane.narrowed_to = settings.IMPORT_CHUNK_ROWS
    # A worker that dies now leaves this empty.
    lane.own_claim().update(last_error="")


def blame_rows(lane: ImportLane) -> None:
    """Begin to search in a lane whose chunk has failed, or go on; called before the lane is released."""
    lane.own_claim().filter(narrowed_to=0).update(narrowed_to=settings.IMPORT_CHUNK_ROWS)


def blame_nothing(lane: ImportLane) -> None:
    """End the search: what has failed now was not a row."""
    lane.own_claim().update(narrowed_to=0)


def is_found(lane: ImportLane) -> bool:
    """Whether the next row of a claimed lane is the one, and is to be rejected untried."""
    return lane.narrowed_to == 1 and lane.attempts == MAX_ATTEMPTS + 1


def may_be_tried(lane: ImportLane) -> bool:
    """Whether a claimed lane can still get on."""
    return lane.attempts <= MAX_ATTEMPTS or is_found(lane)


def rows_to_try(lane: ImportLane) -> int:
    """How many rows the next chunk takes: usually IMPORT_CHUNK_ROWS."""
    return (lane.narrowed_to + 1) // 2 or settings.IMPORT_CHUNK_ROWS


def note(lane: ImportLane, rows: int, *, last_line: int = 0) -> bool:
    """Note in the database that this many rows are tried next, up to `last_line`; whether the lane stands where it did.

    `lane` itself still has how many rows are suspected.
    """
    noted = {"narrowed_to": rows, "last_error": "", "tried_line": last_line}
    if rows < lane.narrowed_to:
        # Whatever becomes of it, there is progress.
        noted["attempts"] = 1
    return bool(lane.own_claim().filter(offset=lane.offset, finished=False).update(**noted))


def suspects_behind(lane: ImportLane, rows: int) -> int:
    """How many rows are still suspected when this many have gone in."""
    return max(0, lane.narrowed_to - rows)


def rejection_of(lane: ImportLane, row: CleanRow) -> Rejection:
    """The rejection of the row that was found."""
    if lane.last_error:
        name = lane.last_error.partition("(")[0]
        reason = f"The importer failed with {name} at this row, {MAX_ATTEMPTS} times. The workers' log has more."
        return Rejection(row.line, (Fault("", "", IMPORTER_FAILED, reason),), row.record)
    reason = (
        f"The worker process died at this row, {MAX_ATTEMPTS} times: it ran out of memory or time, or it crashed. "
        "The workers' log may have more."
    )
    return Rejection(row.line, (Fault("", "", WORKER_DIED, reason),), row.record)


def fail_if_many(job_id: int) -> None:
    """Fail the job if as many rows have been found as no file has. A retry goes on behind them."""
    found = RejectedRow.objects.filter(job=job_id, code__in=(WORKER_DIED, IMPORTER_FAILED)).count()
    if found and found % MANY == 0:
        jobs.end(
            job_id,
            ImportJob.Status.FAILED,
            reason=f"Workers died or failed at {found} rows, which were rejected. So many are hardly the rows' fault: "
            "look at the workers' log and at their memory, then retry the import, which resumes behind them.",
        )


def given_up(lane: ImportLane) -> str:
    """Why a lane is not tried any more, for people."""
    if lane.job.is_undo:
        where = f"after {lane.offset:,} changes"
    elif lane.tried_line <= lane.line:
        where = f"at line {lane.line}"
    else:
        where = f"at lines {lane.line} to {lane.tried_line}"
    return f"Stopped {MAX_ATTEMPTS} times {where} without making progress. {lane.last_error or DIED}"
