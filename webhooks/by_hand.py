"""What people request: a test of an endpoint, and sending deliveries again."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from acme_importer.audit.trail import record as record_act
from webhooks.attempt import Outcome
from webhooks.catalogue import TEST
from webhooks.endpoints import name
from webhooks.events import new_event_id, render_body
from webhooks.models import Delivery, Endpoint
from webhooks.record import Sent, record

# More endpoints than this are tested in turns.
TESTS_AT_ONCE = 100


class RefusedError(Exception):
    """The request cannot be carried out now; the sentence says why."""


def check_enabled(endpoint: Endpoint) -> None:
    """Raise RefusedError unless something can be sent to `endpoint`."""
    if not endpoint.enabled:
        raise RefusedError("The endpoint is disabled. Enable it first.")


def ping(endpoints: Sequence[Endpoint]) -> list[tuple[Delivery, Outcome]]:
    """Send a `webhook.test` to each of `endpoints`, enabled or not, in parallel, without retries; returns outcomes."""
    # It brings an HTTP client with it, which only those who send anything need.
    from webhooks.delivery import send  # noqa: PLC0415

    with transaction.atomic():
        deliveries = [_test_delivery(endpoint) for endpoint in endpoints]
        for endpoint in endpoints:
            record_act("webhook.tested", endpoint, name=name(endpoint))
    if not connection.in_atomic_block:
        # Receivers may be slow, and no database connection should wait for them.
        connection.close()
    with ThreadPoolExecutor(TESTS_AT_ONCE) as threads:
        outcomes = list(threads.map(send, [delivery.message() for delivery in deliveries]))
    results = list(zip(deliveries, outcomes, strict=True))
    record(Sent(delivery.pk, delivery.endpoint_id, delivery.claimed_by, outcome) for delivery, outcome in results)
    return results


def _test_delivery(endpoint: Endpoint) -> Delivery:
    # It is never due, and so nobody else sends it.
    now = timezone.now()
    return Delivery.objects.create(
        endpoint=endpoint,
        event_id=new_event_id(),
        event_type=TEST,
        body=render_body(TEST, {"endpoint_id": endpoint.pk}, now),
        created_at=now,
        claimed_by=uuid.uuid4(),
    )


@transaction.atomic
def redeliver(delivery: Delivery) -> None:
    """Send `delivery` again as soon as possible, whatever its status, with a full retry schedule."""
    _send_again(delivery)
    record_act("delivery.resent", delivery, event=delivery.event_id, endpoint=delivery.endpoint_id)


@transaction.atomic
def redeliver_each(deliveries: Iterable[Delivery]) -> tuple[int, list[tuple[Delivery, RefusedError]]]:
    """Send all of these again, as far as possible: how many, and those that were refused. One act, however many."""
    again, refused = [], []
    for delivery in deliveries:
        try:
            _send_again(delivery)
        except RefusedError as refusal:
            refused.append((delivery, refusal))
        else:
            again.append(delivery.pk)
    if again:
        record_act("deliveries.resent", count=len(again), ids=again)
    return len(again), refused


def _send_again(delivery: Delivery) -> None:
    check_enabled(delivery.endpoint)
    if not Delivery.objects.filter(pk=delivery.pk, claimed_by=None).update(**_reset()):
        raise RefusedError("It is being sent right now.")


def redeliver_failed(endpoint: Endpoint, since: datetime) -> int:
    """Send again all deliveries to `endpoint` that were emitted `since` then and have failed; returns how many."""
    check_enabled(endpoint)
    failed = endpoint.deliveries.filter(status=Delivery.Status.FAILED, created_at__gte=since, claimed_by=None)
    with transaction.atomic():
        count = failed.exclude(event_type=TEST).update(**_reset())
        if count:
            record_act("deliveries.resent", endpoint, name=name(endpoint), count=count, since=since.isoformat())
    return count


def _reset() -> dict[str, object]:
    return {"status": Delivery.Status.PENDING, "due_at": timezone.now(), "tries": 0, "finished_at": None}
