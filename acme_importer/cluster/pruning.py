"""Deleting what the workers have left long ago: tasks that failed, and what was recovered."""

from __future__ import annotations

import time
from datetime import timedelta

from django.utils import timezone
from django_q.models import Task

from acme_importer.batches import delete_in_batches
from acme_importer.cluster.models import Recovery

KEEP = timedelta(days=30)


def delete_old(seconds: float) -> int:
    """Delete it, for so many `seconds`: the next run deletes the rest. Returns how much it was."""
    before, end = timezone.now() - KEEP, time.monotonic() + seconds
    deleted = 0
    for old in (Task.objects.filter(stopped__lt=before), Recovery.objects.filter(at__lt=before)):
        deleted += delete_in_batches(old.order_by(), end - time.monotonic())
    return deleted
