"""Recording the results of attempts, and deciding what follows: done, retry, give up, disable the endpoint."""

from __future__ import annotations

import logging
import random
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone

from acme_importer.audit.trail import record as record_act
from acme_importer.cluster.queues import enqueue
from webhooks.attempt import Outcome
from webhooks.catalogue import TEST
from webhooks.endpoints import name
from webhooks.models import Attempt, Delivery, Endpoint

logger = logging.getLogger(__name__)

# How long to wait before each further attempt: the schedule that the Standard Webhooks specification recommends.
RETRIES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
# What a value raises that a database does not take: a NUL, half a character, a number out of range.
UNSTORABLE = (DataError, IntegrityError, ValueError, OverflowError)
# Each pause is lengthened by up to a tenth, so that what failed together does not come back together.
JITTER = 0.1


@dataclass(frozen=True)
class Sent:
    """A finished attempt: of which delivery, claimed by whom, with which outcome."""

    delivery_id: int
    endpoint_id: int
    claimed_by: uuid.UUID | None
    outcome: Outcome


def next_attempt(delivery: Delivery, outcome: Outcome, now: datetime) -> datetime | None:
    """When to send `delivery` again after the failure `outcome`; None if it was the last attempt."""
    if delivery.event_type == TEST or delivery.tries > len(RETRIES):
        return None
    pause = RETRIES[delivery.tries - 1] * random.uniform(1, 1 + JITTER)  # noqa: S311 - only spreads load
    return now + max(pause, outcome.retry_after or pause)


def record(batch: Iterable[Sent]) -> None:
    """Record attempts, and update their deliveries and endpoints.

    One that the database does not take is recorded without its texts, so that it never stops the others.
    """
    sent = list(batch)
    try:
        _record(sent)
    except UNSTORABLE:
        if len(sent) > 1:
            for one in sent:
                record([one])
            return
        for one in sent:
            about = {"delivery": one.delivery_id}
            logger.exception("The result of delivery %s could not be stored as it is", one.delivery_id, extra=about)
            _record([replace(one, outcome=one.outcome.without_texts())])


@transaction.atomic
def _record(batch: Iterable[Sent]) -> None:
    """Record attempts, all or none.

    Deliveries that no longer exist (somebody has deleted the endpoint) are skipped. A success counts whoever reports
    it; after a failure only the holder of the claim reschedules the delivery.
    """
    sent = {one.delivery_id: one for one in batch}
    now = timezone.now()
    deliveries = list(Delivery.objects.select_for_update().filter(pk__in=sent).defer("body").order_by("pk"))
    _update_deliveries(deliveries, sent, now)
    outcomes = [(delivery, sent[delivery.pk].outcome) for delivery in deliveries]
    Attempt.objects.bulk_create(
        Attempt(
            delivery=delivery,
            endpoint_id=delivery.endpoint_id,
            started_at=outcome.started_at,
            latency_ms=outcome.latency_ms,
            request_headers=outcome.request_headers,
            succeeded=outcome.succeeded,
            status=outcome.status,
            error=outcome.error,
            excerpt=outcome.excerpt,
        )
        for delivery, outcome in outcomes
    )
    _update_endpoints(outcomes)


def _update_deliveries(deliveries: Iterable[Delivery], sent: Mapping[int, Sent], now: datetime) -> None:
    delivered: list[int] = []
    for delivery in deliveries:
        if sent[delivery.pk].outcome.succeeded:
            delivered.append(delivery.pk)
        elif delivery.claimed_by == sent[delivery.pk].claimed_by:
            _reschedule(delivery, sent[delivery.pk].outcome, now)
    Delivery.objects.filter(pk__in=delivered).update(
        status=Delivery.Status.DELIVERED, due_at=None, claimed_by=None, finished_at=now
    )


def _reschedule(delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    delivery.claimed_by = None
    # Otherwise the endpoint was disabled in the meantime, and the delivery was given up.
    if delivery.status == Delivery.Status.PENDING:
        delivery.tries += 1
        delivery.due_at = next_attempt(delivery, outcome, now)
        if delivery.due_at is None:
            delivery.status = Delivery.Status.FAILED
            delivery.finished_at = now
    delivery.save(update_fields=["status", "due_at", "claimed_by", "tries", "finished_at"])


def _update_endpoints(outcomes: Iterable[tuple[Delivery, Outcome]]) -> None:
    by_endpoint: dict[int, list[Outcome]] = {}
    for delivery, outcome in outcomes:
        by_endpoint.setdefault(delivery.endpoint_id, []).append(outcome)
    endpoints = list(Endpoint.objects.select_for_update().filter(pk__in=by_endpoint).order_by("pk"))
    for endpoint in endpoints:
        for outcome in sorted(by_endpoint[endpoint.pk], key=lambda outcome: outcome.started_at):
            endpoint.note(outcome)
        endpoint.save(update_fields=Endpoint.LAST_RESPONSE)
        if endpoint.enabled and (reason := endpoint.reason_to_disable()):
            endpoint.disable(reason)
            failures, status = endpoint.failures_in_a_row, endpoint.last_status
            record_act("webhook.disabled", endpoint, name=name(endpoint), failures=failures, last_status=status)
            _notify_admins(endpoint)


def _notify_admins(endpoint: Endpoint) -> None:
    """Have a worker send the mail, so that a slow mail server delays no webhook."""
    if not settings.ADMINS:
        return
    enqueue(
        "django.core.mail.mail_admins",
        f"Webhook disabled: {endpoint}",
        f"Webhooks to {endpoint.url} are disabled. {endpoint.disabled_reason}\n\n"
        "Events are held from now on. Enable the endpoint when it has been fixed, and have them sent on its page.",
    )
