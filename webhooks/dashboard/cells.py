"""Endpoints, deliveries and attempts in words and figures, as lists and pages of the dashboard show them.

What receivers respond goes through `printable`: it comes from strangers.
"""

from __future__ import annotations

import json
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from acme_importer.dashboard.badges import badge
from acme_importer.texts import printable
from webhooks.attempt import Outcome
from webhooks.models import Attempt, Delivery, Endpoint

# The colours of badges, by a delivery's status.
KINDS = {
    Delivery.Status.PENDING: "",
    Delivery.Status.DELIVERED: "good",
    Delivery.Status.FAILED: "bad",
    Delivery.Status.HELD: "warn",
}
# How much of a response is repeated in a message.
MESSAGE_EXCERPT = 200


def endpoint_state(endpoint: Endpoint) -> SafeString:
    """Whether the endpoint is enabled, and whether it fails."""
    if not endpoint.enabled:
        return badge("Disabled", "bad" if endpoint.disabled_reason else "")
    return badge("Failing", "warn") if endpoint.failures_in_a_row else badge("Enabled", "good")


def delivery_state(delivery: Delivery) -> SafeString:
    """The status of a delivery."""
    return badge(delivery.get_status_display(), KINDS[Delivery.Status(delivery.status)])


def with_more(text: str, more: str) -> SafeString:
    """A text, and below it something that matters less."""
    return format_html('{} <span class="more">{}</span>', text, printable(more)) if more else format_html("{}", text)


def last_status(endpoint: Endpoint) -> str:
    """The status of the last response in a word."""
    return str(endpoint.last_status or ("none" if endpoint.last_error else "–"))


def last_response(endpoint: Endpoint) -> str:
    """The status of the last response, or why there was none."""
    return printable(endpoint.last_error) or last_status(endpoint)


def trouble(endpoint: Endpoint) -> str:
    """Why the endpoint was disabled, or why it fails, as sentences; empty if all is well."""
    if endpoint.disabled_reason:
        return printable(f"This endpoint has been disabled. {endpoint.disabled_reason}")
    if not endpoint.failures_in_a_row:
        return ""
    last = endpoint.last_error or f"It responded {endpoint.last_status}"
    return printable(f"The last {endpoint.failures_in_a_row:,} attempts have failed. {last.rstrip('.')}.")


def last_day(endpoint: Any) -> str:
    """How many attempts of the last 24 hours succeeded, and how fast, for an endpoint from `with_last_day`."""
    if not endpoint.last_day_attempts:
        return "–"
    rate = 100 * endpoint.last_day_succeeded / endpoint.last_day_attempts
    return f"{rate:.0f} % of {endpoint.last_day_attempts:,}, {milliseconds(endpoint.last_day_latency_ms)}"


def milliseconds(latency: float | None) -> str:
    """A latency for people."""
    return "–" if latency is None else f"{latency:,.0f} ms"


def test_result(delivery: Delivery, outcome: Outcome) -> str:
    """What came of a test, in a line."""
    response = outcome.error or f"{outcome.status} {outcome.excerpt[:MESSAGE_EXCERPT]}".strip()
    return printable(f"{delivery.endpoint}: {response} ({milliseconds(outcome.latency_ms)})")


def body(delivery: Delivery) -> SafeString:
    """The body of a delivery on several lines."""
    return format_html("<pre>{}</pre>", json.dumps(json.loads(delivery.body), indent=2, ensure_ascii=False))


def response(attempt: Attempt) -> SafeString:
    """The beginning of a response, its lines kept."""
    lines = [printable(line) for line in attempt.excerpt.splitlines()]
    return format_html("<pre>{}</pre>", "\n".join(lines)) if lines else SafeString("")
