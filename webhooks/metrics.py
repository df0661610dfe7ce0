"""What /metrics tells of webhooks: what is due, the newest deliveries by what became of them, and their attempts.

No question reads more than so many of the newest deliveries, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, Max, Min, Model, OuterRef, QuerySet, Subquery
from django.utils import timezone
from prometheus_client.core import Metric

from acme_importer.metrics import gauge
from webhooks.models import Attempt, Delivery, Endpoint

RECENTLY = timedelta(hours=1)
NEWEST = 10_000
# Where counting what waits stops.
MOST_WAITING = 100_000


def figures() -> Iterator[Metric]:
    """The figures of all endpoints together."""
    now = timezone.now()
    endpoints = list(Endpoint.objects.values_list("enabled", "failing_since"))
    states = {
        "disabled": sum(not enabled for enabled, _ in endpoints),
        "failing": sum(enabled and since is not None for enabled, since in endpoints),
        "healthy": sum(enabled and since is None for enabled, since in endpoints),
    }
    yield gauge("endpoints", "Webhook endpoints.", ("state",), [((name,), n) for name, n in states.items()])

    waiting = Delivery.objects.filter(due_at__isnull=False).order_by()[: MOST_WAITING + 1].count()
    yield gauge("deliveries_waiting", "Deliveries that are due or will be retried.", (), [((), waiting)])
    wait = max((now - due).total_seconds(), 0) if (due := _oldest()) else 0
    yield gauge("deliveries_longest_wait_seconds", "For how long the oldest delivery has been due.", (), [((), wait)])

    recent = _newest(Delivery).filter(created_at__gt=now - RECENTLY)
    found = dict(recent.values_list("status").annotate(Count("pk")))
    outcomes = [((str(status),), found.get(status, 0)) for status in Delivery.Status.values]
    yield gauge("deliveries_last_hour", "Deliveries of the events of the last hour.", ("outcome",), outcomes)

    attempts = _newest(Attempt).filter(started_at__gt=now - RECENTLY)
    rows = attempts.values_list("succeeded").annotate(Count("pk"), Avg("latency_ms"))
    by_outcome = {succeeded: (number, latency / 1000) for succeeded, number, latency in rows}
    named = {"succeeded": by_outcome.get(True, (0, 0)), "failed": by_outcome.get(False, (0, 0))}
    numbers = [((name,), number) for name, (number, _) in named.items()]
    yield gauge("attempts_last_hour", "Attempts of the last hour to send a delivery.", ("outcome",), numbers)
    latencies = [((name,), latency) for name, (number, latency) in named.items() if number]
    yield gauge("attempt_seconds_last_hour", "How long these attempts took, on average.", ("outcome",), latencies)


def _oldest() -> datetime | None:
    """When the delivery was due that is due for the longest time: of each endpoint, the index has it first."""
    due = Delivery.objects.filter(endpoint=OuterRef("pk"), due_at__isnull=False).order_by("due_at").values("due_at")
    oldest = Endpoint.objects.order_by().annotate(oldest=Subquery(due[:1]))
    return oldest.aggregate(first=Min("oldest"))["first"]


def _newest(model: type[Model]) -> QuerySet[Any]:
    """The newest rows of a table, by their number."""
    rows = model._default_manager.order_by()
    newest = rows.aggregate(pk=Max("pk"))["pk"] or 0
    return rows.filter(pk__gt=newest - NEWEST)
