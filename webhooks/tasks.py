"""What the workers run: dispatching, in slices, on a queue of its own; replaying; and deleting old deliveries.

There is always one dispatcher. A slice claims that role until its end, and immediately enqueues the task of the next
slice for that moment: if this worker is killed, the next slice starts all the same. A slice that is over still waits
for the deliveries it has started, so the queue needs two workers. Events only write rows: none needs a message of its
own, and a retry after five seconds is as punctual as the first attempt.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from acme_importer.batches import delete_in_batches
from acme_importer.cluster.queues import enqueue
from acme_importer.cluster.schedules import Schedule, keep
from webhooks import replays
from webhooks.models import Delivery, Dispatching, Endpoint, Replay
from webhooks.queue import QUEUE

logger = logging.getLogger(__name__)

SCHEDULES = (
    # A task that finds another dispatcher at work ends at once, so this costs nothing.
    Schedule("webhooks: make sure that deliveries are sent", "webhooks.tasks.dispatch", minutes=1, queue=QUEUE),
    Schedule("webhooks: delete old deliveries", "webhooks.tasks.prune", minutes=60),
)
PRUNE_SECONDS = 20
# What is waiting to be sent is kept for longer, since it may be old and have been sent again by hand: retrying takes
# more than three days.
WAITING_KEPT = timedelta(days=6)
# A slice of a replay, for which the next dispatcher may have to wait.
REPLAY_SECONDS = 2


def slice_length() -> timedelta:
    """How long a slice claims deliveries: longer than the previous one can still be waiting for its last receiver."""
    return timedelta(seconds=settings.WEBHOOK_TIMEOUT_SECONDS + 5)


def dispatch() -> None:
    """Send what comes due during one slice, unless another dispatcher is at work."""
    # It brings an HTTP client with it, which only those who send anything need.
    from webhooks.dispatch import Dispatcher  # noqa: PLC0415

    end = timezone.now() + slice_length()
    with transaction.atomic():
        if not Dispatching.claim(end):
            return
        enqueue("webhooks.tasks.dispatch", queue=QUEUE, at=end)
    Dispatcher().run(end)


def replay(replay_id: int) -> None:
    """Go on with a replay for a slice, unless another worker does; the next slice is a task of its own."""
    started = time.monotonic()
    while replays.advance(replay_id):
        if time.monotonic() - started > REPLAY_SECONDS:
            replays.enqueue_next(replay_id)
            return


def keep_schedules(**_signal: Any) -> None:
    """Store the schedules of this app: a receiver of `post_migrate`."""
    keep("webhooks", SCHEDULES)


def prune() -> int:
    """Delete the deliveries that are older than WEBHOOK_KEEP_DAYS, and secrets that no longer sign.

    For a limited time: the next run deletes the rest. Returns how many deliveries were deleted.
    """
    now = timezone.now()
    Endpoint.objects.filter(previous_secret_until__lt=now).update(previous_secret="", previous_secret_until=None)
    end = now - timedelta(days=settings.WEBHOOK_KEEP_DAYS)
    Replay.objects.filter(finished_at__lt=end).delete()
    ended = ~Q(status=Delivery.Status.PENDING) | Q(created_at__lt=end - WAITING_KEPT)
    old = Delivery.objects.filter(ended, created_at__lt=end).order_by("created_at")
    return delete_in_batches(old, PRUNE_SECONDS)
