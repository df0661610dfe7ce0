"""What the workers run: dispatching, in slices, on a queue of its own; and the pruning of old deliveries.

Somebody is always dispatching. A slice takes the office until its end, and at once queues the message that starts the
next slice, to be taken at that moment: if this worker is killed, the next slice comes all the same. A slice that is
over still waits for what it has under way, so the cluster needs two workers. Events only write rows: none needs a
message of its own, and a retry five seconds later is as punctual as the first attempt.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import Schedule
from django_q.tasks import async_task

from webhooks.dispatch import Dispatcher
from webhooks.models import Delivery, Dispatching, Endpoint

logger = logging.getLogger(__name__)

QUEUE = "webhooks"
# A message that is found while somebody is dispatching ends at once, so this costs nothing.
SCHEDULES = (
    {
        "name": "webhooks: see that somebody dispatches",
        "func": "webhooks.tasks.dispatch",
        "cluster": QUEUE,
        "minutes": 1,
    },
    {"name": "webhooks: delete old deliveries", "func": "webhooks.tasks.prune", "cluster": None, "minutes": 60},
)
PRUNE_BATCH = 1000
PRUNE_SECONDS = 20


def slice_length() -> timedelta:
    """How long a slice claims deliveries: longer than the one before still waits for its last receiver."""
    return timedelta(seconds=settings.WEBHOOK_TIMEOUT_SECONDS + 5)


def dispatch() -> None:
    """Send what comes due during one slice, unless somebody is at it."""
    end = timezone.now() + slice_length()
    with transaction.atomic():
        if not Dispatching.claim(end):
            return
        async_task("webhooks.tasks.dispatch", q_options={"broker": Later(QUEUE, end)})
    Dispatcher().run(end)


class Later(ORM):
    """The ORM broker, but its messages lie locked, and so are not taken, until `moment`."""

    def __init__(self, list_key: str, moment: datetime) -> None:
        super().__init__(list_key)
        self.moment = moment

    def enqueue(self, task: str) -> int:
        return self.get_connection().create(key=self.list_key, payload=task, lock=self.moment).pk


def start_dispatching(**_signal: Any) -> None:
    """See that somebody dispatches as soon as a worker of the queue has started, not when the schedule next comes."""
    if Conf.CLUSTER_NAME == QUEUE:
        async_task("webhooks.tasks.dispatch", q_options={"cluster": QUEUE})


def keep_schedules(**_signal: Any) -> None:
    """Write the schedules of this app, after a migration."""
    for schedule in SCHEDULES:
        Schedule.objects.update_or_create(
            name=schedule["name"], defaults={**schedule, "schedule_type": Schedule.MINUTES, "repeats": -1}
        )


def prune() -> int:
    """Delete the deliveries that are older than WEBHOOK_KEEP_DAYS, and secrets that no longer sign.

    In batches, and for a while only: what is left is for the next time. Answers how many deliveries were deleted.
    """
    now = timezone.now()
    Endpoint.objects.filter(previous_secret_until__lt=now).update(previous_secret="", previous_secret_until=None)
    old = Delivery.objects.filter(created_at__lt=now - timedelta(days=settings.WEBHOOK_KEEP_DAYS)).order_by(
        "created_at"
    )
    deleted, started = 0, time.monotonic()
    while time.monotonic() - started < PRUNE_SECONDS and (
        batch := list(old.values_list("pk", flat=True)[:PRUNE_BATCH])
    ):
        Delivery.objects.filter(pk__in=batch).delete()
        deleted += len(batch)
    return deleted
