"""What /metrics tells of the workers: their queues, whether they run, and how often something had to be recovered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count
from django.utils import timezone
from prometheus_client.core import Metric

from acme_importer.cluster import presence, workers
from acme_importer.cluster.models import Recovery
from acme_importer.cluster.queues import all_queues
from acme_importer.metrics import gauge

RECENTLY = timedelta(days=1)


def figures() -> Iterator[Metric]:
    """The figures of all queues, also of those in which nothing waits."""
    now = timezone.now()
    states = workers.states_of_all()
    waiting = [((state.name,), state.waiting) for state in states]
    waits = [((state.name,), state.longest_wait(now).total_seconds()) for state in states]
    alive = presence.running(all_queues())
    yield gauge("queue_running", "Whether the queue has running workers.", ("queue",), _numbers(alive))
    yield gauge("queue_waiting_messages", "Messages that are due and wait for a worker.", ("queue",), waiting)
    yield gauge("queue_longest_wait_seconds", "How long the oldest due message has waited.", ("queue",), waits)
    recent = Recovery.objects.filter(at__gt=now - RECENTLY).order_by()
    found = dict(recent.values_list("kind").annotate(Count("pk")))
    counts = [((str(kind),), found.get(kind, 0)) for kind in Recovery.Kind.values]
    yield gauge("recoveries_last_day", "What was recovered in the last 24 hours.", ("kind",), counts)


def _numbers(states: dict[str, bool]) -> list[tuple[tuple[str, ...], float]]:
    return [((name,), float(state)) for name, state in states.items()]
