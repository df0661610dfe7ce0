"""Dispatching: claim what is due, send it from threads, record the outcomes.

Threads only send. All work on the database is done by the one thread that runs the dispatcher, in short transactions,
so that no receiver, however slow, holds a transaction or a connection.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from queue import Empty, SimpleQueue

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils import timezone

from acme_importer.cluster.identity import claim_number
from acme_importer.lost_connections import persist
from webhooks.delivery import send
from webhooks.models import Delivery, Endpoint
from webhooks.record import Sent, record

# A receiver that hangs costs a thread that sleeps, so there can be many.
THREADS = 256
# Endpoints whose last attempt failed may hold this many threads between them, so that the others always find some.
THREADS_FOR_FAILING = THREADS // 2
# How many threads may send to an endpoint that responds. For one that has not responded yet, or that failed last, it
# is one: hundreds of endpoints may start to hang at the same time before any other has to wait.
THREADS_EACH = 4
# How many deliveries a thread sends to an endpoint that responds, one after the other, and for how long at most,
# before they are recorded. Each round on the database takes some 10 ms, whatever the number.
BUNDLE = 20
BUNDLE_SECONDS = 1
# How often to look for new deliveries while there is nothing else to do.
POLL_SECONDS = 0.25


@dataclass(frozen=True)
class Queue:
    """An endpoint for which something is due: how many threads may send to it, and the deliveries due first."""

    endpoint_id: int
    failing: bool
    threads: int
    first: int
    second: int | None


@dataclass(frozen=True)
class Report:
    """What a thread has done with its deliveries, all of one endpoint."""

    endpoint_id: int
    sent: list[Sent]
    unsent: list[Delivery]


def due_queues(now: datetime) -> list[Queue]:
    """The queues of all endpoints for which something is due. One query, which reads few rows of each endpoint."""
    due = Delivery.objects.filter(endpoint=OuterRef("pk"), due_at__lte=now).order_by("due_at").values("pk")
    unpaused = Q(paused_until=None) | Q(paused_until__lte=now)
    endpoints = Endpoint.objects.filter(unpaused, Exists(due), enabled=True).order_by()
    rows = endpoints.annotate(first=Subquery(due[:1]), second=Subquery(due[1:2])).values_list(
        "pk", "failures_in_a_row", "last_attempt_at", "first", "second"
    )
    return [
        Queue(pk, failures > 0, THREADS_EACH if last_attempt_at and not failures else 1, first, second)
        for pk, failures, last_attempt_at, first, second in rows
    ]


def bundles(queue: Queue, threads: int, now: datetime) -> list[list[int]]:
    """The next deliveries of `queue`, for `threads` threads. An endpoint that has yet to respond gets one."""
    if queue.second is None or queue.threads == 1:
        return [[queue.first]]
    due = Delivery.objects.filter(endpoint=queue.endpoint_id, due_at__lte=now).order_by("due_at")
    ids = list(due.values_list("pk", flat=True)[: threads * BUNDLE])
    return [part for part in (ids[start::threads] for start in range(threads)) if part]


def claim(chosen: Iterable[int]) -> dict[int, Delivery]:
    """Take those of the `chosen` deliveries that nobody else has taken. The claim ends by itself with its lease.

    The lease covers the longest bundle, and leaves time to record it.
    """
    now = timezone.now()
    lease = timedelta(seconds=2 * settings.WEBHOOK_TIMEOUT_SECONDS + 15)
    claimed_by = claim_number()
    Delivery.objects.filter(pk__in=chosen, due_at__lte=now).update(claimed_by=claimed_by, due_at=now + lease)
    return Delivery.objects.select_related("endpoint").filter(claimed_by=claimed_by).in_bulk(chosen)


def give_back(unsent: list[Delivery]) -> None:
    """Release deliveries of one claim, so that they are due again: before those of later events."""
    claimed = Delivery.objects.filter(pk__in=[delivery.pk for delivery in unsent], claimed_by=unsent[0].claimed_by)
    claimed.update(claimed_by=None, due_at=F("created_at"))


class Dispatcher:
    """Sends deliveries from threads, and counts the busy threads of each endpoint."""

    def __init__(self) -> None:
        self.reports: SimpleQueue[Report] = SimpleQueue()
        self.under_way: Counter[int] = Counter()
        # Endpoints that had failed last when something was sent to them.
        self.failing: set[int] = set()

    def run(self, end: datetime) -> None:
        """Send what is due, and what comes due until `end`; then wait for what is still being sent."""
        with ThreadPoolExecutor(THREADS, thread_name_prefix="webhook") as threads:
            claiming = True
            while claiming or self.under_way.total():
                if claiming:
                    for bundle in persist(self.next_bundles):
                        self.under_way[bundle[0].endpoint_id] += 1
                        threads.submit(self.send, bundle)
                claiming = claiming and timezone.now() < end
                self.collect()

    def next_bundles(self) -> list[list[Delivery]]:
        """Claim what is to be sent now, as far as there are free threads."""
        now = timezone.now()
        queues = due_queues(now)
        # If there are too few threads for all, chance decides who waits.
        random.shuffle(queues)
        self.failing = {pk for pk in self.failing if self.under_way[pk]} | {q.endpoint_id for q in queues if q.failing}
        room = THREADS - self.under_way.total()
        room_for_failing = THREADS_FOR_FAILING - sum(self.under_way[pk] for pk in self.failing)
        chosen: list[list[int]] = []
        for queue in queues:
            threads = min(queue.threads - self.under_way[queue.endpoint_id], room)
            if threads <= 0 or (queue.failing and room_for_failing <= 0):
                continue
            parts = bundles(queue, threads, now)
            room -= len(parts)
            room_for_failing -= len(parts) * queue.failing
            chosen += parts
        claimed = claim([pk for part in chosen for pk in part]) if chosen else {}
        found = ([claimed[pk] for pk in part if pk in claimed] for part in chosen)
        return [bundle for bundle in found if bundle]

    def send(self, bundle: list[Delivery]) -> None:
        """Send deliveries of one endpoint until one fails, or time is up. In a thread: asks nothing of the database."""
        started = time.monotonic()
        sent: list[Sent] = []
        for delivery in bundle:
            outcome = send(delivery.message())
            sent.append(Sent(delivery.pk, delivery.endpoint_id, delivery.claimed_by, outcome))
            if not outcome.succeeded or time.monotonic() - started > BUNDLE_SECONDS:
                break
        self.reports.put(Report(bundle[0].endpoint_id, sent, bundle[len(sent) :]))

    def collect(self) -> None:
        """Wait a moment for threads to report; record what they have sent, and give back what they have not."""
        reports: list[Report] = []
        with suppress(Empty):
            reports.append(self.reports.get(timeout=POLL_SECONDS))
            while True:
                reports.append(self.reports.get_nowait())
        self.under_way -= Counter(report.endpoint_id for report in reports)
        # What has been sent stays on record also if the connection is lost now.
        for report in reports:
            if report.unsent:
                persist(partial(give_back, report.unsent))
        if reports:
            persist(lambda: record([sent for report in reports for sent in report.sent]))
