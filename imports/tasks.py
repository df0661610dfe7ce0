"""What the cluster calls. Each task is short: it takes a piece of work forward for a while, and wakes it again.

A task may be delivered twice, late, or die at any point. Claims keep two workers from doing the same work, the lanes'
checkpoints keep a chunk from taking effect twice, and the supervisors wake what nobody is working on any longer
(`imports.stalled`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from acme_importer import log_context
from acme_importer.cluster.schedules import Schedule, keep
from acme_importer.lost_connections import is_lost, persist
from imports import applying, approval, drafts, file_skus, jobs, pipeline, poison, rejected, syncing, turns, waking
from imports.files.incoming import delete_abandoned_uploads
from imports.files.local_copies import delete_idle_copies
from imports.files.space import TOO_LITTLE, DiskFullError, is_full
from imports.files.storage import close_stored, delete_stored
from imports.files.unavailable import FileUnavailableError
from imports.models import Draft, ImportJob, ImportLane
from imports.opening.decisions import QuestionOpenError
from imports.opening.found import Opened
from imports.opening.whole import open_file
from imports.pipeline import ChunkFailedError, LaneTakenError
from imports.poison import MAX_ATTEMPTS
from imports.reading.errors import FileRefusedError
from imports.undo import run as undo_run
from imports.undo import undoing

logger = logging.getLogger(__name__)

Value = TypeVar("Value")

# How long one task runs: short compared with every time-out, long compared with the cost of queueing the next.
SLICE_SECONDS = 10
# How long an uploaded file waits for its sender's decision.
KEEP_DRAFTS = timedelta(days=1)
# How long one run deletes old rows.
PRUNE_SECONDS = 20


def open_job(job_id: int, *, lanes: int | None = None) -> None:
    """Open the job's file and start its lanes, or fail the job with the reason."""
    log_context.note(job=job_id)
    job = persist(lambda: _claimed_job(job_id))
    if job is None:
        return
    if job.attempts > MAX_ATTEMPTS:
        what = job.last_error or poison.DIED
        reason = f"Opening the file failed after {MAX_ATTEMPTS} attempts. {what}"
        jobs.end(job.pk, ImportJob.Status.FAILED, reason=reason, error=what)
        return
    try:
        laid = _with_the_database(job, lambda: _open(job, lanes))
    except WorkTakenError:
        return
    except Exception as error:
        if is_full(error):
            jobs.end(job.pk, ImportJob.Status.FAILED, reason=TOO_LITTLE, error=repr(error))
        else:
            job.release(error=repr(error))
        raise
    if len(laid) == 1 and waking.sends_messages():
        # A small file is done before its message would be taken; should it be taken, this lane is claimed or finished.
        advance_lane(laid[0].pk)


def _claimed_job(job_id: int) -> ImportJob | None:
    job = ImportJob.objects.filter(pk=job_id, status=ImportJob.Status.QUEUED, awaits_check=False).first()
    return job if job and job.claim() else None


def _open(job: ImportJob, lanes: int | None) -> list[ImportLane]:
    """Open the file of a claimed job, or resume it if that was done before; returns the lanes that are new."""
    try:
        if ImportLane.objects.filter(job=job).exists():
            jobs.resume(job.pk)
            return []
        if job.is_undo:
            return undoing.start(job)
        if job.content_stored_as not in ("", job.stored_as):
            # The rewriting of an attempt that died.
            delete_stored(job.content_stored_as)
        opened = open_file(job, still_alive=job.keep_claim)
        return _start(job, opened, lanes or turns.default_lanes(opened.content_size))
    except QuestionOpenError as error:
        jobs.ask(job, error)
    except (DiskFullError, FileUnavailableError) as error:
        jobs.end(job.pk, ImportJob.Status.FAILED, reason=str(error), error=repr(error))
    except FileRefusedError as error:
        jobs.end(job.pk, ImportJob.Status.FAILED, reason=str(error))
    except jobs.WrongStateError:
        logger.info("Import %s was ended while its file was being opened.", job.pk)
    return []


class WorkTakenError(Exception):
    """While the connection to the database was lost, another worker took the work over."""


def _with_the_database(work: ImportJob | ImportLane, do: Callable[[], Value]) -> Value:
    """Do a step of claimed `work`, and do it again after a pause if the connection to the database was lost."""

    def renew_claim() -> None:
        if not persist(work.renew_claim):
            raise WorkTakenError

    return persist(do, after_pause=renew_claim)


def _start(job: ImportJob, opened: Opened, lanes: int) -> list[ImportLane]:
    is_rewritten = opened.content_stored_as != job.stored_as
    try:
        applying.verify(job, opened)
        if is_rewritten:
            close_stored(job.stored_as)
        return jobs.start(job, opened, lanes=lanes)
    except BaseException as error:
        # If the connection was lost, the job may have been started all the same.
        if is_rewritten and not is_lost(error):
            delete_stored(opened.content_stored_as)
        raise


def advance_lane(lane_id: int) -> None:
    """Take a lane forward, chunk by chunk, for `SLICE_SECONDS`; then queue the next wake-up, unless it is done."""
    lane = persist(lambda: _claimed_lane(lane_id))
    if lane is None:
        return
    log_context.note(job=lane.job_id, lane=lane.number)
    try:
        if _with_the_database(lane, lambda: check_attempts(lane)):
            _with_the_database(lane, lambda: _advance(lane))
    except LaneTakenError:
        if lane.renew_claim() and not lane.finished and lane.job.status == ImportJob.Status.RUNNING:
            # The last commit of a worker that was killed has come through: from there on it is this one's.
            _hand_on(lane)
    except WorkTakenError:
        return
    except Exception as error:
        let_go(lane, error)
        raise


def _claimed_lane(lane_id: int) -> ImportLane | None:
    lane = ImportLane.objects.select_related("job").filter(pk=lane_id, finished=False).first()
    return lane if lane and lane.job.status == ImportJob.Status.RUNNING and lane.claim() else None


def _advance(lane: ImportLane) -> None:
    if run_slice(lane, SLICE_SECONDS, give_way=turns.is_anybody_called):
        _hand_on(lane)


def _hand_on(lane: ImportLane) -> None:
    with transaction.atomic():
        lane.release()
        waking.wake_lane(lane.pk, lane.job_id)


def let_go(lane: ImportLane, error: Exception) -> None:
    """Let go of a claimed lane whose chunk has failed.

    What will not pass by itself, such as a file that is gone, fails its job, to be retried once it is put right. Where
    a row seems to be the reason, it is searched for (`imports.poison`).
    """
    if not _fail_if_permanent(lane, error):
        _resume_later(lane, error)


def _resume_later(lane: ImportLane, error: Exception) -> None:
    """Let go of a lane, which is woken when what is wrong has had a minute to pass.

    At once, if that is a row, or if the database has only chosen this chunk to give way to somebody else's change.
    """
    with transaction.atomic():
        lane.own_claim().update(tried_line=lane.tried_line)
        if isinstance(error, ChunkFailedError):
            poison.blame_rows(lane)
            lane.release(error=repr(error.__cause__))
            waking.wake_lane(lane.pk, lane.job_id)
            return
        poison.blame_nothing(lane)
        lane.release(error=repr(error))
        # deadlock_detected and serialization_failure, in appendix A of PostgreSQL's manual.
        if getattr(error.__cause__, "sqlstate", "") in ("40P01", "40001"):
            waking.wake_lane(lane.pk, lane.job_id)


def _fail_if_permanent(lane: ImportLane, error: Exception) -> bool:
    """Fail the job of a claimed lane if its chunk has failed for something that only people can put right.

    Where even this cannot be written, as on a full disk, the database's error is raised, and the claim runs out.
    """
    if isinstance(error, FileRefusedError):
        reason = str(error)
    elif is_full(error):
        reason = TOO_LITTLE
    else:
        return False
    with transaction.atomic():
        lane.release(error=repr(error))
        jobs.end(lane.job_id, ImportJob.Status.FAILED, reason=reason)
    return True


def check_attempts(lane: ImportLane) -> bool:
    """Whether a claimed lane may be tried; fails its job where it has been claimed too often without progress."""
    if poison.may_be_tried(lane):
        poison.begin(lane)
        return True
    jobs.end(lane.job_id, ImportJob.Status.FAILED, reason=poison.given_up(lane))
    return False


def run_slice(
    lane: ImportLane,
    seconds: float,
    *,
    after_chunk: Callable[[], None] = lambda: None,
    give_way: Callable[[], bool] = lambda: False,
) -> bool:
    """Take a claimed lane forward for about `seconds`, or until it is to `give_way`; returns whether there is more.

    Raises LaneTakenError.
    """
    deadline = time.monotonic() + seconds
    kind_of_run = undo_run if lane.job.is_undo else syncing if lane.is_sync else pipeline
    with kind_of_run.open_lane(lane) as run:
        while run.advance():
            after_chunk()
            if time.monotonic() > deadline or give_way():
                return True
    return False


def delete_old_files() -> None:
    """Delete the files of jobs that ended more than `UPLOAD_KEEP_DAYS` days ago; the jobs themselves stay on record.

    Also the drafts that nobody has imported, what a killed web server has left of uploads, and this machine's copies of
    files that nobody reads any longer.
    """
    before = timezone.now() - timedelta(days=settings.UPLOAD_KEEP_DAYS)
    for job in ImportJob.objects.filter(finished_at__lt=before).exclude(stored_as="").iterator():
        jobs.delete_files(job)
    for draft in Draft.objects.filter(created_at__lt=timezone.now() - KEEP_DRAFTS).iterator():
        with suppress(jobs.WrongStateError):
            drafts.discard(draft)
    delete_abandoned_uploads()
    delete_idle_copies()


def delete_old_rejected_rows() -> None:
    """Delete the rejected rows of jobs that ended more than `REJECTED_KEEP_DAYS` days ago, for a limited time."""
    rejected.delete_old(timezone.now() - timedelta(days=settings.REJECTED_KEEP_DAYS), PRUNE_SECONDS)


def delete_expired_checks() -> None:
    """Delete what expired checks have shown, for a limited time, and old files' SKUs; cancel what is held for it."""
    approval.cancel_expired()
    applying.delete_expired(PRUNE_SECONDS)
    file_skus.delete_old()


def keep_schedules(**_: Any) -> None:
    """Write the schedules of this app, once the tables are there."""
    keep(
        "imports",
        [
            Schedule("imports: delete old files", "imports.tasks.delete_old_files", minutes=60),
            Schedule("imports: delete old rejected rows", "imports.tasks.delete_old_rejected_rows", minutes=60),
            Schedule("imports: delete expired checks", "imports.tasks.delete_expired_checks", minutes=60),
        ],
    )
