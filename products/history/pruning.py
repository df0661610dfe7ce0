"""Forgetting old history: whole sets with their blocks, the oldest first. Stories say where they were cut off."""

from __future__ import annotations

import time
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from products.history.models import PLACES, ChangeBlock, ChangeSet, Farewell

# Sets that are deleted at a time: of an import, each has some twenty blocks.
BATCH_SETS = 200
# How long one run deletes.
PRUNE_SECONDS = 20


def prune() -> None:
    """Delete the history from more than HISTORY_KEEP_DAYS ago, for a limited time: the next run deletes the rest."""
    end = time.monotonic() + PRUNE_SECONDS
    before = timezone.now() - timedelta(days=settings.HISTORY_KEEP_DAYS)
    # Sets are read in their order, which is that of time, up to the first that stays.
    first_kept = ChangeSet.objects.filter(at__gte=before).order_by("pk").values_list("pk", flat=True).first()
    old = ChangeSet.objects.order_by("pk") if first_kept is None else ChangeSet.objects.filter(pk__lt=first_kept)
    reached = 0
    while time.monotonic() < end and (batch := list(old.order_by("pk").values_list("pk", flat=True)[:BATCH_SETS])):
        reached = batch[-1] + 1
        with transaction.atomic():
            ChangeBlock.objects.filter(pk__lt=reached * PLACES).delete()
            ChangeSet.objects.filter(pk__lt=reached).delete()
    if reached:
        Farewell.objects.filter(address__lt=reached * PLACES).delete()
