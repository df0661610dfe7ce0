"""An undo from its request to its start: what can be undone, an import or changes by hand, and the job that does it.

API, dashboard and command call this.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.db.models import Count

from acme_importer.audit.trail import record
from imports import jobs, quotas
from imports.jobs import WrongStateError
from imports.models import ImportJob, ImportLane
from imports.undo.selection import EVERYTHING, Selection
from imports.undo.source import Source
from products.history.models import ChangeSet

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
        created = _add(user, selection, preview=preview, undoes=undone, filename=undone.filename)
        record("import.undone", created, user=user, of=job.pk, dry_run=preview, selection=selection.as_json())
    return created


def undo_sets(
    first: int,
    last: int,
    user: AbstractBaseUser | AnonymousUser | None = None,
    *,
    selection: Selection = EVERYTHING,
    preview: bool = False,
) -> ImportJob:
    """Create the job that undoes changes by hand: the sets with the numbers from `first` to `last`.

    Raises as `undo` does.
    """
    with transaction.atomic():
        # As above.
        list(ChangeSet.objects.select_for_update().filter(number=first).values_list("pk"))
        if reason := why_not_sets(first, last):
            raise WrongStateError(reason)
        by = ChangeSet.objects.get(number=first).user_name
        created = _add(
            user,
            selection,
            preview=preview,
            undoes_sets=[first, last],
            filename=f"changes by {by or 'the system'}",
        )
        record(
            "import.undone",
            created,
            user=user,
            of_changes=[first, last],
            dry_run=preview,
            selection=selection.as_json(),
        )
    return created


def _add(
    user: AbstractBaseUser | AnonymousUser | None, selection: Selection, *, preview: bool, **what: Any
) -> ImportJob:
    quotas.check_and_hold(user.pk if user else None, 0)
    return jobs.add(
        file_size=0,
        dry_run=preview,
        selection=selection.as_json(),
        created_by_id=user.pk if user else None,
        **what,
    )


def carry_out(preview: ImportJob, user: AbstractBaseUser | AnonymousUser | None = None) -> ImportJob:
    """Create the job that does what a completed preview has shown. Raises WrongStateError and QuotaError."""
    if not (preview.is_undo and preview.dry_run and preview.status == Status.COMPLETED):
        raise WrongStateError(f"Import {preview.pk} is not a completed preview of an undo.")
    selection = Selection.from_json(preview.selection)
    if preview.undoes is None:
        first, last = preview.undoes_sets
        return undo_sets(first, last, user, selection=selection)
    return undo(preview.undoes, user, selection=selection)


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


def why_not_sets(first: int, last: int) -> str:
    """Why the sets with these numbers cannot be undone, as a sentence; empty if they can.

    They are those of one user, or of the system: what an import wrote, is undone as a whole.
    """
    sets = ChangeSet.objects.filter(number__gte=first, number__lte=last)
    found = sets.aggregate(sets=Count("pk"), of_imports=Count("import_number"), users=Count("user_name", distinct=True))
    if not 0 < found["sets"] == last - first + 1:
        return "These changes are not on record, or no longer: history is kept for HISTORY_KEEP_DAYS."
    if found["of_imports"] or found["users"] > 1:
        return "These are not the changes of one user. What an import wrote is undone on the import's page."
    unfinished = ImportJob.objects.filter(undoes=None, dry_run=False, status__in=quotas.UNFINISHED)
    for pk, others in unfinished.exclude(undoes_sets=[]).values_list("pk", "undoes_sets"):
        if others[0] <= last and first <= others[1]:
            return f"These changes are being undone already, by import {pk}."
    return ""


def start(job: ImportJob) -> list[ImportLane]:
    """From queued to running, for the worker that has claimed the job of an undo; returns its lane."""
    changes = Source.of(job).count()
    lane = ImportLane(job=job, number=0, offset=0, line=0)
    # A part of nothing is none.
    return jobs.lay_lanes(job, [lane], content_size=max(changes, 1))
