"""What the workers run: deleting records that are older than AUDIT_KEEP_DAYS."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from acme_importer.audit.models import Record
from acme_importer.cluster.schedules import Schedule, keep

SCHEDULES = (Schedule("audit: delete old records", "acme_importer.audit.tasks.prune", minutes=60),)
PRUNE_BATCH = 1000
PRUNE_SECONDS = 20


def prune() -> int:
    """Delete old records, in batches and for a limited time: the next run deletes the rest. Returns how many."""
    old = Record.objects.filter(at__lt=timezone.now() - timedelta(days=settings.AUDIT_KEEP_DAYS)).order_by("at")
    deleted, started = 0, time.monotonic()
    while time.monotonic() - started < PRUNE_SECONDS and (
        batch := list(old.values_list("pk", flat=True)[:PRUNE_BATCH])
    ):
        Record.objects.filter(pk__in=batch).delete()
        deleted += len(batch)
    return deleted


def keep_schedules(**_signal: Any) -> None:
    """Store the schedule: a receiver of `post_migrate`."""
    keep("audit", SCHEDULES)
