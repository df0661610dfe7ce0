"""What people do with an import in the dashboard: written to Django's log of the admin, and read from it."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet

from imports.models import ImportJob


def note_start(user: Any, job: ImportJob, text: str) -> None:
    """Note that the user has started `job`."""
    _note(user, job, ADDITION, text)


def note_change(user: Any, job: ImportJob, text: str) -> None:
    """Note what the user has done with `job`."""
    _note(user, job, CHANGE, text)


def changes(job: ImportJob) -> QuerySet[LogEntry]:
    """What people have done with `job`, the oldest first."""
    entries = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(ImportJob), object_id=str(job.pk), action_flag=CHANGE
    )
    return entries.select_related("user").order_by("action_time")


def _note(user: Any, job: ImportJob, action: int, text: str) -> None:
    LogEntry.objects.log_actions(user.pk, [job], action, change_message=text, single_object=True)
