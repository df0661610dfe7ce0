"""From a check to the import that writes what it has shown, and from that to an import of the rows that were held.

A check is a dry run. What is approved is the file by its checksum, the way it was read, and each change by what the
product was (`imports.writing.pin`). API, dashboard and command call this.
"""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from acme_importer.audit.trail import record
from imports import guarded, jobs, quotas, retries
from imports.files.storage import open_stored
from imports.jobs import WrongStateError
from imports.models import DryRunSku, ImportJob, ProposedBlock
from imports.opening.found import Opened
from imports.proposed import EXPIRES_AFTER, why_expired
from imports.reading.errors import FileRefusedError

Status = ImportJob.Status

# Rows that are deleted, and bytes that are read, at a time.
BATCH_ROWS = 1000
BLOCK_BYTES = 1024 * 1024

CHANGED_FILE = "The file in storage is not the one that was checked: its SHA-256 differs. Upload the file again."


def apply(check: ImportJob, user: AbstractBaseUser | AnonymousUser | None = None) -> ImportJob:
    """Create the job that imports what `check` has shown; where guards trip over that, it is held.

    Raises WrongStateError if that cannot be, and QuotaError.
    """
    with transaction.atomic():
        # Locked against `delete_files`, which removes a file that no job has any more; and of two, one is first.
        checked = ImportJob.objects.select_for_update().get(pk=check.pk)
        if reason := why_not(checked, user):
            raise WrongStateError(reason)
        is_guarded = bool(guarded.limits_for(checked))
        what = {"follows": checked.follows, "applies": checked, "checked_from": checked.checked_from}
        job = _add(checked, user, **what, awaits_check=is_guarded)
        record("import.confirmed", job, user=user, dry_run=False, of_dry_run=check.pk)
        if is_guarded:
            guarded.settle(check.pk)
            job.refresh_from_db()
    return job


def import_held(job: ImportJob, user: AbstractBaseUser | AnonymousUser | None = None) -> ImportJob:
    """Create the job that imports the rows which `job` has held, over what the products are now.

    Raises WrongStateError if there are none, or another job does so already, and QuotaError.
    """
    with transaction.atomic():
        held = ImportJob.objects.select_for_update().get(pk=job.pk)
        if reason := why_not_held(held, user):
            raise WrongStateError(reason)
        created = _add(held, user, follows=held, held_by=held)
        record("import.confirmed", created, user=user, dry_run=False, held_by=job.pk)
    return created


def _add(of: ImportJob, user: AbstractBaseUser | AnonymousUser | None, **what: Any) -> ImportJob:
    """A job with the file of another one, read as that was."""
    quotas.check_and_hold(user.pk if user else None, of.file_size)
    sent = {name: getattr(of, name) for name in jobs.FILE_FIELDS}
    return jobs.add(created_by_id=user.pk if user else None, **sent, **what)


def why_not(check: ImportJob, user: AbstractBaseUser | AnonymousUser | None = None) -> str:
    """Why `check` cannot be applied by `user`, as a sentence; empty if it can."""
    if not check.dry_run or check.is_undo:
        return f"Import {check.pk} is not a check."
    if check.status != Status.COMPLETED:
        return f"Check {check.pk} is {check.status}: only a completed one can be imported."
    return why_expired(check) or _why_not_this_file(check) or _why_not_by(check, user)


def _why_not_this_file(check: ImportJob) -> str:
    if not check.stored_as:
        return retries.file_deleted(check)
    applied = ImportJob.objects.filter(applies=check.pk).order_by("-pk").only("pk", "status").first()
    if applied is None:
        return ""
    if applied.status == Status.HELD:
        return f"What check {check.pk} has shown is held for approval, as import {applied.pk}."
    return f"Check {check.pk} was imported already, as import {applied.pk}."


def _why_not_by(check: ImportJob, user: AbstractBaseUser | AnonymousUser | None) -> str:
    if settings.CHECK_NEEDS_SECOND_PERSON and check.created_by_id == (user.pk if user else None):
        return f"Check {check.pk} has to be imported by somebody else than who made it (CHECK_NEEDS_SECOND_PERSON)."
    return ""


def why_not_held(job: ImportJob, user: AbstractBaseUser | AnonymousUser | None = None) -> str:
    """Why the rows that `job` has held cannot be imported by `user`, as a sentence; empty if they can.

    Those of a check only where nothing else of it can be: its import holds them as well, and has them then.
    """
    if job.dry_run and (reason := why_not(job, user) or _why_not_of_check(job)):
        return reason
    if not job.is_over:
        return f"Import {job.pk} is {job.status}: its held rows can be imported once it is over."
    if not job.held.exists():
        return f"Import {job.pk} has held no rows."
    if not job.stored_as:
        return retries.file_deleted(job)
    other = ImportJob.objects.filter(held_by=job.pk).order_by("-pk").values_list("pk", flat=True).first()
    return f"The held rows of import {job.pk} were imported already, as import {other}." if other else ""


def _why_not_of_check(check: ImportJob) -> str:
    is_writing = check.lanes.filter(Q(created_rows__gt=0) | Q(updated_rows__gt=0)).exists()
    return (
        f"Import what check {check.pk} has shown first; its held rows can be imported after that." if is_writing else ""
    )


def why_held_gone(job: ImportJob) -> str:
    """The sentence that the held rows of `job` were deleted; empty if they are there, or if there were none."""
    if job.rejected_rows_deleted_at is None or not job.lanes.filter(held_rows__gt=0).exists():
        return ""
    return f"The held rows of import {job.pk} were deleted: they are kept as long as rejected ones. The count remains."


def verify(job: ImportJob, opened: Opened) -> None:
    """Raise FileRefusedError unless what an import has opened is what was checked, read in the same way.

    Detection may have changed with an update of this program.
    """
    check = job.applies or job.held_by
    if check is None:
        return
    digest = hashlib.sha256()
    with open_stored(job.stored_as, job.keep_claim) as stream:
        while block := stream.read(BLOCK_BYTES):
            digest.update(block)
            job.keep_claim()
    if digest.hexdigest() != job.sha256:
        raise FileRefusedError(CHANGED_FILE)
    # As it comes out of the database.
    read = json.loads(json.dumps(jobs.read_as(opened)))
    if differing := sorted(name for name in read if read[name] != getattr(check, name)):
        raise FileRefusedError(
            f"The file would be read in another way than in import {check.pk}: {', '.join(differing)}. Check it again."
        )


def delete_expired(seconds: float) -> None:
    """Delete what expired checks have shown, for `seconds` at most: the next run deletes the rest."""
    end = time.monotonic() + seconds
    old = ImportJob.objects.filter(dry_run=True, finished_at__lt=timezone.now() - EXPIRES_AFTER).order_by("pk")
    for kept in (ProposedBlock.objects, DryRunSku.objects):
        for pk in old.filter(Exists(kept.filter(job=OuterRef("pk")))).values_list("pk", flat=True):
            while batch := list(kept.filter(job=pk).order_by("pk").values_list("pk", flat=True)[:BATCH_ROWS]):
                if time.monotonic() > end:
                    return
                kept.filter(pk__in=batch).delete()
