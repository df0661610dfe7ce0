"""What the page of an endpoint shows above its form: how it goes, its facts, and what was sent last."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import formats, timezone

from acme_importer.texts import printable
from webhooks import replays
from webhooks.dashboard import cells
from webhooks.models import Attempt, Delivery, Endpoint

DELIVERIES_SHOWN = 20
# More are not counted.
MOST_COUNTED = 10_000


def context(endpoint: Any, status: str = "") -> dict[str, Any]:
    """What the template shows of `endpoint`, which comes from `with_last_day`: its deliveries with `status`."""
    statuses = Delivery.Status
    chosen = status if status in statuses.values else ""
    deliveries = endpoint.deliveries.filter(status=chosen) if chosen else endpoint.deliveries.all()
    shown = list(deliveries[:DELIVERIES_SHOWN])
    # By number, so that of each delivery the last attempt remains; without what was sent and received.
    attempts = Attempt.objects.filter(delivery__in=shown).order_by("pk")
    responses = dict(attempts.values_list("delivery", "status"))
    return {
        "state": cells.endpoint_state(endpoint),
        "figures": figures(endpoint),
        "facts": facts(endpoint),
        "trouble": cells.trouble(endpoint),
        "held": held(endpoint),
        "kept_days": settings.WEBHOOK_KEEP_DAYS,
        "replay": replays.under_way_of(endpoint),
        "deliveries": [(each, cells.delivery_state(each), outcome(each, responses)) for each in shown],
        "chosen_status": chosen,
        "statuses": statuses.choices,
    }


def held(endpoint: Endpoint) -> dict[str, str]:
    """How many events were not sent because the endpoint was disabled, in words; empty for none."""
    number = endpoint.deliveries.held().order_by()[: MOST_COUNTED + 1].count()
    if not number:
        return {}
    shown = f"{number:,}" if number <= MOST_COUNTED else f"More than {MOST_COUNTED:,}"
    events, pronoun = ("event was", "it") if number == 1 else ("events were", "them")
    return {"sentence": f"{shown} {events} not sent because this endpoint was disabled.", "pronoun": pronoun}


def outcome(delivery: Delivery, responses: dict[int, int | None]) -> str:
    """What the last attempt came to, in a word; `responses` are the last ones by delivery, None for no response."""
    return str(responses[delivery.pk] or "No response") if delivery.pk in responses else "–"


def figures(endpoint: Any) -> list[tuple[str, str]]:
    """How the endpoint does, in a few numbers."""
    attempts = endpoint.last_day_attempts
    return [
        ("succeeded in 24 h", f"{100 * endpoint.last_day_succeeded / attempts:.0f} %" if attempts else "–"),
        ("last response", cells.last_status(endpoint)),
        ("attempts in 24 h", f"{attempts:,}"),
        ("mean latency in 24 h", cells.milliseconds(endpoint.last_day_latency_ms)),
    ]


def facts(endpoint: Endpoint) -> list[tuple[str, str]]:
    """What else is known about the endpoint, as names and values."""
    known = [
        ("URL", printable(endpoint.url)),
        ("Events", ", ".join(endpoint.events) or "All except import.progress"),
        ("Created", moment(endpoint.created_at)),
        ("Last attempt", moment(endpoint.last_attempt_at)),
        ("Failures in a row", f"{endpoint.failures_in_a_row:,}"),
    ]
    if endpoint.failing_since:
        known.append(("Failing since", moment(endpoint.failing_since)))
    if endpoint.paused_until:
        known.append(("Paused until", moment(endpoint.paused_until)))
    return known


def moment(at: Any) -> str:
    """A date and time, or that there is none."""
    return formats.date_format(timezone.localtime(at), "DATETIME_FORMAT") if at else "–"
