"""Seeing to it that there is a dispatcher, and freeing what a dead one held. The supervisors call this."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from acme_importer.cluster import queues
from acme_importer.cluster.identity import claim_numbers
from webhooks.models import Delivery, Dispatching
from webhooks.queue import QUEUE

logger = logging.getLogger(__name__)

# A slice begins when the one before has ended. One that is late by this much has lost its message, or its workers.
LATE = timedelta(seconds=3)


def end_of_dispatching() -> datetime | None:
    """The end of the newest slice: while the workers dispatch, it moves with each of them."""
    return Dispatching.objects.values_list("until", flat=True).first()


def ensure_dispatching() -> None:
    """Enqueue a slice if none has begun when it should have, and none waits for a free worker."""
    end = end_of_dispatching()
    if end is not None and timezone.now() - end > LATE and not queues.has_waiting(QUEUE):
        logger.warning("Nobody is dispatching webhooks. Starting again.")
        queues.enqueue("webhooks.tasks.dispatch", queue=QUEUE)


def recover(held_by: str) -> bool:
    """Make the deliveries due that a dead worker, or a whole dead cluster, had claimed, and replace the dispatcher.

    Whether nothing is left.
    """
    now = timezone.now()
    claimed = Delivery.objects.filter(due_at__isnull=False, claimed_by__range=claim_numbers(held_by))
    dispatcher = Dispatching.objects.filter(claimed_by__startswith=held_by, until__gt=now)
    with transaction.atomic():
        free = list(claimed.select_for_update(skip_locked=True).values_list("pk", flat=True))
        # Before those of later events.
        Delivery.objects.filter(pk__in=free).update(claimed_by=None, due_at=F("created_at"))
        if dispatcher.update(until=now, claimed_by=""):
            queues.enqueue("webhooks.tasks.dispatch", queue=QUEUE)
    return not claimed.exists()
