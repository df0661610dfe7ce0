"""What the workers run: deleting what is older than HISTORY_KEEP_DAYS. Whole sets only, the oldest first.

So what is missing is older than all there is, and a story that leads there can say that it was pruned.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from itertools import takewhile

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from products.history.models import PLACES, ChangeBlock, ChangeSet, Farewell

PRUNE_SECONDS = 20
# A set of an import has some 20 blocks, and no other writer of SQLite is to wait for long.
BATCH_SETS = 50
BATCH_FAREWELLS = 10_000


def prune() -> int:
    """Delete old sets, for a limited time: the next run deletes the rest. Returns how many."""
    return delete_before(timezone.now() - timedelta(days=settings.HISTORY_KEEP_DAYS), PRUNE_SECONDS)


def delete_before(moment: datetime, seconds: float) -> int:
    """Delete the sets that are older than `moment`, or as many as `seconds` are enough for; returns how many."""
    deleted, end = 0, time.monotonic() + seconds
    while time.monotonic() < end and (batch := _delete_batch(moment)):
        deleted += batch
    return deleted


def _delete_batch(moment: datetime) -> int:
    """Delete some of the oldest sets with all that belongs to them, in one transaction."""
    with transaction.atomic():
        # By their keys, which are given as time goes on: no index of times is kept up for this.
        oldest = ChangeSet.objects.order_by("pk").values_list("pk", "at")[:BATCH_SETS]
        old = [pk for pk, _ in takewhile(lambda row: row[1] < moment, oldest)]
        if not old:
            return 0
        end = (old[-1] + 1) * PLACES
        ChangeBlock.objects.filter(pk__lt=end).delete()
        ChangeSet.objects.filter(pk__lte=old[-1]).delete()
        _delete_farewells(end)
    return len(old)


def _delete_farewells(end: int) -> None:
    """Delete the oldest farewells, whose records are below the address `end`; they are in about this order.

    One that stays for now leads to a record that is known to be pruned.
    """
    while True:
        oldest = Farewell.objects.order_by("pk").values_list("pk", "address")[:BATCH_FAREWELLS]
        old = [pk for pk, _ in takewhile(lambda row: row[1] < end, oldest)]
        if not old:
            return
        Farewell.objects.filter(pk__lte=old[-1]).delete()
        if len(old) < BATCH_FAREWELLS:
            return
