"""Whose file is next. The files of one user wait in turn, so that a user with many keeps nobody else's waiting.

A queued job is either called (a message on the queue tells the workers to open it), or it waits for its turn. A user's
next file is called once fewer of the user's pieces of work are under way than there are workers: so each user has few
messages on the queue, however many files. Files that came without a user, by the command, are one user's more.

Two who call at the same moment may call one file each for the same place, which does no harm. One who dies before
calling does not either: the supervisors call `call_all` every few seconds.
"""

from __future__ import annotations

from functools import partial

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from imports import waking
from imports.models import ImportJob, ImportLane

# Files below this are done in a second or two by one lane.
SMALL_FILE_BYTES = 4 * 1024 * 1024

# What waits for its check has no place in turn yet.
WAITING = Q(status=ImportJob.Status.QUEUED, woken_at=None, awaits_check=False)


def default_lanes(content_size: int) -> int:
    """How many lanes a file of this many bytes gets, unless IMPORT_LANES says: SQLite has one writer at a time."""
    if settings.IMPORT_LANES:
        return settings.IMPORT_LANES
    if connection.vendor == "sqlite" or content_size < SMALL_FILE_BYTES:
        return 1
    return settings.WORKERS


def take_place(job_id: int, user_id: int | None) -> None:
    """Call a job that has just been queued, if it is its turn; in the transaction that has queued it.

    Who imports by hand waits for nobody.
    """
    if not waking.sends_messages():
        waking.wake_opening(job_id)
        return
    call_next(user_id)
    # Of a job that ends at this moment the next one is called there, where this one cannot be seen yet.
    transaction.on_commit(partial(call_next, user_id), robust=True)


def call_next_of(job_id: int) -> None:
    """Call what waits of the user of this job, of which a piece is done, once the transaction has ended well."""

    def call() -> None:
        user_ids = ImportJob.objects.filter(pk=job_id).values_list("created_by", flat=True)
        for user_id in user_ids:
            call_next(user_id)

    transaction.on_commit(call, robust=True)


def call_next(user_id: int | None) -> None:
    """Call those of the user's waiting files that there is a place for, the oldest first."""
    with transaction.atomic():
        free = _free_places(user_id)
        if free <= 0:
            return
        # Those that somebody else calls or cancels at this moment are left to them.
        waiting = ImportJob.objects.select_for_update(skip_locked=True).filter(WAITING, created_by=user_id)
        for job in waiting.order_by("pk").only("pk", "file_size")[:free]:
            if free <= 0:
                return
            free -= default_lanes(job.file_size)
            waking.call(job.pk)


def call_all() -> None:
    """Call the next files of every user: whoever should have done so may have died."""
    for user_id in ImportJob.objects.filter(WAITING).order_by().values_list("created_by", flat=True).distinct():
        call_next(user_id)


def has_place(user_id: int | None) -> bool:
    """Whether the user's next file may begin at once."""
    return not waking.sends_messages() or _free_places(user_id) > 0


def _free_places(user_id: int | None) -> int:
    """How many more pieces of the user's work may be under way."""
    lanes = ImportLane.objects.filter(
        finished=False, job__status=ImportJob.Status.RUNNING, job__created_by=user_id
    ).count()
    called = ImportJob.objects.filter(status=ImportJob.Status.QUEUED, woken_at__isnull=False, created_by=user_id)
    opening = sum(map(default_lanes, called.order_by().values_list("file_size", flat=True)))
    return max(settings.WORKERS, settings.IMPORT_LANES) - lanes - opening


def is_anybody_called() -> bool:
    """Whether a file was called that no worker has begun with: who works on another one lets it go first."""
    called = ImportJob.objects.filter(status=ImportJob.Status.QUEUED, claimed_until=None)
    return called.filter(woken_at__gt=timezone.now() - ImportJob.LOST_AFTER).exists()


def files_ahead(job: ImportJob) -> int | None:
    """How many files of the same user are imported before this one; None if it does not wait for its turn."""
    if job.status != ImportJob.Status.QUEUED or job.woken_at is not None or job.awaits_check:
        return None
    earlier = Q(status=ImportJob.Status.RUNNING) | Q(status=ImportJob.Status.QUEUED, woken_at__isnull=False)
    earlier |= WAITING & Q(pk__lt=job.pk)
    return ImportJob.objects.filter(earlier, created_by=job.created_by_id).count()
