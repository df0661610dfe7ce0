"""Deleting many rows: some at a time, for a limited time, so that neither locks nor transactions last."""

from __future__ import annotations

import time
from typing import Any

from django.db.models import QuerySet

BATCH_ROWS = 1000


def delete_in_batches(rows: QuerySet[Any], seconds: float) -> int:
    """Delete `rows`, or as many as `seconds` are enough for: the next run deletes the rest. Returns how many."""
    deleted, end = 0, time.monotonic() + seconds
    while time.monotonic() < end and (batch := list(rows.values_list("pk", flat=True)[:BATCH_ROWS])):
        rows.model._default_manager.filter(pk__in=batch).delete()
        deleted += len(batch)
    return deleted
