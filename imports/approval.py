"""The decision on a held import, with a reason: approved, it takes its place in turn; rejected, it is cancelled.

It holds for one file, by its SHA-256, since it is one job's: the same file again is another job, and judged anew. Who
may decide, is for the callers to ask (`imports.approve_importjob`). API and dashboard call this.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from acme_importer.audit.trail import record
from imports import jobs, proposed, turns
from imports.events import announce
from imports.jobs import WrongStateError
from imports.models import ImportJob

Status, Decision = ImportJob.Status, ImportJob.Decision

REASON_MAX_LENGTH = 500


class BadReasonError(ValueError):
    """There is no reason, or one that is too long; the text says so."""


def approve(job: ImportJob, user: AbstractBaseUser, reason: str) -> None:
    """Let a held import take its place in turn.

    Raises BadReasonError, and WrongStateError if it is not held, or may not be approved.
    """
    reason = _checked(reason)
    with transaction.atomic():
        held = _held(job)
        if why := why_not(held, user):
            raise WrongStateError(why)
        decision = _decision(Decision.APPROVED, user, reason)
        ImportJob.objects.filter(pk=held.pk, status=Status.HELD).update(status=Status.QUEUED, approval=decision)
        _record("import.approved", held, user, reason)
        announce(held.pk, "import.queued")
        turns.take_place(held.pk, held.created_by_id)


def reject(job: ImportJob, user: AbstractBaseUser, reason: str) -> None:
    """Cancel a held import. Raises BadReasonError, and WrongStateError if it is not held."""
    reason = _checked(reason)
    with transaction.atomic():
        held = _held(job)
        said = f"Rejected by {user.get_username()}: {reason}"
        jobs.end(held.pk, Status.CANCELLED, reason=said, approval=_decision(Decision.REJECTED, user, reason))
        _record("import.rejected", held, user, reason)


def _held(job: ImportJob) -> ImportJob:
    """The job, locked: of two who decide, the second one finds it decided."""
    found = ImportJob.objects.select_for_update(of=("self",)).select_related("applies").get(pk=job.pk)
    if found.status != Status.HELD:
        raise WrongStateError(f"Import {job.pk} is {found.status}: there is nothing to approve or to reject.")
    return found


def _checked(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise BadReasonError("Say why: the reason is kept with the import, and in the audit trail.")
    if len(reason) > REASON_MAX_LENGTH:
        raise BadReasonError(f"The reason has {len(reason):,} characters; the most are {REASON_MAX_LENGTH}.")
    return reason


def _decision(decision: ImportJob.Decision, user: AbstractBaseUser, reason: str) -> dict[str, Any]:
    at = timezone.now().isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"decision": str(decision), "by": user.get_username(), "at": at, "reason": reason}


def _record(act: str, job: ImportJob, user: AbstractBaseUser, reason: str) -> None:
    guards = [trip["guard"] for trip in job.trips]
    record(act, job, user=user, reason=reason, sha256=job.sha256, guards=guards)


def why_not(job: ImportJob, user: Any) -> str:
    """Why `user` cannot approve `job`, which is held, as a sentence; empty if they can."""
    if gone := _why_gone(job):
        return gone
    if settings.CHECK_NEEDS_SECOND_PERSON and job.created_by_id == user.pk:
        return f"Import {job.pk} has to be approved by somebody else than who started it (CHECK_NEEDS_SECOND_PERSON)."
    return ""


def cancel_expired() -> None:
    """Cancel the held imports whose checks have expired: what they would write is no longer there."""
    for job in ImportJob.objects.filter(status=Status.HELD).select_related("applies").order_by("pk").iterator():
        if gone := _why_gone(job):
            jobs.end(job.pk, Status.CANCELLED, reason=f"Nobody has approved this import in time. {gone}")


def _why_gone(job: ImportJob) -> str:
    """The sentence that what the check of `job` has shown is gone; empty if it is there."""
    if job.applies is None:
        return f"The check of import {job.pk} is no longer on record. Upload the file again."
    return proposed.why_expired(job.applies)
