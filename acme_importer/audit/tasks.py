"""What the workers run: deleting records that are older than AUDIT_KEEP_DAYS."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from acme_importer.audit.models import Record
from acme_importer.batches import delete_in_batches
from acme_importer.cluster.schedules import Schedule, keep

SCHEDULES = (Schedule("audit: delete old records", "acme_importer.audit.tasks.prune", minutes=60),)
PRUNE_SECONDS = 20


def prune() -> int:
    """Delete old records, for a limited time: the next run deletes the rest. Returns how many."""
    old = Record.objects.filter(at__lt=timezone.now() - timedelta(days=settings.AUDIT_KEEP_DAYS)).order_by("at")
    return delete_in_batches(old, PRUNE_SECONDS)


def keep_schedules(**_signal: Any) -> None:
    """Store the schedule: a receiver of `post_migrate`."""
    keep("audit", SCHEDULES)
