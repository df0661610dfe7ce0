"""An undo from its request to its start: what can be undone, and the job that does it.

API, dashboard and command call this.
"""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction

from acme_importer.audit.trail import record
from imports import jobs, quotas
from imports.jobs import WrongStateError
from imports.models import ImportJob, ImportLane
from imports.undo.selection import EVERYTHING, Selection
from imports.undo.source import Source

Status = ImportJob.Status


def undo(
    job: ImportJob,
    user: AbstractBaseUser | AnonymousUser | None = None,
    *,
    selection: Selection = EVERYTHING,
    preview: bool = False,
) -> ImportJob:
    """Create the job that undoes `job`, or the `selection` of it; a `preview` writes nothing.

    Raises WrongStateError if it cannot be undone, and QuotaError.
    """
    with transaction.atomic():
        # Of two that undo it at the same time, the second one sees the first.
        undone = ImportJob.objects.select_for_update().get(pk=job.pk)
        if reason := why_not(undone):
            raise WrongStateError(reason)
        quotas.check_and_hold(user.pk if user else None, 0)
        created = jobs.add(
            undoes=undone,
            filename=undone.filename,
            file_size=0,
            dry_run=preview,
            selection=selection.as_json(),
            created_by_id=user.pk if user else None,
        )
        record("import.undone", created, user=user, of=job.pk, dry_run=preview, selection=selection.as_json())
    return created


def carry_out(preview: ImportJob, user: AbstractBaseUser | AnonymousUser | None = None) -> ImportJob:
    """Create the job that does what a completed preview has shown. Raises WrongStateError and QuotaError."""
    if not (preview.is_undo and preview.dry_run and preview.status == Status.COMPLETED) or preview.undoes is None:
        raise WrongStateError(f"Import {preview.pk} is not a completed preview of an undo.")
    return undo(preview.undoes, user, selection=Selection.from_json(preview.selection))


def why_not(job: ImportJob) -> str:
    """Why `job` cannot be undone, as a sentence; empty if it can."""
    if job.dry_run:
        return f"Import {job.pk} is a dry run: it has written nothing that could be undone."
    if not job.is_over:
        return f"Import {job.pk} is {job.status}. Cancel it first, or wait for its end."
    if (other := jobs.undo_under_way(job.pk)) is not None:
        return f"Import {job.pk} is being undone already, by import {other.pk}."
    counted = ImportJob.objects.with_progress().get(pk=job.pk)
    written = counted.created_rows + counted.updated_rows + counted.deleted_rows
    on_record = Source(job.pk).count()
    if not on_record and not written:
        return f"Import {job.pk} has changed no product."
    if on_record < written:
        return (
            f"Import {job.pk} cannot be undone: the history of its changes was pruned, or it ran before there was one. "
            "History is kept for HISTORY_KEEP_DAYS."
        )
    return ""


def start(job: ImportJob) -> list[ImportLane]:
    """From queued to running, for the worker that has claimed the job of an undo; returns its lane."""
    changes = Source.of(job).count()
    lane = ImportLane(job=job, number=0, offset=0, line=0)
    # A part of nothing is none.
    return jobs.lay_lanes(job, [lane], content_size=max(changes, 1))
