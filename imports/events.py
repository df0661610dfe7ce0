"""Telling other systems what becomes of an import: one webhook event for each step of a job's life."""

from __future__ import annotations

from django.db.models import F, QuerySet

from imports.models import ImportJob
from imports.progress import progress
from imports.representation import represent
from webhooks.catalogue import Data
from webhooks.events import deliveries_about, emit
from webhooks.models import Delivery


def announce(job_id: int, event: str) -> None:
    """Emit `event` (of `webhooks.catalogue`) with the job as the API shows it. Runs in the transaction of the change.

    Each event of a job has a number of its own, by which a receiver can bring them into order.
    """
    ImportJob.objects.filter(pk=job_id).update(event_sequence=F("event_sequence") + 1)
    emit(event, lambda: _data(job_id), subject=_subject(job_id))


def _data(job_id: int) -> Data:
    job = ImportJob.objects.with_progress().select_related("created_by", "read_by__supplier").get(pk=job_id)
    return {"sequence": job.event_sequence, "job": represent(job)}


def deliveries(job_id: int) -> QuerySet[Delivery]:
    """The deliveries of what was announced of a job, the newest first."""
    return deliveries_about(_subject(job_id))


def _subject(job_id: int) -> str:
    return f"import {job_id}"


def announce_progress(job_id: int) -> None:
    """Emit `import.progress` if the job has come another tenth since it was emitted last."""
    tenths = int(progress(ImportJob.objects.with_progress().get(pk=job_id)) * 10)
    ahead = ImportJob.objects.filter(pk=job_id, announced_tenths__lt=tenths)
    if ahead.update(announced_tenths=tenths):
        announce(job_id, "import.progress")
