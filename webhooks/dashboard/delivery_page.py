"""What the page of a delivery shows: where it goes, its body, and every attempt."""

from __future__ import annotations

from typing import Any

from acme_importer.texts import printable
from webhooks.catalogue import may_see_body
from webhooks.dashboard import cells
from webhooks.models import Delivery

# A delivery that is sent again by hand may have more attempts than the retry schedule.
ATTEMPTS_SHOWN = 100


def context(delivery: Delivery, user: Any) -> dict[str, Any]:
    """What the template shows of `delivery`: the last attempt first."""
    attempts = delivery.attempts.order_by("-pk")[:ATTEMPTS_SHOWN]
    return {
        "state": cells.delivery_state(delivery),
        "body": cells.body(delivery) if may_see_body(user, delivery.event_type) else None,
        "attempts": [(each, cells.milliseconds(each.latency_ms), cells.response(each)) for each in attempts],
        "endpoint_name": printable(str(delivery.endpoint)),
    }
