"""Webhooks on the front page of the dashboard: how the last day went, and which endpoints need attention."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import reverse

from acme_importer.dashboard.front_page import Panel
from acme_importer.dashboard.notices import Kind, Notice
from acme_importer.texts import printable, shortened
from webhooks.models import Endpoint

MOST_ENDPOINTS = 5
MOST_NOTICES = 50
FAILURES_WORTH_NOTICE = 3
LONGEST_NAME = 50


def webhook_health(user: Any) -> Panel | None:
    """How the last day's deliveries went, endpoint by endpoint; those in trouble first."""
    if not user.has_perm("webhooks.view_endpoint"):
        return None
    endpoints = Endpoint.objects.with_last_day().order_by("-enabled", "-failures_in_a_row", "id")[:MOST_ENDPOINTS]
    rows = [(endpoint_url(endpoint), short_name(endpoint), health(endpoint)) for endpoint in endpoints]
    return Panel("webhook_health", {"endpoints": rows})


def notices(user: Any) -> Iterator[Notice]:
    """Name the endpoints that were disabled automatically, and those that keep failing."""
    if not user.has_perm("webhooks.view_endpoint"):
        return
    troubled = Endpoint.objects.exclude(disabled_reason="") | Endpoint.objects.filter(
        enabled=True, failures_in_a_row__gte=FAILURES_WORTH_NOTICE
    )
    endpoints = reverse("admin:webhooks_endpoint_changelist")
    failing = Kind("{number} webhook endpoints keep failing.", f"{endpoints}?enabled__exact=1", "View endpoints")
    disabled = Kind("{number} webhook endpoints were disabled.", f"{endpoints}?enabled__exact=0", "View endpoints")
    for endpoint in troubled[:MOST_NOTICES]:
        name, url, at = (
            printable(str(endpoint)),
            endpoint_url(endpoint),
            endpoint.last_attempt_at or endpoint.updated_at,
        )
        if endpoint.enabled:
            text = f"The webhook endpoint {name} has failed {endpoint.failures_in_a_row:,} times in a row."
            key = f"webhooks.failing:{endpoint.pk}:{endpoint.failing_since}"
            yield Notice("warn", text, key, at, url, "View endpoint", failing)
        else:
            text = f"The webhook endpoint {name} has been disabled. {printable(endpoint.disabled_reason)}"
            key = f"webhooks.disabled:{endpoint.pk}:{endpoint.last_attempt_at}"
            yield Notice("bad", text, key, at, url, "View and enable it again", disabled)


def endpoint_url(endpoint: Endpoint) -> str:
    """The page of the endpoint."""
    return reverse("admin:webhooks_endpoint_change", args=[endpoint.pk])


def short_name(endpoint: Endpoint) -> str:
    """The name of the endpoint, as far as the panel has room."""
    name = printable(str(endpoint))
    return shortened(name, LONGEST_NAME)


def health(endpoint: Any) -> str:
    """How it went for an endpoint from `with_last_day`, in a few words."""
    if not endpoint.enabled:
        return "disabled"
    if endpoint.failures_in_a_row:
        return f"failed {endpoint.failures_in_a_row:,} in a row"
    if endpoint.last_day_attempts:
        return f"{endpoint.last_day_succeeded:,} of {endpoint.last_day_attempts:,} delivered in 24 h"
    return "nothing sent in 24 h"
